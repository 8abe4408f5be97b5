import EventLoop
import Secrets
import Synchronization
package import Time

/// Access tokens for everybody who needs the same one: fetched once, shared through the store, refreshed early by one holder while the
/// others go on with the present one (`state.md` §10.3).
///
/// Without a store, or while it is down, the process looks after itself: one fetch at a time for each key.
package final class TokenCache: Sendable {
    private let store: (any KeyValueStore)?
    private let time: any TimeSource
    private let random: @Sendable (Int) -> [UInt8]
    private let sleep: @Sendable (Instant) async -> Void
    private let state = Mutex(State())

    private struct State {
        var copies: [StoreKey: Copy] = [:]
        var refreshing: Set<StoreKey> = []
        /// Until then the store is left alone, because it did not answer.
        var blindUntil = Instant(nanoseconds: 0)
    }

    /// What this process knows, on its own monotonic clock.
    private struct Copy {
        let record: TokenRecord
        let written: Instant
        let version: StoreVersion?
    }

    package typealias Fetch = @Sendable (_ deadline: Instant) async -> Result<TokenGrant, TokenFailure>

    private enum Step {
        case done(Result<Token, TokenFailure>)
        case wait
    }

    /// Milliseconds. A lock outlives the longest token request, which may take a second, and the calls to the store around it.
    private static let lockLife = 10_000
    private static let blindness = 5000
    /// A token this young is not dropped: its successor would be refused too, and a wrong client must not become a storm.
    private static let youth = 5000

    package init(
        store: (any KeyValueStore)?, time: any TimeSource, random: @escaping @Sendable (Int) -> [UInt8] = { Random.bytes($0) },
        sleep: @escaping @Sendable (Instant) async -> Void = { await EventLoop.sleep(until: $0) }
    ) {
        self.store = store
        self.time = time
        self.random = random
        self.sleep = sleep
    }

    /// Where a token lies whose identity holds secrets: the stored name must not let anybody try guesses of them.
    package func key(tenant: String, secretID: [UInt8]) -> StoreKey {
        StoreKey(tenant: tenant, purpose: "token", id: store?.name(ofSecret: secretID) ?? secretID)
    }

    /// A token that is valid now, or why there is none by `deadline`.
    package func token(for key: StoreKey, by deadline: Instant, fetch: @escaping Fetch) async -> Result<Token, TokenFailure> {
        var pause = 20.0
        while true {
            if case .done(let result) = await step(key, by: deadline, fetch) { return result }
            let now = time.now()
            guard now < deadline, !Task.isCancelled else {
                // Better the last minute of an old token than none.
                return usable(key).map { .success($0) } ?? .failure(TokenFailure(Task.isCancelled ? .cancelled : .timedOut))
            }
            await sleep(min(deadline, now.advanced(byMilliseconds: Int(pause * (0.5 + unit() / 2)))))
            pause = min(250, pause * 1.6)
        }
    }

    /// Forgets this very token, here and in the store, because the other side refused it. A newer one stays.
    ///
    /// - Returns: Whether asking for a token again is worth it.
    package func drop(_ token: Token, of key: StoreKey) async -> Bool {
        guard time.now().milliseconds(since: token.born) >= Self.youth else { return false }
        state.withLock {
            guard $0.copies[key]?.record.held.map({ token.secret.matches($0.secret.reveal()) }) ?? false else { return }
            $0.copies[key] = nil
        }
        if let version = token.version, let store, !isBlind { _ = await store.delete(key, version: version) }
        return true
    }

    // MARK: One look

    private func step(_ key: StoreKey, by deadline: Instant, _ fetch: @escaping Fetch) async -> Step {
        if let token = usable(key, before: { $0.soft }) { return .done(.success(token)) }
        let isAlone = state.withLock { !$0.refreshing.contains(key) }
        if isAlone {
            switch await look(key, by: deadline) {
            case .cancelled: return .done(.failure(TokenFailure(.cancelled)))
            default: if let token = usable(key, before: { $0.soft }) { return .done(.success(token)) }
            }
        }
        if let failure = remembered(key) { return .done(usable(key).map { .success($0) } ?? .failure(failure)) }
        guard state.withLock({ $0.refreshing.insert(key).inserted }) else { return elsewhere(key) }
        // A task of its own: a caller that goes away must not leave the lock behind or waste the token.
        return await Task(executorPreference: EventLoop.current) {
            let step = await self.refresh(key, by: deadline, fetch)
            self.state.withLock { _ = $0.refreshing.remove(key) }
            return step
        }.value
    }

    /// Somebody else is refreshing.
    private func elsewhere(_ key: StoreKey) -> Step {
        usable(key, before: { $0.hard }).map { .done(.success($0)) } ?? .wait
    }

    private func refresh(_ key: StoreKey, by deadline: Instant, _ fetch: @escaping Fetch) async -> Step {
        guard let store, !isBlind else { return .done(await renew(key, in: nil, by: deadline, fetch)) }
        let lock = key.companion("token-lock")
        switch await store.claim(lock, random(16), life: Self.lockLife, by: deadline) {
        case .conflict: return elsewhere(key)
        case .value(let owned):
            await look(key, by: deadline)
            // Another process may have been faster between our look and our lock.
            let step: Step
            if let token = usable(key, before: { $0.soft }) {
                step = .done(.success(token))
            } else if let failure = remembered(key) {
                step = .done(usable(key).map { .success($0) } ?? .failure(failure))
            } else {
                step = .done(await renew(key, in: store, by: deadline, fetch))
            }
            _ = await store.delete(lock, version: owned.version)
            return step
        case .absent, .unavailable:
            goBlind()
            return .done(await renew(key, in: nil, by: deadline, fetch))
        }
    }

    /// Asks the authorization server and keeps what it says.
    private func renew(
        _ key: StoreKey, in store: (any KeyValueStore)?, by deadline: Instant, _ fetch: @escaping Fetch
    ) async -> Result<Token, TokenFailure> {
        let sent = time.now()
        let copy = state.withLock { $0.copies[key] }
        switch await fetch(deadline) {
        case .success(let grant):
            let now = time.now()
            let record = TokenRecord(grant, elapsed: now.milliseconds(since: sent), jitter: 0.5 + unit() / 2)
            guard let held = record.held, held.end > 0 else {
                return .success(Token(secret: grant.secret, type: grant.type, version: nil, born: sent))
            }
            await keep(record, written: now, of: key, over: copy, in: store)
            // When a newer one was stored meanwhile, that one is everybody's now.
            return .success(usable(key) ?? Token(secret: grant.secret, type: grant.type, version: nil, born: sent))
        case .failure(let failure):
            let now = time.now()
            // A caller in a hurry says nothing about the server.
            if failure.pause > 0, !(failure.code == .timedOut && deadline.milliseconds(since: sent) < 900) {
                let record = TokenRecord(copy?.record, age: copy.map { now.milliseconds(since: $0.written) } ?? 0, failure: failure)
                await keep(record, written: now, of: key, over: copy, in: store)
            }
            return usable(key).map { .success($0) } ?? .failure(failure)
        }
    }

    // MARK: Store

    private enum Look { case seen, nothing, blind, cancelled }

    /// Takes over what the store knows.
    @discardableResult
    private func look(_ key: StoreKey, by deadline: Instant) async -> Look {
        guard let store, !isBlind else { return .blind }
        switch await store.get(key, by: deadline) {
        case .value(let value):
            take(value, of: key)
            return .seen
        case .unavailable(.cancelled): return .cancelled
        case .unavailable:
            goBlind()
            return .blind
        case .absent, .conflict:
            // What we still hold may be used to its end, but the next write must claim, not swap.
            state.withLock { state in
                if let copy = state.copies[key] { state.copies[key] = Copy(record: copy.record, written: copy.written, version: nil) }
            }
            return .nothing
        }
    }

    private func take(_ value: StoredValue, of key: StoreKey) {
        guard let (record, age) = TokenRecord.read(value) else { return }
        let written = time.now().advanced(byMilliseconds: -age)
        state.withLock {
            // What was measured on our own clock is the better one.
            if $0.copies[key]?.version != value.version { $0.copies[key] = Copy(record: record, written: written, version: value.version) }
        }
    }

    /// Stores a record unless the store has changed since `earlier` was read: then the store's is taken.
    private func keep(
        _ record: TokenRecord, written: Instant, of key: StoreKey, over earlier: Copy?, in store: (any KeyValueStore)?
    ) async {
        state.withLock { $0.copies[key] = Copy(record: record, written: written, version: nil) }
        guard let store else { return }
        let result = if let version = earlier?.version {
            await store.swap(key, record.octets, life: record.life, version: version)
        } else {
            await store.claim(key, record.octets, life: record.life)
        }
        switch result {
        case .value(let value):
            state.withLock { $0.copies[key] = Copy(record: record, written: written, version: value.version) }
        case .conflict:
            if case .value(let newer) = await store.get(key) { take(newer, of: key) }
        case .absent, .unavailable:
            goBlind()
        }
    }

    private var isBlind: Bool { state.withLock { time.now() < $0.blindUntil } }
    private func goBlind() { state.withLock { $0.blindUntil = time.now().advanced(byMilliseconds: Self.blindness) } }

    // MARK: Copies

    /// The copy's token, if it is still before the given mark of its life.
    private func usable(_ key: StoreKey, before mark: (TokenRecord.Held) -> Int = { $0.end }) -> Token? {
        let now = time.now()
        guard let copy = state.withLock({ $0.copies[key] }), let held = copy.record.held,
            now.milliseconds(since: copy.written) < mark(held)
        else { return nil }
        return Token(
            secret: held.secret, type: held.type, version: copy.version, born: copy.written.advanced(byMilliseconds: held.born))
    }

    private func remembered(_ key: StoreKey) -> TokenFailure? {
        let now = time.now()
        guard let copy = state.withLock({ $0.copies[key] }), let (failure, until) = copy.record.failure,
            now.milliseconds(since: copy.written) < until
        else { return nil }
        return failure
    }

    /// 0…1, evenly.
    private func unit() -> Double { random(4).reduce(0) { ($0 + Double($1)) / 256 } }
}
