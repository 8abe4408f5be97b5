/// An utterance as words that compare without case, accents and punctuation, so that "Où est ma commande?" and "ou est ma commande"
/// are one. Needs neither Foundation nor ICU: case and categories come from the standard library, accents from one short table.
struct Words: Sendable, Equatable {
    /// Folded words in order; an emoji is a word of its own.
    let folded: [String]
    /// The same words as the contact wrote them.
    let written: [String]

    /// Words beyond this number are not looked at: nobody says more in one turn, and matching stays bounded.
    static let limit = 512

    init(_ text: String) {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        self = isASCII ? Words(ascii: text) : Words(unicode: text)
    }

    private init(unicode text: String) {
        var folded: [String] = []
        var written: [String] = []
        var word = ""
        var original = ""
        func close() {
            if !word.isEmpty {
                folded.append(word)
                written.append(original)
            }
            word = ""
            original = ""
        }
        for scalar in text.unicodeScalars {
            guard folded.count < Words.limit else { break }
            switch Words.kind(of: scalar) {
            case .letter:
                if scalar.isASCII { word.unicodeScalars.append(Words.lowercased(scalar)) } else { word += Words.fold(scalar) }
                original.unicodeScalars.append(scalar)
            case .mark: if !original.isEmpty { original.unicodeScalars.append(scalar) }
            case .joiner: break
            case .symbol:
                close()
                folded.append(String(scalar))
                written.append(String(scalar))
            case .gap: close()
            }
        }
        if folded.count < Words.limit { close() }
        self.folded = folded
        self.written = written
    }

    /// The same without the tables of Unicode, which cost more than all the rest of a short English turn.
    private init(ascii text: String) {
        var folded: [String] = []
        var written: [String] = []
        var word: [UInt8] = []
        var original: [UInt8] = []
        func close() {
            guard !word.isEmpty else { return }
            folded.append(String(decoding: word, as: UTF8.self))
            written.append(String(decoding: original, as: UTF8.self))
            word.removeAll(keepingCapacity: true)
            original.removeAll(keepingCapacity: true)
        }
        for octet in text.utf8 {
            guard folded.count < Words.limit else { break }
            switch octet {
            case 0x30...0x39, 0x61...0x7A:
                word.append(octet)
                original.append(octet)
            case 0x41...0x5A:
                word.append(octet | 0x20)
                original.append(octet)
            case UInt8(ascii: "'"): break
            case UInt8(ascii: "#"), UInt8(ascii: "*"):
                close()
                folded.append(octet == UInt8(ascii: "#") ? "#" : "*")
                written.append(octet == UInt8(ascii: "#") ? "#" : "*")
            default: close()
            }
        }
        if folded.count < Words.limit { close() }
        self.folded = folded
        self.written = written
    }

    var count: Int { folded.count }
    var isEmpty: Bool { folded.isEmpty }

    /// The contact's own words of a range, joined by one space.
    func written(_ range: Range<Int>) -> String { written[range].joined(separator: " ") }

    private enum Kind { case letter, mark, joiner, symbol, gap }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        // "where's" and "wheres" are one word.
        if scalar == "'" || scalar == "\u{2019}" { return .joiner }
        if scalar.isASCII { return asciiKind(of: UInt8(truncatingIfNeeded: scalar.value)) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .otherNumber, .spacingMark:
            return .letter
        case .nonspacingMark, .enclosingMark: return .mark
        case .format: return .joiner
        case .otherSymbol: return .symbol
        default: return .gap
        }
    }

    /// Without the tables of Unicode, which cost more than all the rest of a short English turn.
    private static func asciiKind(of octet: UInt8) -> Kind {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: .letter
        // Keys that a contact may type: `*` and `#` stay words.
        case UInt8(ascii: "#"), UInt8(ascii: "*"): .symbol
        default: .gap
        }
    }

    private static func lowercased(_ ascii: Unicode.Scalar) -> Unicode.Scalar {
        ("A"..."Z").contains(ascii) ? Unicode.Scalar(UInt8(truncatingIfNeeded: ascii.value) | 0x20) : ascii
    }

    private static func fold(_ scalar: Unicode.Scalar) -> String {
        let lower = scalar.properties.lowercaseMapping.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }
        guard let first = lower.first, lower.count == 1 else { return lower.reduce(into: "") { $0.unicodeScalars.append($1) } }
        if let digit = first.properties.numericType == .decimal ? first.properties.numericValue : nil { return String(Int(digit)) }
        return plain(first) ?? String(first)
    }

    /// The letter without its accent, or what it is written as without it.
    private static func plain(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "à", "á", "â", "ã", "ä", "å", "ā", "ă", "ą": "a"
        case "ç", "ć", "ĉ", "ċ", "č": "c"
        case "ď", "đ", "ð": "d"
        case "è", "é", "ê", "ë", "ē", "ĕ", "ė", "ę", "ě": "e"
        case "ĝ", "ğ", "ġ", "ģ": "g"
        case "ĥ", "ħ": "h"
        case "ì", "í", "î", "ï", "ĩ", "ī", "ĭ", "į", "ı": "i"
        case "ĵ": "j"
        case "ķ": "k"
        case "ĺ", "ļ", "ľ", "ŀ", "ł": "l"
        case "ñ", "ń", "ņ", "ň": "n"
        case "ò", "ó", "ô", "õ", "ö", "ø", "ō", "ŏ", "ő": "o"
        case "ŕ", "ŗ", "ř": "r"
        case "ś", "ŝ", "ş", "š", "ș": "s"
        case "ţ", "ť", "ŧ", "ț": "t"
        case "ù", "ú", "û", "ü", "ũ", "ū", "ŭ", "ů", "ű", "ų": "u"
        case "ŵ": "w"
        case "ý", "ÿ", "ŷ": "y"
        case "ź", "ż", "ž": "z"
        case "ß": "ss"
        case "æ": "ae"
        case "œ": "oe"
        case "þ": "th"
        default: nil
        }
    }
}
