package import HTTP
import HTTPTypes
package import JSON
import Secrets
import Settings
package import Time

/// Asks an authorization server for a token by client credentials (RFC 6749 §4.4).
package struct OAuthTokenSource: Sendable {
    let settings: OAuthSettings
    /// Where its tokens lie in the store. Any change of the request, a rotated secret too, is another key.
    package let key: StoreKey
    private let transport: any HTTPTransport
    private let time: any TimeSource

    /// - Parameter tokens: Where its tokens will be kept.
    package init(
        _ settings: OAuthSettings, tenant: String, over transport: any HTTPTransport, tokens: TokenCache, time: any TimeSource
    ) {
        self.settings = settings
        self.transport = transport
        self.time = time
        key = tokens.key(tenant: tenant, secretID: Self.identity(of: settings))
    }

    /// - Returns: The grant with its life by the precedence answer, setting, 3600 s (V76–V78).
    package func fetch(by deadline: Instant) async -> Result<TokenGrant, TokenFailure> {
        let response: Response
        do {
            response = try await transport.send(call(by: deadline))
        } catch {
            return .failure(TokenFailure(Self.code(of: error), reason: error.code.rawValue))
        }
        let json = try? JSON(parsing: response.body)
        let status = response.status.code
        switch status {
        case 200...299:
            guard let text = json.flatMap({ Self.find(settings.tokenKey, in: $0) })?.string, Self.isToken(text) else {
                return .failure(TokenFailure(.malformed, reason: "status \(status)"))
            }
            let told = json.flatMap { Self.find(settings.lifetimeKey, in: $0) }.flatMap(TokenLifetime.milliseconds)
            let type = json.flatMap { Self.find(settings.typeKey, in: $0) }?.string
            let life = told ?? (settings.lifetimeSeconds ?? TokenLifetime.fallbackSeconds) * 1000
            let origin: TokenGrant.LifetimeOrigin = told != nil ? .answer : settings.lifetimeSeconds != nil ? .setting : .standard
            return .success(TokenGrant(secret: Secret(text), type: type, life: life, lifetimeOrigin: origin))
        case 429, 500...:
            return .failure(TokenFailure(.busy, reason: "status \(status)", pause: Self.pause(of: response)))
        default:
            let error = json?["error"]?.string.flatMap { Self.standardErrors.contains($0) ? $0 : nil }
            return .failure(TokenFailure(.refused, reason: "status \(status)" + (error.map { ", \($0)" } ?? "")))
        }
    }

    // MARK: Request

    private func call(by deadline: Instant) -> Call {
        var fields: HTTPFields = [.accept: "application/json"]
        var pairs = settings.parameters
        if !pairs.contains(where: { $0.name == "grant_type" }) {
            pairs.insert(SettingPair(name: "grant_type", value: Secret("client_credentials")), at: 0)
        }
        if let id = settings.clientID {
            switch settings.authentication {
            case .basic:
                let secret = settings.clientSecret?.reveal() ?? []
                let both = FormText.encode(Array(id.utf8)) + [UInt8(ascii: ":")] + FormText.encode(secret)
                fields[.authorization] = "Basic " + Base64.encodeText(both)
            case .body:
                pairs.append(SettingPair(name: "client_id", value: Secret(id)))
                if let secret = settings.clientSecret { pairs.append(SettingPair(name: "client_secret", value: secret)) }
            }
        }
        for pair in settings.headers {
            if let name = HTTPField.Name(pair.name) { fields[name] = pair.value.revealText() }
        }
        let body: [UInt8]
        switch settings.format {
        case .form:
            fields[.contentType] = "application/x-www-form-urlencoded"
            body = FormText.encode(pairs.map { (Array($0.name.utf8), $0.value.reveal()) })
        case .json:
            fields[.contentType] = "application/json"
            body = Array(RawJSON { $0.object { object in
                for pair in pairs { object.field(pair.name, pair.value.revealText()) }
            } }.bytes)
        }
        return Call(
            method: .post, url: settings.url, fields: fields, body: body, deadline: deadline, responseLimit: 64 << 10,
            connection: settings.options)
    }

    /// Everything that makes the request what it is, each part behind its length, so that no two requests look alike.
    private static func identity(of settings: OAuthSettings) -> [UInt8] {
        let fixed = [
            settings.url, settings.clientID ?? "", settings.authentication.rawValue, settings.format.rawValue, settings.tokenKey,
        ].map { Array($0.utf8) }
        let pairs = (settings.parameters + [SettingPair(name: "", value: Secret(""))] + settings.headers)
            .flatMap { [Array($0.name.utf8), $0.value.reveal()] }
        return (fixed + [settings.clientSecret?.reveal() ?? []] + pairs)
            .flatMap { part in EtcdRequest.octets(of: Int64(part.count)) + part }
    }

    // MARK: Answer

    /// The member of that very name, or what the name's dots lead to.
    private static func find(_ name: String, in json: JSON) -> JSON? {
        if let member = json[name] { return member }
        return name.split(separator: ".").reduce(Optional(json)) { value, part in value?[String(part)] }
    }

    /// RFC 6750 §2.1 allows less; anything printable without spaces may travel in a header.
    private static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

    private static func code(of error: TransportError) -> TokenFailure.Code {
        switch error.code {
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        case .tooLarge: .malformed
        default: .notReached
        }
    }

    /// `Retry-After` in seconds, at most five minutes; its other form, a date, counts as not told.
    private static func pause(of response: Response) -> Int? {
        response.fields[.retryAfter].flatMap { Int($0) }.flatMap { $0 >= 0 ? min($0, 300) * 1000 : nil }
    }

    private static let standardErrors: Set = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    ]
}

/// How long a token lives, from whatever stands in the answer.
package enum TokenLifetime {
    package static let fallbackSeconds = 3600
    /// Seconds beyond which a lifetime is taken for something else, such as a date: one year.
    private static let longest = 31_536_000.0

    /// | In the answer | Milliseconds |
    /// | --- | --- |
    /// | `100`, `"100"`, `100.0` | 100,000 |
    /// | `0.5` | 500 |
    /// | `0`, `"0"` | 0: used for this one call, never kept |
    /// | negative, more than a year, another kind, absent | `nil`: not told |
    package static func milliseconds(_ value: JSON) -> Int? {
        guard let seconds = value.double ?? value.plainBytes.flatMap({ Double(String(decoding: $0, as: UTF8.self)) }),
            seconds >= 0, seconds <= longest
        else { return nil }
        return Int(seconds * 1000)
    }
}

/// `application/x-www-form-urlencoded`.
package enum FormText {
    package static func encode(_ pairs: [([UInt8], [UInt8])]) -> [UInt8] {
        Array(pairs.map { encode($0.0) + [UInt8(ascii: "=")] + encode($0.1) }.joined(separator: [UInt8(ascii: "&")]))
    }

    package static func encode(_ octets: [UInt8]) -> [UInt8] {
        octets.flatMap { octet -> [UInt8] in
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: [octet]
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "*"): [octet]
            case UInt8(ascii: " "): [UInt8(ascii: "+")]
            default: Array("%\(Digest.hex([octet]).uppercased())".utf8)
            }
        }
    }
}
