package import Simulator

extension SequenceDiagram {
    /// How an interaction that the desk played went, turn by turn (V100, V102, V103).
    /// - Parameter calls: What the tunnel asked of the agent in each turn, where that is known; otherwise the agent is not drawn.
    package init(_ interaction: HubInteraction, title: String? = nil, calls: [[String]]? = nil) {
        let agent = interaction.app.agent
        var participants = [
            Participant("contact", isPerson: true), Participant("CXone"), Participant("Virtual Agent Hub"), Participant("tunnel"),
        ]
        if calls != nil { participants.append(Participant(agent)) }
        let count = interaction.turns.count
        self.init(
            title: title ?? "\(interaction.app.action.title) with \(agent), \(count) turn\(count == 1 ? "" : "s")", participants: participants)
        for (index, turn) in interaction.turns.enumerated() {
            add(turn, calls: calls.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? [], action: interaction.app.action)
        }
        if let ended = interaction.ended { note(ended.why) }
    }

    private mutating func add(_ turn: HubTurn, calls: [String], action: StudioAction) {
        switch turn.command {
        case .text, .choice: ask(0, 1, "“\(turn.inputShown)”")
        case .keys(let keys): ask(0, 1, "keys: \(keys.count) digit\(keys.count == 1 ? "" : "s")")
        case nil: ask(0, 1, "begins")
        default: ask(0, 1, turn.inputShown)
        }
        ask(1, 2, action.title)
        ask(2, 3, "POST, \(turn.inputType)")
        for call in calls {
            ask(3, 4, call)
            answer(4, 3, "answers")
        }
        answer(3, 2, "\(turn.status.map(String.init) ?? "no answer"), \(turn.milliseconds) ms\(turn.branch.map { ", \($0)" } ?? "")")
        if let failure = turn.failure { note(failure) }
        answer(2, 1, turn.taken ?? "stops")
        let words = turn.spoken.joined(separator: " ")
        answer(1, 0, words.isEmpty ? "(nothing to say)" : words)
    }
}
