/// How `.turn` and `.message` files are cut: a sentence, then sections that begin with `---- title`.
package struct SituationText: Sendable {
    package let sentence: String
    package let sections: [(title: String, content: String)]

    package init(_ text: String) {
        var found: [(title: String, lines: [Substring])] = [("", [])]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("---- ") {
                found.append((String(line.dropFirst(5)).trimmed, []))
            } else {
                found[found.count - 1].lines.append(line)
            }
        }
        sentence = found[0].lines.joined(separator: " ").trimmed
        sections = found.dropFirst().map { ($0.title, $0.lines.joined(separator: "\n").trimmed) }
    }
}
