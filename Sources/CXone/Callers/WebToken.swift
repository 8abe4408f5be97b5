import JSON
import Secrets
import Settings

/// Why a token is not accepted; goes to the log, never to the caller.
enum TokenDefect: String, Error {
    case absent, malformed, algorithm, header, type, issuer, audience, expired, notYetValid, subject, scope, unknownKey, signature, inactive, value

    /// Whether it looks like guessing. A token that has run out, or none, is how a caller finds out that it needs a new one.
    var isAttempt: Bool {
        switch self {
        case .absent, .expired, .notYetValid: false
        default: true
        }
    }
}

/// A JSON Web Token in compact form (RFC 7515 §7.1, RFC 7519), read but not yet believed.
///
/// Strict: three parts of base64url in its one spelling, objects without doubled members, no key or address of a key inside, nothing critical,
/// packed or encrypted (RFC 8725 §3).
struct WebToken {
    let algorithm: SignatureAlgorithm
    let keyID: String?
    /// What the signature covers.
    let signed: [UInt8]
    let signature: [UInt8]
    let claims: JSON

    static let mostOctets = 8 << 10
    private static let limits = JSONLimits(depth: 16, values: 1000)
    private static let types = ["jwt", "at+jwt", "application/at+jwt", "application/jwt"]
    /// Members of the header that would have us take a key from the token, or read it otherwise than we do.
    private static let forbidden = ["jwk", "jku", "x5u", "crit", "b64", "enc", "zip", "cty"]

    init(_ octets: [UInt8]) throws(TokenDefect) {
        let parts = octets.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard octets.count <= Self.mostOctets, parts.count == 3, !parts[2].isEmpty, let head = Base64.decode(parts[0], .url),
            let body = Base64.decode(parts[1], .url), let signature = Base64.decode(parts[2], .url),
            let header = try? JSON(parsing: head, limits: Self.limits), header.kind == .object,
            let claims = try? JSON(parsing: body, limits: Self.limits), claims.kind == .object
        else { throw .malformed }
        guard let algorithm = header["alg"]?.string.flatMap({ SignatureAlgorithm(rawValue: $0) }) else { throw .algorithm }
        guard !Self.forbidden.contains(where: { header[$0] != nil }) else { throw .header }
        if let type = header["typ"] {
            guard let text = type.string?.lowercased(), Self.types.contains(text) else { throw .type }
        }
        if let id = header["kid"] {
            guard let text = id.string, text.utf8.count <= 256 else { throw .header }
            keyID = text
        } else {
            keyID = nil
        }
        self.algorithm = algorithm
        self.signature = signature
        self.claims = claims
        signed = Array(octets[..<(parts[2].startIndex - 1)])
    }
}

/// What a token, or an introspection answer about one, must say.
struct ClaimRules: Sendable {
    private let issuer: String?
    private let audience: [String]
    private let subjects: [String]
    private let scopes: [String]
    private let skew: Double

    init(from reader: SettingsReader, issuer: String?, audience: [String]) {
        self.issuer = issuer
        self.audience = audience
        subjects = reader.value("subjects", .texts, default: [],
            "Who may come: `sub` or `client_id` must be one of these. Empty: whoever got a token for this audience.")
        scopes = reader.value("scopes", .texts, default: [], "All of these must be in `scope` or `scp`.")
        skew = Double(reader.value("skewSeconds", .integer(0...60), default: 30, "How far the issuer's clock may be from ours."))
    }

    /// The end in seconds since 1970 where there is one, or what is wrong.
    /// - Parameters:
    ///   - now: Seconds since 1970.
    ///   - isEndNeeded: Whether a token without `exp` is refused.
    func end(of claims: JSON, now: Double, isEndNeeded: Bool) throws(TokenDefect) -> Double? {
        if let issuer { guard claims["iss"]?.string.map({ isSame($0, issuer) }) ?? false else { throw .issuer } }
        if !audience.isEmpty { guard Self.texts(claims["aud"]).contains(where: { one in audience.contains { isSame($0, one) } }) else { throw .audience } }
        let end = try Self.moment(claims["exp"])
        if isEndNeeded, end == nil { throw .malformed }
        if let end, end + skew <= now { throw .expired }
        if let begin = try Self.moment(claims["nbf"]), begin - skew > now { throw .notYetValid }
        if let issued = try Self.moment(claims["iat"]), issued - skew > now { throw .notYetValid }
        if !subjects.isEmpty {
            let named = [claims["sub"]?.string, claims["client_id"]?.string].compactMap(\.self)
            guard named.contains(where: { one in subjects.contains { isSame($0, one) } }) else { throw .subject }
        }
        if !scopes.isEmpty {
            let held = (Self.texts(claims["scope"]) + Self.texts(claims["scp"])).flatMap { $0.split(separator: " ").map(String.init) }
            guard scopes.allSatisfy({ wanted in held.contains { isSame($0, wanted) } }) else { throw .scope }
        }
        return end.map { $0 + skew }
    }

    /// A date is a number (RFC 7519 §2); a text that looks like one is something else.
    private static func moment(_ value: JSON?) throws(TokenDefect) -> Double? {
        guard let value else { return nil }
        guard value.kind == .number, let seconds = value.double, seconds.isFinite, seconds.magnitude < 1e12 else { throw .malformed }
        return seconds
    }

    private static func texts(_ value: JSON?) -> [String] {
        guard let value else { return [] }
        return value.string.map { [$0] } ?? value.elements.compactMap(\.string)
    }
}
