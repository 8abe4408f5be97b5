/// Digits that a contact typed or said, with any separators: "2390-2948 37290", "two three nine zero", "zwo drei neun null", "double
/// seven". Leading zeros count, so the result is a text.
enum SpokenDigits {
    /// The runs of digits in an utterance, each with the words that it covers. A word that is only sometimes a digit ("oh") counts
    /// inside a run, never alone.
    static func runs(in words: Words, locale: String) -> [(digits: String, range: Range<Int>)] {
        let vocabulary = Vocabulary.of(locale)
        var runs: [(digits: String, range: Range<Int>)] = []
        var digits = ""
        var start = 0
        var end = 0
        var repeats = 1
        func close() {
            if !digits.isEmpty { runs.append((digits, start..<end)) }
            digits = ""
            repeats = 1
        }
        for (index, word) in words.folded.enumerated() {
            if let times = vocabulary.repeats(word) {
                if digits.isEmpty { start = index }
                repeats = times
                continue
            }
            let value = written(word) ?? vocabulary.digit(word, isInside: !digits.isEmpty)
            guard let value else {
                close()
                continue
            }
            if digits.isEmpty, repeats == 1 { start = index }
            digits += value.count == 1 ? String(repeating: value, count: repeats) : value
            end = index + 1
            repeats = 1
        }
        close()
        return runs
    }

    /// A word made of digits only, as it is.
    private static func written(_ word: String) -> String? {
        word.utf8.allSatisfy { (0x30...0x39).contains($0) } && !word.isEmpty ? word : nil
    }
}

/// How the digits are said in one language; words are folded as `Words` does it. Several words for one thing stand apart by spaces: a
/// dictionary would have to be made in each process that answers one turn, and be no faster for a dozen short words.
private struct Vocabulary: Sendable {
    /// The words for 0 to 9.
    let digits: [String]
    /// Words for zero inside a run of digits only.
    var zeroInside = ""
    let double: String
    var triple = ""

    func digit(_ word: String, isInside: Bool) -> String? {
        for (value, words) in digits.enumerated() where Vocabulary.has(words, word) { return String(value) }
        return isInside && Vocabulary.has(zeroInside, word) ? "0" : nil
    }

    /// How often the next digit counts.
    func repeats(_ word: String) -> Int? { Vocabulary.has(double, word) ? 2 : Vocabulary.has(triple, word) ? 3 : nil }

    private static func has(_ words: String, _ word: String) -> Bool {
        guard words.utf8.count >= word.utf8.count else { return false }
        var rest = word.utf8.makeIterator()
        var isAlike = true
        for octet in words.utf8 {
            if octet == 0x20 {
                if isAlike, rest.next() == nil { return true }
                rest = word.utf8.makeIterator()
                isAlike = true
            } else if isAlike {
                isAlike = rest.next() == octet
            }
        }
        return isAlike && rest.next() == nil && !words.isEmpty
    }

    /// By the language part of a BCP 47 tag; English when it is not known.
    static func of(_ locale: String) -> Vocabulary {
        switch locale.lowercased().prefix(while: { $0 != "-" && $0 != "_" }) {
        case "de": german
        case "fr": french
        case "es": spanish
        case "it": italian
        case "nl": dutch
        default: english
        }
    }

    private static let english = Vocabulary(
        digits: ["zero nought null", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine niner"], zeroInside: "o oh",
        double: "double", triple: "triple")
    private static let german = Vocabulary(
        digits: ["null", "eins ein eine", "zwei zwo", "drei", "vier", "funf fuenf", "sechs", "sieben", "acht", "neun"],
        double: "doppel zweimal", triple: "dreimal")
    private static let french = Vocabulary(
        digits: ["zero", "un une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"], double: "double")
    private static let spanish = Vocabulary(
        digits: ["cero", "uno una un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"], double: "doble")
    private static let italian = Vocabulary(
        digits: ["zero", "uno una", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"], double: "doppio")
    private static let dutch = Vocabulary(
        digits: ["nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"], double: "dubbel")
}
