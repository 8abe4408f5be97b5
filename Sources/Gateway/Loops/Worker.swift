import CLinux
import EventLoop
import Glibc
import HTTP
import Logging
import Synchronization
import Time

/// One connection as its worker sees it.
protocol Connection: AnyObject {
    /// Takes the socket; false when it cannot be watched.
    func start() -> Bool
    /// Ends when nothing runs and nothing has come; else after the answer, because the worker is draining.
    func drain()
}

/// One thread: its loop, its share of the listener, and its connections.
final class Worker: EventHandler, @unchecked Sendable {
    // @unchecked: everything but the references themselves is touched by the loop's thread only.
    let loop: EventLoop
    let service: Service
    let scratch = ReadBuffer()
    private let listener: Int32
    private let connect: (Int32, Worker) -> any Connection
    private var connections: [ObjectIdentifier: any Connection] = [:]
    private(set) var isDraining = false
    /// Between two rounds of the work beside requests.
    private var pause: Task<Void, Never>?
    /// Connections here or on their way here; any worker adds to it.
    private let load = Atomic<Int>(0)
    private let hasEnded = Atomic<Bool>(false)
    /// All workers of the process, this one too. Set once, before any of them runs.
    var team: [Worker] = []

    init(listener: Int32, service: Service, connect: @escaping @Sendable (Int32, Worker) -> any Connection) throws(SystemFailure) {
        loop = try EventLoop()
        self.listener = listener
        self.service = service
        self.connect = connect
    }

    /// Runs until drained.
    func run() {
        listen()
        if team.first === self, let attended = service.handler as? AttendedHandler { attend(attended) }
        loop.betweenRounds = { LogWriter.flush() }
        loop.run()
    }

    /// Does the work beside requests until drained. It counts as a connection, so that the loop ends behind the round that is under way.
    private func attend(_ handler: AttendedHandler) {
        load.wrappingAdd(1, ordering: .sequentiallyConsistent)
        Task(executorPreference: loop) {
            while !self.isDraining {
                await handler.work()
                guard !self.isDraining else { break }
                let pause = Task(executorPreference: self.loop) {
                    await EventLoop.sleep(until: .now().advanced(byMilliseconds: handler.pauseMilliseconds))
                }
                self.pause = pause
                await pause.value
            }
            self.load.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            self.stopWhenDone()
        }
    }

    private func listen() {
        do {
            try loop.watch(listener, events: Readiness.readable | Readiness.exclusive, handler: self)
        } catch {
            Events.log(.critical, "cannot watch the listener: \(error)")
            loop.stop()
        }
    }

    func ready(_ events: UInt32) {
        // A handful at a time: the other loops shall get their share of a burst.
        for _ in 0..<4 {
            let descriptor = clinux_accept(listener)
            guard descriptor >= 0 else {
                if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { rest() }
                return
            }
            place(descriptor)
        }
    }

    /// Kept connections stay where they are for hours, and the kernel likes to wake the same loop: without this one loop could have them
    /// all. A few more here than elsewhere are cheaper than the way to another thread.
    private func place(_ descriptor: Int32) {
        let own = load.load(ordering: .relaxed)
        for other in team where other !== self && other.load.load(ordering: .relaxed) + Worker.slack < own {
            guard other.expectConnection() else { continue }
            Task(executorPreference: other.loop) { other.adopt(descriptor) }
            return
        }
        load.wrappingAdd(1, ordering: .sequentiallyConsistent)
        adopt(descriptor)
    }

    private static let slack = 2
    /// Milliseconds after SIGTERM during which idle connections are still served.
    private static let lull = 1000

    /// Counts a connection that is to come; false when this loop has ended and would never see it.
    private func expectConnection() -> Bool {
        load.wrappingAdd(1, ordering: .sequentiallyConsistent)
        guard hasEnded.load(ordering: .sequentiallyConsistent) else { return true }
        load.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return false
    }

    private func adopt(_ descriptor: Int32) {
        let connection = connect(descriptor, self)
        guard connection.start() else {
            load.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            return stopWhenDone()
        }
        connections[ObjectIdentifier(connection)] = connection
    }

    /// Without free descriptors the listener would be ready for ever: look again a little later.
    private func rest() {
        loop.unwatch(listener)
        loop.schedule(at: .now().advanced(byMilliseconds: 100)) { [weak self] in
            guard let self, !self.isDraining else { return }
            self.listen()
        }
    }

    func ended(_ connection: any Connection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        load.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        stopWhenDone()
    }

    /// On the loop's thread: accepts no more, and stops when the last connection has ended or the grace time is over.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        pause?.cancel()
        loop.unwatch(listener)
        // Servers send on kept connections without asking: one that is ended while it idles may have a request on its way. So each ends
        // behind its next answer, and only those that nobody uses for a moment end by themselves.
        loop.schedule(at: .now().advanced(byMilliseconds: Worker.lull)) { [weak self] in
            guard let self else { return }
            for connection in Array(self.connections.values) { connection.drain() }
        }
        loop.schedule(at: .now().advanced(byMilliseconds: service.limits.grace)) { [loop] in loop.stop() }
        stopWhenDone()
    }

    private func stopWhenDone() {
        guard isDraining, load.load(ordering: .sequentiallyConsistent) == 0 else { return }
        // First the flag, then the count once more: a connection that is handed over meanwhile either sees the flag or is seen here.
        hasEnded.store(true, ordering: .sequentiallyConsistent)
        guard load.load(ordering: .sequentiallyConsistent) == 0 else { return hasEnded.store(false, ordering: .sequentiallyConsistent) }
        loop.stop()
    }
}
