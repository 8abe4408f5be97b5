package import HTTP
package import Time

/// One channel of the settings with its adapter's abilities. What an adapter cannot do is `nil`; nobody asks at run time by casting.
package struct Channel: Sendable {
    /// `channels.<name>` of the settings; stands in `/webhook/{name}`, in store keys and logs.
    package let name: String
    /// `tenants.<name>` that it belongs to.
    package let tenant: String
    /// One for direct messages, one for posts, or both.
    package let pointsOfContact: [PointOfContact]
    package let capabilities: ChannelCapabilities
    package let mode: DeliveryMode
    package var inboundOptions = InboundOptions()
    /// Whether contacts see the agent's name.
    package var showsAuthor = false
    package var inbound: (any InboundChannel)?
    package var outbound: (any OutboundChannel)?
    package var opening: (any OpeningChannel)?
    package var typing: (any TypingChannel)?
    package var ending: (any EndingChannel)?
    package var files: (any FileSource)?

    package init(
        name: String, tenant: String, pointsOfContact: [PointOfContact], capabilities: ChannelCapabilities,
        mode: DeliveryMode = .sendThenAnswer
    ) {
        self.name = name
        self.tenant = tenant
        self.pointsOfContact = pointsOfContact
        self.capabilities = capabilities
        self.mode = mode
    }

    package func pointOfContact(for visibility: Visibility) -> PointOfContact? {
        pointsOfContact.first { $0.visibility == visibility }
    }
}

/// What is done with those events of a platform that CXone's contract leaves open (`byoc.md` §13, rows 9 and 10).
package struct InboundOptions: Sendable, Equatable {
    /// How a change of a message that CXone has already is told.
    package enum Change: String, Sendable, CaseIterable {
        /// As a message of its own, marked as what it is.
        case newMessage
        /// Under the same id; only where a tenant has shown that CXone then changes its message.
        case sameMessage
        case ignored
    }

    package var edits = Change.newMessage
    package var deletions = Change.newMessage
    /// Whether what the business wrote by other means is shown to agents, as outbound messages.
    package var carriesOwnMessages = false
    /// Milliseconds in which the platform wants its answer.
    package var window = 4500
    /// Facts that go to custom fields of the person, and of the contact.
    package var customerFields: [CarriedFact] = []
    package var contactFields: [CarriedFact] = []
    /// Stand before the text of an edited message.
    package var editedWords = "Edited: "
    /// Stand for a message that its author deleted.
    package var deletedWords = "This message was deleted."

    package init() {}
}

/// A fact that a platform tells of a person or a message, and CXone's name for it.
package struct CarriedFact: Sendable, Equatable {
    package var fact: String
    package var ident: String
    /// `fact`, or `fact=ident` where CXone calls it otherwise.
    package init(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        fact = parts.first ?? text
        ident = parts.count > 1 ? parts[1] : fact
    }
}

/// How an agent's message is acknowledged (`design.md` §4).
package enum DeliveryMode: String, Sendable, CaseIterable {
    /// The platform has it, or the callback fails.
    case sendThenAnswer
    /// A durable store has it; final failure is reported through the message's status.
    case acceptThenReport
}

/// How often a message can reach the contact when something breaks between sending and recording; each adapter's README says which.
package enum DeliveryClass: String, Sendable {
    /// The platform recognises a repeat.
    case once
    case mayDuplicate
    case mayDrop
}

/// What a platform can carry; `MessageDegrading` brings everything else into the nearest form.
package struct ChannelCapabilities: Sendable, Equatable {
    package var receives = true
    package var sends = true
    /// UTF-16 code units of one text; longer ones are cut. `nil`: no limit that matters.
    package var textLimit: Int?
    /// Choices of one message; 0: none, they become numbered lines.
    package var choices = 0
    package var showsLinks = false
    /// Kinds of card, by CXone's name of the type, that it shows as they are.
    package var cards: [String] = []
    /// Files of one message; 0: none, their names become text.
    package var files = 0
    /// Octets of one file.
    package var fileLimit = 20 << 20
    /// Whether text and files go in one message.
    package var combinesTextAndFiles = false
    package var quotes = false
    package var hasPosts = false
    package var reportsDelivered = false
    package var reportsSeen = false
    package var showsTyping = false
    package var opensThreads = false
    /// Session chat that ends, rather than a thread that lasts.
    package var isLiveChat = false
    package var edits = false
    package var deletes = false
    package var deliveryClass = DeliveryClass.mayDuplicate

    package init() {}
}

// MARK: Ports. Called concurrently for different threads, in order within one thread.

/// Reads what the platform posts to `/webhook/{channel}`.
package protocol InboundChannel: Sendable {
    /// Verifies on the raw octets, then translates. No message has any effect yet when this returns; only the platform's own housekeeping (joining a
    /// room it was invited to, creating the account that an invitation names), which may be repeated without harm, is done here.
    ///
    /// - Parameter path: What follows the channel's name in the path, without leading slash, still encoded; empty for `/webhook/{channel}` itself.
    func read(_ request: Request, path: Substring, by deadline: Instant) async throws(WebhookRefusal) -> Webhook
}

