package import JSON
package import Time

/// What an agent, a bot or an automation wrote to a contact, as it came from CXone.
package struct OutboundMessage: Sendable {
    /// The same for every repeat of this very message, different for any other; from CXone's own id where there is one. ASCII, at most 64 characters.
    package var key: String
    /// Whether the key is only a digest of what the message says, because CXone gave it no id: then an equal message is the same one only while the
    /// first is being delivered, or when the answer to it could not be written (`byoc.md` §3.7). See `Outbox.answered`.
    package var keyIsDigest = false
    package var visibility: Visibility
    /// `nil` when it begins a conversation; then there are recipients.
    package var thread: ThreadID?
    package var threadName: String?
    package var recipients: [Person]
    package var content: OutboundContent
    package var files: [OutboundFile]
    package var replyTo: MessageID?
    /// Whether the agent quoted that very message.
    package var isQuote: Bool
    package var title: String?
    /// Who wrote it, where the settings let contacts know.
    package var author: String?

    package init(
        key: String, visibility: Visibility = .direct, thread: ThreadID?, recipients: [Person] = [], content: OutboundContent,
        files: [OutboundFile] = [], replyTo: MessageID? = nil, isQuote: Bool = false
    ) {
        self.key = key
        self.visibility = visibility
        self.thread = thread
        self.recipients = recipients
        self.content = content
        self.files = files
        self.replyTo = replyTo
        self.isQuote = isQuote
    }
}

/// What was written, in kinds that no platform and no contact centre owns (`byoc.md` §10).
package enum OutboundContent: Sendable, Equatable {
    /// Nothing but files.
    case none
    case text(String)
    case choices(Choices)
    case link(Link)
    /// A card that only some channels can show, as its JSON, with the words for all others.
    case card(RawJSON, kind: String, words: String)

    package struct Choices: Sendable, Equatable {
        package var title: String?
        package var text: String
        package var choices: [Choice]
        package init(title: String? = nil, text: String, choices: [Choice]) {
            self.title = title
            self.text = text
            self.choices = choices
        }
    }

    package struct Choice: Sendable, Equatable {
        package var title: String
        package var description: String?
        /// What comes back when it is chosen.
        package var value: String?
        /// Where it leads, for a choice that is a link.
        package var url: String?
        /// URL of a picture.
        package var image: String?
        package init(title: String, description: String? = nil, value: String? = nil, url: String? = nil, image: String? = nil) {
            self.title = title
            self.description = description
            self.value = value
            self.url = url
            self.image = image
        }
    }

    package struct Link: Sendable, Equatable {
        package var title: String
        package var url: String
        package var image: String?
        package init(title: String, url: String, image: String? = nil) {
            self.title = title
            self.url = url
            self.image = image
        }
    }
}

/// A file for a contact. Its URL is signed and short-lived: fetched at once, never stored or logged (`byoc.md` §9).
package struct OutboundFile: Sendable, Equatable {
    package var url: String
    package var name: String
    package init(url: String, name: String) {
        self.url = url
        self.name = name
    }
}

/// One message on the platform: what is left of an `OutboundMessage` after `MessageDegrading` cut it to what the channel can carry.
package struct OutboundPart: Sendable {
    package enum Body: Sendable, Equatable {
        case text(String)
        case choices(OutboundContent.Choices)
        case link(OutboundContent.Link)
        case card(RawJSON, kind: String)
    }

    package var body: Body?
    package var files: [OutboundFile]
    /// The same for every attempt of this very part: the platform's idempotency key where it has one.
    package var key: String
    package var visibility: Visibility
    package var thread: ThreadID
    package var recipients: [Person]
    package var replyTo: MessageID?
    package var isQuote: Bool
    package var title: String?
    package var author: String?
    package var deadline: Instant

    package init(
        body: Body?, files: [OutboundFile] = [], key: String, visibility: Visibility, thread: ThreadID, recipients: [Person] = [],
        replyTo: MessageID? = nil, isQuote: Bool = false, title: String? = nil, author: String? = nil, deadline: Instant
    ) {
        self.body = body
        self.files = files
        self.key = key
        self.visibility = visibility
        self.thread = thread
        self.recipients = recipients
        self.replyTo = replyTo
        self.isQuote = isQuote
        self.title = title
        self.author = author
        self.deadline = deadline
    }
}

/// What the platform made of one part.
package struct SentPart: Sendable, Equatable {
    package var id: MessageID
    /// Milliseconds since 1970, by the platform's clock where it tells.
    package var occurred: Int?
    package var url: String?

    package init(id: MessageID, occurred: Int? = nil, url: String? = nil) {
        self.id = id
        self.occurred = occurred
        self.url = url
    }
}
