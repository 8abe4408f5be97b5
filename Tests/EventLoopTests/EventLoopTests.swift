import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing
import Time

/// Counts on the loop's thread; a lock only because tests look from outside.
private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}

/// Calls a closure when its descriptor is ready.
private final class Closure: EventHandler {
    private let action: (UInt32) -> Void
    init(_ action: @escaping (UInt32) -> Void) { self.action = action }
    func ready(_ events: UInt32) { action(events) }
}

/// Calls a closure at the end of a round.
private final class Ending: RoundEnding {
    private let action: @Sendable () -> Void
    init(_ action: @escaping @Sendable () -> Void) { self.action = action }
    func roundEnds() { action() }
}

private func pipePair() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    return (ends[0], ends[1])
}

@Suite("The event loop", .ownThread)
struct EventLoopTests {
    @Test("runs a task to its end, all of it on the calling thread")
    func runsUntilDone() throws {
        let loop = try EventLoop()
        let me = pthread_self()
        let (same, result) = loop.run { () -> (Bool, Int) in
            var same = pthread_equal(me, pthread_self()) != 0
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: 1))
            same = same && pthread_equal(me, pthread_self()) != 0
            async let one = { await Task.yield(); return 1 }()
            return (same && EventLoop.current === loop, await one + 1)
        }
        #expect(same && result == 2)
        #expect(EventLoop.current == nil)
    }

    @Test("takes jobs from other threads, none lost")
    func crossThread() throws {
        let loop = try EventLoop()
        let count = Counter()
        let threads = (0..<4).map { _ in
            Thread {
                for _ in 0..<2500 { Task(executorPreference: loop) { count.add() } }
            }
        }
        loop.run {
            while count.value < 10_000 { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 2)) }
        }
        for thread in threads { thread.join() }
        #expect(count.value == 10_000)
    }

    @Test("can be stopped from another thread while it waits")
    func stops() throws {
        let loop = try EventLoop()
        let thread = Thread {
            usleep(20_000)
            loop.stop()
        }
        let start = Instant.now()
        loop.run()
        thread.join()
        #expect(Instant.now().milliseconds(since: start) < 2000)
    }

    @Test("fires thousands of timers in the order of their times, and none that was cancelled")
    func timers() throws {
        let loop = try EventLoop()
        let fired = Mutex<[Int]>([])
        let start = Instant.now().advanced(byMilliseconds: 20)
        loop.run {
            guard let loop = EventLoop.current else { return }
            var cancelled: [EventLoop.Timer] = []
            // In an order that is neither rising nor falling: 7,919 is prime to 5,000.
            for step in 0..<5000 {
                let index = step * 7919 % 5000
                let at = Instant(nanoseconds: start.nanoseconds + UInt64(index) * 1000)
                let timer = loop.schedule(at: at) { fired.withLock { $0.append(index) } }
                if index % 5 != 0 { cancelled.append(timer) }
            }
            for timer in cancelled { loop.cancel(timer) }
            await EventLoop.sleep(until: start.advanced(byMilliseconds: 30))
        }
        #expect(fired.withLock { $0 } == Array(stride(from: 0, to: 5000, by: 5)))
    }

    @Test("a task that yields for ever starves neither timers nor descriptors")
    func fairness() throws {
        let loop = try EventLoop()
        let (read, write) = try pipePair()
        defer { for descriptor in [read, write] { close(descriptor) } }
        let end = Counter()
        let heard = Counter()
        loop.run {
            guard let loop = EventLoop.current else { return }
            let busy = Task(executorPreference: loop) { while end.value == 0 { await Task.yield() } }
            let listener = Closure { _ in
                heard.add()
                loop.unwatch(read)
            }
            try? loop.watch(read, events: Readiness.readable, handler: listener)
            _ = Glibc.write(write, "x", 1)
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: 20))
            end.add()
            await busy.value
        }
        #expect(heard.value == 1)
    }

    @Test("an action that schedules itself in the past does not hold the loop")
    func pastTimers() throws {
        let loop = try EventLoop()
        let rounds = Counter()
        loop.run {
            guard let loop = EventLoop.current else { return }
            @Sendable func again() {
                rounds.add()
                if rounds.value < 1000 { loop.schedule(at: Instant(nanoseconds: 0), again) }
            }
            loop.schedule(at: Instant(nanoseconds: 0), again)
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: 5))
        }
        #expect(rounds.value > 1)
    }

    @Test("an event of a descriptor that was closed and opened anew in the same round reaches nobody")
    func reusedDescriptor() throws {
        let loop = try EventLoop()
        let (firstRead, firstWrite) = try pipePair()
        let (secondRead, secondWrite) = try pipePair()
        let wrong = Counter()
        let right = Counter()
        loop.run {
            guard let loop = EventLoop.current else { return }
            // Both are ready in one round. Whoever comes first replaces the other by a descriptor of the same number that is not ready.
            @Sendable func replace(_ other: Int32) {
                right.add()
                for end in [firstRead, secondRead] { loop.unwatch(end) }
                var fresh: [Int32] = [0, 0]
                // dup2 closes and replaces in one step: between the two another test could be given the number.
                guard pipe(&fresh) == 0, dup2(fresh[0], other) == other else { return }
                try? loop.watch(other, events: Readiness.readable, handler: Closure { _ in wrong.add() })
            }
            try? loop.watch(firstRead, events: Readiness.readable, handler: Closure { _ in replace(secondRead) })
            try? loop.watch(secondRead, events: Readiness.readable, handler: Closure { _ in replace(firstRead) })
            _ = Glibc.write(firstWrite, "x", 1)
            _ = Glibc.write(secondWrite, "x", 1)
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: 20))
        }
        #expect(right.value == 1 && wrong.value == 0)
    }

    @Test("calls what is due between rounds, and a last time at the end")
    func betweenRounds() throws {
        let loop = try EventLoop()
        let calls = Counter()
        loop.betweenRounds = { calls.add() }
        loop.run { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 5)) }
        #expect(calls.value >= 2)
    }

    @Test("calls whoever asked once at the end of the round, behind all its work and before it waits")
    func endOfRound() throws {
        let loop = try EventLoop()
        let order = Mutex<[String]>([])
        loop.run {
            guard let loop = EventLoop.current else { return }
            let ending = Ending { order.withLock { $0.append("end") } }
            loop.atEndOfRound(ending)
            await Task.yield()
            order.withLock { $0.append("work") }
            for _ in 0..<2 { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 5)) }
            loop.atEndOfRound(ending)
        }
        #expect(order.withLock { $0 } == ["work", "end", "end"], "the last one as the run ends")
    }

    @Test("nothing that is due at the end of a round is held back while the loop sleeps, wherever it was asked for", .timeLimit(.minutes(15)))
    func heldBack() throws {
        let loop = try EventLoop()
        let woken = Counter()
        // No timer and no descriptor would ever end the wait.
        loop.run {
            guard let loop = EventLoop.current else { return }
            await withUnsafeContinuation { (waiting: UnsafeContinuation<Void, Never>) in
                loop.atEndOfRound(Ending {
                    woken.add()
                    loop.atEndOfRound(Ending {
                        woken.add()
                        waiting.resume()
                    })
                })
            }
            await withUnsafeContinuation { (waiting: UnsafeContinuation<Void, Never>) in
                loop.betweenRounds = {
                    loop.betweenRounds = nil
                    loop.atEndOfRound(Ending {
                        woken.add()
                        waiting.resume()
                    })
                }
            }
        }
        #expect(woken.value == 3)
    }

    @Test("more descriptors are ready than a round takes: all are served, again and again, and so are other threads' jobs")
    func manyDescriptors() throws {
        let loop = try EventLoop()
        let pipes = try (0..<150).map { _ in try pipePair() }
        defer { for pipe in pipes { close(pipe.read); close(pipe.write) } }
        let heard = Mutex<[Int]>([Int](repeating: 0, count: 150))
        let jobs = Counter()
        let thread = Thread { for _ in 0..<100 { Task(executorPreference: loop) { jobs.add() } } }
        loop.run {
            guard let loop = EventLoop.current else { return }
            // They stay ready, because nobody reads.
            for (index, pipe) in pipes.enumerated() {
                _ = write(pipe.write, "x", 1)
                try? loop.watch(pipe.read, events: Readiness.readable, handler: Closure { _ in heard.withLock { $0[index] += 1 } })
            }
            while jobs.value < 100 || heard.withLock({ $0.contains { $0 < 3 } }) { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 1)) }
            for pipe in pipes { loop.unwatch(pipe.read) }
        }
        thread.join()
        #expect(jobs.value == 100)
    }

    @Test("tells why a descriptor cannot be watched")
    func badDescriptor() throws {
        let loop = try EventLoop()
        #expect(throws: SystemFailure.self) { try loop.watch(9999, events: Readiness.readable, handler: Closure { _ in }) }
    }
}

/// A thread of its own for a closure.
private final class Thread: Sendable {
    private let handle: pthread_t

    init(_ body: @escaping @Sendable () -> Void) {
        final class Box { let body: () -> Void; init(_ body: @escaping () -> Void) { self.body = body } }
        var handle = pthread_t()
        pthread_create(&handle, nil, { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
        self.handle = handle
    }

    func join() { pthread_join(handle, nil) }
}
