/// Cuts a text into pieces that a platform takes.
///
/// Lengths are UTF-16 code units: platforms count these, code points or characters, and of those the first are never fewer.
package enum TextCutting {
    /// Pieces of at most `limit`, cut where a line or a sentence ends, else between words, else between characters as people see them. White space
    /// at a cut is dropped, nothing else.
    ///
    /// - Parameter cutInside: Set when a single character was longer than the limit, so that it had to be cut itself.
    package static func pieces(of text: String, limit: Int, cutInside: inout Bool) -> [String] {
        let limit = max(1, limit)
        guard text.utf16.count > limit else { return [text] }
        var pieces: [String] = []
        var rest = text[...]
        while true {
            rest = rest.drop(while: \.isBlank)
            guard !rest.isEmpty else { return pieces }
            var end = cut(rest, limit)
            if end == rest.startIndex {
                cutInside = true
                end = scalarCut(rest, limit)
            }
            let piece = rest[..<end]
            pieces.append(String(piece.dropLast(while: \.isBlank)))
            rest = rest[end...]
        }
    }

    /// Where the first piece ends; the start when not even one character fits.
    private static func cut(_ text: Substring, _ limit: Int) -> String.Index {
        var index = text.startIndex
        var length = 0
        /// The last border of each kind, and how much text stands before it.
        var strong: (index: String.Index, length: Int)?
        var weak: String.Index?
        var endsSentence = false
        while index < text.endIndex {
            let character = text[index]
            if character.isBlank, length > 0 {
                weak = index
                if endsSentence || character.isNewline { strong = (index, length) }
            }
            let next = length + character.utf16.count
            guard next <= limit else { break }
            length = next
            text.formIndex(after: &index)
            switch character {
            case "。", "！", "？", "｡", "︒": strong = (index, length)
            case ".", "!", "?", "…", "؟", "۔", "।", "॥", "։", "።": endsSentence = true
            case "\"", "'", ")", "]", "”", "’", "»", "）", "」": break
            default: endsSentence = false
            }
        }
        guard index < text.endIndex else { return index }
        // A sentence that ends early would leave a piece nearly empty.
        if let strong, strong.length * 2 >= limit { return strong.index }
        return weak ?? index
    }

    private static func scalarCut(_ text: Substring, _ limit: Int) -> String.Index {
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        var length = 0
        while index < scalars.endIndex {
            length += UTF16.width(scalars[index])
            if length > limit, index > scalars.startIndex { break }
            scalars.formIndex(after: &index)
        }
        return index
    }
}

extension Substring {
    fileprivate func dropLast(while isDropped: (Character) -> Bool) -> Substring {
        var out = self
        while let last = out.last, isDropped(last) { out.removeLast() }
        return out
    }
}

extension Character {
    /// White space and nothing else; a space that carries an accent or a joiner is more.
    fileprivate var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}
