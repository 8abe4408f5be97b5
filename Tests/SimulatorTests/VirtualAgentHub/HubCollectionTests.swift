import HTTP
import HTTPTypes
import JSON
import Simulator
import Testing
import TestSupport
import Time

/// How keys, speech and silence are collected (`virtual-agent.md` §4.3; V27).
@Suite("Virtual Agent Hub: collecting")
struct HubCollectionTests {
    private static func rules(_ keys: String, type: String = "SEND_UTTERANCE_AUDIO", barge: Bool = true, patience: Int = 8000) -> String {
        HubStage.behaviors("""
            {"silenceRules":{"engageComfortSequence":false,"millisecondsToWaitForUserResponse":\(patience)},
             "audioCollectionRules":{"collectionType":"\(type)","dtmfRules":{\(keys)},"bargeConfiguration":{"enableSpeakerBarge":\(barge)}}}
            """)
    }

    private static let thirteen =
        ##""detectDtmf":true,"clearDigits":true,"terminationCharacters":"#","stripTerminator":true,"interDigitTimeoutMilliseconds":3000,"maxDigits":4"##

    private func collect(_ answer: String, _ body: @escaping @Sendable (HubStage, HubInteraction) async throws -> Void) async throws {
        try await staged { () async throws in
            let stage = HubStage(answer)
            stage.app()
            try await body(stage, try await stage.begin())
        }
    }

