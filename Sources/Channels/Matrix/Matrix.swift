package import Conversation
package import HTTP
import JSON
package import Store
package import Time

/// A Matrix homeserver, joined as an application service: every room with one of our accounts is a thread.
///
/// Keeps nothing between requests; display names and the room of a person lie in the store, and losing them costs a call.
package struct Matrix: Sendable {
    let settings: MatrixChannelSettings
    let homeserver: Homeserver
    let accounts: Accounts
    let memory: RoomMemory
    let fetcher: FileFetcher
    let time: any TimeSource

    /// - Parameters:
    ///   - channel: Name of the channel in the settings; keeps what is stored apart from other channels'.
    ///   - tenant: As in the settings.
    ///   - fetcher: Fetches agents' files.
    package init(
        _ settings: MatrixChannelSettings, channel: String, tenant: String, over transport: any HTTPTransport, store: any KeyValueStore,
        fetcher: FileFetcher, time: any TimeSource
    ) {
        self.settings = settings
        homeserver = Homeserver(settings: settings, transport: transport)
        accounts = Accounts(settings)
        memory = RoomMemory(store: store, tenant: tenant, channel: channel)
        self.fetcher = fetcher
        self.time = time
    }

    package static var capabilities: ChannelCapabilities {
        var able = ChannelCapabilities()
        // An event holds 64 KiB (M_TOO_LARGE beyond); so many characters fit, whatever they are.
        able.textLimit = 10_000
        able.showsLinks = true
        able.files = 1
        able.quotes = true
        able.reportsSeen = true
        able.showsTyping = true
        able.opensThreads = true
        able.edits = true
        able.deletes = true
        able.deliveryClass = .once
        return able
    }
}

/// What is worth remembering of rooms. None of it is needed: the homeserver knows it too.
struct RoomMemory: Sendable {
    let store: any KeyValueStore
    let tenant: String
    let channel: String

    /// Milliseconds: a week for names, which a member event renews; a quarter for rooms.
    private static let nameLife = 7 * 86_400_000
    private static let roomLife = 90 * 86_400_000

    func name(of user: String, by deadline: Instant) async -> String? { await text("matrix-name", user, by: deadline) }

    func remember(name: String, of user: String, by deadline: Instant) async {
        _ = await store.put(key("matrix-name", user), Array(name.utf8), life: Self.nameLife, by: deadline)
    }

    /// The room that this person invited us to for direct messages.
    func room(of user: String, by deadline: Instant) async -> String? { await text("matrix-room", user, by: deadline) }

    func remember(room: ThreadID, of user: String, by deadline: Instant) async {
        _ = await store.put(key("matrix-room", user), Array(room.text.utf8), life: Self.roomLife, by: deadline)
    }

    private func text(_ purpose: String, _ user: String, by deadline: Instant) async -> String? {
        guard case .value(let value) = await store.get(key(purpose, user), by: deadline) else { return nil }
        return String(decoding: value.octets, as: UTF8.self)
    }

    private func key(_ purpose: String, _ user: String) -> StoreKey {
        StoreKey(tenant: tenant, purpose: purpose, id: channel + "\u{0}" + user)
    }
}
