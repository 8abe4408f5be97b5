package import Store
import Synchronization
package import Time

/// A store in memory with the port's meaning: atomic, expiring by its clock, versions that never repeat. A test can let operations fail or
/// wait, and look at what is there.
package final class MemoryStore: KeyValueStore {
    private struct Entry {
        var octets: [UInt8]
        var version: Int
        var expiry: Int64
    }

    private struct State {
        var entries: [StoreKey: Entry] = [:]
        var version = 0
        var performed: [(operation: StoreOperation, key: StoreKey)] = []
    }

    /// What happens instead of an operation; `nil` lets it through.
    package typealias Fault = @Sendable (StoreOperation, StoreKey) async -> StoreFailure?

    private let state = Mutex(State())
    private let fault = Mutex<Fault?>(nil)
    private let time: any TimeSource

    package init(time: any TimeSource = SystemTime()) { self.time = time }

    /// Asked before each operation from now on.
    package func setFault(_ fault: Fault?) { self.fault.withLock { $0 = fault } }

    /// Every operation so far, failed ones included.
    package var performed: [(operation: StoreOperation, key: StoreKey)] { state.withLock { $0.performed } }

    /// Keys that have a value now; with a purpose only those of it (`tenant/purpose/digest`).
    package func keys(_ purpose: String? = nil) -> [StoreKey] {
        let now = time.epochMilliseconds()
        return state.withLock { state in
            state.entries.filter { $0.value.expiry > now }.map(\.key).filter { key in
                purpose.map { key.text.split(separator: "/").dropFirst().first.map(String.init) == $0 } ?? true
            }
        }
    }

    package func octets(_ key: StoreKey) -> [UInt8]? {
        let now = time.epochMilliseconds()
        return state.withLock { $0.entries[key].flatMap { $0.expiry > now ? $0.octets : nil } }
    }

    /// Forgets everything, as a store does that lost its data.
    package func lose() { state.withLock { $0.entries = [:] } }

    package func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        state.withLock { $0.performed.append((operation, key)) }
        if let failure = await fault.withLock({ $0 })?(operation, key) { return .unavailable(failure) }
        let now = time.epochMilliseconds()
        return state.withLock { state in
            if let entry = state.entries[key], entry.expiry <= now { state.entries[key] = nil }
            let present = state.entries[key]
            func store(_ octets: [UInt8], _ life: Int) -> StoreResult {
                state.version += 1
                state.entries[key] = Entry(octets: octets, version: state.version, expiry: now + Int64(life))
                return .value(StoredValue(octets: octets, version: StoreVersion("\(state.version)"), rest: life))
            }
            switch operation {
            case .get:
                guard let present else { return .absent }
                return .value(StoredValue(octets: present.octets, version: StoreVersion("\(present.version)"), rest: Int(present.expiry - now)))
            case .put(let octets, let life): return store(octets, life)
            case .claim(let octets, let life): return present == nil ? store(octets, life) : .conflict
            case .swap(let octets, let life, let version):
                return present.map { "\($0.version)" } == version.text ? store(octets, life) : .conflict
            case .delete(let version):
                guard let present else { return .absent }
                guard version.map({ $0.text == "\(present.version)" }) ?? true else { return .conflict }
                state.entries[key] = nil
                return .absent
            }
        }
    }
}
