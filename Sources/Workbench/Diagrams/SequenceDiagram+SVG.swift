import Conversation

extension SequenceDiagram {
    /// A drawing that any browser shows: no script, no outer resource, light and dark by the viewer's choice, every text escaped.
    package var svg: String {
        let layout = Layout(self)
        var body = ""
        for (index, participant) in participants.enumerated() {
            let x = layout.x(index)
            body += """
                <line class="life" x1="\(x)" y1="\(Layout.head)" x2="\(x)" y2="\(layout.height - 20)"/>
                <rect class="\(participant.isPerson ? "person" : "system")" x="\(x - Layout.box / 2)" y="58" width="\(Layout.box)" height="36" \
                rx="\(participant.isPerson ? 18 : 6)"/>
                <text class="name" x="\(x)" y="81">\(Self.escaped(Self.cut(participant.name, 20)))</text>

                """
        }
        var y = Layout.head + 12
        for step in steps {
            y += Layout.height(of: step)
            switch step {
            case .arrow(let from, let to, let text, let isReply):
                body += arrow(layout.x(from), layout.x(to), y - 14, Layout.lines(text, from, to), isReply)
            case .note(let text):
                body += """
                    <rect class="note" x="20" y="\(y - 31)" width="\(layout.width - 40)" height="24" rx="4"/>
                    <text class="aside" x="\(layout.width / 2)" y="\(y - 15)">\(Self.escaped(Self.cut(text, layout.width / 8)))</text>

                    """
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(layout.width) \(layout.height)" width="\(layout.width)" height="\(layout.height)" \
            role="img" aria-labelledby="title">
            <title id="title">\(Self.escaped(title))</title>
            <style>\(Self.style)</style>
            <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">\
            <path class="tip" d="M0 0 L8 4 L0 8 Z"/></marker></defs>
            <rect class="paper" width="\(layout.width)" height="\(layout.height)"/>
            <text class="title" x="20" y="34">\(Self.escaped(Self.cut(title, layout.width / 9)))</text>
            \(body)</svg>

            """
    }

    private struct Layout {
        static let box = 160
        static let gap = 228
        static let head = 94
        static let line = 17
        let width: Int
        let height: Int

        init(_ diagram: SequenceDiagram) {
            width = max(1, diagram.participants.count) * Self.gap + 20
            height = diagram.steps.reduce(Self.head + 12) { $0 + Self.height(of: $1) } + 30
        }

        func x(_ index: Int) -> Int { 10 + Self.gap / 2 + index * Self.gap }

        static func height(of step: Step) -> Int {
            switch step {
            case .arrow(let from, let to, let text, _): 24 + line * lines(text, from, to).count
            case .note: 42
            }
        }

        /// The text in lines that fit between the two, three at most.
        static func lines(_ text: String, _ from: Int, _ to: Int) -> [String] {
            let room = max(1, abs(to - from)) * gap * 2 / 15
            var lines: [String] = []
            for word in text.split(separator: " ").flatMap({ SequenceDiagram.parts(of: $0, room) }) {
                if let last = lines.last, last.count + 1 + word.count <= room { lines[lines.count - 1] = last + " " + word } else { lines.append(String(word)) }
            }
            let kept = lines.prefix(3).map { SequenceDiagram.cut($0, room) }
            guard lines.count > 3, let last = kept.last else { return kept.isEmpty ? [" "] : kept }
            return kept.dropLast() + [SequenceDiagram.cut(last + "…", room)]
        }
    }

    /// A path that is too long for a line, cut before its slashes.
    private static func parts(of word: Substring, _ room: Int) -> [Substring] {
        guard word.count > room, word.contains("/") else { return [word] }
        var parts: [Substring] = [], start = word.startIndex
        while word.distance(from: start, to: word.endIndex) > room {
            let limit = word.index(start, offsetBy: room)
            guard let cut = word[word.index(after: start)..<limit].lastIndex(of: "/") else { break }
            parts.append(word[start..<cut])
            start = cut
        }
        return parts + [word[start...]]
    }

    /// Words above the line; `y` is where the line is.
    private func arrow(_ start: Int, _ end: Int, _ y: Int, _ lines: [String], _ isReply: Bool) -> String {
        let shape = isReply ? "reply" : "ask"
        let isOwn = start == end
        let middle = isOwn ? start + 44 : (start + end) / 2
        var out = isOwn
            ? "<path class=\"\(shape)\" d=\"M\(start) \(y - 8) h36 v12 h-34\" marker-end=\"url(#tip)\"/>\n"
            : "<line class=\"\(shape)\" x1=\"\(start)\" y1=\"\(y)\" x2=\"\(end + (end > start ? -2 : 2))\" y2=\"\(y)\" marker-end=\"url(#tip)\"/>\n"
        for (index, line) in lines.enumerated() {
            let place = y - 7 - (lines.count - 1 - index) * Layout.line
            out += "<text class=\"words\(isOwn ? " beside" : "")\" x=\"\(middle)\" y=\"\(place)\">\(Self.escaped(line))</text>\n"
        }
        return out
    }

    private static func cut(_ text: String, _ most: Int) -> String {
        text.count <= most ? text : String(text.prefix(max(1, most - 1))) + "…"
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&", "<", ">", "\"", "'": out += MarkupCharacter.reference(to: scalar) ?? ""
            case "\n", "\r", "\t": out += " "
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static let style = """
        .paper{fill:#fff}.title{font-weight:600;font-size:17px}text{font-family:system-ui,sans-serif;font-size:13px;fill:#1b2622}
        .name{text-anchor:middle;font-weight:550}.words,.aside{text-anchor:middle}.beside{text-anchor:start}.aside{fill:#58655f}
        .system{fill:#eef3f0;stroke:#9db0a7}.person{fill:#fdf3e0;stroke:#cfae72}.note{fill:#f3f4f2;stroke:none}
        .life{stroke:#c9d2cd;stroke-dasharray:3 4}.ask,.reply{stroke:#0d6b58;stroke-width:1.5;fill:none}.reply{stroke-dasharray:5 4}.tip{fill:#0d6b58}
        @media (prefers-color-scheme:dark){.paper{fill:#121715}text{fill:#e7ece9}.aside{fill:#9fada6}.system{fill:#1f2925;stroke:#4a5a53}
        .person{fill:#332a19;stroke:#7d6537}.note{fill:#1b221f}.life{stroke:#3a4641}.ask,.reply{stroke:#4cc2a6}.tip{fill:#4cc2a6}}
        """
}
