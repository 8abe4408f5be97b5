package import Conversation
package import Store
package import Time

/// The records of a channel's threads, in the store.
package struct ThreadRecords: Sendable {
    private let store: any KeyValueStore

    /// Milliseconds after the last change.
    private static let life = 90 * 86_400_000

    package init(store: any KeyValueStore) { self.store = store }

    package func record(of thread: ThreadID, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> ThreadRecord? {
        switch await store.get(Self.key(thread, channel), by: deadline) {
        case .value(let value): return ThreadRecord(value.octets)
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw failure
        }
    }

    /// Changes a record, making it when there is none; again while somebody else changes it at the same moment.
    @discardableResult
    package func change(
        _ thread: ThreadID, in channel: Channel, visibility: Visibility, by deadline: Instant, _ change: @Sendable (inout ThreadRecord) -> Void
    ) async throws(StoreFailure) -> ThreadRecord {
        let key = Self.key(thread, channel)
        for _ in 0..<20 {
            var record = ThreadRecord(visibility: visibility)
            var version: StoreVersion?
            switch await store.get(key, by: deadline) {
            case .value(let value):
                record = ThreadRecord(value.octets) ?? record
                version = value.version
            case .absent, .conflict: break
            case .unavailable(let failure): throw failure
            }
            let before = record
            change(&record)
            if version != nil, record == before { return record }
            let result =
                if let version {
                    await store.swap(key, record.octets, life: Self.life, version: version, by: deadline)
                } else {
                    await store.claim(key, record.octets, life: Self.life, by: deadline)
                }
            switch result {
            case .value:
                if let contact = record.contact, contact != before.contact { await keep(contact, of: thread, in: channel, by: deadline) }
                return record
            case .absent, .conflict: continue
            case .unavailable(let failure): throw failure
            }
        }
        throw .timedOut
    }

    // MARK: By contact number

    /// The channel and thread of a contact, for those who know no more of it; `nil` when it is none of ours.
    package func place(ofContact contact: String, tenant: String, by deadline: Instant) async throws(StoreFailure) -> (channel: String, thread: ThreadID)? {
        switch await store.get(StoreKey(tenant: tenant, purpose: "contact", id: contact), by: deadline) {
        case .value(let value):
            let parts = value.octets.split(separator: 0, maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return (String(decoding: parts[0], as: UTF8.self), ThreadID(String(decoding: parts[1], as: UTF8.self)))
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw failure
        }
    }

    /// Without it a contact is found only by its thread, which most events name as well.
    private func keep(_ contact: String, of thread: ThreadID, in channel: Channel, by deadline: Instant) async {
        let octets = Array((channel.name + "\u{0}" + thread.text).utf8)
        _ = await store.put(StoreKey(tenant: channel.tenant, purpose: "contact", id: contact), octets, life: Self.life, by: deadline)
    }

    /// The platform's id of a thread that CXone names: the same, but for the later conversations of a live chat.
    package func platformThread(_ thread: ThreadID, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> ThreadID {
        guard channel.capabilities.isLiveChat, thread.text.utf8.contains(UInt8(ascii: "~")) else { return thread }
        switch await store.get(Self.aliasKey(thread, channel), by: deadline) {
        case .value(let value): return ThreadID(String(decoding: value.octets, as: UTF8.self))
        case .absent, .conflict: return thread
        case .unavailable(let failure): throw failure
        }
    }

    /// Begins the next conversation of a live chat that ended: a new thread for CXone.
    func beginAnew(_ thread: ThreadID, in channel: Channel, visibility: Visibility, by deadline: Instant) async throws(StoreFailure) -> ThreadRecord {
        let record = try await change(thread, in: channel, visibility: visibility, by: deadline) { record in
            guard record.hasEnded else { return }
            record.hasEnded = false
            record.wasAnswered = false
            record.contact = nil
            record.choices = []
            record.generation += 1
        }
        let alias = record.threadForContactCentre(thread)
        if case .unavailable(let failure) = await store.put(Self.aliasKey(alias, channel), Array(thread.text.utf8), life: Self.life, by: deadline) {
            throw failure
        }
        return record
    }

    private static func aliasKey(_ thread: ThreadID, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "thread-alias", id: channel.name + "\u{0}" + thread.text)
    }

    private static func key(_ thread: ThreadID, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "thread", id: channel.name + "\u{0}" + thread.text)
    }
}
