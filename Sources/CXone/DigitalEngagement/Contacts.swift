package import Conversation
import HTTPTypes
package import JSON
package import Time

/// `new` … `trashed` (`byoc.md` §8.5).
package enum ContactStatus: String, Sendable, CaseIterable {
    case new, open, pending, escalated, resolved, closed, trashed
}

extension DigitalEngagementAPI {
    /// `GET /contacts`: one page.
    package func contacts(
        _ query: ContactQuery, by deadline: Instant
    ) async throws(ContactCentreError) -> (contacts: [StoredContact], scrollToken: String?) {
        var operation = Operation(.get, ["contacts"], cost: .reading)
        operation.query = query.pairs
        guard let json = try await send(operation, by: deadline), let data = json["data"], data.kind == .array else {
            throw ContactCentreError(.malformed, reason: "the list of contacts has no data")
        }
        return (data.elements.map(StoredContact.init), json["scrollToken"]?.idText)
    }

    /// `GET /contacts/{contactNumber}`.
    package func contact(_ number: String, by deadline: Instant) async throws(ContactCentreError) -> StoredContact {
        guard let json = try await send(Operation(.get, ["contacts", number], cost: .reading), by: deadline) else {
            throw ContactCentreError(.malformed, reason: "the contact has no body")
        }
        return StoredContact(json)
    }

    /// `PUT /contacts/{contactNumber}/status`. `resolved` keeps the agent's wrap-up, `closed` is final.
    package func setStatus(_ status: ContactStatus, ofContact number: String, by deadline: Instant) async throws(ContactCentreError) {
        let body = RawJSON { $0.object { $0.field("status", status.rawValue) } }
        try await send(Operation(.put, ["contacts", number, "status"], body: body, cost: .update(of: number)), by: deadline)
    }

    /// `POST /contacts/{contactNumber}/abandon`: the customer left before an agent answered.
    package func abandon(_ number: String, by deadline: Instant) async throws(ContactCentreError) {
        let body = RawJSON { $0.object { $0.field("type", "abandon") } }
        try await send(Operation(.post, ["contacts", number, "abandon"], body: body, cost: .update(of: number)), by: deadline)
    }

    /// `PUT /contacts/{contactNumber}/agent-contacts/{agentContactId}/close`: ends one agent's part.
    package func close(agentContact id: String, ofContact number: String, by deadline: Instant) async throws(ContactCentreError) {
        try await send(Operation(.put, ["contacts", number, "agent-contacts", id, "close"], cost: .update(of: number)), by: deadline)
    }

    /// `PUT /contacts/{contactNumber}/custom-fields`; all of them in one call, which counts once.
    package func setFields(_ fields: [CustomField], ofContact number: String, by deadline: Instant) async throws(ContactCentreError) {
        try await send(Operation(.put, ["contacts", number, "custom-fields"], body: fields.body, cost: .update(of: number)), by: deadline)
    }

    /// `PUT /customers/{customerId}/custom-fields` (`byoc.md` §8.6).
    package func setFields(_ fields: [CustomField], ofCustomer id: String, by deadline: Instant) async throws(ContactCentreError) {
        try await send(Operation(.put, ["customers", id, "custom-fields"], body: fields.body, cost: .update(of: nil)), by: deadline)
    }
}

extension [CustomField] {
    fileprivate var body: RawJSON { RawJSON { writer in writer.array { list in for field in self { field.write(to: &list) } } } }
}

/// The filters of `GET /contacts`.
package struct ContactQuery: Sendable {
    package enum Sorting: String, Sendable { case createdAt, id, slaFrt, slaRt, status, updatedAt }

    package var channels: [String] = []
    package var statuses: [ContactStatus] = []
    package var people: [PersonID] = []
    package var queues: [String] = []
    package var tags: [String] = []
    package var query: String?
    package var scrollToken: String?
    package var sorting: Sorting?
    package var isDescending = false

    package init() {}

    var pairs: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) { if let value { pairs.append((name, value)) } }
        for id in channels { add("channel[]", id) }
        for status in statuses { add("status[]", status.rawValue) }
        for id in people { add("endUserIdOnExternalPlatform[]", id.text) }
        for id in queues { add("routingQueueId[]", id) }
        for id in tags { add("tag[]", id) }
        add("query", query)
        add("scrollToken", scrollToken)
        if let sorting {
            add("sorting", sorting.rawValue)
            add("sortingType", isDescending ? "desc" : "asc")
        }
        return pairs
    }
}

/// A contact as CXone tells of it; what we look at. Everything may be missing.
package struct StoredContact: Sendable {
    package let number: String?
    package let channel: String?
    package let thread: ThreadID?
    package let status: String?
    /// Milliseconds since 1970; the last change where the status's own time is not told.
    package let statusUpdated: Int?
    package let customer: String?

    init(_ json: JSON) {
        number = json["contactNumber"]?.idText ?? json["id"]?.idText
        channel = json["channelId"]?.idText ?? json["channel"]?["id"]?.idText
        thread = json["threadIdOnExternalPlatform"]?.idText.map { ThreadID($0) }
        status = json["status"]?.string
        let time = ["statusUpdatedAtWithMilliseconds", "statusUpdatedAt", "updatedAt"].lazy.compactMap { json[$0]?.string }.first
        statusUpdated = time.flatMap { Timestamp.epochMilliseconds($0) }.map { Int($0) }
        customer = json["endUser"]?["id"]?.idText
    }
}
