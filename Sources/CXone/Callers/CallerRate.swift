import Synchronization
import Time

/// How many turns one caller may have served in a second: a bucket that holds two seconds' worth. Of this process only.
final class CallerRate: Sendable {
    private let perSecond: Int
    private let state: Mutex<(left: Int, changed: Instant?)>

    init(perSecond: Int) {
        self.perSecond = perSecond
        state = Mutex((left: 2 * perSecond * 1000, changed: nil))
    }

    /// Takes one, or says how many milliseconds to wait.
    func take(at now: Instant) -> Int? {
        state.withLock { state in
            let most = 2 * perSecond * 1000
            // In thousandths of a turn, of which a millisecond brings `perSecond`. Two seconds fill it.
            let passed = state.changed.map { max(0, min(now.milliseconds(since: $0), 2000)) } ?? 0
            state.left = min(most, state.left + passed * perSecond)
            state.changed = now
            guard state.left >= 1000 else { return (1000 - state.left + perSecond - 1) / perSecond }
            state.left -= 1000
            return nil
        }
    }
}
