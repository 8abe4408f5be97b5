import CXone
import Conversation
import EventLoop
import Store
import TestSupport
import Testing
import Time

/// `byoc.md` §5.3; B12, P5.
@Suite("Pacing")
struct PacingTests {
    private func pacing(_ time: ManualTime, _ store: (any KeyValueStore)?) -> Pacing {
        Pacing(tenant: "jungle", store: store, time: time, sleep: time.sleep)
    }

    @Test("a hundred messages at once, then a hundred a second, in one process or in four, with a store or without (B12)", arguments: [1, 4], [true, false])
    func tenant(_ processes: Int, _ hasStore: Bool) async throws {
        try await staged {
            let time = ManualTime()
            let store = MemoryStore(time: time)
            let pacings = (0..<(hasStore ? processes : 1)).map { _ in pacing(time, hasStore ? store : nil) }
            let start = time.now()
            var moments: [Int] = []
            for number in 0..<500 {
                #expect(await admit(pacings[number % pacings.count], .message(of: nil, isInbound: true), time) == nil)
                moments.append(time.now().milliseconds(since: start))
            }
            #expect(moments[40] < 100, "the burst goes at once")
            for index in 100..<500 {
                // What went in any second is a burst and a second's rate at most.
                #expect(moments[index] >= (index - 100) * 10)
            }
            #expect((4000...4400).contains(moments[499]), "\(moments[499])")
            if hasStore { #expect(store.performed.count < 500, "\(store.performed.count) operations") }
        }
    }

    @Test("256 callers in four processes drain at 95 % of the rate or more, and none goes early", .timeLimit(.minutes(15)))
    func crowd() async throws {
        try await staged {
            let time = SystemTime()
            let store = MemoryStore(time: time)
            let pacings = (0..<4).map { _ in Pacing(tenant: "jungle", store: store, time: time, sleep: EventLoop.sleep) }
            let start = time.now()
            let all = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<400 {
                    let pacing = pacings[number % 4]
                    group.addTask {
                        let error = await admit(pacing, .message(of: nil, isInbound: true), time, milliseconds: 30_000)
                        return error == nil ? time.now().milliseconds(since: start) : nil
                    }
                }
                return await group.reduce(into: [Int]()) { all, moment in if let moment { all.append(moment) } }
            }.sorted()
            #expect(all.count == 400)
            for (index, moment) in all.enumerated() where index >= 100 { #expect(moment + 20 >= (index - 100) * 10) }
            // 300 at 100 a second; the generous end is for a busy machine.
            #expect((2950...6000).contains(all[399]), "\(all[399]) ms")
            #expect(store.performed.count < 600, "\(store.performed.count) operations")
        }
    }

    @Test("what cannot go before the deadline is told at once, with the time to wait")
    func tooLate() async throws {
        try await staged {
            let time = ManualTime()
            let store = MemoryStore(time: time)
            let pacing = pacing(time, store)
            for _ in 0..<150 { _ = await admit(pacing, .message(of: nil, isInbound: true), time, milliseconds: 10_000) }
            let before = time.now()
            let error = await admit(pacing, .message(of: nil, isInbound: true), time, milliseconds: 0)
            #expect(error?.code == .throttled && error?.mayHaveArrived == false)
            #expect((1...50).contains(error?.retryAfterMilliseconds ?? 0))
            #expect(time.now() == before)
            let count = store.performed.count
            for _ in 0..<100 { _ = await admit(pacing, .message(of: nil, isInbound: true), time, milliseconds: 0) }
            #expect(store.performed.count - count <= 100)
        }
    }

    @Test("one contact: 250 at once, then 17 a minute; receipts leave the last of it to messages (B12)", arguments: [1, 3])
    func contact(_ processes: Int) async throws {
        try await staged {
            let time = ManualTime()
            let store = MemoryStore(time: time)
            let pacings = (0..<processes).map { _ in pacing(time, store) }
            var receipts = 0
            while await admit(pacings[receipts % processes], .update(of: "48213", yields: true), time, milliseconds: 100) == nil { receipts += 1 }
            #expect((222...250 - Pacing.reserve + 6).contains(receipts), "\(receipts)")
            let error = await admit(pacings[0], .update(of: "48213", yields: true), time, milliseconds: 100)
            #expect(error?.code == .throttled)
            var messages = 0
            while await admit(pacings[messages % processes], .message(of: "48213", isInbound: true), time, milliseconds: 100) == nil { messages += 1 }
            #expect((Pacing.reserve - 8...Pacing.reserve + 12).contains(messages), "\(messages)")
            #expect(receipts + messages <= 251 + time.now().milliseconds(since: Instant(nanoseconds: 1_000_000_000)) * 17 / 60_000)
            // Another contact is not held up.
            #expect(await admit(pacings[0], .message(of: "48214", isInbound: true), time, milliseconds: 100) == nil)
            let start = time.now()
            for _ in 0..<34 { #expect(await admit(pacings[0], .message(of: "48213", isInbound: true), time, milliseconds: 30_000) == nil) }
            #expect((100_000...125_000).contains(time.now().milliseconds(since: start)))
        }
    }

    @Test("Retry-After keeps all processes quiet for that long (B12)", arguments: [true, false])
    func pause(_ isService: Bool) async throws {
        try await staged {
            let time = ManualTime()
            let store = MemoryStore(time: time)
            let (one, two) = (pacing(time, store), pacing(time, store))
            for _ in 0..<3 { for process in [one, two] { #expect(await admit(process, .message(of: nil, isInbound: true), time) == nil) } }
            time.advance(milliseconds: 1100)
            let cost = Cost.message(of: isService ? "48213" : nil, isInbound: true)
            await one.refused(cost, ContactCentreError(.throttled, reason: "", retryAfterMilliseconds: 7000, mayHaveArrived: isService))
            for process in [one, two] {
                let error = await admit(process, .message(of: nil, isInbound: true), time, milliseconds: 4500)
                #expect(error?.code == .throttled && (6000...7000).contains(error?.retryAfterMilliseconds ?? 0))
            }
            let count = store.performed.count
            #expect(await admit(two, .free, time, milliseconds: 10_000) == nil)
            #expect(store.performed.count - count < 10)
            #expect(await admit(two, .message(of: nil, isInbound: true), time, milliseconds: 0) == nil)
        }
    }

    @Test("a limit of one contact pauses that contact; a second one says that it is the tenant's")
    func whose() async throws {
        try await staged {
            let time = ManualTime()
            let pacing = pacing(time, MemoryStore(time: time))
            let refused = ContactCentreError(.throttled, reason: "", retryAfterMilliseconds: 3000, mayHaveArrived: false)
            await pacing.refused(.message(of: "1", isInbound: true), refused)
            #expect(await admit(pacing, .message(of: "1", isInbound: true), time, milliseconds: 1000)?.code == .throttled)
            #expect(await admit(pacing, .message(of: "2", isInbound: true), time, milliseconds: 1000) == nil)
            await pacing.refused(.message(of: "2", isInbound: true), refused)
            #expect(await admit(pacing, .message(of: "3", isInbound: true), time, milliseconds: 1000)?.code == .throttled)
        }
    }

    @Test("without a time to wait the pauses grow, with jitter, and end with the first success")
    func backOff() async throws {
        try await staged {
            let time = ManualTime()
            let pacing = pacing(time, nil)
            let refused = ContactCentreError(.throttled, reason: "", mayHaveArrived: true)
            for bounds in [250...500, 500...1000, 1000...2000, 2000...4000] {
                await pacing.refused(.free, refused)
                let wait = await admit(pacing, .free, time, milliseconds: 0)?.retryAfterMilliseconds ?? 0
                #expect((bounds.lowerBound - 1...bounds.upperBound).contains(wait), "\(wait)")
                time.advance(milliseconds: 5000)
            }
            pacing.succeeded()
            await pacing.refused(.free, refused)
            #expect(await admit(pacing, .free, time, milliseconds: 0)?.retryAfterMilliseconds ?? 0 <= 500)
        }
    }

    @Test("a machine whose clock is ten minutes ahead silences nobody for long")
    func wrongClock() async throws {
        try await staged {
            let time = ManualTime()
            let store = MemoryStore(time: time)
            let ahead = Pacing(tenant: "jungle", store: store, time: AheadTime(time: time), sleep: time.sleep)
            for _ in 0..<300 { #expect(await admit(ahead, .message(of: nil, isInbound: true), time) == nil) }
            let right = pacing(time, store)
            let start = time.now()
            for _ in 0..<50 { #expect(await admit(right, .message(of: nil, isInbound: true), time) == nil) }
            #expect(time.now().milliseconds(since: start) < 5000)
        }
    }

    @Test("while the store is away a process keeps to the limits by itself")
    func storeAway() async throws {
        try await staged {
            let time = ManualTime()
            let store = MemoryStore(time: time)
            store.setFault { _, _ in .timedOut }
            let pacing = pacing(time, store)
            let start = time.now()
            for _ in 0..<200 { #expect(await admit(pacing, .message(of: nil, isInbound: true), time) == nil) }
            #expect((950...1200).contains(time.now().milliseconds(since: start)))
        }
    }
}

private func admit(_ pacing: Pacing, _ cost: Cost, _ time: any TimeSource, milliseconds: Int = 4500) async -> ContactCentreError? {
    do throws(ContactCentreError) {
        try await pacing.admit(cost, by: time.now().advanced(byMilliseconds: milliseconds))
        return nil
    } catch {
        return error
    }
}

private struct AheadTime: TimeSource {
    let time: ManualTime
    func now() -> Instant { time.now() }
    func epochMilliseconds() -> Int64 { time.epochMilliseconds() + 600_000 }
}
