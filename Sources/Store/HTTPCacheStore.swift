package import HTTP
package import HTTPTypes
import Secrets
package import Time

/// The client of our own `token-cache` function: plain HTTP semantics (`state.md` §3; `functions/token-cache/openapi.yaml`).
package struct HTTPCacheStore: KeyValueStore {
    private let settings: HTTPCacheSettings
    private let patience: Int
    private let transport: any HTTPTransport
    private let time: any TimeSource

    package init(
        _ settings: HTTPCacheSettings, patience: Int = StoreLimits.patience, over transport: any HTTPTransport, time: any TimeSource
    ) {
        self.settings = settings
        self.patience = patience
        self.transport = transport
        self.time = time
    }

    package func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        let call = call(for: operation, on: key, by: deadline)
        let response: Response
        do {
            response = try await transport.send(call)
        } catch {
            return .unavailable(StoreFailure(error))
        }
        return result(of: operation, response)
    }

    private func call(for operation: StoreOperation, on key: StoreKey, by deadline: Instant?) -> Call {
        var fields = HTTPFields()
        if let secret = settings.secrets.first { fields[.authorization] = "Bearer " + secret.revealText() }
        var method = HTTPRequest.Method.put
        var body: [UInt8] = []
        switch operation {
        case .get: method = .get
        case .put(let octets, let life): (body, fields[.cacheLifetime]) = (octets, Lifetime.text(life))
        case .claim(let octets, let life):
            (body, fields[.cacheLifetime], fields[.ifNoneMatch]) = (octets, Lifetime.text(life), "*")
        case .swap(let octets, let life, let version):
            (body, fields[.cacheLifetime], fields[.ifMatch]) = (octets, Lifetime.text(life), version.text)
        case .delete(let version):
            method = .delete
            fields[.ifMatch] = version?.text
        }
        if method == .put { fields[.contentType] = "application/octet-stream" }
        let limit = time.now().advanced(byMilliseconds: patience)
        return Call(
            method: method, url: settings.url + "/" + key.text, fields: fields, body: body, deadline: min(limit, deadline ?? limit),
            responseLimit: StoreLimits.sealed, connection: settings.connection)
    }

    private func result(of operation: StoreOperation, _ response: Response) -> StoreResult {
        let version = response.fields[.eTag].map { StoreVersion($0) }
        switch (response.status.code, operation) {
        case (200, .get):
            guard let version, let rest = response.fields[.cacheLifetime].flatMap(Lifetime.milliseconds) else {
                return .unavailable(.misunderstood)
            }
            return .value(StoredValue(octets: response.body, version: version, rest: rest))
        case (204, .put(let octets, let life)), (204, .claim(let octets, let life)), (204, .swap(let octets, let life, _)):
            guard let version else { return .unavailable(.misunderstood) }
            return .value(StoredValue(octets: octets, version: version, rest: life))
        case (204, .delete), (404, .get), (404, .delete): return .absent
        case (412, .claim), (412, .swap), (412, .delete): return .conflict
        case (401, _), (403, _): return .unavailable(.notAuthorized)
        case (413, _): return .unavailable(.tooLarge)
        case (500..., _): return .unavailable(.notReached)
        default: return .unavailable(.misunderstood)
        }
    }
}

extension HTTPField.Name {
    /// How long a value lives, in seconds with at most three decimals (an RFC 9651 decimal): sent with a `PUT`, and answered to a
    /// `GET` as the rest.
    package static let cacheLifetime = HTTPField.Name("Cache-Lifetime") ?? .age
}

/// The text of the `Cache-Lifetime` header.
package enum Lifetime {
    package static func text(_ milliseconds: Int) -> String {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return rest == 0 ? "\(seconds)" : "\(seconds)." + String("\(1000 + rest)".dropFirst())
    }

    /// Milliseconds, or `nil` when the text is no positive decimal of at most 12 digits before and 3 behind the point.
    package static func milliseconds(_ text: String) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...12).contains(whole.count), parts.count <= 2 else { return nil }
        let decimals = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
        guard (1...3).contains(decimals.count), (whole + decimals).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let padded = decimals + Array(repeating: UInt8(ascii: "0"), count: 3 - decimals.count)
        return (whole + padded).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

extension StoreFailure {
    init(_ error: TransportError) {
        switch error.code {
        case .timedOut: self = .timedOut
        case .cancelled: self = .cancelled
        case .tooLarge: self = .tooLarge
        case .protocolViolated: self = .misunderstood
        case .notAuthorized: self = .notAuthorized
        default: self = .notReached
        }
    }
}
