import CXone
import Conversation
import JSON

/// A masked body as the lines of its indented text, each with its place, so that a page can mark a line and draw from it.
struct JSONLines: Sendable {
    struct Line: Sendable {
        let depth: Int
        /// Of the value that begins on the line; empty for the body itself and for closing lines.
        let path: String
        let name: String?
        /// The literal, or an opening or closing bracket.
        let text: String
        let isLeaf: Bool
        let isLast: Bool
    }

    private(set) var lines: [Line] = []
    /// What is no more than this many lines is shown whole.
    private static let most = 3_000

    /// - Parameter masked: Holds nothing that must not be shown.
    init(_ masked: JSON) { add(masked, "", nil, 0, isLast: true) }

    private mutating func add(_ value: JSON, _ path: String, _ name: String?, _ depth: Int, isLast: Bool) {
        guard lines.count < Self.most else { return }
        switch value.kind {
        case .object, .array:
            let isObject = value.kind == .object
            let count = value.count
            guard count > 0 else {
                lines.append(Line(depth: depth, path: path, name: name, text: isObject ? "{}" : "[]", isLeaf: false, isLast: isLast))
                return
            }
            lines.append(Line(depth: depth, path: path, name: name, text: isObject ? "{" : "[", isLeaf: false, isLast: true))
            if isObject {
                for (index, member) in value.members.enumerated() {
                    add(member.value, JSONPath.member(member.name, of: path), member.name, depth + 1, isLast: index == count - 1)
                }
            } else {
                for (index, element) in value.elements.enumerated() { add(element, "\(path)[\(index)]", nil, depth + 1, isLast: index == count - 1) }
            }
            lines.append(Line(depth: depth, path: "", name: nil, text: isObject ? "}" : "]", isLeaf: false, isLast: isLast))
        default:
            lines.append(Line(depth: depth, path: path, name: name, text: String(decoding: value.raw, as: UTF8.self), isLeaf: true, isLast: isLast))
        }
    }

    /// `[[depth, path, name, text, comma]]`, small enough for thousands.
    func write(to writer: inout JSONWriter) {
        writer.array { list in
            for line in lines {
                list.array { item in
                    item.value(line.depth)
                    item.value(line.path)
                    if let name = line.name { item.value(name) } else { item.null() }
                    item.value(line.text)
                    item.value(!line.isLast)
                }
            }
        }
    }
}

/// Bodies that are no JSON, with what looks like a secret and every run of digits hidden, lines kept.
enum MaskedText {
    static func text(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(64 << 10), as: UTF8.self)
        guard !text.unicodeScalars.contains(where: { $0.value == 0xFFFD || $0.value == 0 }) else { return "\(body.count) octets that are no text" }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Masking.digits(in: withoutSecrets(line.filter { $0 != "\r" }))
        }
        return lines.joined(separator: "\n") + (body.count > 64 << 10 ? "\n… (\(body.count) octets)" : "")
    }

    /// The value behind `name=`, `"name":` or `name:` goes where the name is one that hides it; what follows `Bearer` or `Basic` too.
    private static func withoutSecrets(_ line: String) -> String {
        let characters = Array(line)
        var out = "", word = "", index = 0
        while index < characters.count {
            let character = characters[index]
            out.append(character)
            index += 1
            if character.isLetter || character.isNumber || character == "_" || character == "-" {
                word.append(character)
                continue
            }
            let isValue = (character == "=" || character == ":") && TraceMask.hides(word)
            if isValue || (character == " " && ["bearer", "basic"].contains(word.lowercased())) {
                while index < characters.count, characters[index] == " " { index += 1 }
                let isQuoted = index < characters.count && characters[index] == "\""
                if isQuoted { index += 1 }
                while index < characters.count, !(isQuoted ? "\"" : "&,;}<\"").contains(characters[index]) { index += 1 }
                out += isQuoted ? "\"" + TraceMask.standIn : TraceMask.standIn
            }
            if character != "\"" { word = "" }
        }
        return out
    }
}
