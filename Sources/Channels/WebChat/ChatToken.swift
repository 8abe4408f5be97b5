import JSON
import Secrets

/// What a browser shows with every request: which conversation of which visitor, on which site. Signed, not secret to its holder; kept nowhere.
///
/// `base64url(claims) . base64url(HMAC-SHA-256 over "causeway chat v1\n" and the claims)`.
struct ChatToken: Equatable {
    var channel: String
    /// Origin of the page that the browser showed when the session began, such as `https://shop.example`.
    var origin: String
    /// The visitor: stable in one browser, `w-` and 22 characters.
    var visitor: String
    /// The conversation: another one after each end.
    var thread: String
    var name: String?
    var language: String?
    /// Seconds since 1970.
    var expires: Int

    enum Refusal: Error { case malformed, forged, expired }

    private static let context = Array("causeway chat v1\n".utf8)
    /// Characters of a token; a longer one is not looked at.
    private static let limit = 2048
    /// Seconds after expiry within which a token may still be changed for a new one: as long as its conversation is remembered.
    static let renewal = 86_400

    static func random(_ prefix: String) -> String { prefix + Base64.encodeText(Random.bytes(16), .url) }

    func text(signedBy keys: [Secret]) -> String {
        guard let key = keys.first else { return "" }
        var writer = JSONWriter(reservingCapacity: 256)
        writer.object { json in
            json.field("c", channel)
            json.field("o", origin)
            json.field("v", visitor)
            json.field("t", thread)
            json.field("n", name)
            json.field("l", language)
            json.field("e", expires)
        }
        let signature = Digest.hmac(Self.context + writer.bytes, key: key)
        return Base64.encodeText(writer.bytes, .url) + "." + Base64.encodeText(signature, .url)
    }

    /// - Parameter grace: Seconds that an expired token is still taken.
    static func read(_ text: some StringProtocol, signedBy keys: [Secret], at seconds: Int, grace: Int = 0) throws(Refusal) -> ChatToken {
        let parts = text.utf8.count <= limit ? text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) : []
        guard parts.count == 2, let claims = Base64.decode(Array(parts[0]), .url), let signature = Base64.decode(Array(parts[1]), .url) else {
            throw .malformed
        }
        var isOurs = false
        // Every key is tried, so that time does not tell which one matched.
        for key in keys where Digest.equal(Digest.hmac(context + claims, key: key), signature) { isOurs = true }
        guard isOurs else { throw .forged }
        guard let json = try? JSON(parsing: claims), let channel = json["c"]?.string, let origin = json["o"]?.string,
            let visitor = json["v"]?.string, let thread = json["t"]?.string, let expires = json["e"]?.integer
        else { throw .malformed }
        guard seconds < expires + grace else { throw .expired }
        return ChatToken(
            channel: channel, origin: origin, visitor: visitor, thread: thread, name: json["n"]?.string, language: json["l"]?.string,
            expires: expires)
    }
}
