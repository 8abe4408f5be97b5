import CXone
import Conversation
import JSON
import Secrets
import TestSupport
import Testing

/// Keeps a growing state and says what it remembered.
private func keeper(_ state: @escaping @Sendable (Turn) -> RawJSON?) -> FakeAgent {
    FakeAgent { turn in Reply(parts: [.text(plain: turn.state?.text ?? "none")], state: state(turn)) }
}

@Test("V97: fifty turns of odd content come back exactly")
func keepsStateExactly() async throws {
    let odd = [
        #"{"n":12345678901234567890,"d":0.10,"e":1e400,"neg":-0}"#, #"["\u00e9\ud83d\ude00","العربية","ไทย","𝔘𝔫𝔦","​"]"#, #""\u0000\u001f\u2028""#,
        #"{"a":{"b":{"c":[[[{}]]]}}}"#, "0", "false", #"{"quote":"\"\\/"}"#,
    ]
    let agent = keeper { turn in try? RawJSON(parsing: Array(odd[turn.number % odd.count].utf8)) }
    let bench = try ExchangeBench(agent)
    for _ in 0..<50 { try await bench.turn(1, "x") }
    #expect(agent.turns.count == 50)
    for turn in agent.turns.dropFirst() { #expect(turn.state?.text == odd[(turn.number - 1) % odd.count]) }
    #expect(agent.turns.map(\.number) == Array(1...50))
}

@Test("A state may come back as text, and scripts may write it anew")
func toleratesRewrittenState() async throws {
    let agent = keeper { _ in .string("kept") }
    let bench = try ExchangeBench(agent)
    try await bench.turn(1, "x")
    let state = try #require(bench.state?.text)
    let json = try JSON(parsing: Array(state.utf8))
    let inner = try #require(json["state"]?.string)
    for form in [state, quote(state), "{ \"state\" : \"\(inner)\" ,\n \"v\" : 1 , \"added\":true}"] {
        bench.state = try RawJSON(parsing: Array(form.utf8))
        #expect(try await bench.turn(1, "y", keepState: false).transcripts == [#""kept""#])
    }
}

@Test("A state that we did not write for this contact counts as none, and the log says why", arguments: [
    (#"null"#, nil), (#"{}"#, nil), (#""""#, nil), (#"{"v":1,"sid":"x"}"#, "stateForeign"), (#""garbage""#, "stateForeign"), (#"[1,2]"#, "stateForeign"),
    (#"17"#, "stateForeign"), (#"{"v":9,"state":"a.b"}"#, "stateVersion"), (#"{"v":1,"state":"ab"}"#, "stateForeign"), (#"{"v":1,"state":"e30.AAAA"}"#, "stateForged"),
    (#"{"v":1,"state":"."}"#, "stateForged"),
] as [(String, String?)])
func ignoresForeignState(state: String, warning: String?) async throws {
    let agent = keeper { _ in nil }
    let bench = try ExchangeBench(agent)
    bench.state = try RawJSON(parsing: Array(state.utf8))
    let answered = try await bench.turn(1, "x")
    #expect(answered.transcripts == ["none"] && answered.warnings == (warning.map { [$0] } ?? []))
    #expect(agent.turns.first?.number == 1)
}

@Test("Every single changed octet of a state is noticed")
func noticesTampering() async throws {
    let bench = try ExchangeBench(keeper { _ in .string("kept") })
    try await bench.turn(1, "x")
    let good = Array(try #require(bench.state?.text).utf8)
    let start = try #require(good.firstIndex(of: UInt8(ascii: "e")))
    for index in stride(from: start + 8, to: good.count - 2, by: 1) where good[index] != UInt8(ascii: ".") {
        var bad = good
        bad[index] = bad[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        guard let state = try? RawJSON(parsing: bad) else { continue }
        bench.state = state
        #expect(try await bench.turn(1, "y", keepState: false).transcripts == ["none"], "octet \(index)")
    }
}

@Test("V33: a state is worth nothing to another contact, tenant or agent")
func bindsState() async throws {
    let agent = keeper { _ in .string("kept") }
    let bench = try ExchangeBench([.init(settings: #""virtualAgentIds":["orders","orders2"]"#, agent: agent)])
    try await bench.turn(1, "x")
    let state = bench.state
    bench.contact = "900000000999"
    #expect(try await bench.turn(1, "x").warnings == ["stateForged"])
    bench.contact = "900000000123"
    bench.virtualAgentId = "orders2"
    bench.state = state
    #expect(try await bench.turn(1, "x").warnings == ["stateForged"])
    #expect(Set(agent.turns.map(\.conversation)).count == 3)
}

@Test("Keys rotate: the first signs, all verify, a removed one no longer does")
func rotatesKeys() async throws {
    func bench(_ keys: [String]) throws -> ExchangeBench { try ExchangeBench([.init(agent: keeper { _ in .string("kept") })], keys: keys) }
    let old = try bench(["old key of sixteen"])
    try await old.turn(1, "x")
    let both = try bench(["new key of sixteen", "old key of sixteen"])
    both.state = old.state
    #expect(try await both.turn(1, "x").transcripts == [#""kept""#])
    let new = try bench(["new key of sixteen"])
    new.state = both.state
    #expect(try await new.turn(1, "x").transcripts == [#""kept""#])
    new.state = old.state
    #expect(try await new.turn(1, "x").warnings == ["stateForged"])
}

@Test("A state beyond 16 KiB loses what the agent left, never the conversation; beyond 2 KiB it is reported")
func limitsState() async throws {
    let agent = keeper { turn in .string(String(repeating: "x", count: turn.number == 1 ? 3_000 : 40_000)) }
    let bench = try ExchangeBench(agent)
    #expect(try await bench.turn(1, "x").warnings == ["stateLarge"])
    #expect(try await bench.turn(1, "x").warnings == ["stateDropped"])
    #expect(try await bench.turn(1, "x").transcripts == ["none"])
    #expect(Set(agent.turns.map(\.conversation)).count == 1 && agent.turns.last?.number == 3)
    bench.state = .string(String(repeating: "x", count: 20_000))
    #expect(try await bench.turn(1, "x").warnings.contains("stateTooLarge"))
}

@Test("V33: two contacts in parallel never meet")
func keepsContactsApart() async throws {
    let agent = FakeAgent { turn in
        await Task.yield()
        guard case .text(let text) = turn.input else { return Reply() }
        let before = turn.state?.parsed()?.string ?? ""
        return Reply(parts: [.text(plain: before + text)], state: .string(before + text))
    }
    try await withThrowingTaskGroup(of: (Int, String?).self) { group in
        for contact in 1...8 {
            group.addTask {
                let bench = try ExchangeBench(agent)
                bench.contact = "90000\(contact)"
                var last: String?
                for turn in 0..<20 { last = try await bench.turn(1, "\(contact):\(turn) ").transcripts.first }
                return (contact, last)
            }
        }
        for try await (contact, last) in group { #expect(last == (0..<20).map { "\(contact):\($0) " }.joined()) }
    }
    #expect(Set(agent.turns.map(\.conversation)).count == 8)
}

@Test("The state holds no secret and nothing of the contact in the clear")
func stateTellsNothing() async throws {
    let bench = try ExchangeBench(keeper { _ in nil })
    try await bench.turn(1, "x")
    let state = try #require(bench.state?.parsed()?["state"]?.string)
    let body = try #require(Base64.decode(Array(state.prefix { $0 != "." }.utf8), .url))
    let text = String(decoding: body, as: UTF8.self)
    #expect(!text.contains("900000000123") && !text.contains("4600001") && !text.contains(ExchangeBench.sessionKey) && text.utf8.count < 80)
}
