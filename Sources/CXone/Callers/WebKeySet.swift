import JSON
package import Secrets

/// One key of an issuer.
package struct WebKey: Sendable {
    let id: String?
    /// The one algorithm that it is for, where it says so.
    let algorithm: SignatureAlgorithm?
    let key: SignatureKey
}

/// A JWK set (RFC 7517 §5): the keys in it that sign tokens and that we can use. Others are passed over.
package struct WebKeySet: Sendable {
    let keys: [WebKey]

    private static let mostKeys = 64

    init(keys: [WebKey]) { self.keys = Array(keys.prefix(Self.mostKeys)) }

    /// `nil` when it is no key set at all.
    init?(parsing octets: [UInt8]) {
        let limits = JSONLimits(depth: 16, values: 5000)
        guard let list = (try? JSON(parsing: octets, limits: limits))?["keys"], list.kind == .array else { return nil }
        self.init(keys: list.elements.prefix(Self.mostKeys).compactMap(Self.key))
    }

    /// A key set, or a public key or certificate in PEM.
    init?(file octets: [UInt8]) {
        if let set = WebKeySet(parsing: octets) { self = set } else {
            guard let key = SignatureKey(publicPEM: octets) else { return nil }
            self.init(keys: [WebKey(id: nil, algorithm: nil, key: key)])
        }
    }

    /// The keys that may have signed a token: those of its name; when the set does not know the name, those that have none. A name chooses among
    /// these keys and does nothing else.
    func candidates(for token: WebToken) -> [WebKey] {
        let fitting = keys.filter { $0.algorithm == nil || $0.algorithm == token.algorithm }
        guard let id = token.keyID else { return fitting }
        let named = fitting.filter { $0.id.map { isSame($0, id) } ?? false }
        return named.isEmpty ? fitting.filter { $0.id == nil } : named
    }

    private static func key(_ json: JSON) -> WebKey? {
        if let use = json["use"], use.string != "sig" { return nil }
        if let operations = json["key_ops"], !operations.elements.contains(where: { $0.string == "verify" }) { return nil }
        var algorithm: SignatureAlgorithm?
        if let named = json["alg"] {
            guard let known = named.string.flatMap({ SignatureAlgorithm(rawValue: $0) }) else { return nil }
            algorithm = known
        }
        func part(_ name: String) -> [UInt8]? { json[name]?.string.flatMap { Base64.decode(Array($0.utf8), .url) } }
        let key: SignatureKey?
        switch (json["kty"]?.string, json["crv"]?.string) {
        case ("RSA", _): key = part("n").flatMap { n in part("e").flatMap { SignatureKey(modulus: n, exponent: $0) } }
        case ("EC", "P-256"): key = part("x").flatMap { x in part("y").flatMap { SignatureKey(.p256, x: x, y: $0) } }
        case ("EC", "P-384"): key = part("x").flatMap { x in part("y").flatMap { SignatureKey(.p384, x: x, y: $0) } }
        default: key = nil
        }
        return key.map { WebKey(id: json["kid"]?.string, algorithm: algorithm, key: $0) }
    }

    // MARK: Publishing

    /// The members of a public key, in the order of RFC 7638 §3.
    private static func members(of key: SignatureKey) -> [(String, String)]? {
        guard let parts = key.parts else { return nil }
        let (first, second) = (Base64.encodeText(parts.first, .url), Base64.encodeText(parts.second, .url))
        return switch key.kind {
        case .rsa: [("e", second), ("kty", "RSA"), ("n", first)]
        case .p256: [("crv", "P-256"), ("kty", "EC"), ("x", first), ("y", second)]
        case .p384: [("crv", "P-384"), ("kty", "EC"), ("x", first), ("y", second)]
        }
    }

    /// The key's name: its thumbprint (RFC 7638), so that the same key has the same name everywhere.
    package static func name(of key: SignatureKey) -> String? {
        guard let members = members(of: key) else { return nil }
        let text = RawJSON { $0.object { json in for (name, value) in members { json.field(name, value) } } }
        return Base64.encodeText(Digest.sha256(Array(text.bytes)), .url)
    }

    /// The key set that is published for these keys; no private part is ever in it.
    static func json(of keys: [SignatureKey]) -> [UInt8] {
        Array(RawJSON { writer in
            writer.object { set in
                set.field("keys", array: { list in
                    for key in keys {
                        guard let members = members(of: key), let name = name(of: key) else { continue }
                        list.object { json in
                            for (member, value) in members { json.field(member, value) }
                            json.field("kid", name)
                            json.field("use", "sig")
                            json.field("alg", key.algorithm.rawValue)
                        }
                    }
                })
            }
        }.bytes)
    }
}
