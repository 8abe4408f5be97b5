package import Conversation
import JSON
package import Time

/// The contact centre of one tenant: CXone's Digital Experience.
package struct DigitalEngagement: ContactCentre {
    package let api: DigitalEngagementAPI

    package init(_ api: DigitalEngagementAPI) { self.api = api }

    package func create(
        _ message: InboundMessage, _ options: CreateOptions, in place: PointOfContact, by deadline: Instant
    ) async throws(ContactCentreError) -> CreatedMessage {
        try await api.create(MessageCreation(message, options), in: place, contact: options.contact, by: deadline)
    }

    package func find(_ id: MessageID, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) -> CreatedMessage? {
        let messages = try await api.messages(MessageQuery(externalIDs: [id], channels: [place.id]), by: deadline)
        return messages.first { $0.externalID == id && $0.channel ?? place.id == place.id }
            .map { CreatedMessage(contact: $0.contact, message: $0.id, customer: nil) }
    }

    package func report(
        _ receipt: Receipt, contact: String?, in place: PointOfContact, by deadline: Instant
    ) async throws(ContactCentreError) {
        try await api.setStatus(
            MessageStatus(receipt.status, updated: receipt.occurred, reason: receipt.reason), of: receipt.message, in: place, contact: contact,
            by: deadline)
    }

    package func showTyping(
        _ isOn: Bool, in thread: ThreadID, of place: PointOfContact, by deadline: Instant
    ) async throws(ContactCentreError) {
        try await api.showTyping(isOn, in: thread, of: place, by: deadline)
    }

    package func end(
        _ thread: ThreadID, contact: String?, wasAnswered: Bool, in place: PointOfContact, by deadline: Instant
    ) async throws(ContactCentreError) {
        do {
            try await api.setWritable(false, thread, in: place, contact: contact, by: deadline)
        } catch where error.code == .notFound {
            // Without the thread there is still the contact to end.
        }
        guard let contact else { return }
        if wasAnswered {
            try await api.setStatus(.resolved, ofContact: contact, by: deadline)
        } else {
            try await api.abandon(contact, by: deadline)
        }
    }

    package func reopen(_ thread: ThreadID, contact: String?, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) {
        do {
            try await api.setWritable(true, thread, in: place, contact: contact, by: deadline)
        } catch where error.code == .notFound {
            // The message makes it anew.
        }
    }

    package func closedContacts(
        of places: [PointOfContact], since epochMilliseconds: Int, by deadline: Instant
    ) async throws(ContactCentreError) -> [ClosedContact] {
        var query = ContactQuery()
        query.channels = places.map(\.id)
        query.statuses = [.closed]
        query.sorting = .updatedAt
        query.isDescending = true
        var closed: [ClosedContact] = []
        // A poll that comes often sees one page; one that comes late reads on, but not for ever.
        for _ in 0..<10 {
            let page = try await api.contacts(query, by: deadline)
            for contact in page.contacts {
                guard let number = contact.number, let thread = contact.thread, let place = contact.channel else { continue }
                guard let changed = contact.statusUpdated, changed >= epochMilliseconds else { continue }
                closed.append(ClosedContact(contact: number, thread: thread, place: place, closed: changed))
            }
            guard let token = page.scrollToken, let last = page.contacts.last?.statusUpdated, last >= epochMilliseconds else { break }
            query.scrollToken = token
        }
        return closed
    }

    package func keep(_ file: [UInt8], mediaType: String, by deadline: Instant) async throws(ContactCentreError) -> String {
        try await api.keepTemporarily(file, mediaType: mediaType, by: deadline).url
    }
}
