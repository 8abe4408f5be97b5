import Conversation
import Store
import Time

/// Counts in the store, one for each thing, whom and minute: a limit that holds over all processes.
struct ChatRates: Sendable {
    let store: any KeyValueStore
    let time: any TimeSource
    let tenant: String
    let channel: String

    private static let window = 60_000

    enum Verdict: Equatable {
        case allowed
        case exceeded(retryAfterMilliseconds: Int)
        case unknown(StoreFailure)
    }

    /// Counts one more, unless `limit` is reached in this minute.
    func count(_ what: StaticString, of whom: String, limit: Int, by deadline: Instant) async -> Verdict {
        let now = Int(time.epochMilliseconds())
        let (minute, passed) = now.quotientAndRemainder(dividingBy: Self.window)
        let key = StoreKey(tenant: tenant, purpose: "chat-rate", id: "\(channel)\u{0}\(what)\u{0}\(minute)\u{0}\(whom)")
        for _ in 0..<20 {
            var result: StoreResult
            switch await store.get(key, by: deadline) {
            case .value(let value):
                let count = Int(String(decoding: value.octets, as: UTF8.self)) ?? limit
                guard count < limit else { return .exceeded(retryAfterMilliseconds: Self.window - passed) }
                result = await store.swap(key, Array("\(count + 1)".utf8), life: Self.window * 2, version: value.version, by: deadline)
            case .absent, .conflict: result = await store.claim(key, Array("1".utf8), life: Self.window * 2, by: deadline)
            case .unavailable(let failure): result = .unavailable(failure)
            }
            switch result {
            case .value: return .allowed
            case .absent, .conflict: continue
            case .unavailable(let failure): return .unknown(failure)
            }
        }
        return .exceeded(retryAfterMilliseconds: 1000)
    }
}
