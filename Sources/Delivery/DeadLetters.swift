import Conversation
import JSON
import Store
import Time

/// Messages that CXone will never take, kept for a month with the reason so that somebody can look (`security.md` §8). Sealed like everything in
/// the store; the log names only the key.
struct DeadLetters: Sendable {
    private let store: any KeyValueStore
    private let time: any TimeSource

    /// Milliseconds.
    static let life = 30 * 86_400_000

    init(store: any KeyValueStore, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// The key under which it lies; a failure of the store is the caller's reason not to acknowledge.
    func keep(_ message: InboundMessage, reason: String, in channel: Channel, by deadline: Instant) async throws(StoreFailure) -> StoreKey {
        let key = StoreKey(tenant: channel.tenant, purpose: "dead-letter", id: channel.name + "\u{0}" + message.id.text)
        let octets = octets(message, reason: reason, channel: channel)
        let fits = octets.count <= StoreLimits.value ? octets : self.octets(nil, reason: reason, channel: channel)
        if case .unavailable(let failure) = await store.put(key, fits, life: Self.life, by: deadline) { throw failure }
        return key
    }

    private func octets(_ message: InboundMessage?, reason: String, channel: Channel) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("reason", reason)
            json.field("at", Int(clamping: time.epochMilliseconds()))
            json.field("channel", channel.name)
            guard let message else { return }
            json.field("message", message.id.text)
            json.field("thread", message.thread.text)
            json.field("person", message.author.id.text)
            json.field("occurred", message.occurred)
            switch message.content {
            case .none: break
            case .text(let text), .described(_, let text): json.field("text", text)
            case .choice(let title, let value):
                json.field("text", title)
                json.field("value", value)
            }
            json.field("files", array: { json in for file in message.files { json.value(file.name) } })
        }
        return writer.bytes
    }
}
