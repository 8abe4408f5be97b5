package import Conversation
import JSON
import Secrets
package import Store
package import Time

/// A message that was given up, with all that another attempt needs.
package struct DeadLetter: Sendable {
    /// Why: for people and the log, without a word of the message.
    package let reason: String
    /// When it was given up: milliseconds since 1970.
    package let at: Int
    package let message: MessageID
    package let thread: ThreadID
    package let body: Body

    package enum Body: Sendable {
        /// A contact's, that CXone does not take.
        case inbound(InboundDelivery.Creation)
        /// An agent's, that the platform does not take. CXone was answered `message`.
        case outbound(OutboundMessage)
        /// It does not fit into the store; only that it was there is known.
        case tooLarge(isInbound: Bool)
    }

    package var isInbound: Bool {
        switch body {
        case .inbound: true
        case .outbound: false
        case .tooLarge(let isInbound): isInbound
        }
    }
}

/// Messages that were given up, kept for a month with the reason so that somebody can look (`security.md` §8). Sealed like everything in the store;
/// the log names only the key.
///
/// The store cannot list its keys, so a channel's letters stand in an index of a few shards. The letter is written before the index, and whoever
/// removes one takes it out of the index first: a letter that is there is found.
package struct DeadLetters: Sendable {
    private let store: any KeyValueStore
    private let time: any TimeSource

    /// Milliseconds.
    static let life = 30 * 86_400_000
    private static let shards = 8
    /// Octets of one shard; beyond them the oldest letters are found by their keys only.
    private static let most = StoreLimits.value - 64_000
    private static let mostRounds = 30

    package init(store: any KeyValueStore, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// A letter as it was read.
    package struct Found: Sendable {
        package let channel: Channel
        package let letter: DeadLetter
        /// The key in the store, as the log names it.
        package let key: String
        fileprivate let id: String
        fileprivate let version: StoreVersion

        /// Enough of the key for a person to name it by.
        package var name: String { String((key.split(separator: "/").last ?? "").prefix(10)) }
    }

    // MARK: Keeping

    /// The key under which it lies; a failure of the store is the caller's reason not to acknowledge.
    func keep(_ creation: InboundDelivery.Creation, reason: String, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> StoreKey {
        try await keep(
            DeadLetter(
                reason: reason, at: now, message: creation.message.id, thread: creation.message.thread, body: .inbound(creation)),
            as: creation.claim, in: channel, by: deadline)
    }

    func keep(
        _ message: OutboundMessage, as id: MessageID, in thread: ThreadID, reason: String, of channel: Channel, by deadline: Instant
    ) async throws(StoreFailure) {
        _ = try await keep(
            DeadLetter(reason: reason, at: now, message: id, thread: thread, body: .outbound(message)), as: id.text, in: channel, by: deadline)
    }

    private func keep(_ letter: DeadLetter, as id: String, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> StoreKey {
        let key = Self.key(id, channel)
        var octets = letter.octets
        if octets.count > StoreLimits.value {
            octets = DeadLetter(
                reason: letter.reason, at: letter.at, message: letter.message, thread: letter.thread,
                body: .tooLarge(isInbound: letter.isInbound)).octets
        }
        if case .unavailable(let failure) = await store.put(key, octets, life: Self.life, by: deadline) { throw failure }
        try await changeIndex(Self.shard(of: id), of: channel, by: deadline) { entries in
            entries.removeAll { $0.id == id || $0.at < now - Self.life }
            entries.append(Entry(id: id, at: letter.at))
        }
        return key
    }

    private var now: Int { Int(clamping: time.epochMilliseconds()) }

    // MARK: Looking and removing

    /// A channel's letters, the oldest first.
    package func all(of channel: Channel, by deadline: Instant) async throws(StoreFailure) -> [Found] {
        var found: [Found] = []
        for shard in 0..<Self.shards {
            for entry in try await entries(shard, of: channel, by: deadline).entries {
                if let letter = try await letter(entry.id, of: channel, by: deadline) { found.append(letter) }
            }
        }
        return found.sorted { $0.letter.at < $1.letter.at }
    }

    private func letter(_ id: String, of channel: Channel, by deadline: Instant) async throws(StoreFailure) -> Found? {
        let key = Self.key(id, channel)
        switch await store.get(key, by: deadline) {
        case .value(let value):
            return DeadLetter(value.octets).map { Found(channel: channel, letter: $0, key: key.text, id: id, version: value.version) }
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw failure
        }
    }

    /// As it is now; `nil` when it has gone.
    package func again(_ found: Found, by deadline: Instant) async throws(StoreFailure) -> Found? {
        try await letter(found.id, of: found.channel, by: deadline)
    }

    /// Removes a letter, unless it has been written anew since it was read.
    package func remove(_ found: Found, by deadline: Instant) async throws(StoreFailure) {
        try await changeIndex(Self.shard(of: found.id), of: found.channel, by: deadline) { entries in entries.removeAll { $0.id == found.id } }
        switch await store.delete(StoreKey(found), version: found.version, by: deadline) {
        case .value, .absent: return
        case .unavailable(let failure): throw failure
        case .conflict:
            // Given up anew in the meantime, perhaps before it was taken out of the index.
            try await changeIndex(Self.shard(of: found.id), of: found.channel, by: deadline) { entries in
                guard !entries.contains(where: { $0.id == found.id }) else { return }
                entries.append(Entry(id: found.id, at: now))
            }
        }
    }

    // MARK: The index

    private struct Entry {
        var id: String
        var at: Int
    }

    private func entries(
        _ shard: Int, of channel: Channel, by deadline: Instant
    ) async throws(StoreFailure) -> (entries: [Entry], version: StoreVersion?) {
        switch await store.get(Self.indexKey(shard, channel), by: deadline) {
        case .value(let value):
            guard let json = try? JSON(parsing: value.octets) else { return ([], value.version) }
            let entries = json.elements.compactMap { entry in
                entry["id"]?.string.map { Entry(id: $0, at: entry["at"]?.integer ?? 0) }
            }
            return (entries, value.version)
        case .absent, .conflict: return ([], nil)
        case .unavailable(let failure): throw failure
        }
    }

    private func changeIndex(
        _ shard: Int, of channel: Channel, by deadline: Instant, _ change: (inout [Entry]) -> Void
    ) async throws(StoreFailure) {
        let key = Self.indexKey(shard, channel)
        for _ in 0..<Self.mostRounds {
            var (entries, version) = try await entries(shard, of: channel, by: deadline)
            change(&entries)
            let octets = Self.octets(entries)
            let result =
                if let version {
                    await store.swap(key, octets, life: Self.life, version: version, by: deadline)
                } else {
                    await store.claim(key, octets, life: Self.life, by: deadline)
                }
            switch result {
            case .value: return
            case .unavailable(let failure): throw failure
            case .absent, .conflict: continue
            }
        }
        throw .timedOut
    }

    /// As many of the newest as fit.
    private static func octets(_ entries: [Entry]) -> [UInt8] {
        var entries = entries[...]
        while true {
            var writer = JSONWriter()
            writer.array { json in
                for entry in entries {
                    json.object { json in
                        json.field("id", entry.id)
                        json.field("at", entry.at)
                    }
                }
            }
            guard writer.bytes.count > most else { return writer.bytes }
            entries = entries.dropFirst(max(1, entries.count / 8))
        }
    }

    fileprivate static func key(_ id: String, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "dead-letter", id: channel.name + "\u{0}" + id)
    }

    private static func indexKey(_ shard: Int, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "dead-letter-index", id: "\(channel.name)\u{0}\(shard)")
    }

    private static func shard(of id: String) -> Int { Int(Digest.sha256(Array(id.utf8)).first ?? 0) % shards }
}

extension StoreKey {
    fileprivate init(_ found: DeadLetters.Found) { self = DeadLetters.key(found.id, found.channel) }
}

// MARK: As JSON

extension DeadLetter {
    init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let reason = json["reason"]?.string, let message = json["message"]?.string,
            let thread = json["thread"]?.string
        else { return nil }
        let body: Body
        if let inbound = json["inbound"] {
            guard let message = inbound["message"].flatMap(InboundMessage.init), let claim = inbound["claim"]?.string else { return nil }
            body = .inbound(InboundDelivery.Creation(
                message: message, claim: claim, externalID: inbound["externalID"]?.string.map { MessageID($0) },
                isDeleted: inbound["isDeleted"]?.bool ?? false))
        } else if let outbound = json["outbound"] {
            guard let message = OutboundMessage(outbound) else { return nil }
            body = .outbound(message)
        } else {
            body = .tooLarge(isInbound: json["isInbound"]?.bool ?? true)
        }
        self.init(reason: reason, at: json["at"]?.integer ?? 0, message: MessageID(message), thread: ThreadID(thread), body: body)
    }

    var octets: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("reason", reason)
            json.field("at", at)
            json.field("message", message.text)
            json.field("thread", thread.text)
            switch body {
            case .tooLarge(let isInbound): json.field("isInbound", isInbound)
            case .outbound(let message):
                json.name("outbound")
                message.write(to: &json)
            case .inbound(let creation):
                json.field("inbound", object: { json in
                    json.field("claim", creation.claim)
                    json.field("externalID", creation.externalID?.text)
                    if creation.isDeleted { json.field("isDeleted", true) }
                    json.name("message")
                    creation.message.write(to: &json)
                })
            }
        }
        return writer.bytes
    }
}

