import JSON
import Simulator

/// What a step came to against what the file expects of it.
struct Checking {
    let interaction: HubInteraction
    /// `nil` when the contact's doing led to no turn.
    let turn: HubTurn?
    let calls: [String]?

    func differences(_ step: ConversationFile.Step) -> [ConversationFile.Mistake] {
        var found: [ConversationFile.Mistake] = []
        var expectsFailure = false
        for expectation in step.expectations {
            if case .fails = expectation.kind { expectsFailure = true }
            if let message = difference(expectation.kind) { found.append(.init(line: expectation.line, message: message)) }
        }
        found += saying(step)
        if let failure = turn?.failure, !expectsFailure { found.append(.init(line: step.line, message: "the turn failed: \(failure)")) }
        let expectsNothing = step.expectations.contains { if case .isIgnored = $0.kind { true } else { false } }
        if turn == nil, !expectsNothing { found.append(.init(line: step.line, message: "led to no turn: \(interaction.ignored ?? "")")) }
        return found.sorted { $0.line < $1.line }
    }

    /// Everything that is said, in order.
    private func saying(_ step: ConversationFile.Step) -> [ConversationFile.Mistake] {
        let spoken = turn?.spoken ?? []
        var index = 0
        var isOpen = true
        var found: [ConversationFile.Mistake] = []
        for expectation in step.expectations {
            switch expectation.kind {
            case .says(let wanted):
                isOpen = false
                if spoken.indices.contains(index) {
                    if !wanted.matches(spoken[index]) {
                        found.append(.init(line: expectation.line, message: "says “\(spoken[index])” in place of \(wanted.words)"))
                    }
                } else {
                    found.append(.init(line: expectation.line, message: "does not say \(wanted.words)"))
                }
                index += 1
            case .saysRest:
                isOpen = true
                index = spoken.count
            case .saysNothing:
                isOpen = false
            default: break
            }
        }
        if !isOpen, index < spoken.count {
            found.append(.init(line: step.line, message: "also says \(spoken[index...].map { "“\($0)”" }.joined(separator: ", "))"))
        }
        return found
    }

    private func difference(_ kind: ConversationFile.Kind) -> String? {
        func compare(_ what: String, _ wanted: ConversationFile.Matcher, _ found: String?) -> String? {
            guard let found else { return "\(what) is missing; \(wanted.words) is expected" }
            return wanted.matches(found) ? nil : "\(what) is “\(found)” in place of \(wanted.words)"
        }
        switch kind {
        case .says, .saysRest, .saysNothing: return nil
        case .offers(let wanted):
            let offered = turn?.choices ?? []
            let told = offered.isEmpty ? "nothing" : offered.joined(separator: " | ")
            return offered == wanted ? nil : "offers \(told) in place of \(wanted.joined(separator: " | "))"
        case .branch(let wanted): return compare("the branch", wanted, turn?.branch)
        case .takes(let wanted): return compare("the script's way", wanted, turn?.taken)
        case .intent(let wanted): return compare("the intent", wanted, turn?.intentName)
        case .context(let wanted): return compare("the context", wanted, turn?.intentContext)
        case .collects(let wanted): return compare("what is collected", wanted, interaction.behaviourWords)
        case .collected(let wanted):
            guard case .keys(let keys) = turn?.command else { return "no keys were collected" }
            return compare("the entry", wanted, keys)
        case .tells(let name, let wanted): return compare("customPayload.\(name)", wanted, Checking.value(turn?.customPayload?.parsed()?[name]))
        case .slot(let name, let wanted):
            return compare("the slot \(name)", wanted, Checking.value(turn?.intent?.parsed()?["slots"]?[name]))
        case .withinMilliseconds(let most):
            let taken = turn?.milliseconds ?? 0
            return taken <= most ? nil : "took \(taken) ms, more than \(most) ms"
        case .calls(let wanted):
            guard let calls else { return "calls cannot be counted at an endpoint elsewhere; leave out --url to play it here" }
            return calls.count == wanted ? nil : "made \(calls.count) calls in place of \(wanted)\(calls.isEmpty ? "" : ": \(calls.joined(separator: ", "))")"
        case .warns(let wanted):
            let warnings = turn?.warnings ?? []
            if warnings.contains(where: wanted.matches) { return nil }
            return "does not warn of \(wanted.words)" + (warnings.isEmpty ? "" : "; \(warnings.joined(separator: " "))")
        case .noWarnings:
            let warnings = turn?.warnings ?? []
            return warnings.isEmpty ? nil : "warns: \(warnings.joined(separator: " "))"
        case .ends: return interaction.ended == nil ? "goes on" : nil
        case .endsBecause(let wanted): return interaction.ended.map { compare("the end", wanted, $0.why) } ?? "goes on"
        case .transfers(let wanted):
            return interaction.ended?.transfer.map { compare("the skill", wanted, $0.skill) } ?? "asks for no person"
        case .fails(let wanted):
            guard let failure = turn?.failure else { return "does not fail" }
            return wanted.flatMap { compare("the failure", $0, failure) }
        case .isIgnored: return turn == nil ? nil : "led to a turn"
        }
    }

    /// A scalar as text; anything else as JSON.
    private static func value(_ json: JSON?) -> String? { json.map { $0.string ?? RawJSON($0).text } }
}
