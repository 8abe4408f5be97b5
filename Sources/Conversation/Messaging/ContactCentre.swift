package import Time

/// The port to the contact centre: where contacts' messages go. One call each, no retries but the one after a refused token.
///
/// Paced by itself: a call waits for its turn within the tenant's and the contact's limits (`byoc.md` §5.3) until `deadline`, then throws
/// `throttled` with the time to wait. Every error says whether the effect is certain to be missing.
package protocol ContactCentre: Sendable {
    /// Stores a message of a contact; makes thread, customer and contact where they are new.
    func create(_ message: InboundMessage, _ options: CreateOptions, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError)
        -> CreatedMessage
    /// The message of this external id, if the contact centre has it: asked after a create whose outcome is unknown.
    func find(_ id: MessageID, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) -> CreatedMessage?
    /// - Parameter contact: The contact number, where known, whose limit the call counts against.
    func report(_ receipt: Receipt, contact: String?, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError)
    func showTyping(_ isOn: Bool, in thread: ThreadID, of place: PointOfContact, by deadline: Instant) async throws(ContactCentreError)
    /// The contact ended the thread: no more messages in it, and the contact resolved, or abandoned when nobody had answered (`byoc.md` §11).
    func end(_ thread: ThreadID, contact: String?, wasAnswered: Bool, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError)
    /// The contact writes again in a thread that was ended and lasts: agents can answer there again.
    func reopen(_ thread: ThreadID, contact: String?, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError)
    /// Contacts of these channels that were closed since, newest first: the fallback where nothing tells us that an agent closed.
    func closedContacts(of places: [PointOfContact], since epochMilliseconds: Int, by deadline: Instant) async throws(ContactCentreError)
        -> [ClosedContact]
    /// Keeps a file for a while and gives the URL under which CXone shows it to agents.
    func keep(_ file: [UInt8], mediaType: String, by deadline: Instant) async throws(ContactCentreError) -> String
}

/// What accompanies a message to the contact centre.
package struct CreateOptions: Sendable {
    /// Names, cleaned, and URLs that the contact centre can fetch.
    package var files: [(name: String, url: String)] = []
    /// Rich types, by CXone's name, that the channel can show.
    package var supportedTypes: [String] = []
    /// Whether the platform no longer has the message.
    package var isDeleted = false
    /// The id to create it under when that is not its own: an edit that must go as a message of its own.
    package var externalID: MessageID?
    /// Contact number, where known, whose limit the call counts against.
    package var contact: String?
    /// Whom the thread is with, for a message that is our own: the contact centre files it under the customer.
    package var customer: Person?
    /// Custom fields of the person, and of the contact when the message makes one, by the names that the contact centre knows.
    package var customerFields: [(name: String, value: String)] = []
    package var contactFields: [(name: String, value: String)] = []
    /// Free texts kept with the message.
    package var attributes: [(name: String, value: String)] = []

    package init() {}
}

package struct CreatedMessage: Sendable, Equatable {
    /// The contact number: CXone's `{contactNumber}`.
    package var contact: String?
    /// CXone's own id of the message.
    package var message: String?
    /// CXone's id of the customer.
    package var customer: String?
    package init(contact: String?, message: String?, customer: String?) {
        self.contact = contact
        self.message = message
        self.customer = customer
    }
}

package struct ClosedContact: Sendable, Equatable {
    package var contact: String
    package var thread: ThreadID
    package var place: String
    /// Milliseconds since 1970.
    package var closed: Int
    package init(contact: String, thread: ThreadID, place: String, closed: Int) {
        self.contact = contact
        self.thread = thread
        self.place = place
        self.closed = closed
    }
}

/// Why the contact centre did not take something. Equal by code.
package struct ContactCentreError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case unreachable, timedOut
        /// A limit: theirs (429, 503) or ours that keeps to theirs.
        case throttled
        /// No valid token could be had, or a fresh one was refused.
        case unauthorized
        /// 403: this channel may not be written to.
        case forbidden
        /// 404: no such channel, thread or message.
        case notFound
        /// 409: it is there already.
        case exists
        /// 400, 422 and other 4xx: they will never take it.
        case refused
        /// 5xx.
        case failed
        case malformed
        case cancelled
    }

    package let code: Code
    /// For logs: codes and field paths, the answer's `uid`; never a text of a person.
    package let reason: String
    package let retryAfterMilliseconds: Int?
    package let mayHaveArrived: Bool

    package init(_ code: Code, reason: String, retryAfterMilliseconds: Int? = nil, mayHaveArrived: Bool = true) {
        self.code = code
        self.reason = String(reason.prefix(300))
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.mayHaveArrived = mayHaveArrived
    }

    package var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .throttled, .unauthorized, .failed, .malformed, .cancelled: true
        case .forbidden, .notFound, .exists, .refused: false
        }
    }

    package static func == (left: ContactCentreError, right: ContactCentreError) -> Bool { left.code == right.code }
    package var description: String { "\(code.rawValue): \(reason)" }
}
