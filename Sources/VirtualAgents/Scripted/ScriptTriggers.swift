extension ScriptReader {
    /// Reads a line that says where an intent can be met. `false` when the keyword is another kind of line.
    mutating func takeTrigger(_ line: Line, _ intent: inout Script.Intent) -> Bool {
        switch line.keyword {
        case "in": intent.states += ScriptReader.list(line.rest)
        case "starts": intent.triggers.append(.start(ScriptReader.list(line.rest)))
        case "event":
            if line.rest.isEmpty { mistake("event needs the name that arrives, such as event CallbackTime", at: line) }
            intent.triggers += ScriptReader.list(line.rest).map { .event($0) }
        case "hears":
            if let phrase = phrase(line) { intent.triggers.append(.phrase(phrase)) }
        case "digits":
            guard let length = ScriptReader.range(line.rest) else {
                mistake("digits needs how many, such as digits 13 or digits 1 to 12", at: line)
                return true
            }
            intent.triggers.append(.digits(length))
        case "keys":
            guard !line.rest.isEmpty, line.rest.utf8.allSatisfy({ "0123456789*#".utf8.contains($0) }) else {
                mistake("keys needs keys of 0–9, * and #", at: line)
                return true
            }
            intent.triggers.append(.keys(line.rest))
        case "silence":
            guard let count = line.rest.isEmpty ? 1 : Int(line.rest), count >= 1 else {
                mistake("silence takes how many times in a row, such as silence 3", at: line)
                return true
            }
            intent.triggers.append(.silence(count))
        case "falls" where line.rest == "back": intent.triggers.append(.fallback)
        case "leaves": intent.triggers.append(.left)
        default: return false
        }
        return true
    }

    private mutating func phrase(_ line: Line) -> Phrase? {
        var text = line.rest
        let isWhole = text.hasPrefix("exactly ")
        if isWhole { text = ScriptReader.trimmed(text.dropFirst(8)) }
        var elements: [Phrase.Element] = []
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "{") }) else {
            for word in Words(text).folded { elements.append(.word(word)) }
            if elements.isEmpty { mistake("hears needs at least one word", at: line) }
            return elements.isEmpty ? nil : Phrase(elements: elements, isWhole: isWhole)
        }
        for part in ScriptReader.parts(text, at: " ") {
            if part == "*" {
                elements.append(.anything)
            } else if part.first == "{" {
                guard part.last == "}", let slot = slot(part.dropFirst().dropLast()) else {
                    mistake("\(part) must be {name}, {name:13} or {name:1-4}", at: line)
                    return nil
                }
                elements.append(slot)
            } else {
                elements += Words(String(part)).folded.map { .word($0) }
            }
        }
        guard elements.contains(where: { $0 != .anything }) else {
            mistake("hears needs at least one word", at: line)
            return nil
        }
        return Phrase(elements: elements, isWhole: isWhole)
    }

    private func slot(_ text: Substring) -> Phrase.Element? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, Template.isName(name), parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return .slot(String(name)) }
        return ScriptReader.range(parts[1].split(separator: "-").joined(separator: " to ")).map { .digits(String(name), $0) }
    }

    static func list(_ text: String) -> [String] { parts(text, at: ",").map { trimmed($0) }.filter { !$0.isEmpty } }

    /// `13` or `1 to 12`.
    static func range(_ text: String) -> ClosedRange<Int>? {
        let numbers = split(text, at: " to ").map { [$0.0, $0.1] } ?? [text]
        guard let low = Int(numbers[0]), let high = Int(numbers[numbers.count - 1]), low >= 1, low <= high, high <= 100 else { return nil }
        return low...high
    }
}
