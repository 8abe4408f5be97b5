import Conversation
import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// Beginning, renewing and ending.
extension WebChatHandler {
    /// Characters of what a page tells of the visitor.
    private static let nameLimit = 80

    /// Begins a conversation, or, when a token of an earlier one is shown and `new` is not asked for, goes on with that one.
    func beginSession(_ call: ChatCall, body: JSON) async throws(ChatRefusal) -> Response {
        let earlier = try earlierToken(call)
        let deadline = deadline(call)
        let log = call.place.chat.log
        var token = ChatToken(
            channel: call.place.channel.name, origin: origin(for: call), visitor: earlier?.visitor ?? ChatToken.random("w-"),
            thread: earlier?.thread ?? "", name: earlier?.name, language: earlier?.language, expires: 0)
        if let name = body["name"], !name.isNull { token.name = try text(name, at: "name", limit: Self.nameLimit) }
        if let language = body["language"], !language.isNull { token.language = try text(language, at: "language", limit: 35) }
        let isNew = body["new"].flatMap { $0.isNull ? nil : $0 }
        guard isNew.map({ $0.bool != nil }) ?? true else { throw ChatRefusal(.malformed, place: "new") }
        var head: ChatHead?
        if earlier != nil, isNew?.bool != true {
            do {
                let thread = ThreadID(token.thread)
                head = try await log.change(thread, by: deadline) { $0.leaving = nil }.head
            } catch {
                // Forgotten: a new one takes its place, and the browser learns of it by the thread.
                guard error == .gone else { throw ChatRefusal(error) }
            }
        }
        if head == nil {
            try await count("sessions", of: call.request.front.peer ?? "", limit: call.place.chat.settings.limits.sessionsPerMinute, call)
            token.thread = ChatToken.random("c-")
            do { try await log.begin(ThreadID(token.thread), by: deadline) } catch { throw ChatRefusal(error) }
        }
        token.expires = Int(time.epochMilliseconds() / 1000) + call.place.chat.settings.sessionSeconds
        var writer = JSONWriter()
        writer.object { json in
            json.field("token", token.text(signedBy: call.place.chat.settings.sessionKeys))
            json.field("expiresIn", call.place.chat.settings.sessionSeconds)
            json.field("thread", token.thread)
            json.field("isNew", head == nil)
            json.field("ended", head?.ended?.rawValue)
        }
        return .json(.ok, writer.bytes, notes: [Note("outcome", head == nil ? "begun" : "renewed")])
    }

    /// The token shown, also one that expired a while ago. A token that is not ours, or too old, begins anew like none: a browser can do nothing
    /// else with it.
    private func earlierToken(_ call: ChatCall) throws(ChatRefusal) -> ChatToken? {
        guard let field = call.request.fields.value(.authorization), field.lowercased().hasPrefix("bearer ") else { return nil }
        do {
            return try token(String(field.dropFirst(7)), call, grace: ChatToken.renewal)
        } catch {
            if error.response.status == .unauthorized { return nil }
            throw error
        }
    }

    func text(_ value: JSON, at place: String, limit: Int) throws(ChatRefusal) -> String {
        guard let text = value.string else { throw ChatRefusal(.malformed, place: place) }
        guard text.count <= limit else { throw ChatRefusal(.tooLong, place: place) }
        return text
    }

    // MARK: Ending

    /// The contact ends the conversation. The contact centre learns of it first; the log shows it when that is done.
    func end(_ call: ChatCall, _ token: ChatToken) async throws(ChatRefusal) -> Response {
        let thread = ThreadID(token.thread)
        let head = try await head(of: thread, call)
        if head.ended == nil { try await end(thread, call, by: deadline(call)) }
        return Response(status: .noContent, notes: [Note("outcome", "ended")])
    }

    private func end(_ thread: ThreadID, _ call: ChatCall, by deadline: Instant) async throws(ChatRefusal) {
        // Nobody at the desk knows of a conversation in which nothing was written.
        if try await head(of: thread, call).next > 1 {
            try check(await inbox.accept([.ending(of: thread, visibility: .direct)], from: call.place.channel, by: deadline))
        }
        let occurred = Int(time.epochMilliseconds())
        do {
            _ = try await call.place.chat.log.append(key: "end", to: thread, by: deadline, ending: .contact) {
                ChatEntry.end($0, by: .contact, occurred: occurred)
            }
        } catch {
            throw ChatRefusal(error)
        }
    }

    /// A window was closed. The conversation ends after a grace, unless some window asks for messages meanwhile: this one, shown again, or another.
    ///
    /// The body comes as text, because a browser that closes a page sends nothing that must be asked for first.
    func leave(_ call: ChatCall) async throws(ChatRefusal) -> Response {
        guard call.request.body.count <= 4096, let json = try? JSON(parsing: call.request.body), let text = json["token"]?.string,
            let tab = json["tab"]?.string, (1...64).contains(tab.utf8.count)
        else { throw ChatRefusal(.malformed, place: "$") }
        let token = try token(text, call)
        guard call.place.chat.settings.endsWhenLeft else { return Response(status: .noContent) }
        let thread = ThreadID(token.thread)
        let mark = ChatHead.Leaving(tab: tab, at: Int(time.epochMilliseconds()))
        do {
            let head = try await call.place.chat.log.change(thread, by: deadline(call)) { head in
                if head.ended == nil { head.leaving = mark }
            }.head
            guard head.leaving == mark else { return Response(status: .noContent) }
        } catch {
            throw ChatRefusal(error)
        }
        // A task of its own on this loop: the browser may be gone, and with it the request, before the grace is over.
        let waiting = Task(executorPreference: EventLoop.current) { await endIfLeft(mark, thread, call) }
        return Response(status: .noContent, notes: [Note("outcome", await waiting.value ? "left" : "stayed")])
    }

    private func endIfLeft(_ mark: ChatHead.Leaving, _ thread: ThreadID, _ call: ChatCall) async -> Bool {
        let over = time.now().advanced(byMilliseconds: call.place.chat.settings.graceSeconds * 1000)
        while time.now() < over {
            await sleep(min(over, time.now().advanced(byMilliseconds: 1000)))
            let deadline = time.now().advanced(byMilliseconds: 1000)
            if let head = try? await call.place.chat.log.head(of: thread, by: deadline), head.leaving != mark { return false }
        }
        do {
            try await end(thread, call, by: time.now().advanced(byMilliseconds: Self.patience))
            return true
        } catch {
            return false
        }
    }

    // MARK: What both need

    func head(of thread: ThreadID, _ call: ChatCall) async throws(ChatRefusal) -> ChatHead {
        do { return try await call.place.chat.log.head(of: thread, by: deadline(call)) } catch { throw ChatRefusal(error) }
    }

    /// Whether the contact centre has it; otherwise the browser keeps it and tries again.
    @discardableResult
    func check(_ acceptance: Acceptance) throws(ChatRefusal) -> Acceptance {
        if case .notNow(let wait, let reason) = acceptance.outcome {
            throw ChatRefusal(ChatProblem.notNow.response(retryAfterMilliseconds: wait, reason: reason))
        }
        return acceptance
    }
}
