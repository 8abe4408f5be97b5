import JSON
import TestSupport
import Testing
import Workbench

/// The desk as a process before the real `exchange` function, over HTTP.
@Suite("Virtual Agent Hub: over HTTP")
struct HubServerTests {
    private static let programs = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/.build/debug"

    private struct Desk {
        let folder: String
        let exchange: ChildProcess
        let desk: ChildProcess
        let url: String
        let front: String

        init() throws {
            folder = try temporaryFolder()
            let (port, deskPort) = (try freePort(), try freePort())
            (front, url) = ("http://127.0.0.1:\(port)", "http://127.0.0.1:\(deskPort)")
            let environment = RealExchange.environment.merging(
                ["CAUSEWAY_SETTINGS": "\(folder)/causeway.jsonc", "CAUSEWAY_DESK_TOKEN": "a-token-of-this-test"]) { $1 }
            try Files.write(
                """
                {"exchange": {"sessionKeys": [{"env": "KEY"}], "allowPlainHTTP": true},
                 "agents": {\(RealExchange.orders), "faulty": {\(RealExchange.caller), "webhook": {"url": "\(url)/fault-agent/turn"}}}}
                """, to: "\(folder)/causeway.jsonc")
            exchange = try ChildProcess(
                ["\(HubServerTests.programs)/exchange"], environment: environment.merging(["PORT": "\(port)"]) { $1 }, log: "\(folder)/exchange.log")
            desk = try ChildProcess(
                ["\(HubServerTests.programs)/causeway", "dev", "--port", "\(deskPort)", "--box", "\(front)/byoc", "--settings", "\(folder)/causeway.jsonc"],
                environment: environment, log: "\(folder)/desk.log")
            guard waitForListener(on: port), waitForListener(on: deskPort) else { throw ChildProcess.Failure(description: "they do not listen") }
        }