/// What a platform's request means.
package enum Webhook: Sendable {
    /// Answered with `answer` when all of them are taken, else with an error, so that the platform sends them again.
    ///
    /// `delivery` names this very delivery where the platform's signature covers such an id: what comes again under it, once taken, is answered
    /// the same and has no effect.
    case events([InboundEvent], answer: Response, delivery: String? = nil)
    /// A handshake, a ping, something of no interest: nothing to do but answer. `reason` is for the log.
    case answer(Response, reason: StaticString)
}

/// Why a platform's request is not served. The answer's body is a problem document; `reason` is for the log and tells no secret.
package struct WebhookRefusal: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// 401: no, wrong or expired proof of who sends.
        case unauthenticated
        /// 400
        case malformed
        /// 404
        case notFound
        /// 405
        case methodNotAllowed
        /// 413
        case tooLarge
        /// 415
        case wrongMediaType
        /// 503: what is needed to decide cannot be reached now.
        case notNow
    }

    package let code: Code
    package let reason: String
    /// With `methodNotAllowed`: what is allowed, as the field `Allow` says it.
    package let allow: String?

    package init(_ code: Code, reason: String = "", allow: String? = nil) {
        self.code = code
        self.reason = String(reason.prefix(200))
        self.allow = allow
    }
    package static func == (left: WebhookRefusal, right: WebhookRefusal) -> Bool { left.code == right.code }
    package var description: String { reason.isEmpty ? code.rawValue : "\(code.rawValue): \(reason)" }
}

/// Sends one part. It returns only when the platform has accepted it, and throws before or at `part.deadline`.
package protocol OutboundChannel: Sendable {
    func send(_ part: OutboundPart) async throws(ChannelError) -> SentPart
}

/// Begins conversations from the agent's side.
package protocol OpeningChannel: Sendable {
    /// Whether this person can be written to; throws `recipientRefused` with a sentence for the agent.
    func check(_ recipient: Person, by deadline: Instant) async throws(ChannelError)
    /// The thread in which messages to these people go; made when there is none. The same key never makes two.
    func open(with recipients: [Person], visibility: Visibility, name: String?, key: String, by deadline: Instant) async throws(ChannelError) -> ThreadID
}

/// Shows that an agent types; best effort. It is shown for a limited time: about ten seconds after the last `true` it ends by itself, on the
/// platform or in the adapter, because nobody is sure to say `false`.
package protocol TypingChannel: Sendable {
    func showTyping(_ isOn: Bool, in thread: ThreadID, by deadline: Instant) async throws(ChannelError)
}

/// Learns that an agent ended the conversation.
package protocol EndingChannel: Sendable {
    func end(_ thread: ThreadID, by deadline: Instant) async throws(ChannelError)
}

/// Hands out a file that a contact sent, piece by piece, for CXone to fetch.
package protocol FileSource: Sendable {
    /// Writes the file's head once, then its octets in order. Stops with the sink's error when the sink throws.
    func read(_ reference: String, by deadline: Instant, into sink: any FileSink) async throws(ChannelError)
}

/// Keeps files for a while, for a channel whose platform has no place for them.
package protocol FileKeeping: FileSource {
    /// - Returns: The reference by which the file is read.
    func keep(_ octets: [UInt8], mediaType: String?, by deadline: Instant) async throws(ChannelError) -> String
}

package protocol FileSink: Sendable {
    func begin(mediaType: String?, size: Int?) async throws(ChannelError)
    func write(_ octets: [UInt8]) async throws(ChannelError)
}

/// Why a platform did not take or give something. Equal by code.
package struct ChannelError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// Not reached: name, connection, TLS.
        case unreachable
        case timedOut
        /// The platform asks for patience.
        case throttled
        /// Our own credential is not accepted.
        case unauthorized
        /// This person cannot be written to: unknown, blocked us, or wrote too long ago.
        case recipientRefused
        /// The thread is gone, or never was.
        case threadGone
        /// The content cannot be carried.
        case contentRefused
        case tooLarge
        /// Other 4xx: the request or the settings are wrong.
        case rejected
        /// 5xx.
        case failed
        /// An answer that cannot be read.
        case malformed
        case cancelled
    }

    package let code: Code
    /// For logs: bounded, without URL, header, body or anything that a person said.
    package let reason: String
    /// For the agent: one plain sentence; `nil` leaves the words to the near side.
    package let sentence: String?
    package let retryAfterMilliseconds: Int?
    /// Whether the platform may have taken the message.
    package let mayHaveArrived: Bool

    package init(
        _ code: Code, reason: String, sentence: String? = nil, retryAfterMilliseconds: Int? = nil, mayHaveArrived: Bool = true
    ) {
        self.code = code
        self.reason = String(reason.prefix(200))
        self.sentence = sentence.map { String($0.prefix(300)) }
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.mayHaveArrived = mayHaveArrived
    }

    /// Whether trying again later may help; `false` is final.
    package var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .throttled, .failed, .malformed, .unauthorized, .cancelled: true
        case .recipientRefused, .threadGone, .contentRefused, .tooLarge, .rejected: false
        }
    }

    package static func == (left: ChannelError, right: ChannelError) -> Bool { left.code == right.code }
    package var description: String { "\(code.rawValue): \(reason)" }
}