// MARK: For people

extension DeadLetter {
    /// What was written and the names of files: personal data, for who asks for it.
    package var words: [String] {
        switch body {
        case .tooLarge: []
        case .inbound(let creation): creation.message.content.words + creation.message.files.map { "file: \(FileNames.shown($0.name))" }
        case .outbound(let message): message.content.words + message.files.map { "file: \(FileNames.shown($0.name))" }
        }
    }

    /// Who wrote it or whom it was for, by the platform's ids.
    package var people: [String] {
        switch body {
        case .tooLarge: []
        case .inbound(let creation): [creation.message.author.id.text]
        case .outbound(let message): message.recipients.map(\.id.text)
        }
    }
}

extension InboundContent {
    fileprivate var words: [String] {
        switch self {
        case .none: []
        case .text(let text), .described(_, let text): [text]
        case .choice(let title, let value): [title] + (value.map { ["choice: \($0)"] } ?? [])
        }
    }
}

extension OutboundContent {
    fileprivate var words: [String] {
        switch self {
        case .none: []
        case .text(let text): [text]
        case .link(let link): [link.title, link.url]
        case .card(_, let kind, let words): ["\(kind): \(words)"]
        case .choices(let choices): [choices.text] + choices.choices.map { "choice: \($0.title)" }
        }
    }
}
