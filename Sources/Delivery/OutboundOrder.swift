import Conversation
import JSON
import Secrets
import Store
import Time

/// Lets agents' messages of one thread pass one after the other, in the order in which they came, whichever process they came to.
///
/// The store holds a list of tickets for each thread; whoever stands first goes. A ticket whose holder died is passed over when its time is up,
/// measured by the store's clock.
struct OutboundOrder: Sendable {
    let store: any KeyValueStore
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void

    /// Milliseconds: beyond the longest patience.
    private static let life = 120_000

    struct Ticket: Sendable {
        fileprivate let key: StoreKey
        fileprivate let id: String
        /// The list as it was when we stood alone in it.
        fileprivate let version: StoreVersion?
    }

    enum Entrance: Sendable {
        case entered(Ticket)
        /// Others were still at it when the time was up.
        case crowded
        case unavailable(StoreFailure)
    }

    /// Waits until it is our turn, at the latest until `deadline`.
    ///
    /// - Parameter patience: Milliseconds from now during which we may hold our place.
    func enter(_ thread: ThreadID, of channel: Channel, patience: Int, by deadline: Instant) async -> Entrance {
        let key = StoreKey(tenant: channel.tenant, purpose: "outbound-order", id: channel.name + "\u{0}" + thread.text)
        let own = Waiting(id: Digest.hex(Random.bytes(8)), rest: patience)
        switch await store.claim(key, Self.octets([own]), life: Self.life, by: deadline) {
        case .value(let value): return .entered(Ticket(key: key, id: own.id, version: value.version))
        case .unavailable(let failure): return await giveUp(key, own, failure, by: deadline)
        case .absent, .conflict: break
        }
        var pause = 10
        while true {
            switch await step(key, own, by: deadline) {
            case .entered(let version): return .entered(Ticket(key: key, id: own.id, version: version))
            case .unavailable(let failure): return await giveUp(key, own, failure, by: deadline)
            case .again: continue
            case .wait: break
            }
            let next = time.now().advanced(byMilliseconds: pause)
            guard next < deadline else {
                await leave(Ticket(key: key, id: own.id, version: nil), by: deadline.advanced(byMilliseconds: 200))
                return .crowded
            }
            await sleep(next)
            pause = min(pause * 3 / 2, 100)
        }
    }

    /// What the store did not answer in time may have had its effect: a ticket that nobody holds would keep all others waiting.
    private func giveUp(_ key: StoreKey, _ own: Waiting, _ failure: StoreFailure, by deadline: Instant) async -> Entrance {
        await leave(Ticket(key: key, id: own.id, version: nil), by: deadline)
        return .unavailable(failure)
    }

    func leave(_ ticket: Ticket, by deadline: Instant) async {
        if let version = ticket.version, case .absent = await store.delete(ticket.key, version: version, by: deadline) { return }
        var failures = 0
        for _ in 0..<20 where failures < 3 {
            let value: StoredValue
            switch await store.get(ticket.key, by: deadline) {
            case .value(let present): value = present
            case .absent, .conflict: return
            case .unavailable:
                failures += 1
                continue
            }
            let waiting = Self.waiting(value)
            let others = waiting.filter { $0.id != ticket.id }
            guard others.count < waiting.count else { return }
            let result =
                others.isEmpty
                ? await store.delete(ticket.key, version: value.version, by: deadline)
                : await store.swap(ticket.key, Self.octets(others), life: Self.life, version: value.version, by: deadline)
            switch result {
            case .value, .absent: return
            case .conflict: break
            case .unavailable: failures += 1
            }
        }
    }

    // MARK: One look at the list

    private enum Step { case entered(StoreVersion?), again, wait, unavailable(StoreFailure) }

    private func step(_ key: StoreKey, _ own: Waiting, by deadline: Instant) async -> Step {
        let version: StoreVersion
        let list: [Waiting]
        switch await store.get(key, by: deadline) {
        case .value(let value):
            version = value.version
            list = Self.waiting(value)
        case .unavailable(let failure): return .unavailable(failure)
        case .absent, .conflict:
            switch await store.claim(key, Self.octets([own]), life: Self.life, by: deadline) {
            case .value(let value): return .entered(value.version)
            case .unavailable(let failure): return .unavailable(failure)
            case .absent, .conflict: return .again
            }
        }
        var living = list.filter { $0.rest > 0 || $0.id == own.id }
        if !living.contains(where: { $0.id == own.id }) { living.append(own) }
        let isFirst = living.first?.id == own.id
        guard living.map(\.id) != list.map(\.id) else { return isFirst ? .entered(nil) : .wait }
        switch await store.swap(key, Self.octets(living), life: Self.life, version: version, by: deadline) {
        case .value: return isFirst ? .entered(nil) : .wait
        case .unavailable(let failure): return .unavailable(failure)
        case .absent, .conflict: return .again
        }
    }

    private struct Waiting {
        let id: String
        /// Milliseconds that are left to it.
        var rest: Int
    }

    private static func waiting(_ value: StoredValue) -> [Waiting] {
        guard let json = try? JSON(parsing: value.octets) else { return [] }
        let elapsed = max(0, life - value.rest)
        return json.elements.compactMap { entry in
            guard let id = entry["id"]?.string, let rest = entry["rest"]?.integer else { return nil }
            return Waiting(id: id, rest: rest - elapsed)
        }
    }

    private static func octets(_ list: [Waiting]) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { json in
            for waiting in list {
                json.object { json in
                    json.field("id", waiting.id)
                    json.field("rest", waiting.rest)
                }
            }
        }
        return writer.bytes
    }
}
