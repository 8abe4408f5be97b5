import HTTP
import HTTPTypes
import JSON
import Secrets
import Simulator
import Testing
import TestSupport
import Workbench

/// Sound, rich messages and media types (V26, V30, V31, V33, V34).
@Suite("Virtual Agent Hub: media")
struct HubMediaTests {
    private static let sound = WaveFile(samples: (0..<800).map { Int16($0 % 100 * 200 - 10_000) }, rate: 8000).muLawFile

    /// What a prompt becomes on each medium.
    private static let prompts: [(name: String, json: String, voice: String, chat: String, voiceWarns: Bool, chatWarns: Bool)] = [
        ("text", #"{"transcript":"Hello"}"#, "text Hello", "text Hello", false, false),
        ("speech", #"{"transcript":"Hello","textToSpeech":"<speak>Hi</speak>"}"#, "text Hello", "text Hello", false, false),
        ("sound", #"{"transcript":"Ding","textToSpeech":"x","base64EncodedG711ulawWithWavHeader":"\#(Base64.encodeText(sound))"}"#, "audio Ding", "text Ding", false, true),
        ("recording", #"{"transcript":"Welcome","audioFilePath":"/prompts/{persona}/hi.wav"}"#, "recording Welcome", "text Welcome", false, true),
        ("rich", """
            {"transcript":"Which?","mediaSpecificObject":{"dfoMessage":{"messageContent":{"type":"QUICK_REPLIES","payload":{"text":{"content":"Which one?"},\
            "actions":[{"type":"REPLY_BUTTON","text":"Morning","postback":"am"},{"type":"REPLY_BUTTON","text":"Evening"}]},"fallbackText":"Morning or evening?"}}}}
            """, "text Which?", "rich Which one?", true, false),
        ("nothing", #"{"transcript":""}"#, "", "text ", true, true),
    ]

    @Test("media type and kind of prompt decide what the contact gets (V34)", arguments: prompts.map(\.name), HubMedium.allCases)
    func matrix(_ name: String, _ medium: HubMedium) async throws {
        let prompt = try #require(Self.prompts.first { $0.name == name })
        try await staged { () async throws in
            let stage = HubStage(#"{"branchName":"PromptAndCollectNextResponse","nextPromptSequence":{"prompts":[\#(prompt.json)]},"intentInfo":{"intent":"I"},"botSessionState":1}"#)
            stage.app(medium == .voice ? .voicebotExchange : .textbotExchange)
            let turn = try await stage.begin().turns[0]
            let got = zip(turn.kinds, turn.spoken).map { "\($0) \($1)" }.joined(separator: "; ")
            #expect(got == (medium == .voice ? prompt.voice : prompt.chat) && turn.failure == nil)
            #expect(turn.warnings.isEmpty == !(medium == .voice ? prompt.voiceWarns : prompt.chatWarns))
            #expect(turn.choices == (name == "rich" && medium == .chat ? ["Morning", "Evening"] : []))
        }
    }

    @Test("a rich message that the channel does not show becomes its fallback text (V30)")
    func degraded() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks.replacing(#"{"transcript":"Yes?"}"#, with: Self.prompts[4].json))
            stage.app(.textbotExchange) { $0.richTypes = ["TEXT"] }
            let turn = try await stage.begin().turns[0]
            #expect(turn.spoken == ["Morning or evening?"] && turn.warnings.contains { $0.contains("does not show QUICK_REPLIES") })
        }
    }

    @Test("a choice sends its postback, or its text where it has none or the switch says so")
    func choices() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks.replacing(#"{"transcript":"Yes?"}"#, with: Self.prompts[4].json))
            stage.app(.textbotExchange)
            let id = try await stage.begin().id
            for wanted in ["Morning", "am", "Evening"] { _ = try await stage.hub.act(id, .choice(wanted)) }
            stage.hub.behave { $0.choiceSends = .text }
            _ = try await stage.hub.act(id, .choice("am"))
            #expect(stage.bodies.dropFirst().map { $0["userInput"]?.string } == ["am", "am", "Evening", "Morning"])
            await #expect(throws: HubProblem.self) { _ = try await stage.hub.act(id, .choice("Noon")) }
        }
    }

    @Test("sound goes out as µ-law whatever it was recorded as, and not in a chat")
    func sound() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app()
            let id = try await stage.begin().id
            let wide = WaveFile(samples: (0..<4800).map { Int16($0 % 480 * 100 - 24_000) }, rate: 48_000)
            for file in [Self.sound, wide.pcmFile] { _ = try await stage.hub.act(id, .sound(file)) }
            let sent = try stage.bodies.dropFirst().map { try WaveFile(parsing: try #require(Base64.decode(($0["base64wavFile"]?.string ?? "").utf8))) }
            #expect(sent.allSatisfy(\.isMuLaw) && sent.map(\.milliseconds) == [100, 100])
            #expect(stage.bodies.dropFirst().allSatisfy { $0["userInputType"]?.integer == 2 && $0["userInput"]?.isNull == true })
            #expect(stage.bodies[1]["base64wavFile"]?.string == Base64.encodeText(Self.sound))
            await #expect(throws: HubProblem.self) { _ = try await stage.hub.act(id, .sound(Array("RIFFnothing".utf8))) }
            stage.app(.textbotExchange)
            let chat = try await stage.begin().id
            await #expect(throws: HubProblem.self) { _ = try await stage.hub.act(chat, .sound(Self.sound)) }
            await #expect(throws: HubProblem.self) { _ = try await stage.hub.act(chat, .keys("1")) }
        }
    }

    @Test("µ-law and PCM come back as they went, within the step of the law")
    func law() throws {
        for sample in stride(from: -32_000, through: 32_000, by: 97) {
            let back = Int(MuLaw.decode(MuLaw.encode(Int16(sample))))
            #expect(abs(back - sample) <= max(16, abs(sample) / 16), "\(sample) came back as \(back)")
        }
        #expect((0...255).allSatisfy { MuLaw.encode(MuLaw.decode(UInt8($0))) == UInt8($0) || $0 == 0x7F })
        let file = WaveFile(samples: [-32_768, -1, 0, 1, 32_767], rate: 16_000)
        let back = try WaveFile(parsing: file.pcmFile)
        #expect(back.samples == file.samples && back.rate == 16_000 && !back.isMuLaw)
        for broken in [Array(file.pcmFile.prefix(11)), Array(file.pcmFile.prefix(40)), [UInt8](repeating: 0x52, count: 60)] {
            #expect(throws: WaveFile.Problem.self) { _ = try WaveFile(parsing: broken) }
        }
    }

    @Test("values of the custom payload stand in for {name} in later prompts")
    func variables() async throws {
        try await staged { () async throws in
            let stage = HubStage(
                HubStage.answer("PromptAndCollectNextResponse", #","customPayload":{"persona":"zoe","n":3,"deep":{"x":1}}"#),
                HubStage.asks.replacing("Yes?", with: "{persona} has {n} of {deep} {unknown} { {"))
            stage.app()
            let after = try await stage.hub.act(try await stage.begin().id, .text("x"))
            #expect(after.turns[1].spoken == ["zoe has 3 of {deep} {unknown} { {"])
        }
    }

    @Test("interactions side by side, by phone and by chat, never mix (V33)")
    func sideBySide() async throws {
        let exchange = try RealExchange(RealExchange.orders)
        try await staged { () async throws in
            for app in HubApps.all(of: exchange.settings, front: "https://mw.example") { exchange.hub.add(app) }
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        let number = "00902948372" + (index < 10 ? "0" : "") + "\(index)"
                        let isCall = index % 2 == 0
                        guard let begun = await exchange.hub.begin(isCall ? "orders-phone" : "orders-chat", timers: .none) else {
                            _ = Issue.record("no app")
                            return
                        }
                        _ = try? await exchange.hub.act(begun.id, .text("where is my order"))
                        let told = try? await exchange.hub.act(begun.id, isCall ? .keys(number) : .text("it is \(number)"))
                        #expect(told?.turns.last?.customPayload?.parsed()?["orderNumber"]?.string == number)
                        #expect(told?.turns.last?.spoken.first?.contains(number) == true && told?.turns.count == 3)
                    }
                }
            }
        }
    }

    @Test("an app collects transcript and intents as it is set, each app for itself (V106–V109)", arguments: HubApp.Transcript.allCases)
    func transcripts(_ wanted: HubApp.Transcript) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { $0.transcript = wanted }
            let id = try await stage.begin().id
            _ = try await stage.hub.act(id, .text("hello"))
            let shown = try await stage.hub.respond(to: Request(method: .get, target: "/hub/interactions/\(id)")).json()["collected"]
            let lines = shown?["transcript"]?.elements.map { "\($0["who"]?.string ?? ""): \($0["text"]?.string ?? "")" }
            #expect(lines == (wanted == .transcript || wanted == .both ? ["agent: Yes?", "contact: hello", "agent: Yes?"] : nil))
            #expect(shown?["intents"]?.elements.map(\.string) == (wanted == .intents || wanted == .both ? ["Ask", "Ask"] : nil))
        }
    }
}
