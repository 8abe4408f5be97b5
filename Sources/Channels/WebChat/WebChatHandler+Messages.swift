import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// What is written, shown and seen.
extension WebChatHandler {
    // MARK: Contact → agent

    func takeMessage(_ call: ChatCall, _ token: ChatToken, _ body: JSON) async throws(ChatRefusal) -> Response {
        let (place, thread) = (call.place, ThreadID(token.thread))
        let draft = try draft(body, limits: place.chat.settings.limits)
        let deadline = deadline(call)
        do {
            if let number = try await place.chat.log.number(of: draft.id, in: thread, by: deadline) {
                return accepted(draft.id, number, outcome: "repeated")
            }
        } catch {
            throw ChatRefusal(error)
        }
        guard try await head(of: thread, call).ended == nil else { throw ChatRefusal(.ended) }
        try await count("messages", of: token.visitor, limit: place.chat.settings.limits.messagesPerMinute, call)
        let files = try await files(draft.files, in: thread, call)
        let occurred = Int(time.epochMilliseconds())
        let acceptance = try check(await inbox.accept(
            [.message(inbound(draft, files, token, occurred: occurred))], from: place.channel, by: deadline))
        do {
            let number = try await place.chat.log.append(key: draft.id, to: thread, by: deadline) { number in
                ChatEntry.contact(number, id: draft.id, text: draft.text ?? draft.choice?.title, files: files, occurred: occurred)
            }
            return accepted(draft.id, number, outcome: acceptance.putAside > 0 ? "putAside" : "taken")
        } catch {
            throw ChatRefusal(error)
        }
    }

    private func inbound(_ draft: Draft, _ files: [ChatFile], _ token: ChatToken, occurred: Int) -> InboundMessage {
        let thread = ThreadID(token.thread)
        let content: InboundContent =
            if let choice = draft.choice { .choice(title: choice.title, value: choice.value) }
            else { draft.text.map { .text($0) } ?? .none }
        var message = InboundMessage(
            id: MessageID(token.thread + "." + draft.id), thread: thread, author: Person(PersonID(token.visitor), nickname: token.name),
            content: content, occurred: occurred,
            files: files.map { file in
                InboundFile(.platform(reference: file.reference), name: file.name, mediaType: file.type, size: file.size)
            })
        message.language = token.language
        return message
    }

    private func accepted(_ id: String, _ number: Int, outcome: String) -> Response {
        var writer = JSONWriter()
        writer.object { json in
            json.field("id", id)
            json.field("number", number)
        }
        return .json(.ok, writer.bytes, notes: [Note("outcome", outcome)])
    }

    /// A message as the script sends it.
    private struct Draft {
        var id: String
        var text: String?
        var choice: (title: String, value: String?)?
        var files: [String] = []
    }

    private func draft(_ body: JSON, limits: WebChatLimits) throws(ChatRefusal) -> Draft {
        guard let id = body["id"]?.string, (8...64).contains(id.utf8.count), id != "end", id.utf8.allSatisfy(Self.isPlain) else {
            throw ChatRefusal(.malformed, place: "id")
        }
        var draft = Draft(id: id)
        if let value = body["text"], !value.isNull { draft.text = try text(value, at: "text", limit: limits.text) }
        if draft.text?.allSatisfy(\.isWhitespace) == true { draft.text = nil }
        if let choice = body["choice"], !choice.isNull {
            guard let title = choice["title"] else { throw ChatRefusal(.malformed, place: "choice.title") }
            let value = choice["value"]
            draft.choice = (
                try text(title, at: "choice.title", limit: limits.text),
                try value.flatMap { $0.isNull ? nil : $0 }.map { value throws(ChatRefusal) in try text(value, at: "choice.value", limit: 4000) })
        }
        if let files = body["files"], !files.isNull {
            guard files.kind == .array else { throw ChatRefusal(.malformed, place: "files") }
            for file in files.elements {
                guard let id = file.string, id.utf8.count <= 64, id.utf8.allSatisfy(Self.isPlain) else { throw ChatRefusal(.malformed, place: "files") }
                draft.files.append(id)
            }
            guard draft.files.count <= limits.files else { throw ChatRefusal(.tooLong, place: "files") }
        }
        guard draft.text != nil || draft.choice != nil || !draft.files.isEmpty else { throw ChatRefusal(.malformed, place: "text") }
        return draft
    }

    static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    func takeTyping(_ call: ChatCall, _ token: ChatToken, _ body: JSON) async throws(ChatRefusal) -> Response {
        guard let isOn = body["on"]?.bool else { throw ChatRefusal(.malformed, place: "on") }
        let thread = ThreadID(token.thread)
        // Before the first message nobody at the desk knows the thread.
        let head = try await head(of: thread, call)
        if head.ended == nil, head.next > 1 {
            _ = await inbox.accept([.typing(isOn: isOn, in: thread, visibility: .direct)], from: call.place.channel, by: deadline(call))
        }
        return Response(status: .noContent)
    }

    // MARK: Agent → contact

