import Conversation

/// The little HTML of Matrix messages (specification, Client-Server API §11.2.1.7).
enum Markup {
    static func escaped(_ text: some StringProtocol) -> String {
        MarkupCharacter.escaped(text).replacing("\n", with: "<br/>")
    }

    /// The words of a markup: without tags, the five named characters read, what was quoted left out.
    static func plainText(_ markup: String) -> String {
        var out = ""
        var rest = markup[...]
        var depth = 0
        // Without it, each of many `<` would look for the end that none has.
        let lastEnd = markup.lastIndex(of: ">") ?? markup.startIndex
        while let next = rest.first {
            if next == "<", rest.startIndex < lastEnd, let end = rest.firstIndex(of: ">") {
                let tag = rest[rest.index(after: rest.startIndex)..<end].lowercased()
                if tag.hasPrefix("mx-reply") { depth += 1 }
                if tag.hasPrefix("/mx-reply") { depth = max(0, depth - 1) }
                if depth == 0, tag.hasPrefix("br") || tag.hasPrefix("/p") || tag.hasPrefix("/li") { out += "\n" }
                rest = rest[rest.index(after: end)...]
                continue
            }
            if next == "&", let (text, length) = entity(rest) {
                if depth == 0 { out += text }
                rest = rest.dropFirst(length)
                continue
            }
            if depth == 0 { out.append(next) }
            rest = rest.dropFirst()
        }
        return out
    }

    private static func entity(_ text: Substring) -> (String, Int)? {
        let known = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " ")]
        return known.first { text.hasPrefix($0.0) }.map { ($0.1, $0.0.count) }
    }
}
