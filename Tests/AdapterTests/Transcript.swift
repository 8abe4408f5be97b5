import Testing
import JSON

/// A `.turn` file: one situation as it goes over both wires, readable as documentation.
///
///     A sentence that says what happens.
///     ---- settings            (optional; what differs from the folder's settings.jsonc)
///     ---- CXone asks          {the request's body}
///     ---- X is asked          POST url, header lines, blank line, body     (none for an agent that calls nobody)
///     ---- X answers           200 content/type, then the body; or refused, reset, timeout, or 200 type timeout
///     ---- CXone is answered   200 and the body
///
/// The four sections may repeat for the turns that follow. `"…"` in an expected body stands for any value, and as `botSessionState` of a
/// request for the state of the answer before.
struct Transcript: Sendable, CustomTestStringConvertible {
    struct Exchange: Sendable {
        var request = ""
        var asked: [String] = []
        var answers: [String] = []
        var answer = ""
    }

    let file: String
    let sentence: String
    let settings: String?
    let turns: [Exchange]

    var testDescription: String { file.split(separator: "/").suffix(3).filter { $0 != "Transcripts" }.joined(separator: "/") }

    init(file: String, text: String) throws {
        var sections: [(title: String, lines: [Substring])] = [("", [])]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("---- ") {
                sections.append((String(line.dropFirst(5)).trimmed, []))
            } else {
                sections[sections.count - 1].lines.append(line)
            }
        }
        self.file = file
        sentence = sections[0].lines.joined(separator: " ").trimmed
        var settings: String?
        var turns: [Exchange] = []
        for section in sections.dropFirst() {
            let content = section.lines.joined(separator: "\n").trimmed
            switch section.title {
            case "settings": settings = content
            case "CXone asks": turns.append(Exchange(request: content))
            case "CXone is answered" where !turns.isEmpty: turns[turns.count - 1].answer = content
            case let title where title.hasSuffix(" is asked") && !turns.isEmpty: turns[turns.count - 1].asked.append(content)
            case let title where title.hasSuffix(" answers") && !turns.isEmpty: turns[turns.count - 1].answers.append(content)
            default: throw TranscriptError(message: "\(file): unknown section \(section.title)")
            }
        }
        self.settings = settings
        self.turns = turns
        guard !sentence.isEmpty, !turns.isEmpty, turns.allSatisfy({ !$0.answer.isEmpty && $0.asked.count == $0.answers.count }) else {
            throw TranscriptError(message: "\(file): needs a sentence and the sections CXone asks, …, CXone is answered")
        }
    }
}

struct TranscriptError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}

/// Compares JSON values: members in any order, numbers by value, `"…"` for anything.
enum Difference {
    /// The first place that differs, or `nil`.
    static func between(_ actual: JSON?, _ expected: JSON, at path: String = "$") -> String? {
        if expected.string == "…" { return actual == nil ? "\(path) is missing" : nil }
        guard let actual else { return "\(path) is missing" }
        guard actual.kind == expected.kind else { return "\(path) is \(show(actual)), expected \(show(expected))" }
        switch expected.kind {
        case .object:
            for member in expected.members {
                if let found = between(actual[member.name], member.value, at: "\(path).\(member.name)") { return found }
            }
            return actual.members.first { expected[$0.name] == nil }.map { "\(path).\($0.name) is too much: \(show($0.value))" }
        case .array:
            guard actual.count == expected.count else { return "\(path) has \(actual.count) elements, expected \(expected.count): \(show(actual))" }
            for (index, pair) in zip(actual.elements, expected.elements).enumerated() {
                if let found = between(pair.0, pair.1, at: "\(path)[\(index)]") { return found }
            }
            return nil
        case .string:
            guard let wanted = expected.string, let text = actual.string else { return "\(path) is no string" }
            return matches(text, wanted) ? nil : "\(path) is \(show(actual)), expected \(show(expected))"
        case .number: return actual.double == expected.double ? nil : "\(path) is \(show(actual)), expected \(show(expected))"
        default: return nil
        }
    }

    /// A text with `…` inside matches by what stands around it.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "…", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(parts[0]) else { return false }
        var rest = text.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }

    private static func show(_ json: JSON) -> String { String(RawJSON(json).text.prefix(1500)) }
}
