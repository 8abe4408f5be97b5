import Conversation
import JSON
import Secrets
import Store
import Time

/// Claims agents' messages, so that each is sent by one process at a time and none twice (`security.md` §3).
///
/// One record in the store for each message: claimed before anything is sent, changed only against its version, so that an owner who was thought
/// dead cannot overwrite what his successor wrote. How long an owner is believed in is measured by the store's clock.
struct OutboundClaims: Sendable {
    let store: any KeyValueStore
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void

    /// Milliseconds for which a repeat is recognised.
    static let life = 24 * 3_600_000
    /// The same where the key is a digest and the answer could not be written: later than this, an equal message is taken for another one.
    static let lifeOfDigests = 10 * 60_000
    /// Milliseconds for which an answered message is still recognised by those who already waited for it.
    private static let lifeOfAnswered = 10_000
    /// Milliseconds beyond its deadline during which an owner is believed in.
    static let grace = 1000
    /// Milliseconds that a repeat waits for the one that is at work.
    private static let mostWait = 2500

    /// A message that is ours to send.
    struct Held: Sendable {
        let key: StoreKey
        let life: Int
        var record: OutboundRecord
        fileprivate(set) var version: StoreVersion
    }

    enum Outcome: Sendable {
        case mine(Held)
        case done(Delivery)
        /// The same key stands for a message that says something else.
        case otherContent
        case running(retryAfterMilliseconds: Int)
        /// It was being sent when its process died, and sending again could show it twice where that must not be.
        case unknown
        case unavailable(StoreFailure)
    }

    func claim(_ message: OutboundMessage, in channel: Channel, by deadline: Instant) async -> Outcome {
        let budget = max(0, deadline.milliseconds(since: time.now()))
        let owner = Digest.hex(Random.bytes(8))
        // A digest names what is said, not the occasion: two occasions must not share the platform's idempotency key.
        let downstream = message.keyIsDigest ? "\(message.key.prefix(40))-\(owner)" : message.key
        let fresh = OutboundRecord(
            .running, digest: OutboundDigest.hex(message), key: downstream, owner: owner, patience: budget + Self.grace)
        var attempt = Attempt(
            key: Self.key(message, channel), life: message.keyIsDigest ? Self.lifeOfDigests : Self.life, fresh: fresh, deadline: deadline)
        let end = min(deadline.advanced(byMilliseconds: -200), time.now().advanced(byMilliseconds: Self.mostWait))
        switch await store.claim(attempt.key, fresh.octets, life: attempt.life, by: deadline) {
        case .value(let value): return .mine(Held(key: attempt.key, life: attempt.life, record: fresh, version: value.version))
        // Whether it took effect is unknown: what follows looks.
        case .unavailable: attempt.failures += 1
        case .absent, .conflict: break
        }
        var pause = 15
        while true {
            switch await look(&attempt) {
            case .settled(let outcome): return outcome
            case .again: if time.now() >= deadline { return .unavailable(.timedOut) }
            case .wait(let rest):
                let next = time.now().advanced(byMilliseconds: pause)
                guard next < end else { return .running(retryAfterMilliseconds: max(200, rest)) }
                await sleep(next)
                pause = min(pause * 3 / 2, 200)
            }
        }
    }

    /// The record of a message that was accepted and is being sent from the queue, where its thread's turn keeps others away; `nil` when the store
    /// cannot be reached.
    func resume(_ id: MessageID, _ message: OutboundMessage, in channel: Channel, by deadline: Instant) async -> Held? {
        let key = StoreKey(tenant: channel.tenant, purpose: "outbound-work", id: channel.name + "\u{0}" + id.text)
        let fresh = OutboundRecord(.running, digest: "", key: message.key, owner: "", patience: 0)
        for _ in 0..<3 {
            switch await store.claim(key, fresh.octets, life: OutboundQueue.life, by: deadline) {
            case .value(let value): return Held(key: key, life: OutboundQueue.life, record: fresh, version: value.version)
            case .absent, .conflict, .unavailable: break
            }
            guard case .value(let value) = await store.get(key, by: deadline), let record = OutboundRecord(value.octets) else { continue }
            return Held(key: key, life: OutboundQueue.life, record: record, version: value.version)
        }
        return nil
    }

