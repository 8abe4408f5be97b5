import CacheServer
import Glibc
import HTTP
import HTTPTypes
import Secrets
import Store
import TestSupport
import Testing
import Time

/// The HTTP semantics of `functions/token-cache/openapi.yaml`.
@Suite struct CacheHandlerTests {
    private let time = ManualTime()
    private let file: String
    private let handler: CacheHandler

    init() throws {
        file = try temporaryFolder() + "/cache.sqlite"
        handler = CacheHandler(
            database: try CacheDatabase(path: file), secrets: [Secret("the current bearer secret"), Secret("the previous bearer secret")], time: time)
    }

    private func ask(
        _ method: HTTPRequest.Method, _ target: String = "/cache/k", _ headers: [String: String] = ["Cache-Lifetime": "30"], body: [UInt8] = [7],
        authorization: String? = "Bearer the current bearer secret", prefix: String = ""
    ) async -> Response {
        var fields = HTTPFields()
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        fields[.authorization] = authorization
        var request = Request(method: method, target: target, fields: fields, body: method == .put ? body : [])
        request.front.prefix = prefix
        return await handler.respond(to: request)
    }

    @Test("Only who knows a secret is let in, whatever else the request says", arguments: [
        (nil, 401), ("", 401), ("Bearer", 401), ("Bearer ", 401), ("Basic the current bearer secret", 401), ("the current bearer secret", 401),
        ("Bearer the current bearer secre", 401), ("Bearer  the current bearer secret", 401), ("Bearer THE CURRENT BEARER SECRET", 401),
        ("Bearer the current bearer secret", 404), ("bearer the current bearer secret", 404), ("Bearer the previous bearer secret", 404),
    ])
    func authorization(_ authorization: String?, _ status: Int) async {
        let response = await ask(.get, authorization: authorization)
        #expect(response.status.code == status)
        #expect(response.body.isEmpty)
        if status == 401 {
            for method in [HTTPRequest.Method.put, .delete, .post] { #expect(await ask(method, authorization: authorization).status.code == 401) }
            #expect(await ask(.get, "/cache/", authorization: authorization).status.code == 401)
        }
    }

    @Test("Without any secret nobody is let in")
    func noSecret() async throws {
        let handler = CacheHandler(database: try CacheDatabase(path: file), secrets: [], time: time)
        let response = await handler.respond(to: Request(method: .get, target: "/cache/k", fields: [.authorization: "Bearer "]))
        #expect(response.status == .unauthorized)
    }

    @Test("Lives are decimal seconds of up to a year", arguments: [
        ("30", 204), ("0.001", 204), ("2.5", 204), ("31622400", 204), ("31622400.001", 400), ("0", 400), ("0.000", 400), ("-1", 400), ("", 400),
        ("1e3", 400), ("1.", 400), (".5", 400), ("1.2345", 400), ("1 0", 400), ("1,5", 400), ("9999999999999", 400), ("٣", 400), ("30s", 400),
    ])
    func lives(_ life: String, _ status: Int) async {
        #expect(await ask(.put, "/cache/k", ["Cache-Lifetime": life]).status.code == status)
        #expect(await ask(.get).status.code == (status == 204 ? 200 : 404))
    }

    @Test("A put without a life is refused")
    func noLife() async {
        #expect(await ask(.put, "/cache/k", [:]).status == .badRequest)
    }

    @Test("The rest of a life is told, and at its end the value is gone")
    func rest() async {
        _ = await ask(.put, "/cache/k", ["Cache-Lifetime": "2.5"])
        time.advance(milliseconds: 1499)
        #expect(await ask(.get).fields[.cacheLifetime] == "1.001")
        time.advance(milliseconds: 1000)
        #expect(await ask(.get).fields[.cacheLifetime] == "0.001")
        time.advance(milliseconds: 1)
        #expect(await ask(.get).status == .notFound)
        #expect(await ask(.delete).status == .notFound)
    }

    @Test("Conditions that it does not serve are refused, not ignored", arguments: [
        ["If-None-Match": "\"1\""], ["If-None-Match": ""], ["If-Match": "*"], ["If-Match": "1"], ["If-Match": "\"1\", \"2\""], ["If-Match": "W/\"1\""],
        ["If-Match": "\"\""], ["If-Match": "\""], ["If-None-Match": "*", "If-Match": "\"1\""],
    ])
    func conditions(_ condition: [String: String]) async {
        var headers = condition
        headers["Cache-Lifetime"] = "30"
        _ = await ask(.put)
        #expect(await ask(.put, "/cache/k", headers).status == .badRequest)
        #expect(await ask(.delete, "/cache/k", condition).status == .badRequest)
        #expect(await ask(.get).status == .ok)
    }

    @Test("A tag of another maker matches nothing", arguments: ["\"x\"", "\"-1\"", "\"7fffffffffffffffffffff\""])
    func foreignTag(_ tag: String) async {
        _ = await ask(.put)
        #expect(await ask(.put, "/cache/k", ["Cache-Lifetime": "30", "If-Match": tag]).status == .preconditionFailed)
        #expect(await ask(.delete, "/cache/k", ["If-Match": tag]).status == .preconditionFailed)
    }

    @Test("Keys are what stands behind the mount, decoded", arguments: [
        ("/cache/a/b", "", 204), ("/cache/a%2Fb", "", 204), ("/cache/%C3%A4%20%25", "", 204), ("/cache/k?x=1", "", 204), ("/here/k", "/here", 204),
        ("/cache/" + String(repeating: "k", count: 512), "", 204), ("/cache/" + String(repeating: "k", count: 513), "", 400),
        ("/cache/", "", 400), ("/cache", "", 400), ("/other/k", "", 400), ("/cachek", "", 400), ("/cache/%", "", 400), ("/cache/%4", "", 400),
        ("/cache/%zz", "", 400), ("/cache/%00", "", 400), ("/cache/%0A", "", 400), ("/cache/%FF", "", 400), ("/cache/%7F", "", 400),
        ("/cache/%C0%AF", "", 400),
    ])
    func keys(_ target: String, _ prefix: String, _ status: Int) async {
        #expect(await ask(.put, target, prefix: prefix).status.code == status)
        #expect(await ask(.get, target, prefix: prefix).status.code == (status == 204 ? 200 : 400))
    }

    @Test("An encoded slash and a plain one are the same key; other keys differ")
    func sameKey() async {
        _ = await ask(.put, "/cache/a/b")
        #expect(await ask(.get, "/cache/a%2fb").status == .ok)
        #expect(await ask(.get, "/cache/a/B").status == .notFound)
        #expect(await ask(.get, "/cache/a/b/").status == .notFound)
    }

    @Test("Sizes up to a mebioctet, nothing beyond", arguments: [(0, 204), (1, 204), (1 << 20, 204), (1 << 20 + 1, 413)])
    func sizes(_ count: Int, _ status: Int) async {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(await ask(.put, body: body).status.code == status)
        let isSame = await ask(.get).body == (status == 204 ? body : [])
        #expect(isSame)
    }

    @Test("Other methods are refused with the list of ours", arguments: [HTTPRequest.Method.post, .patch, .options, .head])
    func methods(_ method: HTTPRequest.Method) async {
        let response = await ask(method)
        #expect(response.status == .methodNotAllowed)
        #expect(response.fields[.allow] == "GET, PUT, DELETE")
    }

    @Test("Processes share the file: what one writes the other reads, and only one claim wins")
    func shared() async throws {
        let other = CacheHandler(database: try CacheDatabase(path: file), secrets: [Secret("another process's secret")], time: time)
        let fields: HTTPFields = [.authorization: "Bearer another process's secret", .cacheLifetime: "30", .ifNoneMatch: "*"]
        let claim = Request(method: .put, target: "/cache/k", fields: fields, body: [9])
        #expect(await other.respond(to: claim).status == .noContent)
        #expect(await ask(.get).body == [9])
        #expect(await ask(.put, "/cache/k", ["Cache-Lifetime": "30", "If-None-Match": "*"]).status == .preconditionFailed)
    }

    @Test("Expired rows go in passing, so the file does not grow")
    func sweeping() async throws {
        for index in 0..<2000 {
            _ = await ask(.put, "/cache/\(index)", ["Cache-Lifetime": "1"], body: Array(repeating: 1, count: 1000))
            time.advance(milliseconds: 10)
        }
        let size = try CacheDatabase(path: file).perform { connection throws(CacheFailure) in try connection.count() }
        // A hundred are alive; of the others a sixteenth of the writes takes up to 64.
        #expect(size < 500, "\(size) rows")
    }

    @Test("The file is ours alone, and a file of something else is refused")
    func files() throws {
        var status = stat()
        #expect(stat(file, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let foreign = try temporaryFolder() + "/text"
        try write(String(repeating: "this is no database\n", count: 100), to: foreign)
        #expect(throws: CacheFailure.self) { try CacheDatabase(path: foreign) }
        #expect(throws: CacheFailure.self) { try CacheDatabase(path: "/nowhere/at/all") }
    }
}
