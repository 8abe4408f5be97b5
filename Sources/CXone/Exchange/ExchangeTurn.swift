import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// One authenticated turn from request to answer. Holds nothing beyond it.
struct ExchangeTurn {
    let server: ExchangeServer
    let request: ExchangeRequest
    let medium: Medium
    let front: Front
    let begun: Instant
    let parsed: Instant
    let body: [UInt8]

    /// - Parameter agent: `nil` when the request names none that this caller may use.
    func response(by agent: ExchangeAgent?) async -> Response {
        var record = Record(warnings: request.warnings)
        guard let agent else {
            record.outcome = "unknownAgent"
            var answer = ExchangeFailure.unknownAgent(
                declines: server.declinesUnknownAgents && request.state == nil, reference: reference)
            if request.inputType == .text { answer.intent.lastUserUtterance = request.input }
            return finish(answer, nil, &record)
        }
        let binding = SessionBinding(
            tenant: request.tenant, agent: agent.name, virtualAgentId: request.virtualAgentId ?? "", contact: request.contact)
        var session: SessionState
        switch server.signer.read(request.state, binding) {
        case .state(let found): session = found
        case .none(let problem):
            if let problem { record.warnings.append(problem) }
            session = SessionState(conversation: server.signer.conversation(binding, isStable: request.hasStableContact))
        }
        session.turn += 1
        record.session = session

        let reading = ToTurn.input(request, agent.settings.intents, silences: session.silences, warnings: &record.warnings)
        var answer: ExchangeAnswer
        switch reading {
        case .unreadableSound:
            record.outcome = "untranscribable"
            session.silences = 0
            answer = FromReply(settings: agent.settings, medium: medium, input: .archived, isFirst: session.turn == 1).untranscribable()
        case .input(let input):
            if case .silence(let count) = input { session.silences = count } else { session.silences = 0 }
            answer = await answered(by: agent, input, &session, &record)
        }
        if answer.branch.goesOn { answer.state = server.signer.write(session, binding, warnings: &record.warnings) }
        return finish(answer, agent, &record)
    }

    private func answered(
        by agent: ExchangeAgent, _ input: Input, _ session: inout SessionState, _ record: inout Record
    ) async -> ExchangeAnswer {
        var composer = FromReply(settings: agent.settings, medium: medium, input: input, isFirst: session.turn == 1)
        record.input = input
        guard let asked = Degrading.input(input, for: agent.agent.capabilities, losses: &record.warnings) else {
            record.outcome = "untranscribable"
            // Words that came beside the sound serve an agent that does not hear.
            guard request.input.isEmpty else { return await answered(by: agent, .text(request.input), &session, &record) }
            return composer.untranscribable()
        }
        let deadline = deadline(agent.settings, &record.warnings)
        var turn = Turn(
            conversation: session.conversation, number: session.turn, input: asked, medium: medium,
            locale: ToTurn.locale(request, agent.settings), facts: ToTurn.facts(request, agent.settings), state: session.agent,
            deadline: deadline)
        record.turn = turn
        let start = server.time.now()
        let outcome: DeadlineGuard.Outcome
        if server.trace == nil {
            outcome = await server.guarded.ask(agent.agent, turn)
        } else {
            let calls = TracedCalls()
            outcome = await TracedCalls.$current.withValue(calls) { await server.guarded.ask(agent.agent, turn) }
            record.traced = calls
        }
        record.agentMilliseconds = server.time.now().milliseconds(since: start)
        record.calls = outcome.calls

        let error: AgentError
        switch outcome.result {
        case .success(let reply):
            session.agent = reply.state
            let answer = composer.answer(reply)
            record.warnings += composer.warnings
            return answer
        case .failure(let failure): error = failure
        }
        record.outcome = error.code.rawValue
        record.reason = error.reason
        guard input != .end else { return composer.ended(intent: nil) }
        if let fallback = agent.fallback, error.code != .cancelled {
            turn.state = session.fallback
            // The stand-in is immediate; a moment past the deadline is still before CXone gives up.
            turn.deadline = max(deadline, server.time.now().advanced(byMilliseconds: Self.momentForFallback))
            if case .success(let reply) = await server.guarded.ask(fallback, turn).result {
                record.isFallback = true
                session.fallback = reply.state
                let answer = composer.answer(reply)
                record.warnings += composer.warnings
                return answer
            }
        }
        var answer = ExchangeFailure.answer(
            error.code, agent.settings, medium: medium, milliseconds: server.time.now().milliseconds(since: arrived), reference: reference)
        answer.intent.lastUserUtterance = composer.utterance(nil)
        return answer
    }

