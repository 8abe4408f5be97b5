package import Secrets

/// Access tokens that CXone gets from us: opaque to it, signed, so that nothing need be kept and a restart voids none (`byoc.md` §3.1).
///
/// `cw1.<key id>.<base64url(issued, expires, client)>.<base64url(HMAC-SHA-256)>`; times are seconds since 1970. A token belongs to the client,
/// and so to the integration, that fetched it.
package struct AccessTokens: Sendable {
    private let keys: [(id: String, key: Secret)]
    /// Seconds.
    package let life: Int

    /// The first key signs, all verify.
    package init(keys: [Secret], life: Int) {
        self.keys = keys.map { secret in
            let key = Digest.hmac(Array("causeway access token key v1".utf8), key: secret)
            return (Digest.hex(Digest.sha256(key).prefix(4)), Secret(bytes: key))
        }
        self.life = life
    }

    /// - Parameter now: Milliseconds since 1970.
    package func token(for client: String, now: Int64) -> String? {
        guard let (id, key) = keys.first else { return nil }
        let seconds = now / 1000
        let body = Base64.encodeText(Array("\(seconds) \(seconds + Int64(life)) \(client)".utf8), .url)
        let signed = "\(Self.version).\(id).\(body)"
        return signed + "." + Base64.encodeText(Digest.hmac(Array(signed.utf8), key: key), .url)
    }

    package enum Finding: Equatable, Sendable {
        case client(String)
        case unknown
        case expired
    }

    /// Whose token it is. Every key is tried on every token, so that time tells nothing.
    package func finding(_ token: some Sequence<UInt8>, now: Int64) -> Finding {
        let octets = Array(token)
        guard octets.count <= Self.mostOctets, let dot = octets.lastIndex(of: UInt8(ascii: ".")),
            let mac = Base64.decode(octets[(dot + 1)...], .url), mac.count == 32
        else { return .unknown }
        let signed = Array(octets[..<dot])
        var isOurs = false
        for (_, key) in keys where Digest.equal(Digest.hmac(signed, key: key), mac) { isOurs = true }
        let parts = signed.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard isOurs, parts.count == 3, parts[0].elementsEqual(Self.version.utf8), let body = Base64.decode(parts[2], .url) else { return .unknown }
        let facts = String(decoding: body, as: UTF8.self).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard facts.count == 3, let issued = Int64(facts[0]), let expires = Int64(facts[1]) else { return .unknown }
        let seconds = now / 1000
        // Another machine's clock may be a little ahead; a token from further in the future tells of a clock that was wrong.
        guard seconds < expires, issued <= seconds + Self.skew else { return .expired }
        return .client(String(facts[2]))
    }

    private static let version = "cw1"
    private static let mostOctets = 2048
    private static let skew: Int64 = 600
}
