import Conversation
import JSON
import Store
import Time

/// Agents' messages of a channel that were accepted and wait to be sent: in the store, a list for each thread in the order of acceptance.
///
/// The store cannot list its keys, so a channel's threads with waiting messages stand in an index of a few shards. The queue is written before the
/// index, and the index anew for every message; a thread leaves it only against the version that was read before its queue was seen empty. So a
/// message in a queue is always found: whoever adds one either is seen by whoever cleans up, or comes after him.
struct OutboundQueue: Sendable {
    let store: any KeyValueStore
    let time: any TimeSource

    /// Milliseconds after the last change. The schedule of attempts is over long before.
    static let life = 3 * 86_400_000
    static let shards = 8
    /// Octets of one thread's queue.
    private static let most = StoreLimits.value - 64_000
    private static let mostRounds = 30

    struct Item: Sendable, Equatable {
        /// The id that CXone was given.
        var id: MessageID
        var message: OutboundMessage
        /// Failed attempts so far.
        var attempts = 0
        /// Not before this: milliseconds since 1970.
        var due: Int
        /// Why it failed for good; then only CXone remains to be told.
        var verdict: String?

        static func == (left: Item, right: Item) -> Bool {
            left.id == right.id && left.attempts == right.attempts && left.due == right.due && left.verdict == right.verdict
        }
    }

    /// A thread's queue as it was read.
    struct Line: Sendable {
        var items: [Item] = []
        fileprivate(set) var version: StoreVersion?
    }

    enum Failure: Error, Equatable {
        case full
        case store(StoreFailure)
    }

    // MARK: A thread's queue

    func line(_ thread: ThreadID, of channel: Channel, by deadline: Instant) async throws(StoreFailure) -> Line {
        switch await store.get(Self.key(thread, channel), by: deadline) {
        case .value(let value): return Line(items: Self.items(value.octets), version: value.version)
        case .absent, .conflict: return Line()
        case .unavailable(let failure): throw failure
        }
    }

    /// Puts a message behind the others; once, however often it is called.
    func add(_ item: Item, to thread: ThreadID, of channel: Channel, by deadline: Instant) async throws(Failure) {
        try await append(item, to: thread, of: channel, by: deadline)
        do throws(StoreFailure) { try await note(thread, due: item.due, of: channel, by: deadline) } catch { throw .store(error) }
    }

    private func append(_ item: Item, to thread: ThreadID, of channel: Channel, by deadline: Instant) async throws(Failure) {
        for _ in 0..<Self.mostRounds {
            var line: Line
            do throws(StoreFailure) { line = try await self.line(thread, of: channel, by: deadline) } catch { throw .store(error) }
            guard !line.items.contains(where: { $0.id == item.id }) else { return }
            line.items.append(item)
            switch await write(line, thread, channel, by: deadline) {
            case .value: return
            case .unavailable(.tooLarge): throw .full
            case .unavailable(let failure): throw .store(failure)
            case .absent, .conflict: continue
            }
        }
        throw .store(.timedOut)
    }

    /// Changes or removes the first item, while others add behind it.
    func settle(_ id: MessageID, in thread: ThreadID, of channel: Channel, as changed: Item?, by deadline: Instant) async throws(StoreFailure) {
        for _ in 0..<Self.mostRounds {
            var line = try await self.line(thread, of: channel, by: deadline)
            guard let index = line.items.firstIndex(where: { $0.id == id }) else { return }
            if let changed { line.items[index] = changed } else { line.items.remove(at: index) }
            switch await write(line, thread, channel, by: deadline) {
            case .value: return
            case .unavailable(let failure): throw failure
            case .absent, .conflict: continue
            }
        }
        throw .timedOut
    }

    /// An empty list is written rather than deleted, so that versions stay in order; it expires.
    private func write(_ line: Line, _ thread: ThreadID, _ channel: Channel, by deadline: Instant) async -> StoreResult {
        let octets = Self.octets(line.items)
        guard octets.count <= Self.most else { return .unavailable(.tooLarge) }
        let key = Self.key(thread, channel)
        guard let version = line.version else { return await store.claim(key, octets, life: Self.life, by: deadline) }
        return await store.swap(key, octets, life: Self.life, version: version, by: deadline)
    }

    // MARK: The index

    struct Entry: Sendable, Equatable {
        var thread: ThreadID
        var due: Int
    }

