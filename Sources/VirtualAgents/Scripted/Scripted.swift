package import Conversation
import JSON

/// The embedded virtual agent: answers from a script, calls nobody, keeps nothing but what it returns as state.
package struct Scripted: VirtualAgent {
    private let script: Script

    package init(_ settings: ScriptedSettings) { script = settings.script }
    package init(script: Script) { self.script = script }

    package let capabilities = AgentCapabilities(hearsAudio: false, takesDigits: true, isRepeatable: true, keepsDeadline: true)

    package func reply(to turn: Turn) async throws(AgentError) -> Reply {
        var memory = ScriptedMemory(turn.state)
        if case .start = turn.input { memory = ScriptedMemory() }
        guard let meeting = script.meeting(turn, in: memory.state) else {
            // Only a contact who left, or what was stored elsewhere, needs no intent of the script.
            if turn.input == .end { return Reply(signal: .end(reason: nil)) }
            return Reply(signal: .noMatch, state: memory.raw)
        }
        var performance = Performance(turn: turn, memory: memory, meeting: meeting)
        return performance.run()
    }
}

/// An intent that was met, and what the contact's words or keys gave it.
struct Meeting {
    let intent: Script.Intent
    let trigger: Script.Trigger
    let confidence: Double
    let slots: [(name: String, value: String)]
}

extension Script {
    /// The intent for what the contact did: those of the current state before those of all states, sharper triggers before the fallback.
    func meeting(_ turn: Turn, in state: String?) -> Meeting? {
        let utterance = utterance(of: turn)
        return best(turn, utterance) { intent in state.map { intent.states.contains($0) } ?? false }
            ?? best(turn, utterance) { $0.states.isEmpty }
            ?? fallback(turn) { intent in state.map { intent.states.contains($0) } ?? false }
            ?? fallback(turn) { $0.states.isEmpty }
    }

    private func utterance(of turn: Turn) -> Utterance? {
        switch turn.input {
        case .text(let text): Utterance(text, locale: turn.locale ?? locale)
        // A script of the caller may send a phrase as an automated intent.
        case .event(let name): Utterance(name, locale: turn.locale ?? locale)
        default: nil
        }
    }

    private func best(_ turn: Turn, _ utterance: Utterance?, where belongs: (Intent) -> Bool) -> Meeting? {
        var best = Fit.none
        var place = (intent: 0, trigger: 0)
        for (index, intent) in intents.enumerated() where belongs(intent) {
            for (number, trigger) in intent.triggers.enumerated() {
                let fit = match(trigger, turn, utterance)
                guard fit.rank > best.rank else { continue }
                (best, place) = (fit, (index, number))
            }
        }
        guard case .good(_, let confidence, let slots) = best else { return nil }
        let intent = intents[place.intent]
        return Meeting(intent: intent, trigger: intent.triggers[place.trigger], confidence: confidence, slots: slots)
    }

    /// How well a trigger fits: the highest rank wins, the earlier line among equals.
    private enum Fit {
        case none
        case good(rank: Double, confidence: Double, slots: [(name: String, value: String)])

        var rank: Double { if case .good(let rank, _, _) = self { rank } else { -1 } }
    }

    private func match(_ trigger: Trigger, _ turn: Turn, _ utterance: Utterance?) -> Fit {
        func met(_ rank: Double, confidence: Double = 1, _ slots: [(name: String, value: String)] = []) -> Fit {
            .good(rank: rank, confidence: confidence, slots: slots)
        }
        switch (trigger, turn.input) {
        case (.start(let names), .start(let event)):
            if names.isEmpty { return met(1) }
            return names.contains { Script.same($0, event) } ? met(2) : .none
        case (.event(let name), .event(let event)): return Script.same(name, event) ? met(1) : .none
        case (.silence(let least), .silence(let count)): return count >= least ? met(Double(least)) : .none
        case (.left, .end): return met(1)
        case (.keys(let keys), .digits(let pressed)): return keys == pressed ? met(2) : .none
        case (.digits(let length), .digits(let pressed)):
            let digits = pressed.filter { $0 != "#" && $0 != "*" }
            return length.contains(digits.utf8.count) ? met(1, [("digits", digits)]) : .none
        case (.digits(let length), .text):
            // Two numbers that both fit say nothing about which one is meant.
            let fitting = (utterance?.runs ?? []).filter { length.contains($0.digits.utf8.count) }
            return fitting.count == 1 ? met(0.5, [("digits", fitting[0].digits)]) : .none
        case (.phrase(let phrase), .text), (.phrase(let phrase), .event):
            guard let utterance, let match = phrase.match(utterance) else { return .none }
            return met(match.confidence, confidence: match.confidence, match.slots)
        default: return .none
        }
    }

    private func fallback(_ turn: Turn, where belongs: (Intent) -> Bool) -> Meeting? {
        switch turn.input {
        case .end, .archived, .start, .silence: return nil
        case .text, .event, .digits, .audio:
            guard let intent = intents.first(where: { belongs($0) && $0.triggers.contains(.fallback) }) else { return nil }
            return Meeting(intent: intent, trigger: .fallback, confidence: 0, slots: [])
        }
    }

    private static func same(_ left: String, _ right: String) -> Bool { Words(left).folded == Words(right).folded }
}
