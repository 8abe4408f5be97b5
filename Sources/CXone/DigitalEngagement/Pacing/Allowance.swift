import JSON

/// One of CXone's limits: so many at once, and then so many in a time.
package struct Allowance: Sendable, Equatable {
    /// Calls that may go at once after a long rest.
    package let burst: Int
    /// Microseconds for which each call uses the limit up.
    package let interval: Int
    /// Most calls that a process takes for itself ahead of need, and milliseconds for which it may keep them.
    package let chunk: Int
    package let keeping: Int
    /// Whether calls are taken ahead only out of plenty: a slow allowance has none to waste.
    package let isScarce: Bool

    package init(burst: Int, count: Int, perMilliseconds period: Int, chunk: Int, keeping: Int, isScarce: Bool = false) {
        self.isScarce = isScarce
        self.burst = burst
        // Rounded up: never faster than allowed.
        interval = (period * 1000 + count - 1) / count
        self.chunk = chunk
        self.keeping = keeping
    }

    // The published limits (`byoc.md` §5.3). What counts by the hour is spread evenly, with a second's worth at once, so that even the hour that
    // begins with a full burst keeps the limit.
    package static let updates = Allowance(burst: 1000, count: 999_000, perMilliseconds: 3_600_000, chunk: 32, keeping: 1000)
    package static let stores = Allowance(burst: 100, count: 359_800, perMilliseconds: 3_600_000, chunk: 16, keeping: 1000)
    package static let sends = Allowance(burst: 100, count: 5900, perMilliseconds: 60_000, chunk: 16, keeping: 1000)
    package static let reads = Allowance(burst: 30, count: 119_900, perMilliseconds: 3_600_000, chunk: 8, keeping: 1000)
    /// Of one contact.
    package static let contact = Allowance(burst: 250, count: 17, perMilliseconds: 60_000, chunk: 4, keeping: 60_000, isScarce: true)
}

/// What is known of some allowances that are used up together, as it lies in the store: for each the moment at which it would be all free again.
/// All moments are microseconds since 1970 and only ever grow, so that machines whose clocks differ together take no more than the fastest
/// clock allows.
struct AllowanceRecord: Sendable, Equatable {
    var free: [Int]
    /// Nobody calls before: CXone asked for patience.
    var pausedUntil = 0

    init(count: Int) { free = Array(repeating: 0, count: count) }

    init?(_ octets: [UInt8], count: Int) {
        guard let json = try? JSON(parsing: octets), json.kind == .array else { return nil }
        let numbers = json.elements.compactMap(\.integer)
        guard numbers.count == count + 1, let last = numbers.last else { return nil }
        free = Array(numbers.dropLast())
        pausedUntil = last
    }

    var octets: [UInt8] {
        Array(RawJSON { writer in
            writer.array { list in
                for moment in free { list.value(moment) }
                list.value(pausedUntil)
            }
        }.bytes)
    }

    /// Takes back what only a wrong clock can have written: a moment further ahead than a used-up allowance with all that wait in it. Such a machine
    /// must not silence the others.
    mutating func settle(_ allowances: [Allowance], now: Int) {
        for (index, allowance) in allowances.enumerated() where free.indices.contains(index) {
            let empty = now + allowance.burst * allowance.interval
            if free[index] > empty + Self.longestWait { free[index] = empty }
        }
        if pausedUntil > now + Self.longestPause { pausedUntil = 0 }
    }

    /// Microseconds: nobody waits longer for a call, or is asked to be quiet for longer.
    private static let longestWait = 30_000_000
    private static let longestPause = 660_000_000

    /// When the next call of one allowance may go.
    ///
    /// - Parameter reserve: How many calls must be left for others at that moment.
    func next(_ allowance: Allowance, at index: Int, now: Int, reserve: Int) -> Int {
        guard free.indices.contains(index) else { return now }
        return max(now, pausedUntil, free[index] - (allowance.burst - 1 - reserve) * allowance.interval)
    }

    /// Takes one call and tells when it may go.
    mutating func take(_ allowance: Allowance, at index: Int, now: Int, reserve: Int) -> Int {
        guard free.indices.contains(index) else { return now }
        let moment = next(allowance, at: index, now: now, reserve: reserve)
        free[index] = max(free[index], moment) + allowance.interval
        return moment
    }

    /// How many calls could go at once now.
    func left(_ allowance: Allowance, at index: Int, now: Int) -> Int {
        guard free.indices.contains(index), free[index] > now else { return allowance.burst }
        return max(0, allowance.burst - (free[index] - now + allowance.interval - 1) / allowance.interval)
    }
}
