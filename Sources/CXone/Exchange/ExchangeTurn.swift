import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// One authenticated turn from request to answer; serves once, and holds nothing beyond it.
///
/// An object, so that it stands in memory once: thousands of turns wait for their agents at a time, and every value that is alive across
/// that wait would be kept in the frame of each function between here and the network. What comes before the wait and after it is
/// therefore done in functions that do not wait, and must not be inlined into those that do.
final class ExchangeTurn: @unchecked Sendable {
    // @unchecked: belongs to the one task that serves it.
    private let server: ExchangeServer
    private let request: ExchangeRequest
    private let medium: Medium
    private let front: Front
    private let begun: Instant
    private let parsed: Instant
    private let body: [UInt8]
    private var binding: SessionBinding?
    private var session = SessionState(conversation: ConversationKey(""))
    private var record: Record
    /// What the agent is asked, or its stand-in.
    private var turn: Turn?
    private var answer: ExchangeAnswer?

    init(
        server: ExchangeServer, request: ExchangeRequest, medium: Medium, front: Front, begun: Instant, parsed: Instant, body: [UInt8]
    ) {
        self.server = server
        self.request = request
        self.medium = medium
        self.front = front
        self.begun = begun
        self.parsed = parsed
        // Only a trace looks at it again.
        self.body = server.trace == nil ? [] : body
        record = Record(warnings: request.warnings)
    }

    /// - Parameter agent: `nil` when the request names none that this caller may use.
    func response(by agent: ExchangeAgent?) async -> Response {
        if let agent, begin(agent), let turn, told(await ask(agent.agent, turn), by: agent), let fallback = agent.fallback, let turn = self.turn {
            stoodIn(await server.guarded.ask(fallback, turn), agent)
        }
        return finish(agent)
    }

    @inline(never)
    private func unknownAgent() -> ExchangeAnswer {
        record.outcome = "unknownAgent"
        var answer = ExchangeFailure.unknownAgent(declines: server.declinesUnknownAgents && request.state == nil, reference: reference)
        if request.inputType == .text { answer.intent.lastUserUtterance = request.input }
        return answer
    }

    /// Everything up to the agent. False when it need not be asked, because the answer is there.
    @inline(never)
    private func begin(_ agent: ExchangeAgent) -> Bool {
        let binding = SessionBinding(
            tenant: request.tenant, agent: agent.name, virtualAgentId: request.virtualAgentId ?? "", contact: request.contact)
        self.binding = binding
        switch server.signer.read(request.state, binding) {
        case .state(let found): session = found
        case .none(let problem):
            if let problem { record.warnings.append(problem) }
            session = SessionState(conversation: server.signer.conversation(binding, isStable: request.hasStableContact))
        }
        session.turn += 1
        record.hasSession = true

        switch ToTurn.input(request, agent.settings.intents, silences: session.silences, warnings: &record.warnings) {
        case .unreadableSound:
            record.outcome = "untranscribable"
            session.silences = 0
            answer = composer(agent, .archived).untranscribable()
            return false
        case .input(let input):
            if case .silence(let count) = input { session.silences = count } else { session.silences = 0 }
            return asking(agent, input)
        }
    }

    private func composer(_ agent: ExchangeAgent, _ input: Input) -> FromReply {
        FromReply(settings: agent.settings, medium: medium, input: input, isFirst: session.turn == 1)
    }

    private func asking(_ agent: ExchangeAgent, _ input: Input) -> Bool {
        record.input = input
        guard let asked = Degrading.input(input, for: agent.agent.capabilities, losses: &record.warnings) else {
            record.outcome = "untranscribable"
            // Words that came beside the sound serve an agent that does not hear.
            guard request.input.isEmpty else { return asking(agent, .text(request.input)) }
            answer = composer(agent, input).untranscribable()
            return false
        }
        turn = Turn(
            conversation: session.conversation, number: session.turn, input: asked, medium: medium,
            locale: ToTurn.locale(request, agent.settings), facts: ToTurn.facts(request, agent.settings), state: session.agent,
            deadline: deadline(agent.settings, &record.warnings))
        record.asked = server.time.now()
        return true
    }

