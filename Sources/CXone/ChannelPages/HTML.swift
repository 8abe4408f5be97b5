import Conversation

/// Pieces of a page. Every value is escaped where it enters, for text and attributes alike; only literals of this module are markup.
struct HTML: Sendable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    init(joining pieces: [HTML], by separator: HTML = "\n") { text = pieces.map(\.text).joined(separator: separator.text) }

    static func += (left: inout HTML, right: HTML) { left.text += right.text }

    struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity + 32 * interpolationCount) }
        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value) }
        mutating func appendInterpolation(_ html: HTML) { text += html.text }
    }

    private static func escaped(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&", "<", ">", "\"", "'": out += MarkupCharacter.reference(to: scalar) ?? ""
            // Characters that no page can show, and those that turn the direction of what follows.
            case "\u{0}"..."\u{8}", "\u{B}"..."\u{1F}", "\u{7F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
