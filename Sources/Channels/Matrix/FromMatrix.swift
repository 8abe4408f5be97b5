import Conversation
import JSON

/// Reads Matrix events, one by one, without asking anybody (specification, Client-Server API §8 and §11).
struct FromMatrix: Sendable {
    let accounts: Accounts
    /// Milliseconds since 1970: for events whose own time cannot be.
    let now: Int

    /// What one event asks for.
    enum Step {
        case message(InboundMessage)
        /// To be believed only when the author of the message that it changes is the same.
        case edit(InboundMessage)
        case deletion(MessageID, ThreadID)
        case invitation(Invitation)
        /// Somebody who is not ours went, or was sent away.
        case departure(of: String, from: ThreadID)
        /// The contact sent our account away.
        case dismissal(from: ThreadID)
        case name(of: String, String?)
        /// A message that only its devices can read.
        case encrypted(in: ThreadID)
    }

    struct Invitation {
        var room: ThreadID
        var account: String
        var inviter: String
        var isEncrypted: Bool
        var isDirect: Bool
    }

    func step(_ event: JSON) -> Step? {
        guard let type = event["type"]?.string, let sender = event["sender"]?.string, let room = event["room_id"]?.string,
            let id = event["event_id"]?.string, Accounts.isUser(sender), let content = event["content"]
        else { return nil }
        let thread = ThreadID(room)
        switch type {
        case "m.room.message": return message(content, event, id: id, thread, sender)
        case "m.sticker": return message(content, event, id: id, thread, sender, isSticker: true)
        case "m.reaction": return reaction(content, event, id: id, thread, sender).map(Step.message)
        case "m.room.redaction":
            guard !accounts.isOurs(sender), let target = (event["redacts"] ?? content["redacts"])?.string else { return nil }
            return .deletion(MessageID(target), thread)
        case "m.room.member": return membership(content, event, thread, sender)
        case "m.room.encrypted": return accounts.isOurs(sender) ? nil : .encrypted(in: thread)
        default: return nil
        }
    }

    // MARK: Messages

    private func message(
        _ content: JSON, _ event: JSON, id: String, _ thread: ThreadID, _ sender: String, isSticker: Bool = false
    ) -> Step? {
        let relation = content["m.relates_to"]
        let isEdit = relation?["rel_type"]?.string == "m.replace"
        // Content that was redacted meanwhile is empty.
        guard let text = isEdit ? content["m.new_content"] : content, text.kind == .object, text.count > 0 else { return nil }
        var message = start(event, id: id, thread, sender)
        // What we tell contacts ourselves is nobody's message.
        if message.isOwn, text["msgtype"]?.string == "m.notice" { return nil }
        guard read(text, into: &message, isReply: relation?["m.in_reply_to"] != nil, isSticker: isSticker) else { return nil }
        guard isEdit else {
            relate(relation, &message)
            return .message(message)
        }
        guard let edited = relation?["event_id"]?.string, !message.isOwn else { return nil }
        message.id = MessageID(edited)
        return .edit(message)
    }

    private func start(_ event: JSON, id: String, _ thread: ThreadID, _ sender: String) -> InboundMessage {
        let told = event["origin_server_ts"]?.integer ?? 0
        // Another server's clock tells it: after 2014, when Matrix began, and not after tomorrow.
        let occurred = told > 1_400_000_000_000 && told < now + 86_400_000 ? told : now
        var message = InboundMessage(
            id: MessageID(id), thread: thread, author: Person(PersonID(sender), nickname: Accounts.localpart(of: sender)), content: .none, occurred: occurred,
            isOwn: accounts.isOurs(sender))
        message.facts = [("matrixUser", sender), ("matrixServer", String(sender.drop { $0 != ":" }.dropFirst()))]
        return message
    }

    /// - Returns: Whether there is anything to tell.
    private func read(_ content: JSON, into message: inout InboundMessage, isReply: Bool, isSticker: Bool) -> Bool {
        let body = content["body"]?.string ?? ""
        let kind = isSticker ? "m.sticker" : content["msgtype"]?.string ?? ""
        switch kind {
        case "m.image", "m.file", "m.audio", "m.video", "m.sticker":
            return readFile(content, kind, body, into: &message)
        case "m.location":
            let place = [body, content["geo_uri"]?.string ?? ""].filter { !$0.isEmpty }
            message.content = .described(kind: "location", words: "Location: " + place.joined(separator: " "))
            return !place.isEmpty
        case "m.key.verification.request": return false
        default:
            var text = isReply ? Self.withoutFallback(body) : body
            if text.isEmpty, let markup = content["formatted_body"]?.string { text = Markup.plainText(markup) }
            guard !text.isEmpty else { return false }
            message.content = kind == "m.emote" ? .described(kind: "emote", words: "* " + text) : .text(text)
            return true
        }
    }

