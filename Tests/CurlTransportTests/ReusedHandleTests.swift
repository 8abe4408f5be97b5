import CurlTransport
import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import Synchronization
import TestSupport
import Testing
import Time

/// A handle behind a good POST keeps what belongs to its connection: nothing of one call may show in the next.
@Suite("Reused handles")
struct ReusedHandleTests {
    /// One way to call, and what the other side must see of it.
    private struct Way: Sendable {
        let name: String
        let call: @Sendable (TestServer) -> Call
        let sees: String
    }

    private static func call(
        _ server: TestServer, _ method: HTTPRequest.Method, _ path: String = "echo", _ body: String = "", _ fields: HTTPFields = [:]
    ) -> Call {
        Call(method: method, url: server.url(path), fields: fields, body: Array(body.utf8), deadline: .now().advanced(byMilliseconds: 10_000))
    }

    private static let ways: [Way] = [
        Way(name: "with a token", call: { call($0, .post, "echo?a", "long old text", [.authorization: "Bearer s3cret", .contentType: "text/plain"]) },
            sees: "POST /echo?a long old text Authorization,Content-Length=13,Content-Type=text/plain"),
        Way(name: "empty", call: { call($0, .post) }, sees: "POST /echo  Content-Length=0"),
        Way(name: "short", call: { call($0, .post, "echo?b", "x") }, sees: "POST /echo?b x Content-Length=1"),
        Way(name: "named", call: { call($0, .post, "echo?b", "y", [.userAgent: "other", .accept: "text/html"]) },
            sees: "POST /echo?b y Accept=text/html,Content-Length=1,User-Agent=other"),
        Way(name: "PUT", call: { call($0, .put, "echo?c", "put") }, sees: "PUT /echo?c put Content-Length=3"),
        Way(name: "GET", call: { call($0, .get, "echo") }, sees: "GET /echo  "),
        Way(name: "DELETE", call: { call($0, .delete, "echo", "", [.authorization: "Bearer s3cret"]) }, sees: "DELETE /echo  Authorization"),
        Way(name: "refused by limit", call: { server in
            var call = call(server, .post, "huge/5000")
            call.responseLimit = 100
            return call
        }, sees: "tooLarge"),
        Way(name: "refused by time", call: { server in
            var call = call(server, .post, "slow/5000")
            call.deadline = .now().advanced(byMilliseconds: 60)
            return call
        }, sees: "timedOut"),
        Way(name: "refused by address", call: { server in
            var call = call(server, .post)
            call.reach = .publicOnly
            return call
        }, sees: "badURL"),
        Way(name: "checked address", call: { server in
            var call = call(server, .post, "echo", "checked")
            call.reach = .publicOrLoopback
            return call
        }, sees: "POST /echo checked Content-Length=7"),
        Way(name: "upload", call: { server in
            var call = call(server, .post, "echo")
            let pipe = BodyPipe()
            _ = pipe.offer(Array("piped".utf8))
            pipe.finish()
            call.upload = Call.Upload(pipe, length: nil)
            return call
        }, sees: "POST /echo piped Transfer-Encoding=chunked"),
        Way(name: "nobody there", call: { _ in
            Call(method: .post, url: "http://127.0.0.1:1/", body: Array("lost".utf8), deadline: .now().advanced(byMilliseconds: 10_000))
        }, sees: "notConnected"),
    ]

    /// What every call has, left out.
    private static func seen(_ outcome: Outcome, _ server: TestServer) -> String {
        guard let json = outcome.json else { return outcome.failure?.code.rawValue ?? outcome.text }
        let usual = ["Host=127.0.0.1:\(server.port)", "Accept=*/*", "User-Agent=Causeway/0.1"]
        var fields: [String] = []
        if let elements = json["fields"]?.elements {
            for field in elements { fields.append(field.elements.compactMap(\.string).joined(separator: "=")) }
        }
        fields = fields.map { $0 == "Authorization=Bearer s3cret" ? "Authorization" : $0 }
        let told = fields.filter { !usual.contains($0) }.sorted().joined(separator: ",")
        return "\(json["method"]?.string ?? "") \(json["target"]?.string ?? "") \(json["body"]?.string ?? "") \(told)"
    }

