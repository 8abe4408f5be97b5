import Conversation
import JSON

extension MessageCreation {
    /// A contact's message in CXone's words.
    init(_ message: InboundMessage, _ options: CreateOptions) {
        self.init(
            id: options.externalID ?? message.id, direction: message.isOwn ? .outbound : .inbound, created: message.occurred, thread: message.thread,
            content: Self.content(message.content), author: message.isOwn ? options.customer ?? message.author : message.author)
        threadName = message.threadName
        authorFields = options.customerFields.map { CustomField(ident: $0.name, value: $0.value) }
        replyTo = message.replyTo
        if message.replyTo != nil { isReplyToSpecificMessage = message.isQuote }
        url = message.url
        title = message.title
        attachments = options.files
        attributes = options.attributes.map { ($0.name, $0.value) }
        if options.isDeleted { isDeletedOnExternalPlatform = true }
        if !options.contactFields.isEmpty {
            var contact = Contact()
            contact.customFields = options.contactFields.map { CustomField(ident: $0.name, value: $0.value) }
            self.contact = contact
        }
        var fingerprint = Fingerprint()
        fingerprint.language = message.language
        fingerprint.applicationType = "byoc"
        fingerprint.supportedMessageTypes = options.supportedTypes.contains("TEXT") ? options.supportedTypes : ["TEXT"] + options.supportedTypes
        self.fingerprint = fingerprint
    }

    /// A choice goes as its text with the postback beside it (`byoc.md` §10); files alone go with an empty text.
    static func content(_ content: InboundContent) -> RawJSON {
        func text(_ text: String, postback: String? = nil) -> RawJSON {
            RawJSON { writer in
                writer.object { json in
                    json.field("type", "TEXT")
                    json.field("payload", object: { $0.field("text", text) })
                    json.field("postback", postback)
                }
            }
        }
        return switch content {
        case .none: text("")
        case .text(let words): text(words)
        case .choice(let title, let value): text(title, postback: value)
        case .described(_, let words): text(words)
        }
    }
}
