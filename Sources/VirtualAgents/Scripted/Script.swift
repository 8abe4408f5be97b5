import Conversation
import JSON

/// A scripted agent's whole behaviour, as its author wrote it: intents in the order of the file (README.md shows the language).
package struct Script: Sendable, Equatable {
    /// Language for digits that are said as words, when the turn names none; BCP 47.
    var locale = "en"
    var intents: [Intent] = []

    struct Intent: Sendable, Equatable {
        let name: String
        /// States in which the intent can be met; empty means all.
        var states: [String] = []
        var triggers: [Trigger] = []
        var actions: [Action] = []
        /// Where it begins in its file; 0 when it comes from none.
        var line = 0

        static func == (left: Intent, right: Intent) -> Bool {
            left.name == right.name && left.states == right.states && left.triggers == right.triggers && left.actions == right.actions
        }
    }

    /// What brings the contact to an intent.
    enum Trigger: Sendable, Equatable {
        /// The conversation begins; an empty list means by any name.
        case start([String])
        case event(String)
        case phrase(Phrase)
        /// So many digits, keyed or said; they are kept as `{digits}`.
        case digits(ClosedRange<Int>)
        /// Exactly these keys.
        case keys(String)
        /// The contact said nothing for at least this many times in a row.
        case silence(Int)
        case fallback
        /// The contact left.
        case left
    }

    /// What an intent does, in the order of its lines.
    enum Action: Sendable, Equatable {
        case say(Template)
        /// SSML for the text before it.
        case speak(Template)
        case offer([Choice])
        case play(path: String, Template)
        case sound(mediaType: String, [UInt8], Template)
        case show(url: Template, caption: Template)
        case pause(milliseconds: Int)
        /// A rich message or override, routed by the near side.
        case custom(Template)
        /// A payload for the script.
        case pass(Template)
        /// A flat value for the script.
        case tell(String, Template)
        case remember(String, Template)
        case forget(String)
        case go(String?)
        case expect(Expecting)
        case wait(milliseconds: Int)
        case interruptible(Bool)
        case context(Template)
        case signal(Ending)
    }

    struct Choice: Sendable, Equatable {
        let title: Template
        let value: Template
    }

    enum Expecting: Sendable, Equatable {
        case anything
        case nothing
        case digits(most: Int?, terminators: String?, only: Bool)
    }

    enum Ending: Sendable, Equatable {
        case goOn, notUnderstood, noInput, end(String?), transfer(to: String?, reason: String?), decline(String?), breakOut
    }
}

/// A text with `{name}` places.
struct Template: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case text(String)
        case variable(String)
    }

    let pieces: [Piece]

    init(_ pieces: [Piece]) { self.pieces = pieces }

    /// A place is `{` name `}` without spaces or quotes, so that JSON can hold places beside its own braces.
    init(_ text: String) {
        guard text.utf8.contains(UInt8(ascii: "{")) else {
            pieces = text.isEmpty ? [] : [.text(text)]
            return
        }
        var pieces: [Piece] = []
        var plain = ""
        var rest = text[...]
        while let brace = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
            plain += String(rest[..<brace])
            let inner = rest[rest.index(after: brace)...]
            if let close = inner.utf8.firstIndex(of: UInt8(ascii: "}")), Template.isName(inner[..<close]) {
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = ""
                pieces.append(.variable(String(inner[..<close])))
                rest = inner[inner.index(after: close)...]
            } else {
                plain += "{"
                rest = inner
            }
        }
        plain += String(rest)
        if !plain.isEmpty { pieces.append(.text(plain)) }
        self.pieces = pieces
    }

    /// Fills the places; `escape` makes each value fit the surrounding markup. A value that is not known is left out.
    func filled(from value: (String) -> String?, escape: (String) -> String = { $0 }) -> String {
        if pieces.count == 1, case .text(let text)? = pieces.first { return text }
        var filled = ""
        for piece in pieces {
            switch piece {
            case .text(let text): filled += text
            case .variable(let name): if let value = value(name) { filled += escape(value) }
            }
        }
        return filled
    }

    static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { octet in
            (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || "_-.".utf8.contains(octet)
        }
    }
}

extension Template {
    /// In JSON a place stands inside a string, so its value is escaped as one; in SSML it is text.
    static func escapedForJSON(_ text: String) -> String { String(RawJSON.string(text).text.dropFirst().dropLast()) }

    static func escapedForMarkup(_ text: String) -> String { MarkupCharacter.escaped(text) }
}
