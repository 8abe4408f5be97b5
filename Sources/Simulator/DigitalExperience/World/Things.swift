package import HTTP
package import JSON
package import Secrets
import Time

/// One entry of the Bring Your Own Channel form (`byoc.md` §2).
package struct Integration: Sendable {
    package var id: String
    package var name = "Bring Your Own Channel"
    /// Base URL of the middleware, no slash at its end.
    package var boxURL: String
    /// The token endpoint, complete.
    package var authorizationURL: String
    package var clientID = "cxone"
    package var clientSecret: Secret
    /// The form's check box.
    package var usesOutboundV2 = true
    /// Pages for the administrator's browser.
    package var addURL: String?
    package var reconnectURL: String?
    package var removeURL: String?
    /// Where a workflow automation reports a contact's change of status; `nil` when none is set up (§11).
    package var eventsURL: String?
    /// The automation's `Authorization` field.
    package var eventsAuthorization: Secret?
    /// The automation's message: one object (`flat`) or the envelope of the event stream (§12).
    package var eventsShape = EventsShape.flat
    /// The client certificate that is shown to the middleware, and the authority that it must come from (mTLS).
    package var connection = ConnectionOptions()

    package enum EventsShape: String, CaseIterable, Sendable { case flat, envelope }

    package init(
        id: String = Fresh.uuid(), boxURL: String, authorizationURL: String? = nil, clientID: String = "cxone", clientSecret: Secret
    ) {
        self.id = id
        self.boxURL = boxURL
        self.authorizationURL = authorizationURL ?? boxURL + "/1.0/token"
        self.clientID = clientID
        self.clientSecret = clientSecret
    }
}

/// A digital point of contact.
package struct Channel: Sendable {
    package let id: String
    package let idOnExternalPlatform: String
    package let integrationID: String
    package let name: String
    package let isPrivate: Bool
    package let hasTreeStructure: Bool
    package let isLiveChat: Bool
    package let hasOutboundFlow: Bool
    package let hasManualOutboundFlow: Bool
    /// The request's members, as they were sent.
    package let fields: RawJSON
    package let createdAt: Int64
    package var isDeleted = false
}

package struct ThreadKey: Hashable, Sendable {
    package let channel: String
    package let idOnExternalPlatform: String
}

package struct Conversation: Sendable {
    package let key: ThreadKey
    package var name: String?
    package var canAddMoreMessages = true
    /// The contact that new messages belong to.
    package var contact: String?
    package var customerTypes = false
    /// Messages in the order of their arrival.
    package var messages: [String] = []

    /// CXone's own id: channel and external id joined (§3.3).
    package var id: String { "\(key.channel)_\(key.idOnExternalPlatform)" }
}

/// CXone's unit of work; older name *case*.
package struct Contact: Sendable {
    package enum Status: String, CaseIterable, Sendable { case new, open, pending, escalated, resolved, closed, trashed }

    package let number: String
    package let contactID = Fresh.uuid()
    package let interactionID = Fresh.uuid()
    package let customerContactID = Fresh.uuid()
    package let agentContactID = Fresh.uuid()
    package let thread: ThreadKey
    package let customer: String
    package let direction: Direction
    package let createdAt: Int64
    package var updatedAt: Int64
    package var status: Status
    package var statusUpdatedAt: Int64
    package var skillID: Int?
    package var assignee: Int?
    package var abandoned: String?
    package var customFields: [String: String] = [:]
    package var recipients: RawJSON?

    package var isOver: Bool { status == .closed || status == .trashed }
}

package enum Direction: String, Sendable { case inbound, outbound }

package struct Customer: Sendable {
    package let id: String
    package let idOnExternalPlatform: String
    package let channel: String
    package var firstName = ""
    package var lastName = ""
    package var nickname = ""
    package var image = ""
    package var customFields: [String: String] = [:]
    package var updatedAt: Int64
    package var inbound = 0
    package var outbound = 0
}

/// One item of a thread, whoever wrote it.
package struct Message: Sendable {
    package let id: String
    package let idOnExternalPlatform: String
    package let thread: ThreadKey
    package let contact: String
    package let customer: String
    package let direction: Direction
    package var createdAtWithMilliseconds: String
    /// When it arrived here, and as which message of all.
    package let arrivedAt: Int64
    package let sequence: Int
    package var content: RawJSON
    package var text: String
    package var attachments: [Attachment] = []
    package var author: RawJSON?
    package var recipients: RawJSON?
    package var replyTo: String?
    package var title: String?
    package var url: String?
    package var agent: Int?
    package var externalAttributes: RawJSON?
    package var reactions: RawJSON?
    package var isDeleted = false
    package var isRead = false
    /// How often it was created: more than once when the middleware repeated itself.
    package var creates = 1
    /// Delivery states in the order in which they came.
    package var statuses: [DeliveryStatus] = []
}

package struct Attachment: Sendable, Equatable {
    package let friendlyName: String
    package let url: String

    package init(friendlyName: String, url: String) { (self.friendlyName, self.url) = (friendlyName, url) }
}

package struct DeliveryStatus: Sendable, Equatable {
    package let status: String
    package let updatedAt: String
    package let reason: String?
}
