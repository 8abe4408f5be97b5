import JSON
import Secrets
import Simulator

extension ConversationFile {
    /// Reads a file; every mistake is told at once.
    /// - Parameter name: Where it lies; names the conversation when the file does not, and `sounds` are read beside it.
    package static func read(_ text: String, name: String) -> Result<ConversationFile, Mistakes> {
        var reader = Reader(name: name)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            reader.take(line.last == "\r" ? line.dropLast() : line, index + 1)
        }
        if reader.file.steps.isEmpty, reader.mistakes.isEmpty {
            reader.mistakes.append(Mistake(line: 1, message: "holds no step; a conversation begins with the line `begins`"))
        }
        return reader.mistakes.isEmpty ? .success(reader.file) : .failure(Mistakes(all: reader.mistakes))
    }

    package struct Mistakes: Error, Sendable, CustomStringConvertible {
        package let all: [Mistake]
        package var description: String { all.map(\.description).joined(separator: "\n") }
    }

    private struct Reader {
        var file: ConversationFile
        var mistakes: [Mistake] = []
        private let folder: String

        init(name: String) {
            folder = name.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            let last = name.split(separator: "/").last ?? ""
            file = ConversationFile(title: last.hasSuffix(".chat") ? String(last.dropLast(5)) : String(last))
        }

        mutating func take(_ line: Substring, _ number: Int) {
            let content = line.trimmed
            guard !content.isEmpty, content.first != "#" else { return }
            let isIndented = line.first == " " || line.first == "\t"
            do throws(Mistake) {
                if !isIndented {
                    try takeEdge(content, number)
                } else if file.steps.isEmpty {
                    throw Mistake(line: number, message: "an expectation stands below `begins` or what the contact does")
                } else {
                    try takeExpectation(content, number)
                }
            } catch {
                mistakes.append(error)
            }
        }

        // MARK: At the edge: headers, and what the contact does

        private mutating func takeEdge(_ content: Substring, _ line: Int) throws(Mistake) {
            if content == "begins" {
                guard file.steps.isEmpty else { throw Mistake(line: line, message: "a conversation begins once") }
                return file.steps.append(Step(line: line, text: "begins", command: nil))
            }
            let (word, rest) = content.firstWord
            if word == "contact" {
                if file.steps.isEmpty { file.steps.append(Step(line: line, text: "begins", command: nil)) }
                return file.steps.append(Step(line: line, text: String(content), command: try command(rest, line)))
            }
            guard file.steps.isEmpty else {
                throw Mistake(line: line, message: "“\(word)” belongs above `begins`, or is no word of a conversation: begins, contact …")
            }
            switch word {
            case "conversation": file.title = String(rest)
            case "agent": file.agent = String(rest)
            case "from": file.from = String(rest)
            case "action":
                guard let action = StudioAction.allCases.first(where: { $0.title == rest || $0.rawValue == rest }) else {
                    throw Mistake(line: line, message: "“\(rest)” is none of \(StudioAction.allCases.map(\.title).joined(separator: ", "))")
                }
                if let refusal = action.refusal { throw Mistake(line: line, message: refusal) }
                file.action = action
            case "version":
                guard let version = HubVersion(rawValue: String(rest)) else { throw Mistake(line: line, message: "a version is 1.0.0, 2.0.0 or 3.0.0") }
                file.version = version
            case "payload": file.payload = try json(rest, line)
            default: throw Mistake(line: line, message: "“\(word)” is none of conversation, agent, action, version, from, payload, begins, contact")
            }
        }

        private func command(_ text: Substring, _ line: Int) throws(Mistake) -> HubCommand {
            switch text {
            case "is silent": return .silence
            case "hangs up", "leaves": return .hangUp
            default: break
            }
            let (verb, rest) = text.firstWord
            switch verb {
            case "says": return .text(try words(rest, line))
            case "chooses": return .choice(try words(rest, line))
            case "keys":
                guard !rest.isEmpty, rest.allSatisfy({ "0123456789*#".contains($0) }) else {
                    throw Mistake(line: line, message: "keys are 0 to 9, * and #")
                }
                return .keys(String(rest))
            case "waits": return .pause(try milliseconds(rest, line))
            case "sends":
                let (kind, value) = rest.firstWord
                if kind == "base64", let sound = Base64.decode(value.utf8) { return .sound(sound) }
                if kind == "sound", let sound = Files.octets("\(folder.isEmpty ? "." : folder)/\(value)") { return .sound(sound) }
                throw Mistake(line: line, message: "`contact sends sound FILE` needs a WAV file beside the conversation")
            default: throw Mistake(line: line, message: "a contact says, keys, chooses, sends, waits, is silent, hangs up; not “\(text)”")
            }
        }

        // MARK: Expectations

        private mutating func takeExpectation(_ content: Substring, _ line: Int) throws(Mistake) {
            let (word, rest) = content.firstWord
            let last = file.steps.count - 1
            switch word {
            case "attaches": file.steps[last].attached = try json(rest, line)
            case "fault":
                guard let fault = HubFault(rawValue: String(rest)) else {
                    throw Mistake(line: line, message: "“\(rest)” is none of \(HubFault.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                file.steps[last].fault = fault
            default: file.steps[last].expectations.append(Expectation(line: line, kind: try kind(word, rest, line)))
            }
        }

        private func kind(_ word: Substring, _ rest: Substring, _ line: Int) throws(Mistake) -> Kind {
            switch word {
            case "says":
                if rest == "nothing" { return .saysNothing }
                return rest == "…" || rest == "..." ? .saysRest : .says(try matcher(rest, line))
            case "offers": return .offers(Reader.choices(rest))
            case "branch": return .branch(try matcher(rest, line))
            case "takes": return .takes(try matcher(rest, line))
            case "intent": return .intent(try matcher(rest, line))
            case "context": return .context(try matcher(rest, line))
            case "collects": return .collects(try matcher(rest, line))
            case "collected": return .collected(try matcher(rest, line))
            case "tells", "slot":
                guard let equals = rest.firstIndex(of: "=") else { throw Mistake(line: line, message: "stands as `\(word) name = value`") }
                let name = String(rest[..<equals].trimmed)
                let value = try matcher(rest[rest.index(after: equals)...].trimmed, line)
                return word == "tells" ? .tells(name, value) : .slot(name, value)
            case "within": return .withinMilliseconds(try milliseconds(rest, line))
            case "calls":
                guard let count = Int(rest), count >= 0 else { throw Mistake(line: line, message: "stands as `calls 1`") }
                return .calls(count)
            case "warns": return .warns(try matcher(rest, line))
            case "no" where rest == "warnings": return .noWarnings
            case "ends":
                let (because, why) = rest.firstWord
                return because == "because" ? .endsBecause(try matcher(why, line)) : .ends
            case "transfers":
                let (to, skill) = rest.firstWord
                return .transfers(try matcher(to == "to" ? skill : rest, line))
            case "fails": return .fails(rest.isEmpty ? nil : try matcher(rest.firstWord.word == "with" ? rest.firstWord.rest : rest, line))
            case "ignored": return .isIgnored
            default:
                throw Mistake(
                    line: line,
                    message: "“\(word)” is none of says, offers, branch, takes, intent, context, collects, collected, tells, slot, within, calls, warns, "
                        + "no warnings, ends, transfers, fails, ignored, attaches, fault")
            }
        }

        // MARK: Values

        /// `words`, `"words with \n"`, `/expression/`, `one of a | b`.
        private func matcher(_ text: Substring, _ line: Int) throws(Mistake) -> Matcher {
            if text.first == "/", text.last == "/", text.count > 2 {
                let source = String(text.dropFirst().dropLast())
                do { _ = try Regex(source) } catch { throw Mistake(line: line, message: "/\(source)/ is no regular expression") }
                return .expression(source)
            }
            if text.hasPrefix("one of ") { return .oneOf(Reader.choices(text.dropFirst(7))) }
            return .exactly(try words(text, line))
        }

        private func words(_ text: Substring, _ line: Int) throws(Mistake) -> String {
            guard text.first == "\"" else {
                guard !text.isEmpty else { throw Mistake(line: line, message: "lacks its words") }
                return String(text)
            }
            guard let value = (try? JSON(parsing: Array(text.utf8)))?.string else {
                throw Mistake(line: line, message: "\(text) is no text in quotes as in JSON")
            }
            return value
        }

        private static func choices(_ text: Substring) -> [String] { text.split(separator: "|").map { String($0.trimmed) } }

        private func json(_ text: Substring, _ line: Int) throws(Mistake) -> RawJSON {
            guard let value = try? RawJSON(parsing: Array(text.utf8)) else { throw Mistake(line: line, message: "holds no JSON: \(text)") }
            return value
        }

        private func milliseconds(_ text: Substring, _ line: Int) throws(Mistake) -> Int {
            let parts = text.split(separator: " ")
            if parts.count == 2, let number = Double(parts[0]), number >= 0, number <= 600_000 {
                if parts[1] == "ms" { return Int(number) }
                if parts[1] == "s" || parts[1] == "seconds" { return Int(number * 1000) }
            }
            throw Mistake(line: line, message: "a time stands as `500 ms` or `6 s`")
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return text
    }

    fileprivate var firstWord: (word: Substring, rest: Substring) {
        let word = prefix { $0 != " " && $0 != "\t" }
        return (word, self[word.endIndex...].trimmed)
    }
}
