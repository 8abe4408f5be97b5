import Synchronization
package import Time

/// A clock that moves only when a test says so.
package final class ManualTime: TimeSource {
    private let state = Mutex((monotonic: UInt64(1_000_000_000), epoch: Int64(1_700_000_000_000)))

    package init() {}

    package func now() -> Instant { Instant(nanoseconds: state.withLock { $0.monotonic }) }
    package func epochMilliseconds() -> Int64 { state.withLock { $0.epoch } }

    package func advance(milliseconds: Int) {
        state.withLock {
            $0.monotonic += UInt64(milliseconds) * 1_000_000
            $0.epoch += Int64(milliseconds)
        }
    }
}
