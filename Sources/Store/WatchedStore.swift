import Synchronization
package import Time

/// Tells when the store fails, which callers survive and so would never tell: at most one line in ten seconds for each kind of failure, with how
/// often it happened. Keys and values stay out of it.
package final class WatchedStore: KeyValueStore {
    package typealias Report = @Sendable (_ message: String) -> Void

    private struct Trouble {
        let failure: StoreFailure
        var count: Int
        var told: Instant
    }

    private let store: any KeyValueStore
    private let time: any TimeSource
    private let report: Report
    private let troubles = Mutex<[Trouble]>([])

    /// Milliseconds between two lines of one kind.
    private static let silence = 10_000

    package init(_ store: any KeyValueStore, time: any TimeSource, report: @escaping Report) {
        self.store = store
        self.time = time
        self.report = report
    }

    package func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        let result = await store.perform(operation, on: key, by: deadline)
        // Whoever stopped waiting is no fault of the store.
        if case .unavailable(let failure) = result, failure != .cancelled { note(failure, operation) }
        return result
    }

    package func name(ofSecret secret: [UInt8]) -> [UInt8] { store.name(ofSecret: secret) }

    private func note(_ failure: StoreFailure, _ operation: StoreOperation) {
        let now = time.now()
        let count: Int? = troubles.withLock { troubles in
            guard let index = troubles.firstIndex(where: { $0.failure == failure }) else {
                troubles.append(Trouble(failure: failure, count: 0, told: now))
                return 1
            }
            troubles[index].count += 1
            guard now.milliseconds(since: troubles[index].told) >= Self.silence else { return nil }
            defer { (troubles[index].count, troubles[index].told) = (0, now) }
            return troubles[index].count
        }
        guard let count else { return }
        let times = count > 1 ? ", \(count) times since the last such line" : ""
        report("the store failed at \(operation.name): \(failure.rawValue)\(times)")
    }
}

extension StoreOperation {
    var name: String {
        switch self {
        case .get: "get"
        case .put: "put"
        case .claim: "claim"
        case .swap: "swap"
        case .delete: "delete"
        }
    }
}
