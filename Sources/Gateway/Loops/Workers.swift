import CLinux
import EventLoop
import Glibc

/// All loops of a process, one per core, sharing a listener.
struct Workers {
    private let workers: [Worker]

    init(
        count: Int, listener: Int32, service: Service, connect: @escaping @Sendable (Int32, Worker) -> any Connection
    ) throws(SystemFailure) {
        guard clinux_set_nonblocking(listener, true) == 0 else { throw SystemFailure(call: "fcntl", number: errno) }
        var workers: [Worker] = []
        for _ in 0..<max(1, count) { workers.append(try Worker(listener: listener, service: service, connect: connect)) }
        for worker in workers { worker.team = workers }
        self.workers = workers
    }

    /// Loops by `CAUSEWAY_LOOPS`, else one per core that this process may use.
    static var standardCount: Int { Environment.count("CAUSEWAY_LOOPS") ?? max(1, Int(clinux_processors())) }

    /// As many descriptors as the host allows: each connection is one, and each call that waits for an agent another.
    private static func allowDescriptors() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Runs the first loop here and the others on threads of their own, until SIGTERM or SIGINT was obeyed.
    func run() throws(SystemFailure) {
        guard let first = workers.first else { return }
        Workers.allowDescriptors()
        clinux_keep_memory()
        // Before the threads start, so that they inherit the mask and the signals come out of the descriptor alone.
        let signals = clinux_signal_descriptor()
        guard signals >= 0 else { throw SystemFailure(call: "signalfd", number: errno) }
        let watcher = SignalWatcher(descriptor: signals, workers: workers)
        try first.loop.watch(signals, events: Readiness.readable, handler: watcher)

        var threads: [pthread_t] = []
        for worker in workers.dropFirst() {
            var thread = pthread_t()
            let box = Unmanaged.passRetained(worker)
            let result = pthread_create(&thread, nil, { argument in
                if let argument { Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
            guard result == 0 else {
                box.release()
                throw SystemFailure(call: "pthread_create", number: result)
            }
            threads.append(thread)
        }
        first.run()
        for thread in threads { pthread_join(thread, nil) }
        first.loop.unwatch(signals)
        close(signals)
    }
}

/// Turns SIGTERM and SIGINT into draining.
private final class SignalWatcher: EventHandler {
    private let descriptor: Int32
    private let workers: [Worker]

    init(descriptor: Int32, workers: [Worker]) {
        self.descriptor = descriptor
        self.workers = workers
    }

    func ready(_ events: UInt32) {
        clinux_signal_take(descriptor)
        for worker in workers { Task(executorPreference: worker.loop) { worker.drain() } }
    }
}
