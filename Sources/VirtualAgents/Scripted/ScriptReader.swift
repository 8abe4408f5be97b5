package import JSON
import Secrets
import Settings

/// Everything that is wrong with a script, each mistake with its place.
package struct ScriptError: Error, CustomStringConvertible {
    package struct Mistake: Sendable, Equatable {
        package let position: JSONPosition
        package let message: String
    }

    package let mistakes: [Mistake]
    package var description: String { mistakes.map { "\($0.position): \($0.message)" }.joined(separator: "; ") }
}

/// Reads the script language (README.md): `intent` lines at the left edge, what belongs to an intent indented below it, one fact a line.
/// A line that is indented deeper goes on with the line before it.
struct ScriptReader {
    /// One logical line.
    struct Line {
        let keyword: String
        let rest: String
        let number: Int
        let column: Int
        /// Column of `rest`.
        let restColumn: Int
    }

    var script = Script()
    private(set) var mistakes: [ScriptError.Mistake] = []
    /// Gives a file's octets, for sounds that stand beside the script.
    let file: (String) -> [UInt8]?
    /// Places where a state is named by `goes to`, checked when all states are known.
    var namedStates: [(name: String, line: Line)] = []

    static func read(_ text: String, file: @escaping (String) -> [UInt8]?) throws(ScriptError) -> Script {
        var reader = ScriptReader(file: file)
        for line in reader.lines(of: text) { reader.take(line) }
        reader.check()
        guard reader.mistakes.isEmpty else { throw ScriptError(mistakes: reader.mistakes) }
        return reader.script
    }

    private init(file: @escaping (String) -> [UInt8]?) { self.file = file }

    mutating func mistake(_ message: String, at line: Line, inRest: Bool = true) {
        let column = inRest ? line.restColumn : line.column
        mistakes.append(.init(position: JSONPosition(line: line.number, column: column), message: message))
    }

    // MARK: Lines

    /// Works on octets, of which every mark of the language is one: a process that answers a single turn reads its script too.
    private mutating func lines(of text: String) -> [Line] {
        let octets = Array(text.utf8)
        var lines: [Line] = []
        lines.reserveCapacity(octets.count / 24)
        var indent: Int?
        var number = 0
        var next = 0
        while next < octets.count {
            let start = next
            let end = ScriptReader.end(in: octets, from: start) { $0 == 0x0A }
            next = end + 1
            number += 1
            let first = ScriptReader.end(in: octets, from: start) { $0 != 0x20 && $0 != 0x09 }
            guard first < end, octets[first] != 0x0D, octets[first] != UInt8(ascii: "#") else { continue }
            let depth = first - start
            if depth == 0 { indent = nil } else if let known = indent, depth > known, let last = lines.popLast() {
                lines.append(Line(
                    keyword: last.keyword, rest: last.rest + "\n" + ScriptReader.trimmed(octets[first..<end]), number: last.number,
                    column: last.column, restColumn: last.restColumn))
                continue
            } else if let known = indent, depth < known {
                mistakes.append(.init(
                    position: JSONPosition(line: number, column: depth + 1),
                    message: "is indented less than the lines above it, which begin at column \(known + 1)"))
                continue
            } else {
                indent = depth
            }
            let wordEnd = min(end, ScriptReader.end(in: octets, from: first, ScriptReader.isBlank))
            let rest = min(end, ScriptReader.end(in: octets, from: wordEnd) { !ScriptReader.isBlank($0) })
            lines.append(Line(
                keyword: String(decoding: octets[first..<wordEnd], as: UTF8.self), rest: ScriptReader.trimmed(octets[rest..<end]),
                number: number, column: depth + 1, restColumn: depth + 1 + rest - first))
        }
        return lines
    }

    /// The first place from `start` on whose octet is looked for, or the end.
    private static func end(in octets: [UInt8], from start: Int, _ isWanted: (UInt8) -> Bool) -> Int {
        var index = start
        while index < octets.count, !isWanted(octets[index]) { index += 1 }
        return index
    }

