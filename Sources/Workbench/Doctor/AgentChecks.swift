import CXone
import Catalog
import Conversation
import JSON
import Secrets
import Time

extension Doctor {
    static var agentChecks: [Check] { [
        Check("agents.calls", "agents that need more than one call a turn", look: agentCalls),
        Check("agents.budget", "what a turn's way to the agent takes of its time, hop by hop", need: .network, look: agentBudget),
        Check("agents.intents", "the four intents that CXone wants: welcome, fallback, silence, end", need: .live, look: agentIntents),
    ] }

    /// Milliseconds that a turn on a call has (`security.md` §8); a text turn has more.
    private static let voiceBudget = 4500

    private static func agentCalls(_ examination: Examination) -> [Finding] {
        guard let agents = examination.settings?.turns.agents, !agents.isEmpty else { return [] }
        let several = agents.compactMap { name, agent -> Finding? in
            guard agent.provider.callsPerTurn > 1 else { return nil }
            return .warn(
                "each turn makes \(agent.provider.callsPerTurn) calls, one after the other, while a person waits", at: "agents.\(name).\(agent.provider.name)",
                fix: "let the bot's own answer carry what the script needs; for Rasa: custom responses instead of \"tracker\"")
        }
        return several.isEmpty ? [.good("one call a turn at most")] : several
    }

    private static func agentBudget(_ examination: Examination) -> [Finding] {
        guard let settings = examination.settings else { return [] }
        return settings.turns.agents.compactMap { name, agent in
            guard let url = agent.provider.endpoint, let end = RemoteEnd(place: "agents.\(name)", url: url) else { return nil }
            let begun = examination.tools.time.now()
            guard !examination.tools.resolve(end.host).isEmpty else { return nil }
            let naming = examination.tools.time.now().milliseconds(since: begun)
            guard let seen = examination.shake(end), seen.stage != .notConnected else { return nil }
            let tls = end.isTLS ? seen.tlsMilliseconds : 0
            let whole = naming + seen.connectMilliseconds + tls
            let words = "before the agent is asked: name \(naming), connection \(seen.connectMilliseconds), TLS \(tls): \(whole) of \(voiceBudget) ms"
            guard whole * 4 > voiceBudget else { return .good(words, at: end.place) }
            return .warn(words, at: end.place, fix: "run nearer to the agent; under FastCGI connections are kept and only the first turn pays")
        }
    }

    // MARK: Intents

    private static func agentIntents(_ examination: Examination) async -> [Finding] {
        guard let settings = examination.settings else { return [] }
        let (transport, time) = (examination.tools.transport, examination.tools.time)
        var found: [Finding] = []
        for agent in settings.turns.exchangeAgents(over: transport, time: time) {
            found += await IntentProbe(agent: agent, time: time, budget: voiceBudget).findings()
        }
        return found
    }
}

/// Four turns at one virtual agent, as CXone's scripts begin, misunderstand, fall silent and end (V90).
private struct IntentProbe {
    let agent: ExchangeAgent
    let time: any TimeSource
    let budget: Int

    private var place: String { "agents.\(agent.name)" }

    func findings() async -> [Finding] {
        var found: [Finding] = []
        var slowest = 0
        for intent in Intent.allCases {
            // Each in a conversation of its own, which begins with the welcome: what one does must not change the next.
            let key = ConversationKey(Self.uuid())
            let welcome = await ask(.start(event: agent.settings.intents.welcome.first ?? "WELCOME"), key, number: 1, state: nil)
            slowest = max(slowest, welcome.milliseconds)
            guard case .success(let first) = welcome.reply else {
                guard case .failure(let error) = welcome.reply else { return found }
                return [.bad("welcome fails (\(error))", at: place, fix: "see reach.hosts and tokens.agents; Troubleshooting names each failure's cause")]
            }
            if intent == .welcome {
                found += judge(intent, first)
                continue
            }
            let next = await ask(intent.input, key, number: 2, state: first.state)
            slowest = max(slowest, next.milliseconds)
            switch next.reply {
            case .success(let reply): found += judge(intent, reply)
            case .failure(let error): found.append(missing(intent, "fails (\(error))"))
            }
        }
        if slowest * 2 > budget {
            found.append(.warn("the slowest turn took \(slowest) of \(budget) ms", at: place,
                fix: "make the agent faster, or give it a \"fallback\" script that answers in its place"))
        }
        return found.contains { $0.verdict != .good } ? found : [.good("welcome, fallback, silence and end; slowest turn \(slowest) ms", at: place)]
    }

    private func judge(_ intent: Intent, _ reply: Reply) -> [Finding] {
        let name = reply.understanding.intent ?? ""
        func isOne(of names: [String]) -> Bool { names.contains { $0.lowercased() == name.lowercased() } }
        let isThere = switch intent {
        case .welcome: !reply.parts.isEmpty
        case .fallback: reply.signal == .noMatch || isOne(of: agent.settings.intents.fallback)
        case .silence: reply.signal == .noInput || !reply.parts.isEmpty || isOne(of: agent.settings.intents.silence)
        case .end: reply.signal.isEnd || isOne(of: agent.settings.intents.end)
        }
        return isThere ? [] : [missing(intent, "is missing\(name.isEmpty ? "" : ": the agent answers with `\(name)`")")]
    }

    private func missing(_ intent: Intent, _ words: String) -> Finding {
        let fix = switch intent {
        case .welcome: "let the agent greet when a conversation begins"
        case .fallback: "add a fallback intent, or enter its name under \"intents.fallback\""
        case .silence: "add an intent for silence, or enter its name under \"intents.silence\""
        case .end: "add an intent that ends the conversation, or enter its name under \"intents.end\""
        }
        return intent == .welcome ? .bad("\(intent.rawValue) \(words)", at: place, fix: fix) : .warn("\(intent.rawValue) \(words)", at: place, fix: fix)
    }

    private func ask(_ input: Input, _ key: ConversationKey, number: Int, state: RawJSON?) async -> (reply: Result<Reply, AgentError>, milliseconds: Int) {
        let begun = time.now()
        let turn = Turn(
            conversation: key, number: number, input: input, locale: agent.settings.locale, state: state, deadline: begun.advanced(byMilliseconds: 8500))
        let reply: Result<Reply, AgentError>
        do { reply = .success(try await agent.agent.reply(to: turn)) } catch { reply = .failure(error) }
        return (reply, time.now().milliseconds(since: begun))
    }

    private static func uuid() -> String {
        let hex = Array(Digest.hex(Random.bytes(16)))
        return [hex[..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20...]].map { String($0) }.joined(separator: "-")
    }

    private enum Intent: String, CaseIterable {
        case welcome, fallback, silence, end

        var input: Input {
            switch self {
            case .welcome, .end: .text("Goodbye.")
            case .fallback: .text("qxzv wkjq vvrt")
            case .silence: .silence(count: 1)
            }
        }
    }
}

extension Signal {
    fileprivate var isEnd: Bool {
        if case .end = self { return true }
        return false
    }
}
