package import JSON

/// The file to which the exchange appends its turns (`exchange.trace.file`): one JSON object a line, masked when it was written.
package struct TraceFile: Sendable {
    /// Turns of one conversation, in the order of the file.
    package struct Conversation: Sendable {
        package let key: String
        package let agent: String
        package var turns: [JSON] = []
    }

    package let conversations: [Conversation]
    /// Lines that are no record of a turn, such as the last one of a process that was killed.
    package let unreadable: Int

    package init(_ text: [UInt8]) {
        var found: [Conversation] = []
        var unreadable = 0
        for line in text.split(separator: 0x0A) {
            guard let record = try? JSON(parsing: Array(line)), record["answer"] != nil else {
                unreadable += 1
                continue
            }
            // A turn that was refused before it was understood belongs to none.
            let key = record["turn"]?["conversation"]?.string ?? record["ref"]?.string ?? "–"
            if let index = found.firstIndex(where: { $0.key == key }) {
                found[index].turns.append(record)
            } else {
                found.append(Conversation(key: key, agent: record["agent"]?.string ?? "virtual agent", turns: [record]))
            }
        }
        conversations = found
        self.unreadable = unreadable
    }
}

extension SequenceDiagram {
    /// How a conversation with a virtual agent went, turn by turn.
    package init(_ conversation: TraceFile.Conversation) {
        self.init(
            title: "Conversation with \(conversation.agent), \(conversation.turns.count) turn\(conversation.turns.count == 1 ? "" : "s")",
            participants: [
                Participant("contact", isPerson: true), Participant("CXone"), Participant("Virtual Agent Hub"), Participant("tunnel"),
                Participant(conversation.agent),
            ])
        var earlier: Int?
        for turn in conversation.turns {
            let time = turn["time"]?.integer
            if let time, let earlier, time > earlier { note("\(Self.seconds(time - earlier)) later") }
            earlier = time ?? earlier
            add(turn)
        }
    }

    private mutating func add(_ turn: JSON) {
        let input = turn["turn"]?["input"]?.string ?? "a request that was not understood"
        let type = turn["request"]?["userInputType"].flatMap { $0.string ?? $0.numberLiteral } ?? "–"
        ask(0, 1, Self.spoken(input))
        ask(1, 2, "turn")
        ask(2, 3, "POST /exchange, type \(type)")
        for call in turn["calls"].map({ Array($0.elements) }) ?? [] {
            ask(3, 4, [call["method"]?.string, call["url"]?.string.map(Self.path)].compactMap(\.self).joined(separator: " "))
            answer(4, 3, call["status"]?.numberLiteral ?? call["problem"]?.string ?? "no answer")
        }
        let branch = turn["answer"]?["branchName"].flatMap { $0.string ?? $0.numberLiteral } ?? turn["outcome"]?.string ?? "–"
        let duration = turn["milliseconds"]?.numberLiteral.map { ", \($0) ms" } ?? ""
        answer(3, 2, "200\(duration)")
        answer(2, 1, branch)
        let words = Self.prompts(turn["answer"])
        answer(1, 0, words.isEmpty ? "(nothing to say)" : words)
    }

    private static func spoken(_ input: String) -> String {
        guard let colon = input.firstIndex(of: ":") else { return input }
        let value = input[input.index(after: colon)...]
        return switch input[..<colon] {
        case "text": "“\(value)”"
        case "digits": "keys: \(value) digits"
        case "silence": "silence, number \(value)"
        case "start": "begins (\(value))"
        case "event": "event \(value)"
        default: input
        }
    }

    private static func prompts(_ answer: JSON?) -> String {
        guard let prompts = answer?["nextPromptSequence"]?["prompts"], prompts.kind == .array else { return "" }
        return prompts.elements.compactMap { $0["transcript"]?.string }.joined(separator: " ")
    }

    private static func path(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let path = url[scheme.upperBound...].drop { $0 != "/" }
        return path.isEmpty ? "/" : String(path)
    }

    private static func seconds(_ milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
