import Health
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import TestSupport
import Testing
import Time

/// `GET /health`.
@Suite("Health", .ownThread)
struct HealthTests {
    private let time = ManualTime()
    private var now: Int64 { time.epochMilliseconds() / 1000 }

    private func request(peer: String? = "127.0.0.1", _ fields: HTTPFields = [:], method: HTTPRequest.Method = .get, target: String = "/health") -> Request {
        var request = Request(method: method, target: target, fields: fields)
        request.front.peer = peer
        return request
    }

    private func handler(_ store: (any KeyValueStore)?, days: [String: Int64?] = [:]) -> HealthHandler {
        let now = now
        return HealthHandler(
            store: store, certificates: days.keys.sorted().map { ($0, $0) }, secrets: [Secret("a secret for the watcher")], time: time,
            expiry: { path in (days[path] ?? nil).map { now + $0 * 86_400 + 100 } })
    }

    @Test("ready with a store that answers, or without any; not ready without its store")
    func store() async throws {
        let store = MemoryStore(time: time)
        #expect(await handler(store).respond(to: request()).status == .ok)
        #expect(await handler(nil).respond(to: request()).status == .ok)
        store.setFault { _, _ in .timedOut }
        let response = await handler(store).respond(to: request())
        #expect(response.status == .serviceUnavailable)
        #expect(try JSON(parsing: response.body)["store"]?.string == "unreachable")
    }

    @Test("certificates: days left, expired and unreadable ones make it not ready", arguments: [
        ([:], 200, []), (["a": 400], 200, ["good"]), (["a": 400, "b": 29], 200, ["good", "ending"]), (["a": -1], 503, ["expired"]),
        (["a": 5, "b": nil], 503, ["ending", "unreadable"]),
    ] as [([String: Int64?], Int, [String])])
    func certificates(_ days: [String: Int64?], _ status: Int, _ states: [String]) async throws {
        let response = await handler(nil, days: days).respond(to: request())
        #expect(response.status.code == status)
        let listed = try JSON(parsing: response.body)["certificates"]
        #expect(listed?.elements.compactMap { $0["status"]?.string } == states)
        if let days = days["a"] ?? nil { #expect(listed?.elements.first { $0["setting"]?.string == "a" }?["daysLeft"]?.integer == Int(days)) }
    }

    @Test("details are for this machine and for whoever has the secret; others see the state alone", arguments: [
        (.some("127.0.0.1"), [:], true), (.some("::1"), [:], true), (.some("127.0.0.1"), [.init("X-Forwarded-For") ?? .age: "192.0.2.1"], false),
        (.some("192.0.2.1"), [:], false), (nil, [:], false), (.some("192.0.2.1"), [.authorization: "Bearer a secret for the watcher"], true),
        (.some("192.0.2.1"), [.authorization: "Bearer another secret here"], false), (.some("192.0.2.1"), [.authorization: "Basic YTpi"], false),
    ] as [(String?, HTTPFields, Bool)])
    func details(_ peer: String?, _ fields: HTTPFields, _ isShown: Bool) async throws {
        let response = await handler(nil, days: ["a": 3]).respond(to: request(peer: peer, fields))
        let names = try JSON(parsing: response.body).members.map(\.name)
        #expect(names == (isShown ? ["status", "version", "settings", "store", "certificates"] : ["status"]))
    }

    @Test("other methods and paths")
    func others() async {
        #expect(await handler(nil).respond(to: request(method: .post)).status == .methodNotAllowed)
        #expect(await handler(nil).respond(to: request(target: "/health/x")).status == .notFound)
        #expect(await handler(nil).respond(to: request(method: .head)).status == .ok)
    }

    @Test("the certificate files of all groups are found, and a real one is read")
    func files() throws {
        let folder = try temporaryFolder()
        let openssl = try ChildProcess([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "12", "-subj", "/CN=test",
            "-keyout", folder + "/key.pem", "-out", folder + "/c.pem",
        ])
        #expect(openssl.wait() == 0)
        let text = """
            {"store": {"keys": [{"env": "KEY"}], "cache": {"url": "http://127.0.0.1:1/cache", "secrets": [{"env": "KEY"}], "certificateFile": "c.pem"}},
             "agents": {"a": {"connection": {"authorityFile": "\(folder)/key.pem", "oauth": {"certificateFile": "\(folder)/none.pem"}}}},
             "health": {"certificateFiles": ["\(folder)/c.pem"]}}
            """
        let settings = try SettingsFile.read(
            HealthSettings.self, text: Array(text.utf8), path: folder + "/causeway.jsonc", environment: ["KEY": "a key of sixteen octets"]).settings
        #expect(settings.certificates.map(\.place) == [
            "agents.a.connection.oauth.certificateFile", "store.cache.certificateFile", "agents.a.connection.authorityFile", "health.certificateFiles[0]",
        ])
        #expect(settings.certificates[1].path == folder + "/c.pem")
        let expiry = try #require(CertificateFile.expiry(folder + "/c.pem"))
        #expect((11...12).contains((expiry - SystemTime().epochMilliseconds() / 1000) / 86_400))
        #expect(CertificateFile.expiry(folder + "/key.pem") == nil && CertificateFile.expiry(folder + "/none.pem") == nil)
    }
}
