import Secrets
import Store
import Synchronization
import Time

/// Lets calls through as some allowances admit, together with all other processes: each takes a few calls at a time out of the common record by
/// one conditional write and spends them by itself. While the store is away the process keeps to the limits alone.
final class Gate: Sendable {
    private let allowances: [Allowance]
    private let key: StoreKey
    private let store: (any KeyValueStore)?
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void
    private let state: Mutex<State>

    fileprivate struct State {
        var record: AllowanceRecord
        var version: StoreVersion?
        /// Calls taken ahead, by allowance: the moments from which they may go.
        var taken: [[Int]]
        var wanted: [Int]
        var chunks: [Int]
        var lastTaking = 0
        var isTaking = false
        var waiting: [UnsafeContinuation<Void, Never>] = []
        var lastUse: Int
    }

    /// The record's life in the store, milliseconds: longer than any allowance needs to fill up.
    private static let life = 1_800_000

    init(
        _ allowances: [Allowance], key: StoreKey, store: (any KeyValueStore)?, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.allowances = allowances
        self.key = key
        self.store = store
        self.time = time
        self.sleep = sleep
        let none = allowances.map { _ in 0 }
        state = Mutex(State(
            record: AllowanceRecord(count: allowances.count), taken: allowances.map { _ in [] }, wanted: none, chunks: none.map { _ in 1 },
            lastUse: Int(time.epochMilliseconds())))
    }

    /// Milliseconds since 1970.
    var lastUse: Int { state.withLock { $0.lastUse } }

    /// Waits until each of these allowances admits a call.
    ///
    /// - Parameter reserve: How many calls must be left for others.
    /// - Returns: `nil` when the call may go, else the milliseconds after which it might, all beyond `deadline`.
    func pass(_ wanted: [Int], reserve: Int = 0, by deadline: Instant) async -> Int? {
        while !Task.isCancelled {
            let now = self.now, limit = now + max(0, deadline.milliseconds(since: time.now())) * 1000
            switch state.withLock({ $0.step(wanted, allowances, reserve: reserve, now: now, limit: limit) }) {
            case .go(let moment):
                guard moment > now else { return nil }
                await sleep(time.now().advanced(byMilliseconds: (moment - now + 999) / 1000))
                // A pause may have come meanwhile, here or elsewhere.
                if moment - now > 300_000 { await look(by: deadline) }
                let paused = state.withLock { $0.record.pausedUntil }
                guard paused > self.now else { return nil }
                return max(1, (paused - self.now) / 1000)
            case .tooLate(let moment): return max(1, (moment - now) / 1000)
            case .later(let moment): await sleep(time.now().advanced(byMilliseconds: (moment - now + 999) / 1000))
            case .wait:
                await withUnsafeContinuation { continuation in
                    let goesOn = state.withLock { state in
                        if state.isTaking { state.waiting.append(continuation) }
                        return !state.isTaking
                    }
                    if goesOn { continuation.resume() }
                }
                state.withLock { $0.stopWanting(wanted) }
            case .take:
                await take(reserve: reserve, limit: limit, by: deadline)
                let waiting = state.withLock { state in
                    state.isTaking = false
                    state.stopWanting(wanted)
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for continuation in waiting { continuation.resume() }
            }
        }
        return 1
    }

    /// Nobody calls for so long, in any process.
    func pause(milliseconds: Int) async {
        let until = now + milliseconds * 1000
        await change(by: time.now().advanced(byMilliseconds: 1000)) { record, _ in record.pausedUntil = max(record.pausedUntil, until) }
        state.withLock { $0.taken = $0.taken.map { _ in [] } }
    }

    private var now: Int { Int(time.epochMilliseconds()) * 1000 }

    // MARK: The common record

    private func take(reserve: Int, limit: Int, by deadline: Instant) async {
        let counts = state.withLock { $0.counts(allowances, now: now) }
        let taken = Mutex<[[Int]]>([])
        await change(by: deadline) { record, now in
            let moments = self.allowances.indices.map { index in
                let allowance = self.allowances[index]
                var moments: [Int] = []
                for number in 0..<counts[index].needed + counts[index].ahead {
                    // What is taken ahead of need must be at hand soon, and leave the rest to others.
                    let next = record.next(allowance, at: index, now: now, reserve: reserve)
                    let isAhead = number >= counts[index].needed
                    if next > limit { break }
                    if isAhead, next > now + 500_000 { break }
                    if isAhead, allowance.isScarce, record.left(allowance, at: index, now: now) * 2 < allowance.burst { break }
                    moments.append(record.take(allowance, at: index, now: now, reserve: reserve))
                }
                return moments
            }
            taken.withLock { $0 = moments }
        }
        let moments = taken.withLock { $0 }
        state.withLock { $0.keep(moments, now: now) }
    }

    private func look(by deadline: Instant) async {
        guard let store, case .value(let value) = await store.get(key, by: deadline),
            let record = AllowanceRecord(value.octets, count: allowances.count)
        else { return }
        state.withLock { $0.know(record, value.version) }
    }

    /// Changes the record in the store, again while others do so at the same moment; only here when the store is away.
    private func change(by deadline: Instant, _ change: (inout AllowanceRecord, Int) -> Void) async {
        var (record, version) = state.withLock { ($0.record, $0.version) }
        guard let store else { return changeHere(change) }
        var pause = 1
        if version == nil {
            switch await store.get(key, by: deadline) {
            case .value(let value): (record, version) = (AllowanceRecord(value.octets, count: allowances.count) ?? record, value.version)
            case .absent, .conflict: break
            case .unavailable: return changeHere(change)
            }
        }
        while true {
            var changed = record
            changed.settle(allowances, now: now)
            change(&changed, now)
            guard changed != record else { return state.withLock { $0.know(record, version) } }
            let result = if let version {
                await store.swap(key, changed.octets, life: Self.life, version: version, by: deadline)
            } else {
                await store.claim(key, changed.octets, life: Self.life, by: deadline)
            }
            if case .value(let value) = result { return state.withLock { $0.know(changed, value.version) } }
            guard case .conflict = result, time.now() < deadline, !Task.isCancelled else { return changeHere(change) }
            await sleep(min(deadline, time.now().advanced(byMilliseconds: Int(Random.bytes(1).first ?? 0) % pause + 1)))
            pause = min(16, pause * 2)
            switch await store.get(key, by: deadline) {
            case .value(let value): (record, version) = (AllowanceRecord(value.octets, count: allowances.count) ?? record, value.version)
            case .absent, .conflict: version = nil
            case .unavailable: return changeHere(change)
            }
        }
    }

    private func changeHere(_ change: (inout AllowanceRecord, Int) -> Void) {
        state.withLock { state in
            state.record.settle(allowances, now: now)
            change(&state.record, now)
            state.version = nil
        }
    }
}

extension Gate.State {
    fileprivate enum Step {
        case go(at: Int)
        case tooLate(Int)
        /// Nothing before this moment.
        case later(Int)
        /// Somebody is taking calls for all that wait.
        case wait
        case take
    }