    private func ask(_ agent: any VirtualAgent, _ turn: Turn) async -> DeadlineGuard.Outcome {
        guard server.trace == nil else { return await askTraced(agent, turn) }
        return await server.guarded.ask(agent, turn)
    }

    @inline(never)
    private func askTraced(_ agent: any VirtualAgent, _ turn: Turn) async -> DeadlineGuard.Outcome {
        let calls = TracedCalls(time: server.time, since: arrived)
        record.traced = calls
        return await TracedCalls.$current.withValue(calls) { await server.guarded.ask(agent, turn) }
    }

    /// Takes what the agent said, or decides what becomes of its failure. True when its stand-in is to be asked.
    @inline(never)
    private func told(_ outcome: DeadlineGuard.Outcome, by agent: ExchangeAgent) -> Bool {
        record.agentMilliseconds = server.time.now().milliseconds(since: record.asked)
        record.calls = outcome.calls
        switch outcome.result {
        case .success(let reply):
            session.agent = reply.state
            answer = composed(reply, agent)
            return false
        case .failure(let error):
            record.outcome = error.code.rawValue
            record.reason = error.reason
            if record.input == .end {
                answer = composer(agent, .end).ended(intent: nil)
                return false
            }
            answer = failed(error, agent)
            guard agent.fallback != nil, error.code != .cancelled else { return false }
            turn?.state = session.fallback
            // The stand-in is immediate; a moment past the deadline is still before CXone gives up.
            let moment = server.time.now().advanced(byMilliseconds: Self.momentForFallback)
            if let deadline = turn?.deadline { turn?.deadline = max(deadline, moment) }
            return true
        }
    }

    @inline(never)
    private func stoodIn(_ outcome: DeadlineGuard.Outcome, _ agent: ExchangeAgent) {
        guard case .success(let reply) = outcome.result else { return }
        record.isFallback = true
        session.fallback = reply.state
        answer = composed(reply, agent)
    }

    private func composed(_ reply: Reply, _ agent: ExchangeAgent) -> ExchangeAnswer {
        var composer = composer(agent, record.input ?? .archived)
        let answer = composer.answer(reply)
        record.warnings += composer.warnings
        return answer
    }

    private func failed(_ error: AgentError, _ agent: ExchangeAgent) -> ExchangeAnswer {
        var answer = ExchangeFailure.answer(
            error.code, agent.settings, medium: medium, milliseconds: server.time.now().milliseconds(since: arrived),
            reference: reference)
        answer.intent.lastUserUtterance = composer(agent, record.input ?? .archived).utterance(nil)
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
        /// Whether the session is that of the contact.
        var hasSession = false
        var input: Input?
        /// When the agent was asked.
        var asked = Instant(nanoseconds: 0)
        var outcome = "ok"
        var reason: String?
        var isFallback = false
        var calls = 0
        var agentMilliseconds = 0
        var traced: TracedCalls?
    }

    @inline(never)
    private func finish(_ agent: ExchangeAgent?) -> Response {
        var answer = self.answer ?? unknownAgent()
        if answer.branch.goesOn, let binding { answer.state = server.signer.write(session, binding, warnings: &record.warnings) }
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
        if record.hasSession {
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
                milliseconds: server.time.epochMilliseconds(), reference: reference, agent: agent?.name, body: body, turn: turn,
                calls: record.traced, answer: json, outcome: record.outcome, duration: written.milliseconds(since: arrived),
                budget: turn?.deadline.milliseconds(since: arrived))
        }
        return .json(.ok, json, notes: notes)
    }
}

extension Instant {
    fileprivate func microseconds(since earlier: Instant) -> Int {
        nanoseconds > earlier.nanoseconds ? Int((nanoseconds - earlier.nanoseconds) / 1_000) : 0
    }
}
