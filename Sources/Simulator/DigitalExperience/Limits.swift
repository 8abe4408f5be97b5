import Time

/// The limits of `byoc.md` §5.3 as token buckets. The figures are NICE's; that they work as buckets is known of the limit per contact only.
package struct Limits: Sendable {
    package struct Rate: Sendable, Equatable {
        package var perSecond: Double
        package var burst: Double

        package init(perSecond: Double, burst: Double) { (self.perSecond, self.burst) = (perSecond, burst) }
    }

    /// What a limit counts; for the tenant unless said otherwise.
    package enum Name: String, CaseIterable, Sendable {
        case updateContact, storeInbound, sendOutbound, getContact
        /// Each single contact.
        case oneContact
    }

    package var rates: [Name: Rate]

    /// For the tenant an hour's (a minute's) allowance spread evenly, with one minute's of it at once; per contact 250, then 17 a minute.
    package static let documented = Limits(rates: [
        .updateContact: Rate(perSecond: 1_000_000 / 3600, burst: 16_666), .storeInbound: Rate(perSecond: 100, burst: 6000),
        .sendOutbound: Rate(perSecond: 100, burst: 6000), .getContact: Rate(perSecond: 120_000 / 3600, burst: 2000),
        .oneContact: Rate(perSecond: 17.0 / 60, burst: 250),
    ])
    package static let none = Limits(rates: [:])

    package init(rates: [Name: Rate]) { self.rates = rates }
}

/// The buckets of one tenant.
struct Buckets {
    private struct Bucket {
        var tokens: Double
        var filled: Instant
    }

    private struct Key: Hashable {
        let name: Limits.Name
        let contact: String
    }

    private var buckets: [Key: Bucket] = [:]

    /// Takes one of each, or nothing at all.
    /// - Returns: The limit that is exceeded and the seconds until one would be left.
    mutating func take(
        _ names: [Limits.Name], contact: String?, limits: Limits, now: Instant
    ) -> (name: Limits.Name, seconds: Int)? {
        var taken: [(Key, Bucket)] = []
        for name in names {
            guard let rate = limits.rates[name], name != .oneContact || contact != nil else { continue }
            let key = Key(name: name, contact: name == .oneContact ? contact ?? "" : "")
            var bucket = buckets[key] ?? Bucket(tokens: rate.burst, filled: now)
            let seconds = now > bucket.filled ? Double(now.nanoseconds - bucket.filled.nanoseconds) / 1e9 : 0
            bucket = Bucket(tokens: min(rate.burst, bucket.tokens + seconds * rate.perSecond), filled: now)
            guard bucket.tokens >= 1 else { return (name, max(1, Int(((1 - bucket.tokens) / rate.perSecond).rounded(.up)))) }
            bucket.tokens -= 1
            taken.append((key, bucket))
        }
        for (key, bucket) in taken { buckets[key] = bucket }
        return nil
    }

    mutating func empty() { buckets = [:] }
}
