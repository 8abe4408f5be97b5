package import Conversation
import JSON
package import Store
package import Time

/// What is remembered of one platform message that we sent, under its platform id: by it a receipt finds the id that CXone knows, and an echo is
/// known for what it is.
package struct SentRecord: Sendable, Equatable {
    /// The id under which CXone knows the whole message: of the text, or of the first part.
    package var message: MessageID
    package var thread: ThreadID
    package var visibility: Visibility
    /// Which part of the message this is, from 0, in the order of sending.
    package var part: Int
    /// How many parts the message has.
    package var parts: Int

    package init(message: MessageID, thread: ThreadID, visibility: Visibility, part: Int = 0, parts: Int = 1) {
        self.message = message
        self.thread = thread
        self.visibility = visibility
        self.part = part
        self.parts = parts
    }

    package init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let message = json["message"]?.string, let thread = json["thread"]?.string,
            let visibility = json["visibility"]?.string.flatMap(Visibility.init)
        else { return nil }
        self.init(
            message: MessageID(message), thread: ThreadID(thread), visibility: visibility, part: json["part"]?.integer ?? 0,
            parts: json["parts"]?.integer ?? 1)
    }

    package var octets: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("message", message.text)
            json.field("thread", thread.text)
            json.field("visibility", visibility.rawValue)
            if parts > 1 {
                json.field("part", part)
                json.field("parts", parts)
            }
        }
        return writer.bytes
    }
}

/// The records of what a channel sent, in the store: tenant/`sent`/channel and platform id.
package struct SentRecords: Sendable {
    private let store: any KeyValueStore

    /// Milliseconds: receipts and echoes of messages older than this find nothing.
    package static let life = 7 * 86_400_000
    /// How many messages of a thread one read marker can cover.
    static let covered = 20

    package init(store: any KeyValueStore) { self.store = store }

    package func record(of id: MessageID, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> SentRecord? {
        switch await store.get(Self.key(id, channel), by: deadline) {
        case .value(let value): return SentRecord(value.octets)
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw failure
        }
    }

    /// Keeps the record of one part, as soon as the platform has it.
    package func keep(_ record: SentRecord, of id: MessageID, in channel: Channel, by deadline: Instant) async throws(StoreFailure) {
        if case .unavailable(let failure) = await store.put(Self.key(id, channel), record.octets, life: Self.life, by: deadline) { throw failure }
        guard record.part == 0, channel.capabilities.reportsSeen else { return }
        try await remember(record, in: channel, by: deadline)
    }

    /// The messages that we sent in a thread lately, oldest first, for platforms whose read markers say "all up to here".
    func latest(of thread: ThreadID, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> [SentRecord] {
        switch await store.get(Self.listKey(thread, channel), by: deadline) {
        case .value(let value): return Self.list(value.octets, thread: thread)
        case .absent, .conflict: return []
        case .unavailable(let failure): throw failure
        }
    }

    private func remember(_ record: SentRecord, in channel: Channel, by deadline: Instant) async throws(StoreFailure) {
        let key = Self.listKey(record.thread, channel)
        for _ in 0..<20 {
            var list: [SentRecord] = []
            var version: StoreVersion?
            switch await store.get(key, by: deadline) {
            case .value(let value):
                list = Self.list(value.octets, thread: record.thread)
                version = value.version
            case .absent, .conflict: break
            case .unavailable(let failure): throw failure
            }
            guard !list.contains(where: { $0.message == record.message }) else { return }
            let octets = Self.octets(list.suffix(Self.covered - 1) + [record])
            let result =
                if let version {
                    await store.swap(key, octets, life: Self.life, version: version, by: deadline)
                } else {
                    await store.claim(key, octets, life: Self.life, by: deadline)
                }
            switch result {
            case .value: return
            case .absent, .conflict: continue
            case .unavailable(let failure): throw failure
            }
        }
    }

    private static func list(_ octets: [UInt8], thread: ThreadID) -> [SentRecord] {
        guard let json = try? JSON(parsing: octets) else { return [] }
        return json.elements.compactMap { entry in
            guard let id = entry["message"]?.string, let visibility = entry["visibility"]?.string.flatMap(Visibility.init) else { return nil }
            return SentRecord(
                message: MessageID(id), thread: thread, visibility: visibility, parts: entry["parts"]?.integer ?? 1)
        }
    }

    private static func octets(_ list: some Sequence<SentRecord>) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { json in
            for record in list {
                json.object { json in
                    json.field("message", record.message.text)
                    json.field("visibility", record.visibility.rawValue)
                    json.field("parts", record.parts)
                }
            }
        }
        return writer.bytes
    }

    private static func key(_ id: MessageID, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "sent", id: channel.name + "\u{0}" + id.text)
    }

    private static func listKey(_ thread: ThreadID, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "sent-in", id: channel.name + "\u{0}" + thread.text)
    }
}
