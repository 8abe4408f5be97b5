import EventLoop
import HTTP
import HTTPTypes
import JSON
import Simulator
import Synchronization
import Time

/// What people do, told to the middleware: in order, with the same `webhook-id` until it is taken.
extension WateringHole {
    private static let mostAttempts = 30

    /// Queues an event and sees that somebody sends.
    func tell(_ thread: String, message: String? = nil, isFleeting: Bool = false, _ members: (inout JSONWriter) -> Void) {
        let body = RawJSON { $0.object { $0.field("events", array: { list in list.object(members) }) } }
        let isIdle = world.withLock { world in
            world.outbox.append(HoleEvent(
                id: "hole_\(Fresh.uuid())", body: Array(body.bytes), thread: thread, message: message, isFleeting: isFleeting))
            defer { world.isSending = true }
            return !world.isSending
        }
        if isIdle { Task(executorPreference: EventLoop.current) { await self.send() } }
    }

    private func send() async {
        while let event = world.withLock({ $0.outbox.first }) {
            let fields = signature.fields(id: event.id, seconds: time.epochMilliseconds() / 1000, event.body)
            let call = Call(
                method: .post, url: webhook, fields: fields, body: event.body, deadline: time.now().advanced(byMilliseconds: 20_000),
                responseLimit: 64 << 10)
            let answer = try? await network.send(call)
            let pause = world.withLock { $0.settle(event, answer, mostAttempts: WateringHole.mostAttempts) }
            onChange()
            if let pause { await sleep(time.now().advanced(byMilliseconds: pause)) }
        }
        let hasMore = world.withLock { world in
            if world.outbox.isEmpty { world.isSending = false }
            return world.isSending
        }
        if hasMore { await send() }
    }
}

extension HoleWorld {
    /// Milliseconds to wait before the same event goes again; `nil` when it is done with.
    fileprivate mutating func settle(_ event: HoleEvent, _ answer: Response?, mostAttempts: Int) -> Int? {
        let status = answer?.status.code ?? 0
        let attempts = event.attempts + 1
        let words = (answer.flatMap { try? JSON(parsing: $0.body) }).flatMap { $0["detail"]?.string ?? $0["title"]?.string }
        func finish(_ state: HoleMessage.State, _ problem: String?) {
            outbox.removeFirst()
            guard let message = event.message else { return }
            edit(event.thread, message) { ($0.state, $0.problem, $0.attempts) = (state, problem, attempts) }
        }
        if (200...299).contains(status) {
            finish(.sent, nil)
            return nil
        }
        let mayPass = status == 0 || status == 408 || status == 409 || status == 429 || status >= 500
        let reason = status == 0 ? "The middleware does not answer." : "The middleware answered \(status)\(words.map { ": \($0)" } ?? ".")"
        guard mayPass, !event.isFleeting, attempts < mostAttempts else {
            finish(.failed, reason)
            return nil
        }
        outbox[0].attempts = attempts
        if let message = event.message { edit(event.thread, message) { ($0.problem, $0.attempts) = (reason, attempts) } }
        let asked = answer?.fields[.retryAfter].flatMap { Int($0) }.map { min($0, 60) * 1000 }
        return asked ?? min(10_000, 250 << min(attempts, 6))
    }
}
