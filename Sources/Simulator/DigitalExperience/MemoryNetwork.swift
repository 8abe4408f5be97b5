import EventLoop
package import HTTP
import HTTPTypes
import Synchronization
package import Time

/// The network within a process: URLs lead to handlers, so that whole exchanges run without a socket.
package final class MemoryNetwork: HTTPTransport {
    private let routes = Mutex<[(origin: String, answer: @Sendable (Request) async -> Response?)]>([])
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void
    private let count = Atomic<Int>(0)

    package init(time: any TimeSource = SystemTime(), sleep: @escaping @Sendable (Instant) async -> Void = EventLoop.sleep) {
        self.time = time
        self.sleep = sleep
    }

    /// - Parameter origin: `https://mw.example`, without a path.
    package func connect(_ origin: String, to handler: any Handler) {
        routes.withLock { $0.append((origin, { await handler.respond(to: $0) })) }
    }

    /// Answers by a closure; `nil` ends the connection without an answer.
    package func connect(_ origin: String, _ answer: @escaping @Sendable (Request) async -> Response?) {
        routes.withLock { $0.append((origin, answer)) }
    }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        guard let address = WebAddress(call.url) else { throw TransportError(.badURL, mayHaveArrived: false) }
        guard let answer = routes.withLock({ $0.last { $0.origin == address.origin }?.answer }) else {
            throw TransportError(.notResolved, mayHaveArrived: false, reason: "no handler at \(address.origin)")
        }
        var front = Front()
        front.requestID = "memory-\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
        front.arrived = time.now()
        front.isSecure = address.scheme == "https"
        let request = Request(method: call.method, target: address.target, fields: call.fields, body: call.body, front: front)
        let left = call.deadline.milliseconds(since: time.now())
        guard left > 0 else { throw TransportError(.timedOut, mayHaveArrived: false) }
        // The time that is left passes for real, also where the clock is moved by hand.
        let (end, sleep) = (Instant.now().advanced(byMilliseconds: left), sleep)
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask { await answer(request).map { .answer($0) } ?? .hungUp }
            group.addTask {
                await sleep(end)
                return .late
            }
            defer { group.cancelAll() }
            return await group.next() ?? .late
        }
        switch outcome {
        case .late: throw TransportError(Task.isCancelled ? .cancelled : .timedOut, mayHaveArrived: true)
        case .hungUp: throw TransportError(.receiveFailed, mayHaveArrived: true)
        case .answer(let response):
            guard response.body.count <= call.responseLimit else { throw TransportError(.tooLarge, mayHaveArrived: true) }
            if response.status.kind == .successful, !response.body.isEmpty { call.receive?(response.body) }
            return response
        }
    }

    private enum Outcome: Sendable { case answer(Response), hungUp, late }
}

extension DigitalExperience {
    /// Makes this tenant reachable at CXone's own hosts (`https://cxone.niceincontact.com`, `https://api-de-na1.niceincontact.com`).
    package func join(_ network: MemoryNetwork) {
        let tenant = world.withLock { $0.tenant }
        let doors: [(String, Door)] = [(tenant.issuer, .issuer), (tenant.apiOrigin, .api)]
        for (origin, door) in doors {
            network.connect(origin) { request in
                switch await self.serve(request, through: door) {
                case .answer(let response): response
                case .hungUp: nil
                }
            }
        }
    }
}
