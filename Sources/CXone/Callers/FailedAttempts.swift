import Glibc
import Synchronization
import Time

/// Bounds how fast secrets can be guessed: each address may fail a few times at once and then once a second. An address that showed a right
/// secret within the hour is never refused unheard, so that a guesser behind the same proxy cannot lock CXone out. Of IPv6 the first 64 bits are
/// one address, since whoever has one of those has all.
///
/// Of this process only: a bound for guessing, not a count that must hold.
final class FailedAttempts: Sendable {
    private struct Bucket {
        /// Failures that are still free, times 1000.
        var left: Int
        var changed: Instant
    }

    private struct State {
        var buckets: [String: Bucket] = [:]
        /// When an address last showed a right secret.
        var trusted: [String: Instant] = [:]
        /// The last of them, as its server writes it: nearly always the next one too.
        var last: (peer: String, at: Instant)?
    }

    private let state = Mutex(State())

    private static let burst = 20
    private static let millisecondsOfOne = 1000
    private static let millisecondsOfTrust = 3_600_000
    private static let millisecondsBetweenNotes = 60_000
    private static let mostAddresses = 1024

    /// Milliseconds to wait before this address is heard again; `nil` when it is heard now.
    func wait(for peer: String?, now: Instant) -> Int? {
        state.withLock { state in
            guard !state.buckets.isEmpty else { return nil }
            let address = Self.address(peer)
            guard let bucket = state.buckets[Self.key(address, in: state.buckets)] else { return nil }
            if let trusted = state.trusted[address], now.milliseconds(since: trusted) < Self.millisecondsOfTrust { return nil }
            let left = Self.refilled(bucket, now)
            return left >= Self.millisecondsOfOne ? nil : Self.millisecondsOfOne - left
        }
    }

    func note(success: Bool, of peer: String?, now: Instant) {
        state.withLock { state in
            if success { Self.trust(peer, now, &state) } else { Self.fail(Self.address(peer), now, &state.buckets) }
        }
    }

    private static func trust(_ peer: String?, _ now: Instant, _ state: inout State) {
        let peer = peer ?? ""
        if let last = state.last, last.peer == peer, now.milliseconds(since: last.at) < millisecondsBetweenNotes { return }
        if state.trusted.count >= mostAddresses { state.trusted = state.trusted.filter { now.milliseconds(since: $0.value) < millisecondsOfTrust } }
        if state.trusted.count < mostAddresses { state.trusted[address(peer)] = now }
        state.last = (peer, now)
    }

    private static func fail(_ address: String, _ now: Instant, _ buckets: inout [String: Bucket]) {
        if buckets.count >= mostAddresses { buckets = buckets.filter { refilled($0.value, now) < burst * millisecondsOfOne } }
        let key = key(address, in: buckets)
        var bucket = buckets[key] ?? Bucket(left: burst * millisecondsOfOne, changed: now)
        bucket.left = max(0, refilled(bucket, now) - millisecondsOfOne)
        bucket.changed = now
        buckets[key] = bucket
    }

    private static func refilled(_ bucket: Bucket, _ now: Instant) -> Int {
        let passed = max(0, min(now.milliseconds(since: bucket.changed), burst * millisecondsOfOne))
        return min(burst * millisecondsOfOne, bucket.left + passed)
    }

    /// When too many addresses are at it, new ones share one bucket.
    private static func key(_ address: String, in buckets: [String: Bucket]) -> String {
        buckets[address] == nil && buckets.count >= mostAddresses ? "" : address
    }

    /// The peer, or the 64 bits of IPv6 that name its network.
    static func address(_ peer: String?) -> String {
        guard let peer, peer.utf8.contains(UInt8(ascii: ":")) else { return peer ?? "" }
        var octets = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, peer, &octets) == 1 else { return peer }
        if octets.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return octets.suffix(4).map { "\($0)" }.joined(separator: ".")
        }
        return octets.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
}
