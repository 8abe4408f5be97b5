import Conversation
import JSON
import Store
import Time

/// Who has which inbound message in hand, and what became of it: tenant/`inbound`/channel and message id, for a day (`security.md` §3).
struct InboundClaims: Sendable {
    private let store: any KeyValueStore

    /// Milliseconds that a message is known after it was taken.
    static let life = 24 * 3_600_000

    enum Standing: Sendable {
        /// Ours. `isFirst`: nobody has tried before; otherwise an earlier attempt may have had its effect.
        case ours(StoreVersion, isFirst: Bool)
        case done(contact: String?)
        /// Somebody else has it, for at most so many milliseconds more.
        case running(Int)
        case unavailable(StoreFailure)
    }

    private enum State: String { case running, unclear, done }

    init(store: any KeyValueStore) { self.store = store }

    static func key(_ id: String, in channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "inbound", id: channel.name + "\u{0}" + id)
    }

    /// - Parameter limit: Milliseconds after which an attempt without a word is over: its process was killed.
    func take(_ key: StoreKey, limit: Int, by deadline: Instant) async -> Standing {
        let record = Self.octets(.running, limit: limit)
        for _ in 0..<4 {
            switch await store.claim(key, record, life: Self.life, by: deadline) {
            case .value(let value): return .ours(value.version, isFirst: true)
            case .unavailable(let failure): return .unavailable(failure)
            case .absent, .conflict: break
            }
            let present: StoredValue
            switch await store.get(key, by: deadline) {
            case .value(let value): present = value
            case .absent, .conflict: continue
            case .unavailable(let failure): return .unavailable(failure)
            }
            let json = try? JSON(parsing: present.octets)
            let state = json?["state"]?.string.flatMap(State.init) ?? .unclear
            if state == .done { return .done(contact: json?["contact"]?.string) }
            if state == .running {
                // By the store's clock: what is left of the life tells the age.
                let left = (json?["limit"]?.integer ?? 0) - (Self.life - present.rest)
                if left > 0 { return .running(left) }
            }
            switch await store.swap(key, record, life: Self.life, version: present.version, by: deadline) {
            case .value(let value): return .ours(value.version, isFirst: false)
            case .unavailable(let failure): return .unavailable(failure)
            case .absent, .conflict: continue
            }
        }
        return .running(1000)
    }

    /// When this fails, the next attempt finds an old claim and looks before it creates.
    func finish(_ key: StoreKey, _ version: StoreVersion, contact: String?, by deadline: Instant?) async {
        _ = await store.swap(key, Self.octets(.done, contact: contact), life: Self.life, version: version, by: deadline)
    }

    /// For an attempt that certainly had no effect.
    func release(_ key: StoreKey, _ version: StoreVersion) async { _ = await store.delete(key, version: version) }

    /// A message that was given up may be tried again: the next attempt looks before it creates. False when the store cannot be reached.
    func reopen(_ key: StoreKey, by deadline: Instant) async -> Bool {
        switch await store.get(key, by: deadline) {
        case .absent, .conflict: return true
        case .unavailable: return false
        case .value(let value):
            guard (try? JSON(parsing: value.octets))?["state"]?.string == State.done.rawValue else { return true }
            if case .unavailable = await store.swap(key, Self.octets(.unclear), life: Self.life, version: value.version, by: deadline) { return false }
            return true
        }
    }

    /// For an attempt of which nobody knows.
    func leaveUnclear(_ key: StoreKey, _ version: StoreVersion) async {
        _ = await store.swap(key, Self.octets(.unclear), life: Self.life, version: version)
    }

    private static func octets(_ state: State, limit: Int? = nil, contact: String? = nil) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("state", state.rawValue)
            json.field("limit", limit)
            json.field("contact", contact)
        }
        return writer.bytes
    }
}
