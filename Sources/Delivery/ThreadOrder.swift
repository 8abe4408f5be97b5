package import Conversation
import Secrets
package import Store
import Synchronization
package import Time

/// One at a time within a thread: a line of waiting tasks in this process, and a short lock in the store against other processes. Without it two
/// first messages at once could make two contacts (`byoc.md` §8.1).
package final class ThreadOrder: Sendable {
    private let store: any KeyValueStore
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void
    /// A thread in which somebody works has an entry: those who wait, first come first.
    private let lines = Mutex<[StoreKey: [Waiter]]>([:])

    package enum Missed: Error, Equatable {
        /// Others worked in the thread until the deadline.
        case busy
        case store(StoreFailure)
    }

    package init(store: any KeyValueStore, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void) {
        self.store = store
        self.time = time
        self.sleep = sleep
    }

    /// Runs `work` when nobody else works in the thread. The lock in the store outlives a killed process by a second beyond the deadline.
    package func inTurn<Value: Sendable>(
        _ thread: ThreadID, of channel: Channel, by deadline: Instant, _ work: () async -> Value
    ) async throws(Missed) -> Value {
        let key = StoreKey(tenant: channel.tenant, purpose: "lock", id: channel.name + "\u{0}" + thread.text)
        guard await enter(key, by: deadline) else { throw .busy }
        defer { leave(key) }
        let version = try await lock(key, by: deadline)
        let value = await work()
        _ = await store.delete(key, version: version, by: nil)
        return value
    }

    // MARK: The store's lock

    private func lock(_ key: StoreKey, by deadline: Instant) async throws(Missed) -> StoreVersion {
        var pause = 4
        while true {
            let life = max(0, deadline.milliseconds(since: time.now())) + 1000
            let mark = Random.bytes(8)
            switch await store.claim(key, mark, life: life, by: deadline) {
            case .value(let value): return value.version
            case .unavailable(let failure):
                // It may be ours all the same, and would keep others waiting.
                if case .value(let value) = await store.get(key, by: deadline), value.octets == mark {
                    _ = await store.delete(key, version: value.version, by: deadline)
                }
                throw .store(failure)
            case .absent, .conflict: break
            }
            let next = time.now().advanced(byMilliseconds: pause)
            guard next < deadline, !Task.isCancelled else { throw .busy }
            await sleep(next)
            pause = min(pause * 2, 100)
        }
    }

    // MARK: The line in this process

    private func enter(_ key: StoreKey, by deadline: Instant) async -> Bool {
        let waiter: Waiter? = lines.withLock { lines in
            guard lines[key] != nil else {
                lines[key] = []
                return nil
            }
            let waiter = Waiter()
            lines[key]?.append(waiter)
            return waiter
        }
        guard let waiter else { return true }
        let sleep = sleep
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await waiter.turn() }
            group.addTask {
                await sleep(deadline)
                return false
            }
            // The turn may come at the very moment at which time is up; then it is taken.
            var came = await group.next() ?? false
            group.cancelAll()
            while let other = await group.next() { came = came || other }
            return came
        }
    }

    private func leave(_ key: StoreKey) {
        while true {
            let next: Waiter? = lines.withLock { lines in
                guard var line = lines[key], !line.isEmpty else {
                    lines[key] = nil
                    return nil
                }
                let first = line.removeFirst()
                lines[key] = line
                return first
            }
            guard let next else { return }
            if next.end(true) { return }
        }
    }

    /// One who waits: woken once, by the turn, by time or by cancellation.
    private final class Waiter: Sendable {
        private enum State {
            case new, over(Bool)
            case waiting(UnsafeContinuation<Bool, Never>)
        }
        private let state = Mutex(State.new)

        func turn() async -> Bool {
            await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    let early: Bool? = state.withLock { state in
                        if case .over(let came) = state { return came }
                        state = .waiting(continuation)
                        return nil
                    }
                    if let early { continuation.resume(returning: early) }
                }
            } onCancel: {
                end(false)
            }
        }

        /// Whether this decided.
        @discardableResult
        func end(_ came: Bool) -> Bool {
            let (decided, continuation): (Bool, UnsafeContinuation<Bool, Never>?) = state.withLock { state in
                switch state {
                case .over: return (false, nil)
                case .new:
                    state = .over(came)
                    return (true, nil)
                case .waiting(let continuation):
                    state = .over(came)
                    return (true, continuation)
                }
            }
            continuation?.resume(returning: came)
            return decided
        }
    }
}