    func entries(_ shard: Int, of channel: Channel, by deadline: Instant) async throws(StoreFailure) -> (entries: [Entry], version: StoreVersion?) {
        switch await store.get(Self.indexKey(shard, channel), by: deadline) {
        case .value(let value): return (Self.entries(value.octets), value.version)
        case .absent, .conflict: return ([], nil)
        case .unavailable(let failure): throw failure
        }
    }

    /// Writes that the thread has something due, whatever the index said before.
    func note(_ thread: ThreadID, due: Int, of channel: Channel, by deadline: Instant) async throws(StoreFailure) {
        try await changeIndex(thread, of: channel, by: deadline) { entries in
            entries.removeAll { $0.thread == thread }
            entries.append(Entry(thread: thread, due: due))
            return true
        }
    }

    /// Takes a thread out of the index if its queue is still empty.
    func forget(_ thread: ThreadID, of channel: Channel, by deadline: Instant) async throws(StoreFailure) {
        let shard = Self.shard(of: thread)
        for _ in 0..<Self.mostRounds {
            let (entries, version) = try await entries(shard, of: channel, by: deadline)
            guard let version, entries.contains(where: { $0.thread == thread }) else { return }
            guard try await line(thread, of: channel, by: deadline).items.isEmpty else { return }
            let octets = Self.octets(entries.filter { $0.thread != thread })
            switch await store.swap(Self.indexKey(shard, channel), octets, life: Self.life, version: version, by: deadline) {
            case .value: return
            case .unavailable(let failure): throw failure
            case .absent, .conflict: continue
            }
        }
    }

    private func changeIndex(
        _ thread: ThreadID, of channel: Channel, by deadline: Instant, _ change: (inout [Entry]) -> Bool
    ) async throws(StoreFailure) {
        let shard = Self.shard(of: thread)
        let key = Self.indexKey(shard, channel)
        for _ in 0..<Self.mostRounds {
            var (entries, version) = try await entries(shard, of: channel, by: deadline)
            guard change(&entries) else { return }
            let result =
                if let version {
                    await store.swap(key, Self.octets(entries), life: Self.life, version: version, by: deadline)
                } else {
                    await store.claim(key, Self.octets(entries), life: Self.life, by: deadline)
                }
            switch result {
            case .value: return
            case .unavailable(let failure): throw failure
            case .absent, .conflict: continue
            }
        }
        throw .timedOut
    }

    // MARK: Keys and values

    static func shard(of thread: ThreadID) -> Int {
        // FNV-1a: the same in every process, unlike `Hasher`.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in thread.text.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return Int(hash % UInt64(shards))
    }

    private static func key(_ thread: ThreadID, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "outbound-queue", id: channel.name + "\u{0}" + thread.text)
    }

    private static func indexKey(_ shard: Int, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "outbound-index", id: "\(channel.name)\u{0}\(shard)")
    }

    private static func items(_ octets: [UInt8]) -> [Item] {
        guard let json = try? JSON(parsing: octets) else { return [] }
        return json.elements.compactMap { item in
            guard let id = item["id"]?.string, let message = item["message"].flatMap(OutboundMessage.init) else { return nil }
            return Item(
                id: MessageID(id), message: message, attempts: item["attempts"]?.integer ?? 0, due: item["due"]?.integer ?? 0,
                verdict: item["verdict"]?.string)
        }
    }

    private static func octets(_ items: [Item]) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { json in
            for item in items {
                json.object { json in
                    json.field("id", item.id.text)
                    json.field("attempts", item.attempts)
                    json.field("due", item.due)
                    json.field("verdict", item.verdict)
                    json.name("message")
                    item.message.write(to: &json)
                }
            }
        }
        return writer.bytes
    }

    private static func entries(_ octets: [UInt8]) -> [Entry] {
        guard let json = try? JSON(parsing: octets) else { return [] }
        return json.elements.compactMap { entry in
            entry["thread"]?.string.map { Entry(thread: ThreadID($0), due: entry["due"]?.integer ?? 0) }
        }
    }

    private static func octets(_ entries: [Entry]) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { json in
            for entry in entries {
                json.object { json in
                    json.field("thread", entry.thread.text)
                    json.field("due", entry.due)
                }
            }
        }
        return writer.bytes
    }
}