    @Test("method, target, body, fields, limits, address check: each call shows its own, whatever came before")
    func forgets() async throws {
        let server = try TestServer()
        let wrong = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var wrong: [String] = []
            // Each behind each, and each behind itself.
            for first in ReusedHandleTests.ways {
                for second in ReusedHandleTests.ways {
                    for way in [first, second] {
                        let seen = ReusedHandleTests.seen(await transport.outcome(of: way.call(server)), server)
                        if seen != way.sees { wrong.append("\(way.name) of \(first.name), \(second.name): \(seen)") }
                    }
                }
            }
            return wrong
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test("whether a call arrived is told of this call, not of the one before on its handle")
    func certainty() async throws {
        let server = try TestServer()
        let closed = try freePort()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            _ = await transport.post(server.url("echo"), "arrived")
            return [await transport.post("http://127.0.0.1:\(closed)/", "not"), await transport.post(server.url("drop"), "perhaps")]
        }
        #expect(outcomes[0].failure?.isCertain == true && outcomes[0].failure?.mayHaveArrived == false)
        #expect(outcomes[1].failure?.mayHaveArrived == true)
    }

    @Test("the receiver of pieces belongs to one call")
    func receivers() async throws {
        let server = try TestServer()
        let pieces = Mutex<[String]>([])
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            for name in ["first", nil, "second", nil] {
                var call = ReusedHandleTests.call(server, .post, "chunked")
                if let name { call.receive = { _ in pieces.withLock { $0.append(name) } } }
                outcomes.append(await transport.outcome(of: call))
            }
            return outcomes
        }
        #expect(outcomes.allSatisfy { $0.text == "onetwothree" })
        #expect(pieces.withLock { $0 } == ["first", "first", "first", "second", "second", "second"])
    }

    @Test("trust, client certificate and proxy are those of the call, in any order")
    func connections() async throws {
        let made = try Certificates()
        let secure = try TestServer(
            "--cert", made.certificate("server"), "--key", made.key("server"), "--client-ca", made.certificate("authority"))
        let open = try TestServer("--cert", made.certificate("server"), "--key", made.key("server"))
        let plain = try TestServer()
        let proxy = try TestServer()
        let seen = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var trusting = ConnectionOptions()
            trusting.authorityFile = made.certificate("authority")
            var known = trusting
            known.certificateFile = made.certificate("client")
            known.keyFile = made.key("client-locked")
            known.keyPassword = Secret("open sesame")
            var through = ConnectionOptions()
            through.proxy = "http://127.0.0.1:\(proxy.port)"
            let kinds: [(String, ConnectionOptions, String)] = [
                ("known", known, secure.secureURL("status/200")), ("nameless", trusting, secure.secureURL("status/200")),
                ("trusting", trusting, open.secureURL("status/200")),
                ("strange", ConnectionOptions(), open.secureURL("status/200")), ("plain", ConnectionOptions(), plain.url("status/200")),
                ("through", through, plain.url("status/200")),
            ]
            var seen: Set<String> = []
            for first in kinds {
                for second in kinds {
                    for (name, connection, url) in [first, second] {
                        let outcome = await transport.post(url, "x", connection: connection)
                        seen.insert("\(name) \(outcome.failure?.code.rawValue ?? outcome.text)")
                    }
                }
            }
            return seen
        }
        let nameless = seen.filter { $0.hasPrefix("nameless ") }
        #expect(!nameless.isEmpty && nameless.isSubset(of: ["nameless receiveFailed", "nameless tlsFailed", "nameless sendFailed"]), "\(nameless)")
        #expect(seen.subtracting(nameless) == [
            "known body of 200", "trusting body of 200", "strange certificateRefused", "plain body of 200", "through unknown",
        ])
    }
}
