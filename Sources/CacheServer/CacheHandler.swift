package import HTTP
import HTTPTypes
package import Secrets
package import Store
package import Time

/// The token cache's endpoint: `GET`, `PUT` and `DELETE` on `/cache/{key}` with the conditions of RFC 9110 §13, as
/// `functions/token-cache/openapi.yaml` describes them.
///
/// SQLite's calls block the event loop for about a tenth of a millisecond; a thread hop would cost more.
package struct CacheHandler: Handler {
    private let database: CacheDatabase
    private let secrets: [Secret]
    private let time: any TimeSource

    /// Octets of the longest value and of the longest key.
    package static let valueLimit = 1 << 20
    private static let keyLimit = 512
    private static let mount = "/cache"

    /// - Parameter secrets: Bearer secrets that are let in; with none, nobody is.
    package init(database: CacheDatabase, secrets: [Secret], time: any TimeSource) {
        self.database = database
        self.secrets = secrets
        self.time = time
    }

    /// Opens the file of the settings.
    package init(_ settings: HTTPCacheSettings, time: any TimeSource) throws(CacheFailure) {
        guard let file = settings.file else {
            throw CacheFailure(code: 0, reason: "store.cache: \"file\" is missing; it names the SQLite file on a local disk")
        }
        self.init(database: try CacheDatabase(path: file), secrets: settings.secrets, time: time)
    }

    package func respond(to request: Request) async -> Response {
        guard isAuthorized(request) else {
            return Response(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
        }
        guard let key = Self.key(of: request) else {
            return Self.problem(.badRequest, "The key is not 1 to 512 octets of printable UTF-8.")
        }
        do throws(CacheFailure) {
            switch request.method {
            case .get: return try get(key)
            case .put: return try put(key, request)
            case .delete: return try delete(key, request)
            default: return Response(status: .methodNotAllowed, fields: [.allow: "GET, PUT, DELETE"])
            }
        } catch {
            return Response(
                status: .serviceUnavailable, fields: [.retryAfter: "1"],
                notes: [Note("cacheFailure", error.reason), Note("cacheCode", Int(error.code))])
        }
    }

    // MARK: Operations

    private func get(_ key: String) throws(CacheFailure) -> Response {
        let now = time.epochMilliseconds()
        let entry = try database.perform { connection throws(CacheFailure) in try connection.get(key, now: now) }
        guard let entry else { return Response(status: .notFound) }
        let fields: HTTPFields = [
            .contentType: "application/octet-stream", .eTag: Self.text(entry.tag), .cacheControl: "no-store",
            .cacheLifetime: Lifetime.text(Int(entry.expires - now)),
        ]
        return Response(status: .ok, fields: fields, body: entry.octets)
    }

    private func put(_ key: String, _ request: Request) throws(CacheFailure) -> Response {
        guard let life = request.fields[.cacheLifetime].flatMap(Lifetime.milliseconds), (1...StoreLimits.life).contains(life) else {
            return Self.problem(.badRequest, "Cache-Lifetime must tell the value's life in seconds, such as 30 or 2.5, up to a year.")
        }
        guard request.body.count <= Self.valueLimit else { return Self.problem(.contentTooLarge, "The value exceeds 1 MiB.") }
        guard let condition = Self.condition(of: request) else {
            return Self.problem(.badRequest, "Only one of If-None-Match: * and If-Match with one tag of ours is known.")
        }
        let now = time.epochMilliseconds()
        let tag = try database.perform { connection throws(CacheFailure) in
            try connection.put(key, request.body, expires: now + Int64(life), if: condition, now: now)
        }
        guard let tag else { return Response(status: .preconditionFailed) }
        return Response(status: .noContent, fields: [.eTag: Self.text(tag)])
    }

    private func delete(_ key: String, _ request: Request) throws(CacheFailure) -> Response {
        let expected: Int64?
        switch Self.condition(of: request) {
        case .some(.none): expected = nil
        case .tag(let tag): expected = tag
        default: return Self.problem(.badRequest, "Only If-Match with one tag of ours is known.")
        }
        let now = time.epochMilliseconds()
        return try database.perform { connection throws(CacheFailure) in
            if try connection.delete(key, tag: expected, now: now) { return Response(status: .noContent) }
            guard expected != nil, try connection.get(key, now: now) != nil else { return Response(status: .notFound) }
            return Response(status: .preconditionFailed)
        }
    }

    // MARK: Request

    private func isAuthorized(_ request: Request) -> Bool {
        guard let field = request.fields[.authorization], let space = field.firstIndex(of: " "),
            field[..<space].lowercased() == "bearer"
        else { return false }
        let candidate = field[field.index(after: space)...].utf8
        // Every secret is compared, so that time does not tell which one matched.
        return secrets.reduce(false) { found, secret in secret.matches(candidate) || found }
    }

    /// What stands behind the mount, percent-decoded: slashes belong to the key.
    static func key(of request: Request) -> String? {
        let path = request.path
        let prefix = request.front.prefix
        var rest: Substring
        if !prefix.isEmpty, path.hasPrefix(prefix + "/") {
            rest = path.dropFirst(prefix.count)
        } else if path.hasPrefix(mount + "/") {
            rest = path.dropFirst(mount.count)
        } else {
            return nil
        }
        rest = rest.dropFirst()
        var octets: [UInt8] = []
        var input = rest.utf8.makeIterator()
        while let octet = input.next() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard let high = input.next().flatMap(digit), let low = input.next().flatMap(digit) else { return nil }
            octets.append(high << 4 | low)
        }
        guard (1...keyLimit).contains(octets.count), octets.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: octets, as: UTF8.self)
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        Character(Unicode.Scalar(octet)).hexDigitValue.map { UInt8($0) }
    }

    /// The condition of a request, or `nil` when it has one that we do not serve.
    private static func condition(of request: Request) -> CacheConnection.Condition? {
        switch (request.fields[.ifNoneMatch], request.fields[.ifMatch]) {
        case (nil, nil): return CacheConnection.Condition.none
        case ("*", nil): return .absent
        case (nil, let tag?):
            let inner = tag.dropFirst().dropLast()
            guard !inner.isEmpty, tag == "\"\(inner)\"", !inner.contains("\"") else { return nil }
            // A tag that is none of ours matches nothing; -1 is never given out.
            return .tag(Int64(inner, radix: 16) ?? -1)
        default: return nil
        }
    }

    // MARK: Answer

    private static func text(_ tag: Int64) -> String { "\"" + String(tag, radix: 16) + "\"" }

    private static func problem(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(status: status, fields: [.contentType: "text/plain; charset=utf-8"], body: Array((text + "\n").utf8))
    }
}