    // MARK: Deadline

    private static let momentForFallback = 300
    /// Kept for our own writing and the way back, of what the app and the host allow.
    private static let marginForCaller = 1_500
    private static let marginForHost = 500

    private var arrived: Instant { front.arrived.nanoseconds == 0 ? begun : min(front.arrived, begun) }

    private func deadline(_ settings: ExchangeSettings, _ warnings: inout [StaticString]) -> Instant {
        var milliseconds = settings.medium(medium).deadlineMilliseconds ?? (medium == .voice ? 4_500 : 8_500)
        if let timeout = request.configuration.timeoutMilliseconds {
            if timeout <= Self.marginForCaller { warnings.append("timeoutTooShort") }
            milliseconds = min(milliseconds, timeout - Self.marginForCaller)
        }
        let own = arrived.advanced(byMilliseconds: milliseconds)
        guard let host = front.deadline else { return own }
        return min(own, host.advanced(byMilliseconds: -Self.marginForHost))
    }

    // MARK: What is told

    /// A short name of this turn for CXone's log and ours.
    private var reference: String {
        let id = front.requestID.utf8.filter { ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) }.prefix(8)
        return id.isEmpty ? "none" : String(decoding: id, as: UTF8.self)
    }

    private struct Record {
        var warnings: [StaticString]
        var session: SessionState?
        var input: Input?
        var turn: Turn?
        var outcome = "ok"
        var reason: String?
        var isFallback = false
        var calls = 0
        var agentMilliseconds = 0
        var traced: TracedCalls?
    }

    private func finish(_ answer: ExchangeAnswer, _ agent: ExchangeAgent?, _ record: inout Record) -> Response {
        let start = server.time.now()
        let json = answer.json
        let written = server.time.now()
        var notes: [Note] = []
        notes.reserveCapacity(20)
        if let agent { notes.append(Note("agent", agent.name)) }
        if let id = request.virtualAgentId { notes.append(Note("virtualAgentId", id)) }
        notes.append(Note("branch", answer.branch.rawValue))
        notes.append(Note("inputType", request.inputType.name.description))
        notes.append(Note("inputForm", request.inputTypeForm.description))
        notes.append(Note("medium", medium.rawValue))
        // The conversation's key is a keyed hash of the contact; its beginning tells turns of one contact apart from another's.
        if let session = record.session {
            notes.append(Note("contact", String(session.conversation.text.prefix(8))))
            notes.append(Note("turn", session.turn))
        }
        if let number = request.requestNumber { notes.append(Note("requestId", number)) }
        if case .digits(let keys) = record.input { notes.append(Note("input", "digits:\(keys.utf8.count)")) }
        notes.append(Note("parse_us", parsed.microseconds(since: begun)))
        notes.append(Note("agent_ms", record.agentMilliseconds))
        notes.append(Note("write_us", written.microseconds(since: start)))
        notes.append(Note("calls", record.calls))
        notes.append(Note("outcome", record.outcome))
        if let reason = record.reason { notes.append(Note("reason", reason)) }
        if record.isFallback { notes.append(Note("fallback", true)) }
        if !record.warnings.isEmpty { notes.append(Note("warnings", record.warnings.map(\.description).joined(separator: ","))) }
        if let trace = server.trace {
            trace.append(
                milliseconds: server.time.epochMilliseconds(), reference: reference, agent: agent?.name, body: body, turn: record.turn,
                calls: record.traced, answer: json, outcome: record.outcome, duration: written.milliseconds(since: arrived))
        }
        return .json(.ok, json, notes: notes)
    }
}

extension Instant {
    fileprivate func microseconds(since earlier: Instant) -> Int {
        nanoseconds > earlier.nanoseconds ? Int((nanoseconds - earlier.nanoseconds) / 1_000) : 0
    }
}
