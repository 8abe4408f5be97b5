/// Who said what to whom, in order: what a conversation looked like on its way through all systems (V100).
package struct SequenceDiagram: Sendable, Equatable {
    package struct Participant: Sendable, Equatable {
        package let name: String
        /// People are drawn as such.
        package var isPerson = false

        package init(_ name: String, isPerson: Bool = false) {
            self.name = name
            self.isPerson = isPerson
        }
    }

    package enum Step: Sendable, Equatable {
        /// `from` and `to` are places in `participants`; a reply is drawn as such.
        case arrow(from: Int, to: Int, text: String, isReply: Bool)
        /// Across the whole width, such as the time between two turns.
        case note(String)
    }

    package var title: String
    package var participants: [Participant]
    package var steps: [Step] = []

    package init(title: String, participants: [Participant]) {
        self.title = title
        self.participants = participants
    }

    package mutating func ask(_ from: Int, _ to: Int, _ text: String) { steps.append(.arrow(from: from, to: to, text: text, isReply: false)) }
    package mutating func answer(_ from: Int, _ to: Int, _ text: String) { steps.append(.arrow(from: from, to: to, text: text, isReply: true)) }
    package mutating func note(_ text: String) { steps.append(.note(text)) }

    // MARK: Mermaid

    /// A Mermaid sequence diagram. Texts cannot end their line, begin a directive or become markup.
    package var mermaid: String {
        var lines = ["sequenceDiagram", "  %% \(Self.plain(title))"]
        for (index, participant) in participants.enumerated() {
            lines.append("  \(participant.isPerson ? "actor" : "participant") p\(index) as \(Self.plain(participant.name))")
        }
        for step in steps {
            switch step {
            case .arrow(let from, let to, let text, let isReply): lines.append("  p\(from)\(isReply ? "-->>" : "->>")p\(to): \(Self.plain(text))")
            case .note(let text): lines.append("  Note over p0,p\(max(0, participants.count - 1)): \(Self.plain(text))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line; what Mermaid or HTML would read as its own becomes an entity.
    private static func plain(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\r", "\t": out += " "
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": out += ""
            case "#", ";", "<", ">", "&", "%", "`", "\"", "{", "}": out += "#\(scalar.value);"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out.isEmpty ? " " : out
    }
}
