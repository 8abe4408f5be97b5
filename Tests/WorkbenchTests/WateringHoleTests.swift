import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import TestSupport
import Testing
import Time
import Workbench

@Suite("The Watering Hole")
struct WateringHoleTests {
    private static let secret = Secret("secret of the hole")

    /// The desk with nothing but the platform, and what it asked of the middleware.
    private struct Stage {
        let site: DeskSite
        let transport: FakeTransport

        init(_ answers: [Result<Response, TransportError>] = []) {
            transport = FakeTransport(answers)
            let hole = WateringHole(
                front: "http://mw.example", base: "http://desk.example", secret: WateringHoleTests.secret, over: transport, sleep: { _ in })
            site = DeskSite(
                access: DeskAccess(token: Secret("run"), port: 1), assets: DeskAssets(front: "http://mw.example"), changes: DeskChanges(),
                parts: hole.parts, others: Nobody())
        }

        func person(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> JSON {
            let answer = await site.respond(to: Request(
                method: method, target: "/hole" + path, fields: [.authorization: "Bearer run"], body: Array(body.utf8)))
            return try JSON(parsing: answer.body.isEmpty ? Array("null".utf8) : answer.body)
        }

        func agent(_ body: String, id: String = "msg_1", at seconds: Int64 = SystemTime().epochMilliseconds() / 1000, secret: Secret = WateringHoleTests.secret) async -> Response {
            let code = Digest.hmac(Array("\(id).\(seconds).\(body)".utf8), key: secret)
            var fields: HTTPFields = [.contentType: "application/json"]
            for (name, value) in [("webhook-id", id), ("webhook-timestamp", "\(seconds)"), ("webhook-signature", "v1,\(Base64.encodeText(code))")] {
                if let name = HTTPField.Name(name) { fields[name] = value }
            }
            return await site.respond(to: Request(method: .post, target: "/hole/app", fields: fields, body: Array(body.utf8)))
        }
    }

    private struct Nobody: Handler {
        func respond(to request: Request) async -> Response { Response(status: .notFound) }
    }

    private static func staged(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await onLoop { () async -> Result<Void, any Error> in
            do { return .success(try await body()) } catch { return .failure(error) }
        }.get()
    }

    @Test("what people do needs the run's token; what agents write, a fresh signature with the right secret")
    func doors() async throws {
        try await Self.staged {
            let stage = Stage()
            #expect(await stage.site.respond(to: Request(method: .get, target: "/hole")).status == .unauthorized)
            let event = #"{"type":"typing","thread":"t","on":true}"#
            #expect(await stage.agent(event).status == .ok)
            #expect(await stage.agent(event, secret: Secret("another")).status == .unauthorized)
            #expect(await stage.agent(event, at: SystemTime().epochMilliseconds() / 1000 - 301).status == .unauthorized)
            #expect(await stage.site.respond(to: Request(method: .post, target: "/hole/app", body: Array(event.utf8))).status == .unauthorized)
        }
    }

    @Test("a message is told signed, and again under the same id until it is taken")
    func telling() async throws {
        try await Self.staged {
            let stage = Stage([
                .failure(TransportError(.notConnected, mayHaveArrived: false)), .success(Response(status: .serviceUnavailable)),
                .success(.json(.ok, Array(#"{"status":"taken"}"#.utf8))),
            ])
            let made = try await stage.person(.post, "/messages", #"{"as":"zebra-12","text":"Did anyone find my umbrella?"}"#)
            #expect(made["id"]?.string != nil)
            while stage.transport.unused > 0 { await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 5)) }
            let calls = stage.transport.calls
            #expect(calls.count == 3 && Set(calls.map { $0.fields[values: HTTPField.Name("webhook-id") ?? .accept] }).count == 1)
            #expect(calls.allSatisfy { $0.url == "http://mw.example/webhook/wateringhole" && $0.body == calls[0].body })
            let event = try #require(try JSON(parsing: calls[0].body)["events"]?.elements.first { _ in true })
            #expect(event["type"]?.string == "message" && event["visibility"]?.string == "direct" && event["from"]?["id"]?.string == "zebra-12")
            await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 20))
            let state = try await stage.person(.get, "")
            let shown = state["threads"]?.elements.first { _ in true }?["messages"]?.elements.first { _ in true }
            #expect(shown?["state"]?.string == "sent" && state["waiting"]?.integer == 0)
        }
    }

    @Test("an agent's message is shown once, however often it is delivered; a conversation that is not there is said to be gone")
    func taking() async throws {
        try await Self.staged {
            let stage = Stage([.success(Response(status: .ok))])
            let thread = try #require(try await stage.person(.post, "/messages", #"{"as":"otter-7","text":"Mud","visibility":"post"}"#)["thread"]?.string)
            let body = #"{"type":"message","thread":"\#(thread)","visibility":"post","text":"A pump comes.","replyTo":"\#(thread)"}"#
            let first = await stage.agent(body)
            let second = await stage.agent(body)
            #expect(first.status == .ok && first.body == second.body)
            let messages = try await stage.person(.get, "")["threads"]?.elements.first { _ in true }?["messages"]?.elements.map { $0["text"]?.string }
            #expect(messages == ["Mud", "A pump comes."])
            let gone = await stage.agent(#"{"type":"message","thread":"nowhere","visibility":"direct","text":"Hello"}"#, id: "msg_2")
            #expect(gone.status == .notFound && String(decoding: gone.body, as: UTF8.self).contains("threadGone"))
        }
    }

    @Test("whether a person can be written to", arguments: [("zebra-12", 200), ("heron-9", 422), ("nobody", 422)])
    func check(_ person: String, _ status: Int) async throws {
        try await Self.staged {
            #expect(await Stage().agent(#"{"type":"check","recipient":{"id":"\#(person)"}}"#).status.code == status)
        }
    }
}
