import Conversation
import JSON
import Secrets

/// An agent's message as CXone posts it, in the new shape (`byoc.md` §3.2) or the legacy one (§3.3); whichever it is, what is there is taken.
struct OutboundCallback {
    /// One of `recipients` or `endUserRecipients`, to be told back as it came.
    struct Recipient {
        let id: String
        let name: String?
        let isPrimary: Bool?
        let isPrivate: Bool?
    }

    /// CXone's own id of the message: legacy bodies have one.
    let ownID: String?
    /// CXone's id of the channel, where the body tells it.
    let channel: String?
    let thread: String?
    let threadName: String?
    let recipients: [Recipient]
    let content: OutboundContent?
    /// The content as it came, by which an identical message is recognised.
    private let contentOctets: [UInt8]
    let files: [OutboundFile]
    let replyTo: String?
    /// CXone's own id of the message answered; in its old vocabulary external ids stand in it (`{channelId}_{id}`).
    let internalReplyTo: String?
    let isQuote: Bool
    let title: String?
    let author: String?

    init(reading json: JSON) throws(CallbackProblem) {
        let body = CallbackValue(json)
        let thread = try body.object("thread")
        let post = try body.object("post")
        ownID = try body.id(at: "id", "message.id")
        channel = try body.id(at: "channelId", "channel.id", "post.channelId")
        self.thread = try body.id(
            at: "thread.idOnExternalPlatform", "threadIdOnExternalPlatform", "post.thread.idOnExternalPlatform", "post.threadIdOnExternalPlatform",
            "post.idOnExternalPlatform")
        threadName = thread?.text("threadName") ?? post?.text("threadName")
        recipients = try Self.recipients(body)
        files = try Self.files(body)
        replyTo = try body.id(at: "replyToMessage.idOnExternalPlatform", "replyToMessageIdOnExternalPlatform")
        internalReplyTo = try body.id(at: "replyToMessage.id", "replyToMessageId")
        isQuote = body.flag("isReplyToSpecificMessage") ?? false
        title = body.text("title")
        author = Self.name(json["author"] ?? json["authorUser"] ?? json["user"])
        content = try Self.content(body)
        contentOctets = Array(json["messageContent"]?.raw ?? []) + Array(json["content"]?.raw ?? [])
    }

    private static func content(_ body: CallbackValue) throws(CallbackProblem) -> OutboundContent? {
        // A text in place of the object is understood: it can mean nothing else.
        if let text = body.json["messageContent"]?.string, !text.isEmpty { return .text(text) }
        if let content = try body.object("messageContent"), let found = FromMessageContent.content(content.json) { return found }
        return FromMessageContent.words(body.json["content"]).map { .text($0) }
    }

    static func recipients(_ body: CallbackValue) throws(CallbackProblem) -> [Recipient] {
        var found: [Recipient] = []
        for name in ["endUserRecipients", "recipients"] where found.isEmpty {
            for entry in try body.list(name) {
                found.append(Recipient(
                    id: try entry.requiredID("idOnExternalPlatform"), name: entry.text("name"), isPrimary: entry.flag("isPrimary"),
                    isPrivate: entry.flag("isPrivate")))
            }
        }
        return found
    }

    /// `friendlyName` and `url`; one demo of NICE's names them otherwise (§9).
    private static func files(_ body: CallbackValue) throws(CallbackProblem) -> [OutboundFile] {
        var found: [OutboundFile] = []
        for entry in try body.list("attachments") {
            guard let url = entry.text("url") ?? entry.text("fileUrl") else { throw .malformed(entry.path + ["url"], "is missing") }
            found.append(OutboundFile(url: url, name: entry.text("friendlyName") ?? entry.text("fileName") ?? "file"))
        }
        return found
    }

    private static func name(_ user: JSON?) -> String? {
        guard let user, user.kind == .object else { return nil }
        let value = CallbackValue(user)
        if let nickname = value.text("nickname") { return nickname }
        let full = [value.text("firstName"), value.text("surname") ?? value.text("lastName")].compactMap { $0 }.joined(separator: " ")
        return full.isEmpty ? nil : full
    }

    // MARK: As a message

    var people: [Person] { recipients.map { Person(PersonID($0.id), nickname: $0.name) } }

    /// The message for one channel.
    /// - Parameter thread: From the body or, in legacy calls, from the path.
    func message(through channel: Channel, at place: PointOfContact, thread: String?) -> OutboundMessage {
        let answered = replyTo ?? internalReplyTo.flatMap { Self.external($0, of: place.id) }
        var message = OutboundMessage(
            key: key(at: place, thread: thread, answered: answered), visibility: place.visibility, thread: thread.map { ThreadID($0) },
            recipients: people, content: content ?? .none, files: files, replyTo: answered.map { MessageID($0) }, isQuote: isQuote && answered != nil)
        message.keyIsDigest = ownID == nil
        message.threadName = threadName
        message.title = title
        message.author = author
        return message
    }

    /// `{channelId}_{idOnExternalPlatform}`, as CXone writes ids of its own (§3.3).
    static func external(_ id: String, of channel: String) -> String? {
        let prefix = channel + "_"
        guard id.utf8.starts(with: prefix.utf8), id.utf8.count > prefix.utf8.count else { return nil }
        return String(decoding: id.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    /// CXone's own id where there is one, else a digest of all that makes a message what it is (§3.7). File URLs are signed anew with each
    /// call, so only what stands before their query counts.
    private func key(at place: PointOfContact, thread: String?, answered: String?) -> String {
        if let ownID { return "i." + Base64.encodeText(Digest.sha256(Array((place.id + "\u{0}" + ownID).utf8)), .url) }
        var writer = JSONWriter()
        writer.array { list in
            list.value(place.id)
            list.value(thread ?? "")
            list.value(answered ?? "")
            list.value(title ?? "")
            list.value(Digest.hex(Digest.sha256(contentOctets)))
            list.array { files in
                for file in self.files {
                    files.value(file.name)
                    files.value(String(file.url.prefix { $0 != "?" }))
                }
            }
            list.array { people in for recipient in self.recipients { people.value(recipient.id) } }
        }
        return "d." + Base64.encodeText(Digest.sha256(writer.bytes), .url)
    }
}
