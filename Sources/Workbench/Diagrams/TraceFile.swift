package import JSON

/// A file to which functions append what they served (`exchange.trace.file`, `trace.file`): one JSON object a line, masked when it was written.
package struct TraceFile: Sendable {
    /// Turns or messages of one conversation, in the order of the file.
    package struct Conversation: Sendable {
        package let key: String
        /// The virtual agent, or the channel.
        package let agent: String
        /// Whether it is one of a channel, not of a virtual agent.
        package var isMessaging = false
        package var turns: [JSON] = []
    }

    package let conversations: [Conversation]
    /// Lines that are no record of a turn, such as the last one of a process that was killed.
    package let unreadable: Int

    package init(_ text: [UInt8]) {
        var found: [Conversation] = []
        var places: [String: Int] = [:]
        /// Which thread a message belongs to, where a later record names the message alone.
        var threads: [String: String] = [:]
        var unreadable = 0
        for line in text.split(separator: 0x0A) {
            guard let record = TraceRecord(Array(line)) else {
                unreadable += 1
                continue
            }
            // A turn that was refused before it was understood belongs to none.
            let named = InspectorEntry.conversation(record) ?? TraceFile.messages(record).lazy.compactMap { threads[$0] }.first
            let key = named ?? (record.isTurn ? "–" : record.function ?? "–")
            if let named, !record.isTurn { for message in TraceFile.messages(record) { threads[message] = named } }
            if let index = places[key] {
                found[index].turns.append(record.json)
            } else {
                places[key] = found.count
                found.append(Conversation(
                    key: key, agent: record.name ?? (record.isTurn ? "virtual agent" : "platform"), isMessaging: !record.isTurn, turns: [record.json]))
            }
        }
        conversations = found
        self.unreadable = unreadable
    }

    /// Ids of messages in paths and bodies.
    private static func messages(_ record: TraceRecord) -> [String] {
        var ids: [String] = []
        for call in record.json["calls"].map({ Array($0.elements) }) ?? [] {
            let path = (call["url"]?.string ?? "").split(separator: "/")
            if let place = path.lastIndex(of: "messages"), place + 1 < path.count { ids.append(String(path[place + 1])) }
            if let id = call["request"]?["idOnExternalPlatform"]?.string { ids.append(id) }
        }
        if let id = record.json["answer"]?["message"]?["idOnExternalPlatform"]?.string { ids.append(id) }
        return ids
    }
}

extension SequenceDiagram {
    /// How a conversation went, turn by turn or message by message.
    package init(_ conversation: TraceFile.Conversation) {
        let count = conversation.turns.count
        if conversation.isMessaging {
            self.init(
                title: "Conversation by \(conversation.agent), \(count) request\(count == 1 ? "" : "s")",
                participants: Self.messagingParticipants(conversation.agent))
        } else {
            self.init(
                title: "Conversation with \(conversation.agent), \(count) turn\(count == 1 ? "" : "s")",
                participants: [
                    Participant("contact", isPerson: true), Participant("CXone"), Participant("Virtual Agent Hub"), Participant("tunnel"),
                    Participant(conversation.agent),
                ])
        }
        var earlier: Int?
        for turn in conversation.turns {
            let time = turn["time"]?.integer
            if let time, let earlier, time > earlier { note("\(Self.seconds(time - earlier)) later") }
            earlier = time ?? earlier
            if conversation.isMessaging { add(message: turn) } else { add(turn) }
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
            let took = call["milliseconds"]?.numberLiteral.map { ", \($0) ms" } ?? ""
            answer(4, 3, (call["status"]?.numberLiteral ?? call["problem"]?.string ?? "no answer") + took)
        }
        let branch = turn["answer"]?["branchName"].flatMap { $0.string ?? $0.numberLiteral } ?? turn["outcome"]?.string ?? "–"
        let duration = turn["milliseconds"]?.numberLiteral.map { ", \($0) ms" } ?? ""
        answer(3, 2, "\(turn["status"]?.numberLiteral ?? "200")\(duration)")
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
