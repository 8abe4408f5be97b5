import JSON
import Secrets

extension ScriptReader {
    /// Reads a line that says what an intent does. `false` when the keyword is not known.
    mutating func takeAction(_ line: Line, _ intent: inout Script.Intent) -> Bool {
        switch line.keyword {
        case "says": intent.actions.append(.say(text(line)))
        case "speaks":
            if case .say? = intent.actions.last { intent.actions.append(.speak(text(line))) } else {
                mistake("speaks must stand below the says whose spoken form it is", at: line, inRest: false)
            }
        case "offers":
            if let choices = choices(line) { intent.actions.append(.offer(choices)) }
        case "plays":
            if let (path, words) = pathAndWords(line) { intent.actions.append(.play(path: path, words)) }
        case "sounds":
            guard let (path, words) = pathAndWords(line) else { return true }
            guard let bytes = file(path), !bytes.isEmpty else {
                mistake("the sound \(path) cannot be read", at: line)
                return true
            }
            intent.actions.append(.sound(mediaType: "audio/wav", bytes, words))
        case "shows":
            if let (url, caption) = pathAndWords(line) { intent.actions.append(.show(url: Template(url), caption: caption)) }
        case "pauses": milliseconds(line).map { intent.actions.append(.pause(milliseconds: $0)) }
        case "custom": json(line).map { intent.actions.append(.custom($0)) }
        case "passes": json(line).map { intent.actions.append(.pass($0)) }
        case "tells": pair(line).map { intent.actions.append(.tell($0.0, $0.1)) }
        case "remembers": pair(line).map { intent.actions.append(.remember($0.0, $0.1)) }
        case "forgets": intent.actions += ScriptReader.list(line.rest).map { .forget($0) }
        case "goes": state(line).map { intent.actions.append(.go($0.isEmpty ? nil : $0)) }
        case "wants": expectation(line).map { intent.actions.append(.expect($0)) }
        case "waits": milliseconds(line).map { intent.actions.append(.wait(milliseconds: $0)) }
        case "interruptible": flag(line).map { intent.actions.append(.interruptible($0)) }
        case "context": intent.actions.append(.context(text(line)))
        default:
            guard let ending = ending(line) else { return false }
            intent.actions.append(.signal(ending))
        }
        return true
    }

    private func ending(_ line: Line) -> Script.Ending? {
        let reason = line.rest.isEmpty ? nil : line.rest
        switch (line.keyword, line.rest) {
        case ("continues", ""): return .goOn
        case ("not", "understood"): return .notUnderstood
        case ("nothing", "heard"): return .noInput
        case ("breaks", "out"): return .breakOut
        case ("ends", _): return .end(reason)
        case ("declines", _): return .decline(reason)
        case ("transfers", _):
            let parts = ScriptReader.split(" " + line.rest + " ", at: " because ")
            let target = ScriptReader.trimmed((parts?.0 ?? line.rest)[...])
            return .transfer(to: target.isEmpty ? nil : (target.hasPrefix("to ") ? String(target.dropFirst(3)) : target), reason: parts?.1)
        default: return nil
        }
    }

    /// A text over several lines is one line to the contact.
    private mutating func text(_ line: Line) -> Template {
        if line.rest.isEmpty { mistake("\(line.keyword) needs a text", at: line) }
        guard line.rest.utf8.contains(0x0A) else { return Template(line.rest) }
        return Template(ScriptReader.parts(line.rest, at: "\n").joined(separator: " "))
    }

    private mutating func choices(_ line: Line) -> [Script.Choice]? {
        let choices = line.rest.split(whereSeparator: { $0 == "|" || $0 == "\n" }).map(ScriptReader.trimmed).filter { !$0.isEmpty }.map { part in
            let (title, value) = ScriptReader.split(part, at: "->") ?? (part, part)
            return Script.Choice(title: Template(title), value: Template(value))
        }
        guard !choices.isEmpty else {
            mistake("offers needs choices, such as Morning -> slot-am | Evening -> slot-pm", at: line)
            return nil
        }
        return choices
    }

    private mutating func pathAndWords(_ line: Line) -> (String, Template)? {
        let path = line.rest.prefix { $0 != " " && $0 != "\n" }
        let words = ScriptReader.trimmed(line.rest.dropFirst(path.count)).split(separator: "\n").joined(separator: " ")
        guard !path.isEmpty, !words.isEmpty || line.keyword == "shows" else {
            mistake("\(line.keyword) needs a path and then the words that it stands for", at: line)
            return nil
        }
        return (String(path), Template(words))
    }

