import CLinux
import Glibc
package import Time
import Synchronization

/// One thread's epoll loop. It is the task executor of the handlers that it runs: a handler, what it awaits and the
/// continuations that libcurl resumes all stay on this thread, so a turn needs no lock and no thread hop.
///
/// Every method but `enqueue`, `execute` and `stop` belongs to the loop's own thread.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    // @unchecked: `jobs`, `watches`, `timers` and `attachments` are touched by the loop's thread only; what other threads
    // reach is `incoming`, `stopping` (both guarded) and the two descriptors, which never change.
    private let epoll: Int32
    private let wake: Int32
    private var jobs: [UnownedJob] = []
    /// The batch at hand; empty between batches, and kept for its storage.
    private var running: [UnownedJob] = []
    private let incoming = Mutex<[UnownedJob]>([])
    private let stopping = Atomic<Bool>(false)
    private var watches: [Watch?] = []
    private var generation: UInt32 = 0
    private var timers = TimerHeap()
    /// What a library keeps per loop, by a key of its own: libcurl's multi handle.
    package var attachments: [ObjectIdentifier: AnyObject] = [:]
    /// Called before each wait and at the end of a run: for what is cheaper done once a round than once a request.
    package var betweenRounds: (() -> Void)?
    /// Who has something to do at the end of this round.
    private var lastly: [any RoundEnding] = []

    private struct Watch {
        let generation: UInt32
        let handler: any EventHandler
    }

    package init() throws(SystemFailure) {
        epoll = clinux_epoll_create()
        wake = clinux_eventfd()
        guard epoll >= 0, wake >= 0 else { throw SystemFailure(call: "epoll_create1", number: errno) }
        guard clinux_epoll_control(epoll, 1, wake, Readiness.readable, .max) == 0 else {
            throw SystemFailure(call: "epoll_ctl", number: errno)
        }
    }

    deinit {
        close(epoll)
        close(wake)
    }

    /// The loop that runs on the calling thread, or `nil` on every other thread.
    package static var current: EventLoop? {
        clinux_thread_value().map { Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue() }
    }

    private var isCurrent: Bool { clinux_thread_value() == Unmanaged.passUnretained(self).toOpaque() }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
        } else {
            // Whoever finds the queue empty wakes the loop; it takes all that is there when it comes round.
            let isFirst = incoming.withLock { queue in
                queue.append(job)
                return queue.count == 1
            }
            if isFirst { interrupt() }
        }
    }

    private func interrupt() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }

    /// Ends `run` after the work at hand; may be called from any thread and from a signal's handler thread.
    package func stop() {
        stopping.store(true, ordering: .releasing)
        interrupt()
    }

    // MARK: Running

    /// Runs until `stop()`.
    package func run() { asCurrent { runRounds { self.stopping.load(ordering: .acquiring) } } }

    /// Runs `operation` as a task of this loop and the loop until it is done: how CGI and Lambda drive one handler on the main thread.
    package func run<Result: Sendable>(until operation: @escaping @Sendable () async -> Result) -> Result {
        let outcome = Outcome<Result>()
        return asCurrent {
            Task(executorPreference: self) { outcome.value = await operation() }
            while true {
                runRounds { outcome.value != nil }
                if let value = outcome.value { return value }
            }
        }
    }

    /// Written and read on the loop's thread only.
    private final class Outcome<Value>: @unchecked Sendable { var value: Value? }

    /// Makes this the thread's loop while `body` runs.
    private func asCurrent<Result>(_ body: () -> Result) -> Result {
        let previous = clinux_thread_value()
        clinux_set_thread_value(Unmanaged.passUnretained(self).toOpaque())
        defer { clinux_set_thread_value(previous) }
        return body()
    }

    /// Events of one round: what they cause leaves at its end, so a round should not last long.
    private static let eventsInARound = 64

    private func runRounds(until isDone: () -> Bool) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: EventLoop.eventsInARound) { tokens in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: EventLoop.eventsInARound) { events in
                runJobs()
                while !isDone() {
                    endRound()
                    let count = clinux_epoll_wait(
                        epoll, tokens.baseAddress, events.baseAddress, Int32(EventLoop.eventsInARound), waitLimit())
                    for index in 0..<max(0, Int(count)) { dispatch(token: tokens[index], events: events[index]) }
                    runJobs()
                    fireTimers()
                }
                endRound()
            }
        }
    }

    /// Calls `handler` once, before the loop waits again. Sending belongs here: each octet that leaves wakes another process, which on a busy
    /// machine takes this one's processor at once; sent together at the end, a round is neither cut to pieces nor finds its caches cold.
    package func atEndOfRound(_ handler: any RoundEnding) { lastly.append(handler) }

    private func endRound() {
        var next = 0
        while next < lastly.count {
            lastly[next].roundEnds()
            next += 1
        }
        lastly.removeAll(keepingCapacity: true)
        betweenRounds?()
    }

    private func waitLimit() -> Int32 {
        guard jobs.isEmpty, lastly.isEmpty else { return 0 }
        guard let next = timers.first else { return -1 }
        let now = Instant.now()
        guard next > now else { return 0 }
        return Int32(min((next.nanoseconds - now.nanoseconds + 999_999) / 1_000_000, 60_000))
    }

    private func dispatch(token: UInt64, events: UInt32) {
        guard token != .max else {
            var count: UInt64 = 0
            _ = read(wake, &count, 8)
            let received = incoming.withLock { queue in
                defer { queue = [] }
                return queue
            }
            jobs.append(contentsOf: received)
            return
        }
        let descriptor = Int(token & 0xFFFF_FFFF)
        // An event of a descriptor that was closed and opened anew earlier in this round belongs to nobody.
        guard descriptor < watches.count, let watch = watches[descriptor], watch.generation == UInt32(token >> 32) else { return }
        watch.handler.ready(events)
        runJobs()
    }

    /// Runs what is queued and what that queues, for a while: a task that goes on and on by yielding must let descriptors and timers have
    /// their turn. What is left is run in the next round, which then does not wait.
    private func runJobs() {
        for _ in 0..<EventLoop.batchesInARow {
            guard !jobs.isEmpty else { return }
            swap(&jobs, &running)
            var next = 0
            while next < running.count {
                running[next].runSynchronously(on: asUnownedTaskExecutor())
                next += 1
            }
            running.removeAll(keepingCapacity: true)
        }
    }

    private static let batchesInARow = 32

    // MARK: Descriptors

    /// Calls `handler` whenever `descriptor` is ready for `events` (`Readiness`). One handler per descriptor.
    package func watch(_ descriptor: Int32, events: UInt32, handler: any EventHandler) throws(SystemFailure) {
        guard descriptor >= 0 else { throw SystemFailure(call: "epoll_ctl", number: EBADF) }
        while watches.count <= Int(descriptor) { watches.append(nil) }
        generation &+= 1
        guard clinux_epoll_control(epoll, 1, descriptor, events, token(descriptor, generation)) == 0 else {
            throw SystemFailure(call: "epoll_ctl", number: errno)
        }
        watches[Int(descriptor)] = Watch(generation: generation, handler: handler)
    }

    package func rewatch(_ descriptor: Int32, events: UInt32) {
        guard descriptor >= 0, Int(descriptor) < watches.count, let watch = watches[Int(descriptor)] else { return }
        _ = clinux_epoll_control(epoll, 3, descriptor, events, token(descriptor, watch.generation))
    }

    /// Must come before the descriptor is closed.
    package func unwatch(_ descriptor: Int32) {
        guard descriptor >= 0, Int(descriptor) < watches.count, watches[Int(descriptor)] != nil else { return }
        watches[Int(descriptor)] = nil
        _ = clinux_epoll_control(epoll, 2, descriptor, 0, 0)
    }

    private func token(_ descriptor: Int32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    // MARK: Time

    /// Calls `action` once, at or soon after `instant`, unless cancelled.
    @discardableResult
    package func schedule(at instant: Instant, _ action: @escaping () -> Void) -> Timer {
        timers.insert(instant, action)
    }

    package func cancel(_ timer: Timer) { timers.remove(timer) }

    private func fireTimers() {
        guard timers.first != nil else { return }
        let now = Instant.now()
        // Those that are scheduled meanwhile come in the next round, however early their time: else one action that schedules itself
        // anew would hold the loop.
        let newest = timers.newest
        while let action = timers.removeFirst(notAfter: now, upTo: newest) {
            action()
            runJobs()
        }
    }

    /// Suspends the calling task; ends early when the task is cancelled, so that the loser of a race against time holds nobody up.
    /// On a thread without a loop it blocks that thread, which only tests do.
    package static func sleep(until instant: Instant) async {
        guard let loop = current else {
            let left = instant.milliseconds(since: .now())
            if left > 0 { usleep(UInt32(min(left, 60_000)) * 1000) }
            return
        }
        let sleeper = Sleeper()
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                guard sleeper.begin(continuation) else { return continuation.resume() }
                sleeper.timer = loop.schedule(at: instant) { sleeper.end() }
            }
        } onCancel: {
            if sleeper.end(), loop.isCurrent, let timer = sleeper.timer { loop.cancel(timer) }
        }
    }

    /// One sleep: whoever comes first, timer or cancellation, wakes it. `timer` is touched on the loop's thread only; when
    /// cancellation comes from another thread, the timer stays and finds nobody to wake.
    private final class Sleeper: @unchecked Sendable {
        private let state = Mutex<(continuation: UnsafeContinuation<Void, Never>?, isOver: Bool)>((nil, false))
        var timer: Timer?

        /// False when the sleep was over before it began.
        func begin(_ continuation: UnsafeContinuation<Void, Never>) -> Bool {
            state.withLock { state in
                guard !state.isOver else { return false }
                state.continuation = continuation
                return true
            }
        }

        @discardableResult
        func end() -> Bool {
            let continuation = state.withLock { state in
                defer { state = (nil, true) }
                return state.continuation
            }
            continuation?.resume()
            return continuation != nil
        }
    }
}

/// The bits of epoll(7) that we use.
package enum Readiness {
    package static let readable: UInt32 = 0x001
    package static let writable: UInt32 = 0x004
    package static let failed: UInt32 = 0x008
    package static let hungUp: UInt32 = 0x010
    package static let peerClosed: UInt32 = 0x2000
    /// For a listener that several loops wait on: one of them wakes. Not to be changed by `rewatch`.
    package static let exclusive: UInt32 = 1 << 28
}

/// Who is told that a descriptor is ready. Called on the loop's thread.
package protocol EventHandler: AnyObject {
    func ready(_ events: UInt32)
}

/// Who asked `EventLoop.atEndOfRound`. Called on the loop's thread.
package protocol RoundEnding: AnyObject {
    func roundEnds()
}

/// A system call that failed, with errno.
package struct SystemFailure: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let number: Int32

    package init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }

    package var description: String { "\(call) failed: \(String(cString: strerror(number)))" }
}
