import HTTP
import JSON
import Simulator
import Testing
import TestSupport
import Workbench

/// `.chat` files: read, recorded, replayed (V98–V103).
@Suite("Conversation files")
struct ConversationFileTests {
    private static let examples = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/Sources/VirtualAgents/Scripted/Examples"

    private static func read(_ text: String) throws -> ConversationFile { try ConversationFile.read(text, name: "test.chat").get() }

    @Test("the examples that are shipped replay against the exchange itself, the worked example among them (V25, V99)")
    func shipped() async throws {
        let exchange = try RealExchange(RealExchange.orders + "," + RealExchange.standard)
        let names = Files.names(in: Self.examples).filter { $0.hasSuffix(".chat") }
        #expect(names.contains("order-status-phone.chat") && names.contains("order-status-chat.chat"))
        try await staged { () async throws in
            let replay = Replay(exchange.settings, over: MemoryNetwork())
            for name in names {
                let file = try ConversationFile.read(try #require(Files.read("\(Self.examples)/\(name)")), name: name).get()
                let result = await replay.play(file, name: name)
                #expect(result.hasPassed, "\(ReplayReport.table([result]))")
            }
        }
    }

    @Test("what was played by hand, recorded by a click, replays green")
    func recorded() async throws {
        let exchange = try RealExchange(RealExchange.orders + "," + RealExchange.standard)
        try await staged { () async throws in
            for app in HubApps.all(of: exchange.settings, front: "https://mw.example") { exchange.hub.add(app) }
            let calls: [(String, [HubCommand])] = [
                ("orders-phone", [.text("Where is my order?"), .keys("0090"), .pause(5000), .keys("0090294837290"), .silence, .text("a \"person\", please")]),
                ("orders-chat", [.text("  where is my order "), .text("one of a | b"), .text("/x/"), .text("nothing"), .text("line\nbreak \u{202E}✓"), .text("bye")]),
                ("standard-chat", [.text("debugStandardBotDfoMessage"), .choice("Morning"), .text("debugStandardBotMultipleMessages"), .hangUp]),
                ("standard-phone", [.sound(WaveFile(samples: [Int16](repeating: 9, count: 80), rate: 8000).muLawFile), .hangUp]),
            ]
            let replay = Replay(exchange.settings, over: MemoryNetwork())
            for (app, commands) in calls {
                let id = try #require(await exchange.hub.begin(app, from: "+41 44", customPayload: RawJSON { $0.object { $0.field("a", "b\nc") } }, timers: .none)).id
                for command in commands { _ = try await exchange.hub.act(id, command) }
                let text = ConversationFile.recorded(try #require(exchange.hub.interaction(id)))
                let result = await replay.play(try Self.read(text), name: "recorded.chat")
                #expect(result.hasPassed, "\(text)\n\(ReplayReport.table([result]))")
                #expect(result.steps.count == exchange.hub.interaction(id)?.turns.count)
            }
        }
    }

    @Test("every expectation can fail, and names its line", arguments: [
        ("says No.", "says “Yes?” in place of “No.”"), ("says /N./", "says “Yes?” in place of what matches /N./"), ("says one of A | B", "says “Yes?” in place of one of “A”, “B”"),
        ("says nothing", "also says “Yes?”"), ("offers A | B", "offers nothing in place of A | B"),
        ("branch Error", "the branch is “PromptAndCollectNextResponse” in place of “Error”"), ("takes Default", "the script's way is “OnPromptAndCollectNextResponse” in place of “Default”"),
        ("intent Other", "the intent is “Ask” in place of “Other”"), ("context c", "the context is missing; “c” is expected"),
        ("collects /nothing/", "what is collected is “collects speech or up to 10 keys ended by #, at most 5 s apart, barge-in on, 10 s of silence” in place of what matches /nothing/"),
        ("collected 12", "no keys were collected"), ("tells a = 1", "customPayload.a is missing; “1” is expected"), ("slot n = 1", "the slot n is missing; “1” is expected"),
        ("calls 0", "calls cannot be counted at an endpoint elsewhere; leave out --url to play it here"), ("warns /x/", "does not warn of what matches /x/"),
        ("ends", "goes on"), ("ends because x", "goes on"), ("transfers to Billing", "asks for no person"), ("fails", "does not fail"), ("ignored", "led to a turn"),
    ])
    func differs(_ expectation: String, _ message: String) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            let replay = Replay(anyOf: [stage.app()], over: stage.network)
            let result = await replay.play(try Self.read("begins\n  branch PromptAndCollectNextResponse\n  \(expectation)\n"), name: "x.chat")
            #expect(result.steps.flatMap(\.differences).map(\.message) == [message] && !result.hasPassed)
            if !expectation.hasSuffix("nothing") { #expect(result.steps.flatMap(\.differences).map(\.line) == [3]) }
        }
    }

    @Test("milliseconds, failures, keys that need their pause, and things that lead to no turn are judged")
    func judged() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { $0.timeoutSeconds = 1 }
            let replay = Replay(anyOf: [stage.app()], over: stage.network)
            let file = try Self.read("""
                conversation Judged
                begins
                    within 10 s
                    no warnings
                    says Yes?
                contact keys 77
                    collected 77
                contact waits 1 s
                    ignored
                contact says hello
                    fault impatient
                    attaches {"x": 1}
                    says …
                contact hangs up
                    ends because the caller hung up
                    branch PromptAndCollectNextResponse
                    says nothing
                    warns /ReturnControlToScript/
                """)
            let result = await replay.play(file, name: "judged.chat")
            #expect(result.hasPassed, "\(ReplayReport.table([result]))")
            #expect(stage.bodies[2]["customPayload"]?["x"]?.integer == 1)
            stage.network.connect("https://va.example") { _ in nil }
            let failing = await replay.play(try Self.read("begins\n  fails with /without an answer/\n  takes OnError\n"), name: "f.chat")
            #expect(failing.hasPassed, "\(ReplayReport.table([failing]))")
            let unexpected = await replay.play(try Self.read("begins\n"), name: "f.chat")
            #expect(unexpected.steps.flatMap(\.differences).map(\.message) == ["the turn failed: the connection ended without an answer"])
        }
    }

    @Test("a broken file tells every mistake with its line", arguments: [
        ("agnt x\nbegins", "line 1: “agnt” is none of"), ("begins\n  say x", "line 2: “say” is none of"), ("  says x", "line 1: an expectation stands below"),
        ("contact sings", "line 1: a contact says, keys"), ("contact keys abc", "line 1: keys are 0 to 9"), ("begins\n  says /(/", "line 2: /(/ is no regular expression"),
        ("begins\n  within soon", "line 2: a time stands as"), ("action TEXTBOT CONVERSATION\nbegins", "line 1: TEXTBOT CONVERSATION is not supported"),
        ("payload {x\nbegins", "line 1: holds no JSON"), ("version 9\nbegins", "line 1: a version is"), ("", "line 1: holds no step"), ("begins\nbegins", "line 2: a conversation begins once"),
        ("begins\nagent x", "line 2: “agent” belongs above"), ("begins\n  says \"x", "line 2: \"x is no text in quotes"), ("begins\n  fault melt", "line 2: “melt” is none of"),
        ("contact sends sound none.wav", "line 1: `contact sends sound FILE` needs"), ("begins\n  calls some", "line 2: stands as `calls 1`"), ("begins\n  tells x", "line 2: stands as"),
    ])
    func mistakes(_ text: String, _ message: String) {
        guard case .failure(let mistakes) = ConversationFile.read(text, name: "x.chat") else {
            _ = Issue.record("was read")
            return
        }
        #expect(mistakes.all.contains { $0.description.hasPrefix(message) }, "\(mistakes)")
    }

    @Test("the table and JUnit's XML count and escape; diagrams draw the calls that were counted (V100, V103)")
    func reports() async throws {
        let exchange = try RealExchange(RealExchange.orders)
        try await staged { () async throws in
            let replay = Replay(exchange.settings, over: MemoryNetwork())
            let good = await replay.play(try Self.read("conversation A & <B>\nbegins\n  calls 0\ncontact says bye\n  ends\n"), name: "good.chat")
            let bad = await replay.play(try Self.read("begins\n  says \"<&>\"\n"), name: "bad.chat")
            let absent = await replay.play(try Self.read("agent nobody\nbegins\n"), name: "absent.chat")
            let table = ReplayReport.table([good, bad, absent])
            #expect(table.contains("good.chat    2 steps") && table.contains("3 conversations, 2 failed") && table.contains("no agent nobody"))
            let xml = ReplayReport.junit([good, bad, absent])
            #expect(xml.contains(#"<testsuite name="good.chat" tests="2" failures="0""#) && xml.contains("&lt;&amp;&gt;") && xml.contains(#"failures="1""#))
            let diagram = SequenceDiagram(try #require(good.interaction), title: good.title, calls: [["POST /turn"], []])
            #expect(diagram.participants.map(\.name) == ["contact", "CXone", "Virtual Agent Hub", "tunnel", "orders"])
            // Each request arrow has its reply arrow.
            let replies = diagram.steps.compactMap { step -> Bool? in
                guard case .arrow(_, _, _, let isReply) = step else { return nil }
                return isReply
            }
            #expect(replies.count { !$0 } == 7 && replies.count { $0 } == 7)
        }
    }
}