    @Test("an entry is complete at its most digits, at the terminator, after the pause")
    func complete() async throws {
        try await collect(Self.rules(Self.thirteen)) { (stage, begun) async throws in
            for key in ["0", "0", "9"] { #expect(try await stage.hub.act(begun.id, .keys(key)).turns.count == 1) }
            #expect(try await stage.hub.act(begun.id, .keys("1")).turns.last?.inputShown == "0091")
            #expect(try await stage.hub.act(begun.id, .keys("12#")).turns.last?.inputShown == "12")
            #expect(try await stage.hub.act(begun.id, .keys("7*")).turns.count == 3)
            #expect(try await stage.hub.act(begun.id, .pause(2999)).ignored?.contains("3 s apart") == true)
            #expect(try await stage.hub.act(begun.id, .pause(3000)).turns.last?.inputShown == "7*")
            #expect(stage.bodies.map { $0["userInputType"]?.integer } == [5, 6, 6, 6])
        }
    }

    @Test("the pause between keys runs by itself, from the last key on")
    func timer() async throws {
        let short = Self.thirteen.replacing("3000", with: "150")
        try await staged { () async throws in
            let stage = HubStage(Self.rules(short))
            stage.app()
            let begun = try await stage.begin(timers: .keys)
            _ = try await stage.hub.act(begun.id, .keys("12"))
            while stage.hub.interaction(begun.id)?.turns.count == 1 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(stage.bodies.last?["userInput"]?.string == "12")
        }
    }

    @Test("silence is sent by itself when all time-outs run")
    func silence() async throws {
        try await staged { () async throws in
            let stage = HubStage(Self.rules(Self.thirteen, patience: 100))
            stage.app()
            let begun = try await stage.begin(timers: .all)
            while stage.hub.interaction(begun.id)?.turns.count == 1 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(stage.bodies[1]["userInputType"]?.integer == 0)
            _ = try await stage.hub.act(begun.id, .hangUp)
        }
    }

    @Test("the terminator stays where it is not stripped; @ means any key; an empty entry is sent as such, or as silence")
    func terminators() async throws {
        try await collect(Self.rules(Self.thirteen.replacing(#""stripTerminator":true"#, with: #""stripTerminator":false"#))) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .keys("12#")).turns.last?.inputShown == "12#")
        }
        try await collect(Self.rules(Self.thirteen.replacing(##""#""##, with: #""@""#).replacing(#""stripTerminator":true"#, with: #""stripTerminator":false"#))) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .keys("5")).turns.last?.inputShown == "5")
        }
        try await collect(Self.rules(Self.thirteen)) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .keys("#")).turns.count == 2)
            #expect(stage.bodies[1]["userInputType"]?.integer == 6 && stage.bodies[1]["userInput"]?.string == "")
            stage.hub.behave { $0.emptyEntry = .silence }
            #expect(try await stage.hub.act(begun.id, .keys("#")).turns.count == 3)
            #expect(stage.bodies[2]["userInputType"]?.integer == 0)
        }
    }

    @Test("keys before the end of the prompts are forgotten with clearDigits, kept without; clear forgets by hand")
    func early() async throws {
        try await collect(Self.rules(Self.thirteen)) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .keys("1"), isEarly: true).ignored?.contains("clearDigits") == true)
            _ = try await stage.hub.act(begun.id, .keys("2"))
            _ = try await stage.hub.act(begun.id, .clear)
            #expect(try await stage.hub.act(begun.id, .keys("34#")).turns.last?.inputShown == "34")
        }
        try await collect(Self.rules(Self.thirteen.replacing(#""clearDigits":true"#, with: #""clearDigits":false"#))) { (stage, begun) async throws in
            _ = try await stage.hub.act(begun.id, .keys("1"), isEarly: true)
            #expect(try await stage.hub.act(begun.id, .keys("2#")).turns.last?.inputShown == "12")
        }
    }

    @Test("speech is heard or not: barge-in, keys only, nothing collected; keys likewise")
    func speech() async throws {
        try await collect(Self.rules(Self.thirteen, barge: false)) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .text("wait"), isEarly: true).ignored?.contains("Barge-in is off") == true)
            #expect(try await stage.hub.act(begun.id, .text("now")).turns.count == 2)
        }
        try await collect(Self.rules(Self.thirteen, type: "SEND_DTMF_ONLY_AS_TEXT")) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .text("four")).ignored?.contains("SEND_DTMF_ONLY_AS_TEXT") == true)
            #expect(begun.behaviourWords == "collects up to 4 keys ended by #, at most 3 s apart, barge-in on, 8 s of silence")
        }
        try await collect(Self.rules(Self.thirteen, type: "DO_NOT_COLLECT_USER_RESPONSE")) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .text("hello")).ignored != nil)
            #expect(try await stage.hub.act(begun.id, .keys("1")).ignored != nil && begun.behaviourWords.hasPrefix("collects nothing"))
        }
        try await collect(Self.rules(#""detectDtmf":false"#)) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .keys("1")).ignored?.contains("detectDtmf is off") == true)
        }
    }

    @Test("silence needs its time, and a pause after no key is silence")
    func pause() async throws {
        try await collect(Self.rules(Self.thirteen)) { (stage, begun) async throws in
            #expect(try await stage.hub.act(begun.id, .pause(7999)).turns.count == 1)
            #expect(try await stage.hub.act(begun.id, .pause(8000)).turns.last?.inputKind == "silence")
        }
    }

    @Test("an answer without rules leaves the script's; an object without collectionType collects nothing, with a warning (§5.3)")
    func defaults() async throws {
        try await collect(HubStage.asks) { (_, begun) async throws in
            #expect(begun.rules.isOfScript && begun.behaviourWords == "collects speech or up to 10 keys ended by #, at most 5 s apart, barge-in on, 10 s of silence")
        }
        try await collect(HubStage.behaviors(#"{"audioCollectionRules":{"dtmfRules":{"detectDtmf":true}}}"#)) { (_, begun) async throws in
            #expect(begun.rules.kind == .nothing && begun.turns[0].warnings.contains { $0.contains("collectionType") })
        }
    }

    @Test("a slow answer is covered by the comfort prompt of the turn before, or told")
    func comfort() async throws {
        let time = ManualTime()
        try await staged { () async throws in
            let stage = HubStage(HubStage.behaviors("""
                {"silenceRules":{"engageComfortSequence":true,"botResponseDelayTolerance":1500,"comfortPromptSequence":{"prompts":[{"transcript":"One moment."}]}}}
                """), time: time)
            stage.app()
            let begun = try await stage.begin()
            stage.network.connect("https://va.example") { _ in
                time.advance(milliseconds: 4500)
                return .json(.ok, Array(HubStage.asks.utf8))
            }
            let second = try await stage.hub.act(begun.id, .text("where"))
            #expect(second.turns[1].comforted == ["One moment."] && second.turns[1].warnings.isEmpty)
            let third = try await stage.hub.act(begun.id, .text("where"))
            #expect(third.turns[2].comforted.isEmpty && third.turns[2].warnings.contains { $0.contains("heard nothing for 4.5 s") })
        }
    }
}
