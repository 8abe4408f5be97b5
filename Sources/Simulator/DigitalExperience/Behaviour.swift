/// What is not known about CXone, as switches (`byoc.md` §13), and how well or badly this run behaves. May be changed at any time.
package struct Behaviour: Sendable {
    // MARK: Callbacks

    /// Further attempts after a callback that failed in a way that may pass: no answer, 429, 5xx. Unknown (§13.11): try 0, 3 and 10.
    package var retries = 0
    /// Milliseconds between attempts.
    package var retrySpacing = 1000
    /// Milliseconds after which an attempt is given up.
    package var callbackTimeout = 10_000
    package var firstAttempt = FirstAttempt.withoutToken
    /// Name of the list of people in callbacks: `endUserRecipients` or `recipients` (§13.5).
    package var recipientsName = RecipientsName.endUserRecipients
    /// Milliseconds between the middleware's answer and the moment the message is known here, so that a quick status comes too early.
    package var storingDelay = 0

    /// What a callback carries while no token is known (§3.1).
    package enum FirstAttempt: String, CaseIterable, Sendable {
        /// As NICE's sample observed it: 401 first, then token, then the same message again.
        case withoutToken
        /// The same with a token that has run out.
        case withOldToken
        /// The token first.
        case withToken
    }

    package enum RecipientsName: String, CaseIterable, Sendable { case endUserRecipients, recipients }

    // MARK: The API

    package var duplicates = Duplicates.update
    /// Put before a new channel's `idOnExternalPlatform` to make the channel's id, as other channel types have it (`chat_…`); `nil` keeps
    /// the id of the request (§7.1).
    package var channelIDPrefix: String?
    /// The flags that only `GET /channels` shows (§13.16).
    package var canSendSenderActions = true
    package var isTrackingDeliveryStatus = true
    package var earlyStatus = EarlyStatus.refuse
    package var unknownFields = UnknownFields.refuse
    package var closedThread = ClosedThread.newContact
    /// Whether contact numbers stand as JSON numbers in messages (§13.25).
    package var numericContactNumbers = false
    package var successes = Successes.plain
    /// Idents of custom fields that are defined; `nil` takes any.
    package var customFields: [String]?
    package var limits = Limits.documented
    /// Seconds.
    package var tokenLife = 3600
    /// Seconds.
    package var oneTimeTokenLife = 300
    /// Octets of an uploaded file (§13.17).
    package var attachmentLimit = 40 << 20

    /// What a second create of a known `idOnExternalPlatform` does (§13.9).
    package enum Duplicates: String, CaseIterable, Sendable { case update, ignore, refuse }
    /// What a status of a message that is not known does (§5.4).
    package enum EarlyStatus: String, CaseIterable, Sendable {
        /// 404.
        case refuse
        /// Kept and applied once the message is known.
        case keep
    }
    package enum UnknownFields: String, CaseIterable, Sendable { case refuse, ignore }
    /// What a message into a thread does whose contact was closed (§13.22).
    package enum ClosedThread: String, CaseIterable, Sendable { case newContact, refuse }
    /// Success codes vary between releases (§5.4).
    package enum Successes: String, CaseIterable, Sendable {
        case plain
        /// 200, 201 and 202 in turn; where nothing must be read from the answer, also an empty body and 204.
        case varied
    }

    // MARK: Health

    /// Milliseconds that every answer of the API takes.
    package var latency = 0
    /// Misbehaviour to come, first match first.
    package var faults: [Fault] = []

    package init() {}
}

/// One kind of misbehaviour: of the API towards the middleware, or of a callback that CXone makes.
package struct Fault: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Milliseconds beside the latency.
        case slow(Int)
        /// The connection ends and nothing has happened.
        case drop
        /// Everything has happened, and then the connection ends without an answer.
        case reset
        /// Nothing happens but this status, with `Retry-After` in seconds where given.
        case status(Int, retryAfter: Int? = nil)
        /// A page of a proxy in place of JSON, with this status; nothing has happened.
        case html(Int)

        // Callbacks

        /// The same callback once more: at the same moment, or milliseconds after the answer to the first.
        case duplicate(after: Int?)
        /// The answer does not reach CXone, which posts the same again.
        case lost
        /// A member that no release of today knows.
        case unknownField
        /// A token that has run out, although CXone believes in it.
        case expiredToken
        /// Half of the body.
        case cut

        var isOfCallbacks: Bool {
            switch self {
            case .duplicate, .lost, .unknownField, .expiredToken, .cut: true
            case .slow, .drop, .reset, .status, .html: false
            }
        }
    }

    package let kind: Kind
    /// `nil` for all operations.
    package let operation: Operation?
    /// How often it still happens; `nil` until it is taken away.
    package var count: Int?

    package init(_ kind: Kind, on operation: Operation? = nil, count: Int? = 1) {
        (self.kind, self.operation, self.count) = (kind, operation, count)
    }
}
