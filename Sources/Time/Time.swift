import CLinux

/// A moment of the monotonic clock, in nanoseconds. Deadlines are instants: a wrong wall clock never moves them.
package struct Instant: Sendable, Hashable, Comparable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    package static func now() -> Instant { Instant(nanoseconds: clinux_monotonic()) }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Never below zero and never past the end of the clock.
    package func advanced(byMilliseconds milliseconds: Int) -> Instant {
        let (step, overflow) = milliseconds.magnitude.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return Instant(nanoseconds: milliseconds < 0 ? 0 : .max) }
        let distance = UInt64(step)
        if milliseconds < 0 { return Instant(nanoseconds: nanoseconds > distance ? nanoseconds - distance : 0) }
        let (sum, late) = nanoseconds.addingReportingOverflow(distance)
        return Instant(nanoseconds: late ? .max : sum)
    }

    /// Whole milliseconds from `earlier` to this instant; negative when this one is the earlier.
    package func milliseconds(since earlier: Instant) -> Int {
        self >= earlier
            ? Int((nanoseconds - earlier.nanoseconds) / 1_000_000) : -Int((earlier.nanoseconds - nanoseconds) / 1_000_000)
    }
}

/// Where handlers get the time from; tests pass a clock that they move by hand.
package protocol TimeSource: Sendable {
    /// The monotonic clock: deadlines, durations.
    func now() -> Instant
    /// The wall clock in milliseconds since 1970: expiries that leave the process, log lines.
    func epochMilliseconds() -> Int64
}

package struct SystemTime: TimeSource {
    package init() {}
    package func now() -> Instant { .now() }
    package func epochMilliseconds() -> Int64 { clinux_epoch_milliseconds() }
}
