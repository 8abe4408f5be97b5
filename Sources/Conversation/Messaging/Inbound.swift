package import JSON

/// Something that happened on the platform, in the order in which the platform told it.
package enum InboundEvent: Sendable {
    case message(InboundMessage)
    /// A message now reads otherwise. `message.id` is the edited message's; `message.occurred` the time of the edit.
    case edit(InboundMessage)
    case deletion(of: MessageID, in: ThreadID, visibility: Visibility)
    /// The contact received or read a message of ours.
    case receipt(Receipt)
    case typing(isOn: Bool, in: ThreadID, visibility: Visibility)
    /// The contact ended the conversation.
    case ending(of: ThreadID, visibility: Visibility)
}

/// What a contact wrote.
package struct InboundMessage: Sendable {
    package var id: MessageID
    package var thread: ThreadID
    package var threadName: String?
    package var visibility: Visibility
    package var author: Person
    package var content: InboundContent
    package var files: [InboundFile]
    /// The message that this one answers: the parent of a comment, or one that was quoted.
    package var replyTo: MessageID?
    /// Whether the contact quoted that very message, rather than answered in its place in a tree.
    package var isQuote: Bool
    /// Milliseconds since 1970, by the platform's clock.
    package var occurred: Int
    /// Permanent link on the platform.
    package var url: String?
    package var title: String?
    /// BCP 47.
    package var language: String?
    /// Values of the person, the contact or the message that the settings may carry to CXone's custom fields.
    package var facts: [(name: String, value: String)]
    /// Whether our own account wrote it: an echo of what we sent, or something that the business wrote by other means.
    package var isOwn: Bool

    package init(
        id: MessageID, thread: ThreadID, visibility: Visibility = .direct, author: Person, content: InboundContent, occurred: Int,
        files: [InboundFile] = [], replyTo: MessageID? = nil, isQuote: Bool = false, isOwn: Bool = false
    ) {
        self.id = id
        self.thread = thread
        self.visibility = visibility
        self.author = author
        self.content = content
        self.occurred = occurred
        self.files = files
        self.replyTo = replyTo
        self.isQuote = isQuote
        self.isOwn = isOwn
        facts = []
    }
}

package enum InboundContent: Sendable, Equatable {
    /// Nothing but files.
    case none
    case text(String)
    /// A choice that was shown before. `value` is what the choice carried; `title` what the contact saw.
    case choice(title: String, value: String?)
    /// Something that only words can carry to an agent, such as a place, a sticker, a contact card, a reaction; `words` say it all.
    case described(kind: String, words: String)
}

/// A file that a contact sent. It stays where it is until CXone fetches it.
package struct InboundFile: Sendable, Equatable {
    package enum Place: Sendable, Equatable {
        /// A URL that anybody may fetch without a credential, for as long as an agent may look at it.
        case open(url: String)
        /// What the channel's `FileSource` understands, such as `mxc://server/id`.
        case platform(reference: String)
    }

    package var place: Place
    /// As the contact named it: any characters at all; cleaned before it is used.
    package var name: String
    package var mediaType: String?
    /// Octets, when the platform tells.
    package var size: Int?

    package init(_ place: Place, name: String, mediaType: String? = nil, size: Int? = nil) {
        self.place = place
        self.name = name
        self.mediaType = mediaType
        self.size = size
    }
}

/// What became of a message that we sent.
package struct Receipt: Sendable, Equatable {
    /// Rising; a lower one after a higher one is of no interest. `failed` is final.
    package enum Status: Int, Sendable, Comparable {
        case delivered, seen, failed
        package static func < (left: Status, right: Status) -> Bool { left.rawValue < right.rawValue }
    }

    package var message: MessageID
    package var thread: ThreadID?
    package var status: Status
    package var visibility: Visibility
    /// Milliseconds since 1970.
    package var occurred: Int
    /// For an agent, with `failed`: one plain sentence.
    package var reason: String?
    /// Whether everything before this message in its thread was seen as well, as read markers say it.
    package var coversEarlier: Bool

    package init(
        _ status: Status, of message: MessageID, in thread: ThreadID? = nil, visibility: Visibility = .direct, occurred: Int,
        reason: String? = nil, coversEarlier: Bool = false
    ) {
        self.status = status
        self.message = message
        self.thread = thread
        self.visibility = visibility
        self.occurred = occurred
        self.reason = reason
        self.coversEarlier = coversEarlier
    }
}
