package import HTTP
package import Time

/// The port from a channel to the contact centre: takes what contacts did. `Delivery` implements it with claims, order and echo filter.
package protocol Inbox: Sendable {
    /// Returns when every event is taken, or has been tried. Where one cannot be, later ones of its thread are not taken either, so that order
    /// holds when the platform sends them again; those taken before are then recognised.
    func accept(_ events: [InboundEvent], from channel: Channel, by deadline: Instant) async -> Acceptance
}

package struct Acceptance: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// Everything was taken, had been taken before, or can never be taken and was put aside with its reason.
        case taken
        /// Send it again: nothing is lost while the platform keeps it.
        case notNow(retryAfterMilliseconds: Int, reason: String)
    }

    package var outcome: Outcome
    /// Counts for the log line.
    package var taken = 0
    package var repeated = 0
    package var ignored = 0
    package var putAside = 0
    /// CXone's contact number of the last message, for whoever shows it.
    package var contact: String?
    /// For the log line: why something was put aside or ignored.
    package var notes: [Note] = []

    package init(_ outcome: Outcome) { self.outcome = outcome }
}

/// The port from the contact centre to the channels: delivers what agents wrote.
package protocol Outbox: Sendable {
    func deliver(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async -> DeliveryOutcome
    /// The answer to a delivered message was written. Only of interest where `keyIsDigest`: an equal message that comes from now on is another one.
    func answered(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async
    /// The agent ended the conversation. The channel learns of it once, however often and by whichever way it is told.
    func end(_ thread: ThreadID, contact: String?, in channel: Channel, visibility: Visibility, by deadline: Instant) async -> EndingOutcome
    /// The same where only the contact number is known.
    func end(contact: String, in channels: [Channel], by deadline: Instant) async -> EndingOutcome
}

/// Work that no request brings with it: messages that wait to be sent again, conversations that an agent closed and nobody told us of.
package protocol Ticking: Sendable {
    /// Does what is due, until nothing is or `deadline` is near. Any number of processes may do it at once.
    func tick(by deadline: Instant) async -> TickReport
}

package struct TickReport: Sendable, Equatable {
    /// Messages that platforms took.
    package var sent = 0
    /// Messages that will be tried again.
    package var postponed = 0
    /// Messages that failed for good, and for which CXone was, or will be, told so.
    package var failed = 0
    /// Conversations of which channels learned that an agent ended them.
    package var ended = 0
    /// What could not be looked at, because the store or CXone did not answer.
    package var unseen = 0

    package init() {}
    package var isIdle: Bool { self == TickReport() }
}

package enum DeliveryOutcome: Sendable {
    /// The platform has it, or, in `acceptThenReport`, a durable store has.
    case delivered(Delivery)
    /// The same message is being delivered by someone else at this moment.
    case running(retryAfterMilliseconds: Int)
    case failed(ChannelError)
    /// The store could not take the claim; nothing was sent.
    case notNow(retryAfterMilliseconds: Int, reason: String)
}

/// What CXone must be told about a delivered message (`byoc.md` §3.2).
package struct Delivery: Sendable, Equatable {
    /// The id under which CXone will know it: of the text, or of the first part.
    package var message: MessageID
    package var thread: ThreadID
    /// Milliseconds since 1970.
    package var occurred: Int
    package var url: String?
    package var people: [Person]
    /// What could not be carried, as short names for the log.
    package var losses: [String]

    package init(message: MessageID, thread: ThreadID, occurred: Int, url: String? = nil, people: [Person] = [], losses: [String] = []) {
        self.message = message
        self.thread = thread
        self.occurred = occurred
        self.url = url
        self.people = people
        self.losses = losses
    }
}

package enum EndingOutcome: Sendable, Equatable {
    case ended
    /// It was ended before, or the thread is not known.
    case nothingToDo
    case failed(ChannelError)
    case notNow(retryAfterMilliseconds: Int, reason: String)
}
