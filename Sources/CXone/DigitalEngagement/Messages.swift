package import Conversation
import HTTPTypes
package import JSON
package import Time

extension DigitalEngagementAPI {
    /// `POST /channels/{channelId}/messages`.
    package func create(
        _ message: MessageCreation, in place: PointOfContact, contact: String?, by deadline: Instant
    ) async throws(ContactCentreError) -> CreatedMessage {
        let json = try await send(
            Operation(
                .post, ["channels", place.id, "messages"], body: message.body,
                cost: .message(of: contact, isInbound: message.direction == .inbound)),
            by: deadline)
        // Any 2xx is success; what it does not tell, later calls do without.
        let stored = json?["message"], owner = json?["consumerContact"]
        return CreatedMessage(
            contact: stored?["contactNumber"]?.idText ?? owner?["contactNumber"]?.idText ?? owner?["id"]?.idText,
            message: stored?["id"]?.idText, customer: owner?["endUser"]?["id"]?.idText)
    }

    /// `PUT /channels/{channelId}/messages/{messageIdOnExternalPlatform}/status`.
    package func setStatus(
        _ status: MessageStatus, of message: MessageID, in place: PointOfContact, contact: String?, by deadline: Instant
    ) async throws(ContactCentreError) {
        try await send(
            Operation(
                .put, ["channels", place.id, "messages", message.text, "status"], body: status.body,
                cost: .update(of: contact, yields: status.status != .failed)),
            by: deadline)
    }

    /// `GET /messages`.
    package func messages(_ query: MessageQuery, by deadline: Instant) async throws(ContactCentreError) -> [StoredMessage] {
        var operation = Operation(.get, ["messages"], cost: .reading)
        operation.query = query.pairs
        guard let json = try await send(operation, by: deadline), let data = json["data"], data.kind == .array else {
            throw ContactCentreError(.malformed, reason: "the list of messages has no data")
        }
        return data.elements.map(StoredMessage.init)
    }

    /// `POST /messages/{messageId}/delete`: CXone deletes it on the platform as well.
    package func delete(message id: String, contact: String?, by deadline: Instant) async throws(ContactCentreError) {
        try await send(Operation(.post, ["messages", id, "delete"], cost: .update(of: contact)), by: deadline)
    }
}

/// The body of a status call (`byoc.md` §8.3).
package struct MessageStatus: Sendable, Equatable {
    package let status: Receipt.Status
    /// Milliseconds since 1970.
    package let updated: Int
    /// With `failed`: one sentence for agents.
    package let reason: String?

    package init(_ status: Receipt.Status, updated: Int, reason: String? = nil) {
        self.status = status
        self.updated = updated
        self.reason = status == .failed ? reason : nil
    }

    package var body: RawJSON {
        let name = switch status {
        case .delivered: "delivered"
        case .seen: "seen"
        case .failed: "failed"
        }
        return RawJSON { writer in
            writer.object { json in
                json.field("status", name)
                json.field("updatedAt", Timestamp.text(updated))
                json.field("reason", reason)
            }
        }
    }
}

/// The filters of `GET /messages` (`byoc.md` §8.7).
package struct MessageQuery: Sendable {
    package var query: String?
    package var externalIDs: [MessageID] = []
    package var channels: [String] = []
    package var tags: [String] = []
    package var excludedTags: [String] = []
    package var contact: String?
    package var authors: [PersonID] = []
    package var direction: MessageCreation.Direction?
    package var contains: String?
    package var containsNot: String?

    package init(externalIDs: [MessageID] = [], channels: [String] = []) {
        self.externalIDs = externalIDs
        self.channels = channels
    }

    var pairs: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) { if let value { pairs.append((name, value)) } }
        add("query", query)
        for id in externalIDs { add("idOnExternalPlatform[]", id.text) }
        for id in channels { add("channel[]", id) }
        for id in tags { add("tag[]", id) }
        for id in excludedTags { add("excludeTag[]", id) }
        add("contactNumber", contact)
        for id in authors { add("authorIdOnExternalPlatform[]", id.text) }
        add("direction", direction?.rawValue)
        add("contentContains", contains)
        add("contentNotContains", containsNot)
        return pairs
    }
}

/// A message as CXone tells of it; what we look at. Everything may be missing.
package struct StoredMessage: Sendable {
    package let id: String?
    package let externalID: MessageID?
    package let contact: String?
    package let channel: String?
    package let thread: ThreadID?
    package let direction: String?
    package let isDeleted: Bool

    init(_ json: JSON) {
        id = json["id"]?.idText
        externalID = json["idOnExternalPlatform"]?.idText.map { MessageID($0) }
        contact = json["contactNumber"]?.idText
        channel = json["channel"]?["id"]?.idText ?? json["channelId"]?.idText
        thread = json["threadIdOnExternalPlatform"]?.idText.map { ThreadID($0) }
        direction = json["direction"]?.string
        isDeleted = json["isDeletedOnExternalPlatform"]?.bool ?? false
    }
}
