import HTTP
package import JSON
import Secrets
import Synchronization
import Time

/// What a contact does, before it becomes a turn.
package enum HubCommand: Sendable {
    case text(String)
    case keys(String)
    case clear
    case silence
    /// A WAV file.
    case sound([UInt8])
    case choice(String)
    case hangUp
    /// So many milliseconds pass without a key or a word.
    case pause(Int)
}

/// Why the hub refuses a command.
package struct HubProblem: Error, Sendable {
    package let status: Int
    package let message: String
    package var errors: [Violation] = []

    package init(_ status: Int, _ message: String, _ errors: [Violation] = []) { (self.status, self.message, self.errors) = (status, message, errors) }
}

extension VirtualAgentHub {
    /// - Parameters:
    ///   - isEarly: Whether it came before the prompts were over.
    ///   - payload: What the script attaches to this turn instead of the interaction's.
    package func act(
        _ id: String, _ command: HubCommand, isEarly: Bool = false, payload: RawJSON? = nil
    ) async throws(HubProblem) -> HubInteraction {
        let now = time.now()
        let behaviour = behaviour
        let found: Result<HubInteraction.Step, HubProblem> = state.withLock { state in
            guard var interaction = state.interactions[id] else { return .failure(HubProblem(404, "There is no interaction \(id).")) }
            let step = interaction.take(command, isEarly: isEarly, now: now, behaviour)
            if case .success(let step) = step {
                if case .turn = step { interaction.phase = .asking }
                state.interactions[id] = interaction
            }
            return step
        }
        switch try found.get() {
        case .turn(let input): _ = await run(id, input, payload: payload)
        case .nothing:
            onChange()
            if let interaction = interaction(id) { arm(interaction) }
        }
        guard let interaction = interaction(id) else { throw HubProblem(404, "The interaction \(id) is forgotten.") }
        return interaction
    }

    /// Orders a fault for the next turn.
    package func order(_ fault: HubFault, for id: String) -> Bool {
        let isKnown = state.withLock { $0.interactions[id]?.add(fault: fault) != nil }
        onChange()
        return isKnown
    }

    func clearFaults(of id: String) -> Bool {
        let isKnown = state.withLock { state in
            state.interactions[id]?.faults = []
            return state.interactions[id] != nil
        }
        onChange()
        return isKnown
    }
}

extension HubInteraction {
    enum Step: Sendable {
        case turn(HubInput)
        case nothing
    }

    /// What a command comes to under the rules that hold now.
    mutating func take(
        _ command: HubCommand, isEarly: Bool, now: Instant, _ behaviour: HubBehaviour
    ) -> Result<Step, HubProblem> {
        switch phase {
        case .asking: return .failure(HubProblem(409, "A turn is under way."))
        case .ended: return .failure(HubProblem(409, "The interaction has ended: \(ended?.why ?? "")."))
        case .waiting: break
        }
        ignored = nil
        generation += 1
        switch command {
        case .hangUp: return turn(.hangUp)
        case .silence: return turn(.silence)
        case .clear:
            _ = entry.take()
            keysDue = nil
            return .success(.nothing)
        case .keys(let keys): return press(keys, isEarly: isEarly, now: now, behaviour.emptyEntry)
        case .pause(let milliseconds): return pause(milliseconds)
        case .text(let text): return speak(.text(text), isEarly: isEarly)
        case .choice(let wanted): return choose(wanted, behaviour.choiceSends)
        case .sound(let file):
            guard app.medium == .voice else { return .failure(HubProblem(400, "Sound belongs to calls; this is a chat.")) }
            do throws(WaveFile.Problem) {
                let sound = try WaveFile(parsing: file)
                return speak(.sound(sound.isMuLaw ? file : sound.muLawFile, milliseconds: sound.milliseconds), isEarly: isEarly)
            } catch {
                return .failure(HubProblem(400, "The sound cannot be used.", [Violation("audio", "The file \(error).", "audio")]))
            }
        }
    }

    private mutating func turn(_ input: HubInput) -> Result<Step, HubProblem> {
        _ = entry.take()
        keysDue = nil
        return .success(.turn(input))
    }

    private mutating func ignore(_ why: String) -> Result<Step, HubProblem> {
        ignored = why
        return .success(.nothing)
    }

    private mutating func speak(_ input: HubInput, isEarly: Bool) -> Result<Step, HubProblem> {
        if rules.kind == .nothing { return ignore("Nothing is collected now: collectionType is DO_NOT_COLLECT_USER_RESPONSE.") }
        guard app.medium == .voice else { return turn(input) }
        if !rules.hearsSpeech { return ignore("Only keys are collected now: collectionType is SEND_DTMF_ONLY_AS_TEXT.") }
        if isEarly, !rules.bargeIn { return ignore("Barge-in is off: what is said before the prompts are over is not heard.") }
        return turn(input)
    }

    private mutating func press(_ keys: String, isEarly: Bool, now: Instant, _ empty: HubBehaviour.EmptyEntry) -> Result<Step, HubProblem> {
        guard app.medium == .voice else { return .failure(HubProblem(400, "Keys belong to calls; this is a chat.")) }
        for key in keys {
            switch entry.press(key, rules, whilePlaying: isEarly) {
            case .more: keysDue = now.advanced(byMilliseconds: rules.gapMilliseconds)
            case .complete(let digits): return turn(digits.isEmpty && empty == .silence ? .silence : .keys(digits))
            case .ignored(let why): return ignore(why)
            }
        }
        return .success(.nothing)
    }

    private mutating func pause(_ milliseconds: Int) -> Result<Step, HubProblem> {
        if !entry.keys.isEmpty {
            guard milliseconds >= rules.gapMilliseconds else {
                return ignore("Keys may be \(CollectionRules.seconds(rules.gapMilliseconds)) apart; the entry goes on.")
            }
            return turn(.keys(entry.take()))
        }
        guard let patience = rules.patienceMilliseconds, milliseconds >= patience else {
            return ignore("The script waits \(rules.patienceMilliseconds.map(CollectionRules.seconds) ?? "for ever").")
        }
        return turn(.silence)
    }

    private mutating func choose(_ wanted: String, _ sends: HubBehaviour.ChoiceSends) -> Result<Step, HubProblem> {
        let offered = turns.last?.says.flatMap(\.choices) ?? []
        guard let choice = offered.first(where: { $0.value == wanted }) ?? offered.first(where: { $0.text == wanted }) else {
            return .failure(HubProblem(400, "No choice “\(wanted)” is offered.", [Violation("choice", "It is none of the choices.", "choice")]))
        }
        return turn(.choice(sends == .postback ? choice.value : choice.text, shown: choice.text))
    }
}
