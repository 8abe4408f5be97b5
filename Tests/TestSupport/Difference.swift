package import JSON

/// Compares JSON values: members in any order, numbers by value, `"…"` for anything.
package enum Difference {
    /// The first place that differs, or `nil`.
    package static func between(_ actual: JSON?, _ expected: JSON, at path: String = "$") -> String? {
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
    package static func matches(_ text: String, _ pattern: String) -> Bool {
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

extension String {
    /// Without white space at both ends.
    package var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
