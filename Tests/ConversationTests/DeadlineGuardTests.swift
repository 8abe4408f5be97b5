import Conversation
import Synchronization
import TestSupport
import Testing
import Time

private func turn(_ medium: Medium, _ time: ManualTime, milliseconds: Int = 4_500) -> Turn {
    Turn(conversation: ConversationKey("k"), input: .text("x"), medium: medium, deadline: time.now().advanced(byMilliseconds: milliseconds))
}

@Test("§8: what is asked again, and how often", arguments: [
    (AgentError.Code.unreachable, false, false, Medium.voice, 2), (.unreachable, false, false, .text, 3), (.unreachable, true, false, .text, 1),
    (.unreachable, true, true, .text, 3), (.throttled, true, false, .voice, 2), (.throttled, true, false, .text, 3), (.failed, true, false, .text, 1),
    (.failed, true, true, .text, 3), (.malformed, true, true, .voice, 2), (.timedOut, true, true, .text, 1), (.unauthorized, true, true, .text, 1),
    (.rejected, true, true, .text, 1), (.noToken, false, true, .text, 1), (.cancelled, true, true, .text, 1),
])
func asksAgain(code: AgentError.Code, mayHaveArrived: Bool, isRepeatable: Bool, medium: Medium, calls: Int) async {
    let time = ManualTime()
    let agent = FakeAgent(AgentCapabilities(isRepeatable: isRepeatable, keepsDeadline: true)) { _ throws(AgentError) in
        throw AgentError(code, reason: "", mayHaveArrived: mayHaveArrived)
    }
    let outcome = await DeadlineGuard(time: time, sleep: { _ in }).ask(agent, turn(medium, time))
    #expect(outcome.calls == calls && agent.turns.count == calls)
}

@Test("A wait that the agent asks for is kept, or given up when it would outlast the deadline", arguments: [(1_000, 2, 1_000), (4_400, 1, 0), (Int.max, 1, 0), (-5, 2, 0)])
func waitsAsTold(wait: Int, calls: Int, slept: Int) async {
    let time = ManualTime()
    let start = time.now()
    let agent = FakeAgent { turn throws(AgentError) in throw AgentError(.throttled, reason: "", retryAfterMilliseconds: wait) }
    let total = Mutex(0)
    let guarded = DeadlineGuard(time: time, sleep: { instant in
        let left = instant.milliseconds(since: time.now())
        total.withLock { $0 += left }
        time.advance(milliseconds: max(0, left))
    })
    let outcome = await guarded.ask(agent, turn(.voice, time))
    #expect(outcome.calls == calls && total.withLock { $0 } == slept)
    #expect(time.now().milliseconds(since: start) == slept)
}

@Test("Past the deadline nobody is asked")
func asksNobodyTooLate() async {
    let time = ManualTime()
    let agent = FakeAgent { _ in Reply() }
    let outcome = await DeadlineGuard(time: time, sleep: { _ in }).ask(agent, turn(.text, time, milliseconds: -1))
    #expect(agent.turns.isEmpty)
    guard case .failure(let error) = outcome.result else { return #expect(Bool(false)) }
    #expect(error.code == .timedOut)
}

@Test("The clock wins against an agent that waits, by manual time")
func clockWins() async {
    let time = ManualTime()
    let agent = FakeAgent(AgentCapabilities()) { _ throws(AgentError) in
        while !Task.isCancelled { await Task.yield() }
        return Reply(parts: [.text(plain: "late")])
    }
    let outcome = await DeadlineGuard(time: time, sleep: { _ in }).ask(agent, turn(.text, time))
    guard case .failure(let error) = outcome.result else { return #expect(Bool(false)) }
    #expect(error.code == .timedOut && outcome.calls == 1)
}