    /// Checked when the script is read, with empty places, so that a turn cannot fail over it.
    private mutating func json(_ line: Line) -> Template? {
        let template = Template(ScriptReader.compact(line.rest))
        do {
            _ = try JSON(parsing: Array(template.filled(from: { _ in nil }).utf8))
            return template
        } catch {
            mistake("is not JSON: \(error.code.text)", at: line)
            return nil
        }
    }

    /// JSON without the white space that stands between its tokens.
    private static func compact(_ json: String) -> String {
        var isInString = false
        var isEscaped = false
        return json.filter { character in
            if isInString {
                if isEscaped { isEscaped = false } else if character == "\\" { isEscaped = true } else if character == "\"" { isInString = false }
                return true
            }
            if character == "\"" { isInString = true }
            return !character.isWhitespace
        }
    }

    private mutating func pair(_ line: Line) -> (String, Template)? {
        guard let (name, value) = ScriptReader.split(line.rest, at: "="), Template.isName(name[...]) else {
            mistake("\(line.keyword) needs name = value", at: line)
            return nil
        }
        return (name, Template(value))
    }

    /// The state's name; empty for `goes nowhere`.
    private mutating func state(_ line: Line) -> String? {
        if line.rest == "nowhere" { return "" }
        guard line.rest.hasPrefix("to "), !line.rest.dropFirst(3).isEmpty else {
            mistake("must be goes to a-state or goes nowhere", at: line)
            return nil
        }
        let name = ScriptReader.trimmed(line.rest.dropFirst(3))
        namedStates.append((name, line))
        return name
    }

    /// `anything`, `nothing`, `digits 13`, each `digits` optionally with `ended by #` and `only`.
    private mutating func expectation(_ line: Line) -> Script.Expecting? {
        switch line.rest {
        case "anything": return .anything
        case "nothing": return .nothing
        default: break
        }
        var words = ScriptReader.parts(line.rest, at: " ")[...]
        guard words.popFirst() == "digits" else {
            mistake("must be wants anything, wants nothing or wants digits 13 ended by #", at: line)
            return nil
        }
        var most: Int?
        var terminators: String?
        var only = false
        while let word = words.popFirst() {
            if let number = Int(word), (1...100).contains(number) {
                most = number
            } else if word == "ended", words.popFirst() == "by", let keys = words.popFirst() {
                terminators = String(keys)
            } else if word == "only" {
                only = true
            } else {
                mistake("\(word) is not known in wants digits 13 ended by # only", at: line)
                return nil
            }
        }
        return .digits(most: most, terminators: terminators, only: only)
    }

    /// `15 seconds`, `2.5 seconds` or `500 ms`.
    private mutating func milliseconds(_ line: Line) -> Int? {
        let words = ScriptReader.parts(line.rest, at: " ")
        let scale: Double? = switch words.count == 2 ? words[1] : "" {
        case "seconds", "second": 1000
        case "ms": 1
        default: nil
        }
        // Nearly always a whole number, which is far cheaper to read.
        guard let scale, let number = Int(words[0]).map({ Double($0) }) ?? Double(words[0]), number > 0, number * scale <= 600_000 else {
            mistake("needs a time such as 15 seconds or 500 ms", at: line)
            return nil
        }
        return Int(number * scale)
    }

    private mutating func flag(_ line: Line) -> Bool? {
        switch line.rest {
        case "yes": return true
        case "no": return false
        default:
            mistake("must be interruptible yes or interruptible no", at: line)
            return nil
        }
    }
}

/// The words that may begin a line of an intent.
enum Keywords {
    static let all = [
        "in", "starts", "event", "hears", "digits", "keys", "silence", "falls", "leaves", "says", "speaks", "offers", "plays", "sounds",
        "shows", "pauses", "custom", "passes", "tells", "remembers", "forgets", "goes", "wants", "waits", "interruptible", "context",
        "continues", "not", "nothing", "breaks", "ends", "declines", "transfers",
    ]

    /// The keywords that begin alike, or all of them.
    static func hint(for word: String) -> String {
        let near = all.filter { $0.hasPrefix(word.lowercased().prefix(2)) }
        return near.isEmpty ? "; known: \(all.joined(separator: ", "))" : "; did you mean \(near.joined(separator: " or "))?"
    }
}
