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
            if let times = vocabulary.repeats[word] {
                if digits.isEmpty { start = index }
                repeats = times
                continue
            }
            let value = written(word) ?? vocabulary.digits[word] ?? (digits.isEmpty ? nil : vocabulary.insideOnly[word])
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

/// How the digits are said in one language; words are folded as `Words` does it.
private struct Vocabulary: Sendable {
    let digits: [String: String]
    let insideOnly: [String: String]
    let repeats: [String: Int]

    private init(_ words: [String], insideOnly: [String: String] = [:], repeats: [String: Int] = [:]) {
        var digits: [String: String] = [:]
        for (value, names) in words.enumerated() {
            for name in names.split(separator: " ") { digits[String(name)] = String(value) }
        }
        self.digits = digits
        self.insideOnly = insideOnly
        self.repeats = repeats
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

    // Each made when it is first needed: a process that answers one turn needs one.
    private static let english = Vocabulary(
        ["zero nought null", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine niner"],
        insideOnly: ["o": "0", "oh": "0"], repeats: ["double": 2, "triple": 3])
    private static let german = Vocabulary(
        ["null", "eins ein eine", "zwei zwo", "drei", "vier", "funf fuenf", "sechs", "sieben", "acht", "neun"],
        repeats: ["doppel": 2, "zweimal": 2, "dreimal": 3])
    private static let french = Vocabulary(
        ["zero", "un une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"], repeats: ["double": 2])
    private static let spanish = Vocabulary(
        ["cero", "uno una un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"], repeats: ["doble": 2])
    private static let italian = Vocabulary(
        ["zero", "uno una", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"], repeats: ["doppio": 2])
    private static let dutch = Vocabulary(
        ["nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"], repeats: ["dubbel": 2])
}
