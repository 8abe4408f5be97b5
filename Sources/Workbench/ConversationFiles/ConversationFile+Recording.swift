import JSON
import Secrets
package import Simulator

extension ConversationFile {
    /// What was played, as a file that expects the same again. Times and remarks are left out: they differ from run to run.
    package static func recorded(_ interaction: HubInteraction) -> String {
        var lines = [
            "# Recorded from a dialogue with \(plain(interaction.app.agent)). `causeway replay` plays it again.",
            "conversation \(plain("\(interaction.app.agent) by \(interaction.app.medium == .voice ? "phone" : "chat")"))",
            "agent \(plain(interaction.app.agent))", "action \(interaction.app.action.title)", "version \(interaction.app.version.rawValue)",
        ]
        if let from = interaction.from, !plain(from).isEmpty { lines.append("from \(plain(from))") }
        let usual = interaction.payloadOfScript
        if usual != .emptyObject { lines.append("payload \(usual.oneLine)") }
        for turn in interaction.turns {
            lines += ["", doing(turn)]
            if let attached = turn.attached, attached != usual, !attached.isNull { lines.append("    attaches \(attached.oneLine)") }
            for fault in turn.orderedFaults { lines.append("    fault \(fault.rawValue)") }
            lines += expecting(turn).map { "    " + $0 }
        }
        if let ended = interaction.ended, let last = interaction.turns.last, last.failure == nil {
            lines.append(ended.transfer.map { "    transfers to \(written($0.skill))" } ?? "    ends")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func doing(_ turn: HubTurn) -> String {
        switch turn.command {
        case nil: "begins"
        case .text(let text): "contact says \(written(text))"
        case .keys(let keys): keys.isEmpty ? "contact keys #" : "contact keys \(keys)"
        case .choice(let text): "contact chooses \(written(text))"
        case .sound(let file): "contact sends base64 \(Base64.encodeText(file))"
        case .silence, .clear, .pause: "contact is silent"
        case .hangUp: "contact hangs up"
        }
    }

    private static func expecting(_ turn: HubTurn) -> [String] {
        if turn.failure != nil { return ["fails"] }
        var lines = turn.spoken.map { "says \(written($0))" }
        if lines.isEmpty { lines.append("says nothing") }
        if !turn.choices.isEmpty, !turn.choices.contains(where: { $0.contains("|") || $0.contains("\n") }) {
            lines.append("offers \(turn.choices.joined(separator: " | "))")
        }
        if let branch = turn.branch { lines.append("branch \(branch)") }
        if let intent = turn.intentName { lines.append("intent \(written(intent))") }
        if let context = turn.intentContext { lines.append("context \(written(context))") }
        if case .keys(let keys) = turn.command, !keys.isEmpty { lines.append("collected \(keys)") }
        return lines
    }

    /// A text as it stands in a file: in quotes where it would be read as something else.
    static func written(_ text: String) -> String {
        let isOneLine = text.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && scalar.value != 0x7F && scalar.value != 0x85 && !(0x2028...0x2029).contains(scalar.value)
        }
        let readsOtherwise = ["", "nothing", "…", "..."].contains(text) || ["one of ", "with ", "to ", "because ", "/", "\""].contains { text.hasPrefix($0) }
        return !isOneLine || readsOtherwise || text.first == " " || text.last == " " ? RawJSON.string(text).text : text
    }

    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })).split(separator: " ").joined(separator: " ")
    }
}

extension RawJSON {
    /// Without line breaks between values; texts hold none.
    fileprivate var oneLine: String { text.replacing("\n", with: " ").replacing("\r", with: " ") }
}
