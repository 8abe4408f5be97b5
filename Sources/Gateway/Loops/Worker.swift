import CLinux
import EventLoop
import Glibc
import Logging
import Time

/// One connection as its worker sees it.
protocol Connection: AnyObject {
    /// Takes the socket; false when it cannot be watched.
    func start() -> Bool
    /// No new requests: ends now when nothing runs, else after the answer.
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

    init(listener: Int32, service: Service, connect: @escaping @Sendable (Int32, Worker) -> any Connection) throws(SystemFailure) {
        loop = try EventLoop()
        self.listener = listener
        self.service = service
        self.connect = connect
    }

    /// Runs until drained.
    func run() {
        listen()
        loop.run()
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
            let connection = connect(descriptor, self)
            if connection.start() { connections[ObjectIdentifier(connection)] = connection }
        }
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
        connections[ObjectIdentifier(connection)] = nil
        stopWhenDone()
    }

    /// On the loop's thread: accepts no more, and stops when the last connection has ended or the grace time is over.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        loop.unwatch(listener)
        for connection in Array(connections.values) { connection.drain() }
        loop.schedule(at: .now().advanced(byMilliseconds: service.limits.grace)) { [loop] in loop.stop() }
        stopWhenDone()
    }

    private func stopWhenDone() {
        if isDraining, connections.isEmpty { loop.stop() }
    }
}