    /// Writes what became of it; false when it is no longer ours or the store cannot be reached.
    func update(_ held: inout Held, by deadline: Instant) async -> Bool {
        for _ in 0..<2 {
            switch await store.swap(held.key, held.record.octets, life: held.life, version: held.version, by: deadline) {
            case .value(let value):
                held.version = value.version
                return true
            case .absent, .conflict: return false
            case .unavailable: continue
            }
        }
        return false
    }

    /// The answer reached whoever asked.
    func answered(_ message: OutboundMessage, in channel: Channel, by deadline: Instant) async {
        guard message.keyIsDigest else { return }
        let key = Self.key(message, channel)
        for _ in 0..<2 {
            guard case .value(let value) = await store.get(key, by: deadline), var record = OutboundRecord(value.octets),
                record.state == .done || record.state == .queued
            else { return }
            record.state = .answered
            let result = await store.swap(key, record.octets, life: Self.lifeOfAnswered, version: value.version, by: deadline)
            if case .value = result { return }
        }
    }

    // MARK: One look at the record

    private struct Attempt {
        let key: StoreKey
        let life: Int
        let fresh: OutboundRecord
        let deadline: Instant
        /// The downstream key of somebody whom we saw at work.
        var seen: String?
        /// How often the store could not be reached; it is asked once more.
        var failures = 0

        mutating func failed(_ failure: StoreFailure) -> Look {
            failures += 1
            return failures < 2 ? .again : .settled(.unavailable(failure))
        }
    }

    private enum Look { case settled(Outcome), again, wait(rest: Int) }

    private func look(_ attempt: inout Attempt) async -> Look {
        switch await store.get(attempt.key, by: attempt.deadline) {
        case .unavailable(let failure): return attempt.failed(failure)
        case .absent, .conflict:
            return take(await store.claim(attempt.key, attempt.fresh.octets, life: attempt.life, by: attempt.deadline), attempt, attempt.fresh)
        case .value(let value):
            guard let record = OutboundRecord(value.octets) else { return .settled(.unavailable(.misunderstood)) }
            return await judge(record, value, &attempt)
        }
    }

    private func judge(_ record: OutboundRecord, _ value: StoredValue, _ attempt: inout Attempt) async -> Look {
        guard record.digest == attempt.fresh.digest else { return .settled(.otherContent) }
        switch record.state {
        case .done, .queued: return .settled(record.delivery.map { .done($0) } ?? .unavailable(.misunderstood))
        case .answered:
            // Whoever waited beside it is a repeat; whoever comes later is another message.
            if attempt.seen == record.key, let delivery = record.delivery { return .settled(.done(delivery)) }
            return await takeOver(attempt.fresh, value.version, attempt)
        case .open: break
        case .running:
            if record.owner == attempt.fresh.owner {
                return .settled(.mine(Held(key: attempt.key, life: attempt.life, record: record, version: value.version)))
            }
            let rest = record.patience - max(0, attempt.life - value.rest)
            if rest > 0 {
                attempt.seen = record.key
                return .wait(rest: rest)
            }
        }
        if record.sending { return .settled(.unknown) }
        var next = record
        next.state = .running
        next.owner = attempt.fresh.owner
        next.patience = attempt.fresh.patience
        return await takeOver(next, value.version, attempt)
    }

    private func takeOver(_ record: OutboundRecord, _ version: StoreVersion, _ attempt: Attempt) async -> Look {
        take(
            await store.swap(attempt.key, record.octets, life: attempt.life, version: version, by: attempt.deadline), attempt, record)
    }

    private func take(_ result: StoreResult, _ attempt: Attempt, _ record: OutboundRecord) -> Look {
        switch result {
        case .value(let value):
            .settled(.mine(Held(key: attempt.key, life: attempt.life, record: record, version: value.version)))
        case .unavailable(let failure): .settled(.unavailable(failure))
        case .absent, .conflict: .again
        }
    }

    static func key(_ message: OutboundMessage, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "outbound", id: channel.name + "\u{0}" + message.key)
    }
}

/// What a message says, in one short text.
enum OutboundDigest {
    static func hex(_ message: OutboundMessage) -> String {
        var writer = JSONWriter()
        message.write(to: &writer, forDigest: true)
        return Digest.hex(Digest.sha256(writer.bytes).prefix(16))
    }
}
