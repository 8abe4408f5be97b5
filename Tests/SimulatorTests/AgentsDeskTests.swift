import HTTP
import HTTPTypes
import JSON
import Secrets
import Simulator
import Synchronization
import Testing
import Time

@Suite("The agents' desk")
struct AgentsDeskTests {
    private static func withContact() async throws -> (Stage, String) {
        let stage = Stage()
        stage.cxone.add(Skill(id: 7, name: "Umbrellas", agents: [4713]))
        _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
        return (stage, try #require(stage.cxone.contacts.first?.number))
    }

    private static func ask(_ stage: Stage, _ path: String, _ body: String, _ method: HTTPRequest.Method = .post) async -> Response {
        await stage.cxone.respond(to: Request(method: method, target: "/desk" + path, body: Array(body.utf8)))
    }

    @Test("a case is one agent's: another's answer is refused in words until it is taken over")
    func owner() async throws {
        try await staged {
            let (stage, number) = try await Self.withContact()
            #expect(await Self.ask(stage, "/contacts/\(number)/assign", #"{"to": 4711}"#).status == .noContent)
            let refused = await Self.ask(stage, "/contacts/\(number)/reply", #"{"text": "Me too", "agent": 4712}"#)
            #expect(try refused.json()["failure"]?.string == "the case is Ann Lee's; take it over first")
            #expect(await Self.ask(stage, "/contacts/\(number)/assign", #"{"to": 4712, "agent": 4712}"#).status == .noContent)
            #expect(await Self.ask(stage, "/contacts/\(number)/reply", #"{"text": "Mine", "agent": 4712}"#).status == .ok)
            #expect(stage.cxone.messages().last?.agent == 4712)
        }
    }

    @Test("a transfer puts the case into the other queue, where only its agents may have it")
    func transfer() async throws {
        try await staged {
            let (stage, number) = try await Self.withContact()
            #expect(await Self.ask(stage, "/contacts/\(number)/transfer", #"{"skill": 7}"#).status == .noContent)
            let inbox = try await Self.ask(stage, "/inbox", "", .get).json()
            let queue = try #require(inbox["queues"]?.elements.first { $0["skill"]?.integer == 7 })
            #expect(queue["waiting"]?.integer == 1)
            let refused = await Self.ask(stage, "/contacts/\(number)/assign", #"{"to": 4711}"#)
            #expect(refused.status == .conflict)
            #expect(await Self.ask(stage, "/contacts/\(number)/assign", #"{"to": 4713}"#).status == .noContent)
            #expect(await Self.ask(stage, "/contacts/\(number)/transfer", #"{"skill": 99}"#).status == .notFound)
        }
    }

    @Test("what an agent has on the screen is read; the case tells its whole thread")
    func reading() async throws {
        try await staged {
            let (stage, number) = try await Self.withContact()
            func unread() async throws -> Int? { try await Self.ask(stage, "/contacts/\(number)", "", .get).json()["unread"]?.integer }
            #expect(try await unread() == 1)
            _ = await Self.ask(stage, "/contacts/\(number)/read", "{}")
            #expect(try await unread() == 0)
            let message = try await Self.ask(stage, "/contacts/\(number)", "", .get).json()["messages"]?.elements.first { _ in true }
            #expect(message?["text"]?.string == "Hello" && message?["isRead"]?.bool == true)
        }
    }

    @Test("callbacks go wrong by order, once, and what came of it is told", arguments: [
        ("duplicate", "", false), ("lost", "", false), ("unknownField", "", true), ("expiredToken", "", true), ("cut", "", false),
    ])
    func callbackFaults(_ kind: String, _ more: String, _ isGood: Bool) async throws {
        try await staged {
            let (stage, number) = try await Self.withContact()
            #expect(await Self.ask(stage, "/faults", #"{"kind": "\#(kind)", "operation": "callbackOutbound"}"#).status == .noContent)
            _ = await stage.cxone.reply(to: number, Draft("One"))
            let faults = try await Self.ask(stage, "/faults", "", .get).json()
            #expect(faults["coming"]?.count == 0)
            let happened = try #require(faults["happened"]?.elements.first { _ in true })
            #expect(happened["kind"]?.string == kind && happened["outcome"]?.string != nil)
            // This middleware takes whatever comes: a duplicate becomes two messages, half a body one without words.
            #expect(happened["isGood"]?.bool == isGood)
            let bodies = stage.middleware.seen.filter { $0.path.hasSuffix("/outbound") && $0.fields.contains(.authorization) }.map(\.body)
            switch kind {
            case "duplicate", "lost": #expect(bodies.count == 2 && bodies.first == bodies.last)
            case "unknownField": #expect(bodies.contains { String(decoding: $0, as: UTF8.self).contains("ofAFutureRelease") })
            case "cut": #expect(bodies.allSatisfy { (try? JSON(parsing: $0)) == nil })
            default: #expect(stage.middleware.paths().contains("/byoc/1.0/token"))
            }
            let counted = stage.middleware.seen.count
            _ = await stage.cxone.reply(to: number, Draft("Two"))
            #expect(stage.middleware.seen.count == counted + 1, "the fault happens once")
        }
    }

    @Test("a fault of the API that the middleware gets over is told as that")
    func recovery() async throws {
        try await staged {
            let stage = Stage { $0.faults = [Fault(.status(503), on: .createMessage)] }
            #expect(try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1")).status.code == 503)
            let before = try await Self.ask(stage, "/faults", "", .get).json()["happened"]?.elements.first { _ in true }
            #expect(before?["outcome"] == nil)
            // Another message is no recovery of the first.
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m2"))
            #expect(try await Self.ask(stage, "/faults", "", .get).json()["happened"]?.elements.first { _ in true }?["outcome"] == nil)
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
            let after = try await Self.ask(stage, "/faults", "", .get).json()["happened"]?.elements.first { _ in true }
            #expect(after?["outcome"]?.string?.contains("came again") == true)
        }
    }

    @Test("every exchange is handed to the recorder with its channel and thread, without a credential")
    func recording() async throws {
        try await staged {
            let (network, recorder, changes) = (MemoryNetwork(), Recorder(), Changes())
            let middleware = Middleware()
            let cxone = DigitalExperience(over: network, recorder: recorder, onChange: { changes.happen() })
            cxone.join(network)
            network.connect("https://mw.example") { await middleware.answer($0) }
            cxone.add(Integration(id: "box", boxURL: "https://mw.example/byoc", clientSecret: Middleware.secret))
            cxone.addChannel("meadow")
            let token = try await Self.signIn(cxone, network)
            _ = try await network.send(Call(
                method: .post, url: Stage.api + "/channels/meadow/messages", fields: [.authorization: "Bearer \(token)", .contentType: "application/json"],
                body: Array(Stage.message("m1").utf8), deadline: .now().advanced(byMilliseconds: 30_000)))
            _ = await cxone.reply(to: try #require(cxone.contacts.first?.number), Draft("We found it."))
            let exchanges = recorder.exchanges
            #expect(exchanges.map(\.isFromCXone) == [false, false, true, true, true])
            #expect(exchanges.map(\.name) == [nil, "meadow", "meadow", nil, "meadow"])
            #expect(exchanges.map(\.conversation) == [nil, "t1", "t1", nil, "t1"])
            #expect(exchanges.map(\.status) == [200, 200, 401, 200, 200])
            #expect(changes.count >= 3)
            let secrets = [
                token, Middleware.secret.revealText(), cxone.tenant.credentials.accessKeySecret.revealText(), cxone.tenant.credentials.clientSecret.revealText(), "token-",
            ]
            for exchange in exchanges {
                let words = "\(exchange)" + String(decoding: exchange.requestBody + exchange.responseBody, as: UTF8.self)
                for secret in secrets { #expect(!words.contains(secret), "\(exchange.method) \(exchange.url)") }
            }
        }
    }

    private static func signIn(_ cxone: DigitalExperience, _ network: MemoryNetwork) async throws -> String {
        let keys = cxone.tenant.credentials
        let form = "grant_type=password&username=\(keys.accessKeyID)&password=\(keys.accessKeySecret.revealText())"
            + "&client_id=\(keys.clientID)&client_secret=\(keys.clientSecret.revealText())"
        let answer = try await network.send(Call(
            method: .post, url: "https://cxone.niceincontact.com/auth/token", fields: [.contentType: "application/x-www-form-urlencoded"],
            body: Array(form.utf8), deadline: .now().advanced(byMilliseconds: 30_000)))
        return try #require(try JSON(parsing: answer.body)["access_token"]?.string)
    }
}

private final class Recorder: ExchangeRecorder {
    private let state = Mutex<[RecordedExchange]>([])

    var exchanges: [RecordedExchange] { state.withLock { $0 } }
    func record(_ exchange: RecordedExchange) { state.withLock { $0.append(exchange) } }
}

private final class Changes: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }
    func happen() { state.withLock { $0 += 1 } }
}