        func send(_ method: String, _ path: String, _ body: String? = nil, token: String = "a-token-of-this-test") async throws -> HTTPClient.Answer {
            try #require(try await HTTPClient.send(
                method, url + path, fields: ["Authorization: Bearer \(token)"] + (body == nil ? [] : ["Content-Type: application/json"]), body: body))
        }

        func json(_ method: String, _ path: String, _ body: String? = nil) async throws -> JSON {
            let answer = try await send(method, path, body)
            #expect((200...201).contains(answer.status), "\(method) \(path): \(answer.status) \(answer.body)")
            return try JSON(parsing: Array(answer.body.utf8))
        }

        func last(_ interaction: JSON) -> JSON? { interaction["turns"]?.elements.map { $0 }.last }
    }

    @Test("the worked example by speech and by keys: greeting, 13 digits, three days late, a person (V25, V27, V28, V99)", arguments: ["phone", "chat"])
    func workedExample(_ medium: String) async throws {
        let desk = try Desk()
        #expect(try await desk.send("GET", "/hub", token: "wrong").status == 401)
        var found = try await desk.json("POST", "/hub/interactions", #"{"app":"orders-\#(medium)"}"#)
        let input = "/hub/interactions/\(try #require(found["id"]?.string))/input"
        found = try await desk.json("POST", input, #"{"text":"Where is my order?"}"#)
        if medium == "phone" {
            #expect(found["behaviour"]?["words"]?.string == "collects speech or up to 13 keys ended by #, at most 5 s apart, barge-in on, 15 s of silence")
            for key in "239029483729" { _ = try await desk.json("POST", input, #"{"key":"\#(key)"}"#) }
            found = try await desk.json("POST", input, #"{"key":"0"}"#)
        } else {
            found = try await desk.json("POST", input, #"{"text":"2390 2948 37290"}"#)
        }
        #expect(desk.last(found)?["says"]?.elements.map { $0 }.first?["text"]?.string == "Thank you. Order 2390294837290 is in transit and delayed by three days.")
        #expect(desk.last(found)?["input"]?["type"]?.string == (medium == "phone" ? "DTMF_AS_TEXT" : "TEXT"))
        found = try await desk.json("POST", input, #"{"text":"Can I talk to someone?"}"#)
        #expect(found["state"]?.string == "ended" && found["ended"]?["transfer"]?["customPayload"]?["orderNumber"]?.string == "2390294837290")
        let turns = try #require(found["turns"]).elements.map { $0 }
        #expect(turns.count == 4 && turns.allSatisfy { $0["status"]?.integer == 200 && $0["violations"]?.count == 0 && $0["warnings"]?.count == 0 })

        let chat = try await desk.send("GET", input.replacing("/input", with: "/chat")).body
        try Files.write(chat, to: "\(desk.folder)/recorded.chat")
        let replayed = try await execute(
            "\(Self.programs)/causeway",
            ["replay", "\(desk.folder)/recorded.chat", "--settings", "\(desk.folder)/causeway.jsonc", "--url", desk.front, "--junit", "\(desk.folder)/junit.xml",
                "--diagrams", "\(desk.folder)/drawn"],
            environment: RealExchange.environment)
        #expect(replayed.succeeded && replayed.output.contains("1 conversation, all passed"), "\(replayed.output) \(replayed.errors)")
        #expect(Files.read("\(desk.folder)/junit.xml")?.contains("failures=\"0\"") == true && Files.exists("\(desk.folder)/drawn/recorded.svg"))

        try Files.write(chat.replacing("intent Welcome", with: "intent Farewell"), to: "\(desk.folder)/changed.chat")
        let differs = try await execute(
            "\(Self.programs)/causeway", ["replay", "\(desk.folder)/changed.chat", "--url", desk.front, "--header", "Authorization=CALLER"],
            environment: RealExchange.environment)
        #expect(!differs.succeeded && differs.output.contains("the intent is “Welcome” in place of “Farewell”"), "\(differs.output)")
    }

    @Test("an agent's faults reach the contact as words, never as silence", arguments: [
        (#"{"kind":"status"}"#, "OnError"), (#"{"kind":"html"}"#, "OnError"), (#"{"kind":"drop","count":3}"#, "OnError"), (#"{"kind":"reset","count":3}"#, "OnError"),
        (#"{"kind":"slow","milliseconds":300}"#, "OnPromptAndCollectNextResponse"), (#"{"kind":"dribble","milliseconds":300}"#, "OnPromptAndCollectNextResponse"),
    ])
    func agentFaults(_ order: String, _ taken: String) async throws {
        let desk = try Desk()
        var found = try await desk.json("POST", "/hub/interactions", #"{"app":"faulty-phone"}"#)
        #expect(desk.last(found)?["intent"]?["name"]?.string == "Welcome", "\(found["ended"].map { RawJSON($0).text } ?? "")")
        _ = try await desk.json("POST", "/hub/faults", order)
        found = try await desk.json("POST", "/hub/interactions/\(try #require(found["id"]?.string))/input", #"{"text":"hello"}"#)
        let turn = try #require(desk.last(found))
        #expect(turn["taken"]?.string == taken && turn["status"]?.integer == 200 && turn["violations"]?.count == 0)
        if taken == "OnError" { #expect(turn["experience"]?["contact"]?.string == "hears “Something went wrong on our side.”") }
    }

    @Test("the desk follows the settings file: an agent that is added there can be called, a mistake changes nothing")
    func follows() async throws {
        let desk = try Desk()
        func names() async throws -> [String] { try await desk.json("GET", "/hub/apps").elements.compactMap { $0["name"]?.string } }
        let file = "\(desk.folder)/causeway.jsonc"
        let text = try #require(Files.read(file))
        #expect(try await names() == ["orders-phone", "orders-chat", "faulty-phone", "faulty-chat"])
        try Files.write("{", to: file)
        try Files.write(text.replacing("\"faulty\"", with: "\"second\""), to: file)
        for _ in 0..<200 where try await !names().contains("second-chat") { try await Task.sleep(for: .milliseconds(25)) }
        #expect(try await names() == ["orders-phone", "orders-chat", "second-phone", "second-chat"])
    }
}
