import HTTP
import HTTPTypes
import Secrets

/// Signatures as the Standard Webhooks specification 1.0.0 has them: HMAC-SHA256 over `id.timestamp.body`, symmetric version `v1`.
enum StandardWebhooks {
    /// Seconds that a timestamp may be off, either way.
    static let tolerance: Int64 = 300
    /// Octets of a `webhook-id`.
    private static let longestID = 256
    /// Signatures that are looked at; a sender has a few while it rotates its secret.
    private static let mostSignatures = 8

    enum Refusal: Error, Equatable {
        /// A field is missing, too long, or no valid value of its kind.
        case incomplete
        /// A field came twice.
        case repeated
        case outsideTolerance
        case wrongSignature
    }

    /// What a valid request told: its id, and which of the secrets matched, from 0.
    struct Proof: Equatable {
        let id: String
        let secret: Int
    }

    /// - Parameter now: Seconds since 1970.
    static func verify(_ request: Request, secrets: [Secret], now: Int64) throws(Refusal) -> Proof {
        let id = try field(.webhookID, request.fields)
        let timestamp = try field(.webhookTimestamp, request.fields)
        let signature = try field(.webhookSignature, request.fields)
        guard !id.isEmpty, id.utf8.count <= longestID, timestamp.utf8.count <= 15, timestamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(timestamp)
        else { throw .incomplete }
        let candidates = signature.split(separator: " ").prefix(mostSignatures).compactMap { part in
            part.hasPrefix("v1,") ? Base64.decode(part.dropFirst(3).utf8) : nil
        }
        // Every pair is compared, so that time does not tell which one nearly matched.
        var matched: Int?
        for (index, secret) in secrets.enumerated() {
            guard let key = key(secret) else { continue }
            let wanted = mac(id, timestamp, request.body, key)
            for candidate in candidates where Digest.equal(candidate, wanted) { matched = matched ?? index }
        }
        guard let matched else { throw .wrongSignature }
        guard abs(now - seconds) <= tolerance else { throw .outsideTolerance }
        return Proof(id: id, secret: matched)
    }

    /// The three fields of a request that we send.
    static func fields(id: String, at seconds: Int64, _ body: [UInt8], secrets: [Secret]) -> HTTPFields {
        let timestamp = String(seconds)
        let signatures = secrets.compactMap(key).map { "v1," + Base64.encodeText(mac(id, timestamp, body, $0)) }
        return [.webhookID: id, .webhookTimestamp: timestamp, .webhookSignature: signatures.joined(separator: " ")]
    }

    /// The signing key of a secret: what `whsec_` stands before is base64, anything else is taken as it is.
    static func key(_ secret: Secret) -> Secret? {
        let octets = secret.reveal()
        let mark = Array("whsec_".utf8)
        guard octets.starts(with: mark) else { return octets.isEmpty ? nil : secret }
        guard let decoded = Base64.decode(octets.dropFirst(mark.count)), !decoded.isEmpty else { return nil }
        return Secret(bytes: decoded)
    }

    private static func mac(_ id: String, _ timestamp: String, _ body: [UInt8], _ key: Secret) -> [UInt8] {
        Digest.hmac(Array((id + "." + timestamp + ".").utf8) + body, key: key)
    }

    private static func field(_ name: HTTPField.Name, _ fields: HTTPFields) throws(Refusal) -> String {
        var found: String?
        for field in fields where field.name == name {
            guard found == nil else { throw .repeated }
            found = field.value
        }
        guard let found else { throw .incomplete }
        return found
    }
}

extension HTTPField.Name {
    static let webhookID = name("webhook-id")
    static let webhookTimestamp = name("webhook-timestamp")
    static let webhookSignature = name("webhook-signature")

    /// The names above are tokens; another one would be read as `Accept`, which proves nothing.
    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .accept }
}