    private mutating func take(_ line: Line) {
        switch (line.keyword, line.column) {
        case ("locale", 1) where !line.rest.isEmpty: script.locale = line.rest
        case ("intent", 1):
            guard !line.rest.isEmpty else { return mistake("an intent needs a name, such as intent OrderStatus", at: line) }
            if script.intents.contains(where: { $0.name == line.rest }) { mistake("there is already an intent \(line.rest)", at: line) }
            script.intents.append(Script.Intent(name: line.rest, line: line.number))
        case (_, 1): mistake("expected intent or locale at the left edge; lines of an intent are indented", at: line, inRest: false)
        default:
            guard var intent = script.intents.popLast() else {
                return mistake("stands before the first intent", at: line, inRest: false)
            }
            if !takeTrigger(line, &intent), !takeAction(line, &intent) {
                mistake("\"\(line.keyword)\" is not known here\(Keywords.hint(for: line.keyword))", at: line, inRest: false)
            }
            script.intents.append(intent)
        }
    }

    /// What only the whole script shows: states that nothing leads out of, and the four intents that CXone asks of every agent.
    private mutating func check() {
        // Neither sets nor key paths here: for one turn the first use of each costs more than the comparing.
        var states: [String] = []
        for intent in script.intents { states += intent.states }
        for (name, line) in namedStates where !states.contains(name) {
            mistake("no intent is in \(name); known states: \(Set(states).sorted().joined(separator: ", "))", at: line)
        }
        for intent in script.intents where intent.triggers.isEmpty {
            mistakes.append(.init(
                position: JSONPosition(line: intent.line, column: 1), message: "intent \(intent.name) has nothing that brings a contact to it"))
        }
        let always = script.intents.filter { $0.states.isEmpty }
        func missing(_ what: String, _ keyword: String, _ test: (Script.Trigger) -> Bool) {
            guard !always.contains(where: { $0.triggers.contains(where: test) }) else { return }
            mistakes.append(.init(
                position: JSONPosition(line: 1, column: 1), message: "no intent for \(what): one without a state must have the line \(keyword)"))
        }
        missing("the welcome", "starts") { if case .start = $0 { true } else { false } }
        missing("anything else", "falls back") { $0 == .fallback }
        missing("silence", "silence") { if case .silence = $0 { true } else { false } }
        let ends = script.intents.contains { intent in
            intent.actions.contains { if case .signal(.end) = $0 { true } else { false } }
        }
        if !ends {
            mistakes.append(.init(
                position: JSONPosition(line: 1, column: 1), message: "no intent ends the conversation: one must have the line ends"))
        }
    }

    /// Space, tab, and the carriage return before a line feed.
    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 || octet == 0x0D }

    static func trimmed(_ text: Substring) -> String { trimmed(Array(text.utf8)[...]) }

    private static func trimmed(_ octets: ArraySlice<UInt8>) -> String {
        var octets = octets
        while let first = octets.first, isBlank(first) { octets.removeFirst() }
        while let last = octets.last, isBlank(last) { octets.removeLast() }
        return String(decoding: octets, as: UTF8.self)
    }

    /// `left word right`, split at the first such word between blanks.
    static func split(_ text: String, at separator: String) -> (String, String)? {
        let octets = Array(text.utf8)
        let word = Array(separator.utf8)
        var index = 0
        while index + word.count <= octets.count {
            if octets[index] == word.first, octets[index..<(index + word.count)].elementsEqual(word) {
                return (trimmed(octets[..<index]), trimmed(octets[(index + word.count)...]))
            }
            index += 1
        }
        return nil
    }

    /// The parts between single octets of ASCII, empty ones left out.
    static func parts(_ text: String, at separator: Unicode.Scalar) -> [Substring] {
        text.utf8.split(separator: UInt8(ascii: separator)).map { Substring($0) }
    }
}