    /// What was written after a number, or, when that is nothing yet, whatever comes within the time that the browser and we can wait.
    func messages(_ call: ChatCall, _ token: ChatToken) async throws(ChatRefusal) -> Response {
        let thread = ThreadID(token.thread)
        let after = try number("after", in: call.request, atMost: 1_000_000) ?? 0
        let wait = min(try number("wait", in: call.request, atMost: 60_000) ?? 0, hold)
        let knowsTyping = try number("typing", in: call.request, atMost: 1) == 1
        let tab = ChatQuery.parameter("tab", in: call.request)
        guard tab.map({ $0.count <= 64 }) ?? true else { throw ChatRefusal(.malformed, place: "tab") }
        let began = Int(time.epochMilliseconds())
        let end = call.begun(time.now()).advanced(byMilliseconds: wait)
        var end_ = end
        if let limit = call.request.front.deadline { end_ = min(end, limit.advanced(byMilliseconds: -2000)) }
        while true {
            let now = time.now()
            var head: ChatHead
            do {
                head = try await call.place.chat.log.head(of: thread, by: now.advanced(byMilliseconds: 2000))
                if let leaving = head.leaving, leaving.at < began || leaving.tab != tab {
                    head = try await call.place.chat.log.change(thread, by: deadline(call)) { if $0.leaving == leaving { $0.leaving = nil } }.head
                }
            } catch {
                throw ChatRefusal(error)
            }
            let epoch = Int(time.epochMilliseconds())
            let isTyping = head.typingUntil > epoch && head.ended == nil
            if head.next > after + 1 || isTyping != knowsTyping || now >= end_ {
                return try await messages(after: after, thread, head, isTyping: isTyping, call)
            }
            await sleep(min(end_, time.now().advanced(byMilliseconds: Self.pause(sinceLast: epoch - head.last))))
            if Task.isCancelled { return Response(status: .noContent) }
        }
    }

    /// Milliseconds between two looks at the store: short while people are talking, longer the longer nobody said anything.
    static func pause(sinceLast milliseconds: Int) -> Int {
        switch milliseconds {
        case ..<60_000: 250
        case ..<300_000: 500
        case ..<1_800_000: 1000
        default: 2000
        }
    }

    private func messages(
        after number: Int, _ thread: ThreadID, _ head: ChatHead, isTyping: Bool, _ call: ChatCall
    ) async throws(ChatRefusal) -> Response {
        let entries: [RawJSON]
        do {
            entries = try await call.place.chat.log.entries(after: number, in: thread, under: head, by: time.now().advanced(byMilliseconds: 5000))
        } catch {
            throw ChatRefusal(error)
        }
        var writer = JSONWriter()
        writer.object { json in
            json.field("entries", array: { json in for entry in entries { json.value(entry) } })
            json.field("last", head.next - 1)
            json.field("typing", isTyping)
            json.field("ended", head.ended?.rawValue)
        }
        return .json(.ok, writer.bytes, notes: [Note("entries", entries.count)])
    }

    private func number(_ name: String, in request: Request, atMost limit: Int) throws(ChatRefusal) -> Int? {
        guard let text = ChatQuery.parameter(name, in: request) else { return nil }
        guard !text.isEmpty, text.utf8.count <= 7, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number <= limit else {
            throw ChatRefusal(.malformed, place: name)
        }
        return number
    }

    /// Up to which entry the browser has fetched and shown. Each of the agent's messages gets each mark once.
    func takeMarks(_ call: ChatCall, _ token: ChatToken, _ body: JSON) async throws(ChatRefusal) -> Response {
        let (place, thread) = (call.place, ThreadID(token.thread))
        func mark(_ name: String) throws(ChatRefusal) -> Int {
            guard let value = body[name], !value.isNull else { return 0 }
            guard let number = value.integer, number >= 0 else { throw ChatRefusal(.malformed, place: name) }
            return number
        }
        let (delivered, seen) = (try mark("delivered"), try mark("seen"))
        let deadline = deadline(call)
        do {
            let head = try await place.chat.log.head(of: thread, by: deadline)
            let (newDelivered, newSeen) = (min(max(delivered, seen), head.next - 1), min(seen, head.next - 1))
            guard newDelivered > head.delivered || newSeen > head.seen else { return Response(status: .noContent) }
            let receipts = try await receipts(from: head, delivered: newDelivered, seen: newSeen, thread, place, by: deadline)
            if !receipts.isEmpty { try check(await inbox.accept(receipts, from: place.channel, by: deadline)) }
            try await place.chat.log.change(thread, by: deadline) { head in
                head.delivered = max(head.delivered, newDelivered)
                head.seen = max(head.seen, newSeen)
            }
        } catch let error as ChatLog.Failure {
            throw ChatRefusal(error)
        } catch let error as ChatRefusal {
            throw error
        } catch {
            throw ChatRefusal(.notNow)
        }
        return Response(status: .noContent)
    }

    private func receipts(
        from head: ChatHead, delivered: Int, seen: Int, _ thread: ThreadID, _ place: WebChatPlace, by deadline: Instant
    ) async throws(ChatLog.Failure) -> [InboundEvent] {
        let entries = try await place.chat.log.entries(after: min(head.delivered, head.seen), in: thread, under: head, by: deadline)
        let now = Int(time.epochMilliseconds())
        var events: [InboundEvent] = []
        for entry in entries {
            guard let json = entry.parsed(), json["from"]?.string == "agent", json["event"] == nil, let number = json["number"]?.integer,
                let id = json["id"]?.string
            else { continue }
            if number > head.seen, number <= seen {
                events.append(.receipt(Receipt(.seen, of: MessageID(id), in: thread, occurred: now)))
            } else if number > head.delivered, number <= delivered {
                events.append(.receipt(Receipt(.delivered, of: MessageID(id), in: thread, occurred: now)))
            }
        }
        return events
    }
}
