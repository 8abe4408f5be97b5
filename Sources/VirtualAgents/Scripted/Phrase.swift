/// What an intent listens for: words, `*` for any words, `{name}` for words to keep, `{name:13}` for digits to keep.
struct Phrase: Sendable, Equatable {
    enum Element: Sendable, Equatable {
        case word(String)
        case anything
        case slot(String)
        /// Digits, said or typed; how many is in the range.
        case digits(String, ClosedRange<Int>)
    }

    let elements: [Element]
    /// Whether the phrase must be the whole utterance; else it may stand anywhere in it.
    let isWhole: Bool

    struct Match: Sendable {
        /// Share of the utterance's words that the phrase names, 0…1.
        let confidence: Double
        let slots: [(name: String, value: String)]
    }

    /// Where the phrase stands in the utterance, if it does. Bounded: each pair of place and element is tried once.
    func match(_ utterance: Utterance) -> Match? {
        let words = utterance.words
        // Most phrases end here: no word of the utterance is their first one.
        if case .word(let first)? = elements.first, !words.folded.contains(first) { return nil }
        var matcher = Matcher(elements: elements, words: words, runs: utterance.runs, isWhole: isWhole)
        let starts = isWhole ? 0..<1 : 0..<max(1, words.count)
        for start in starts {
            guard let slots = matcher.match(word: start, element: 0) else { continue }
            let named = elements.count { if case .anything = $0 { false } else { true } }
            let covered = slots.reduce(named - slots.count) { $0 + $1.words }
            let confidence = words.isEmpty ? 1 : min(1, Double(covered) / Double(words.count))
            return Match(confidence: confidence, slots: slots.map { ($0.name, $0.value) })
        }
        return nil
    }
}

/// What the contact said, prepared once a turn.
struct Utterance: Sendable {
    let words: Words
    let runs: [(digits: String, range: Range<Int>)]

    init(_ text: String, locale: String) {
        words = Words(text)
        runs = SpokenDigits.runs(in: words, locale: locale)
    }
}

private struct Matcher {
    struct Slot {
        let name: String
        let value: String
        let words: Int
    }

    let elements: [Phrase.Element]
    let words: Words
    let runs: [(digits: String, range: Range<Int>)]
    let isWhole: Bool
    /// Places known to lead nowhere, so that several `*` cannot make the search explode. One alone tries each place once anyway.
    private var failed: Set<Int> = []
    private let remembersFailures: Bool

    init(elements: [Phrase.Element], words: Words, runs: [(digits: String, range: Range<Int>)], isWhole: Bool) {
        self.elements = elements
        self.words = words
        self.runs = runs
        self.isWhole = isWhole
        var open = 0
        for element in elements {
            switch element {
            case .anything, .slot: open += 1
            case .word, .digits: break
            }
        }
        remembersFailures = open > 1
    }

    mutating func match(word: Int, element: Int) -> [Slot]? {
        guard element < elements.count else { return !isWhole || word == words.count ? [] : nil }
        guard remembersFailures else { return follow(elements[element], word: word, element: element) }
        let key = element * (words.count + 1) + word
        guard !failed.contains(key) else { return nil }
        let found = follow(elements[element], word: word, element: element)
        if found == nil { failed.insert(key) }
        return found
    }

    private mutating func follow(_ wanted: Phrase.Element, word: Int, element: Int) -> [Slot]? {
        switch wanted {
        case .word(let text):
            guard word < words.count, words.folded[word] == text else { return nil }
            return match(word: word + 1, element: element + 1)
        case .anything:
            for next in word...words.count {
                if let rest = match(word: next, element: element + 1) { return rest }
            }
            return nil
        case .slot(let name):
            guard word < words.count else { return nil }
            // The last slot of a phrase takes all that is left; another one as little as lets the rest match.
            let ends = element == elements.count - 1 ? [words.count] : Array((word + 1)...words.count)
            for end in ends {
                guard let rest = match(word: end, element: element + 1) else { continue }
                return [Slot(name: name, value: words.written(word..<end), words: end - word)] + rest
            }
            return nil
        case .digits(let name, let length):
            guard let run = runs.first(where: { $0.range.lowerBound == word && length.contains($0.digits.utf8.count) }),
                let rest = match(word: run.range.upperBound, element: element + 1)
            else { return nil }
            return [Slot(name: name, value: run.digits, words: run.range.count)] + rest
        }
    }
}