    fileprivate mutating func step(_ lanes: [Int], _ allowances: [Allowance], reserve: Int, now: Int, limit: Int) -> Step {
        lastUse = now / 1000
        record.settle(allowances, now: now)
        for lane in lanes where taken.indices.contains(lane) {
            taken[lane].removeAll { $0 < now - allowances[lane].keeping * 1000 }
        }
        let isFit = reserve == 0 || lanes.allSatisfy { record.left(allowances[$0], at: $0, now: now) > reserve }
        if record.pausedUntil <= now, isFit, lanes.allSatisfy({ taken[$0].first.map { $0 <= limit } ?? false }) {
            return .go(at: lanes.map { taken[$0].removeFirst() }.max() ?? now)
        }
        // Moments only ever grow: what is too late by what we know is too late.
        let earliest = lanes.map { lane in
            (isFit ? taken[lane].first : nil) ?? record.next(allowances[lane], at: lane, now: now, reserve: reserve)
        }.max() ?? record.pausedUntil
        if max(earliest, record.pausedUntil) > limit { return .tooLate(max(earliest, record.pausedUntil)) }
        if record.pausedUntil > now { return .later(record.pausedUntil) }
        if !isFit, earliest > now { return .later(earliest) }
        for lane in lanes { wanted[lane] += 1 }
        if isTaking { return .wait }
        isTaking = true
        return .take
    }

    fileprivate mutating func stopWanting(_ lanes: [Int]) { for lane in lanes { wanted[lane] = max(0, wanted[lane] - 1) } }

    /// How many calls are to be taken: those that somebody waits for, and more while they go as fast as they come.
    fileprivate mutating func counts(_ allowances: [Allowance], now: Int) -> [(needed: Int, ahead: Int)] {
        defer { lastTaking = now }
        return allowances.indices.map { lane in
            let isBusy = now - lastTaking < allowances[lane].keeping * 1000 && taken[lane].isEmpty && wanted[lane] > 0
            chunks[lane] = isBusy ? min(allowances[lane].chunk, chunks[lane] * 2) : 1
            let needed = max(0, wanted[lane] - taken[lane].count)
            return (needed, wanted[lane] > 0 ? max(0, chunks[lane] - needed) : 0)
        }
    }

    fileprivate mutating func keep(_ moments: [[Int]], now: Int) {
        for (lane, new) in moments.enumerated() where taken.indices.contains(lane) {
            taken[lane] += new
            taken[lane].sort()
        }
    }

    fileprivate mutating func know(_ record: AllowanceRecord, _ version: StoreVersion?) {
        self.record = record
        self.version = version
    }
}