    private func readFile(_ content: JSON, _ kind: String, _ body: String, into message: inout InboundMessage) -> Bool {
        let info = content["info"]
        let name = content["filename"]?.string ?? body
        if let url = content["url"]?.string, MediaReference(url) != nil {
            message.files = [InboundFile(
                .platform(reference: url), name: name, mediaType: info?["mimetype"]?.string,
                size: info?["size"]?.integer.flatMap { $0 >= 0 ? $0 : nil })]
        }
        if kind == "m.sticker" {
            message.content = .described(kind: "sticker", words: "Sticker: " + body)
        } else if message.files.isEmpty {
            // Encrypted, or without a file at all.
            message.content = .described(kind: "file", words: "A file that cannot be read here: " + name)
        } else if content["filename"]?.string != nil, body != name, !body.isEmpty {
            message.content = .text(body)
        }
        return true
    }

    /// What a reaction says only words can carry to an agent.
    private func reaction(_ content: JSON, _ event: JSON, id: String, _ thread: ThreadID, _ sender: String) -> InboundMessage? {
        guard let relation = content["m.relates_to"], let key = relation["key"]?.string, let target = relation["event_id"]?.string
        else { return nil }
        var message = start(event, id: id, thread, sender)
        message.content = .described(kind: "reaction", words: "Reacted with " + key.prefix(64))
        message.replyTo = MessageID(target)
        message.isQuote = true
        return message
    }

    private func relate(_ relation: JSON?, _ message: inout InboundMessage) {
        guard let relation else { return }
        let quoted = relation["m.in_reply_to"]?["event_id"]?.string
        if relation["rel_type"]?.string == "m.thread", relation["is_falling_back"]?.bool == true || quoted == nil {
            message.replyTo = relation["event_id"]?.string.map(MessageID.init)
        } else if let quoted {
            message.replyTo = MessageID(quoted)
            message.isQuote = true
        }
    }

    /// Old clients put what they answer before the answer: lines that begin with `>`, and an empty one.
    static func withoutFallback(_ body: String) -> String {
        guard body.hasPrefix("> ") else { return body }
        let rest = body.split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix(">") }
        return (rest.first?.isEmpty == true ? rest.dropFirst() : rest).joined(separator: "\n")
    }

    // MARK: People

    private func membership(_ content: JSON, _ event: JSON, _ thread: ThreadID, _ sender: String) -> Step? {
        guard let user = event["state_key"]?.string, let membership = content["membership"]?.string else { return nil }
        let isOurs = accounts.isOurs(user)
        switch membership {
        case "invite" where isOurs && !accounts.isOurs(sender):
            let state = event["unsigned"]?["invite_room_state"]?.elements
            let isEncrypted = state?.contains { $0["type"]?.string == "m.room.encryption" } ?? false
            return .invitation(Invitation(
                room: thread, account: user, inviter: sender, isEncrypted: isEncrypted, isDirect: content["is_direct"]?.bool ?? false))
        case "join" where !isOurs: return .name(of: user, content["displayname"]?.string)
        case "leave" where isOurs, "ban" where isOurs:
            return user == accounts.sender && !accounts.isOurs(sender) ? .dismissal(from: thread) : nil
        // Whom we sent away did not end anything.
        case "leave" where !accounts.isOurs(sender), "ban" where !accounts.isOurs(sender): return .departure(of: user, from: thread)
        default: return nil
        }
    }

    // MARK: What passes (specification §11.5, §11.6)

    func passing(_ event: JSON) -> [InboundEvent] {
        guard let room = event["room_id"]?.string, let content = event["content"] else { return [] }
        switch event["type"]?.string {
        case "m.typing":
            let users = content["user_ids"]?.elements.compactMap(\.string) ?? []
            // Only our own: it tells nothing of the contact.
            guard users.isEmpty || users.contains(where: { !accounts.isOurs($0) }) else { return [] }
            return [.typing(isOn: !users.isEmpty, in: ThreadID(room), visibility: .direct)]
        case "m.receipt": return content.members.flatMap { receipts($0, in: ThreadID(room)) }
        default: return []
        }
    }

    private func receipts(_ member: JSON.Member, in thread: ThreadID) -> [InboundEvent] {
        (member.value["m.read"]?.members.map { $0 } ?? []).compactMap { reader in
            guard !accounts.isOurs(reader.name) else { return nil }
            let told = reader.value["ts"]?.integer ?? now
            let part = reader.value["thread_id"]?.string
            return .receipt(Receipt(
                .seen, of: MessageID(member.name), in: thread, occurred: min(max(told, 0), now), coversEarlier: part == nil || part == "main"))
        }
    }
}
