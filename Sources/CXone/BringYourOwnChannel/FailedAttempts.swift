import Synchronization
import Time

/// Bounds how fast secrets can be guessed at the token endpoint: each address may fail a few times at once and then once a second. An address
/// that showed a right secret within the hour is never refused unheard, so that a guesser behind the same proxy cannot lock CXone out.
///
/// Of this process only: a bound for guessing, not a count that must hold.
final class FailedAttempts: Sendable {
    private struct Bucket {
        /// Failures that are still free, times 1000.
        var left: Int
        var changed: Instant
        var succeeded: Instant?
    }

    private let buckets = Mutex<[String: Bucket]>([:])

    private static let burst = 20
    private static let millisecondsOfOne = 1000
    private static let millisecondsOfTrust = 3_600_000
    private static let mostAddresses = 1024

    /// Milliseconds to wait before this address is heard again; `nil` when it is heard now.
    func wait(for peer: String?, now: Instant) -> Int? {
        buckets.withLock { buckets in
            guard let bucket = buckets[key(peer, in: buckets)] else { return nil }
            if let succeeded = bucket.succeeded, now.milliseconds(since: succeeded) < Self.millisecondsOfTrust { return nil }
            let left = refilled(bucket, now)
            return left >= Self.millisecondsOfOne ? nil : Self.millisecondsOfOne - left
        }
    }

    func note(success: Bool, of peer: String?, now: Instant) {
        buckets.withLock { buckets in
            if buckets.count >= Self.mostAddresses { buckets = buckets.filter { refilled($0.value, now) < Self.burst * Self.millisecondsOfOne } }
            let key = key(peer, in: buckets)
            var bucket = buckets[key] ?? Bucket(left: Self.burst * Self.millisecondsOfOne, changed: now)
            bucket.left = refilled(bucket, now)
            bucket.changed = now
            if success { bucket.succeeded = now } else { bucket.left = max(0, bucket.left - Self.millisecondsOfOne) }
            buckets[key] = bucket
        }
    }

    private func refilled(_ bucket: Bucket, _ now: Instant) -> Int {
        let passed = max(0, min(now.milliseconds(since: bucket.changed), Self.burst * Self.millisecondsOfOne))
        return min(Self.burst * Self.millisecondsOfOne, bucket.left + passed)
    }

    /// When too many addresses are at it, new ones share one bucket.
    private func key(_ peer: String?, in buckets: [String: Bucket]) -> String {
        let key = peer ?? ""
        return buckets[key] == nil && buckets.count >= Self.mostAddresses ? "" : key
    }
}
