import EventLoop
import HTTP
import HTTPTypes
import Time

/// One connection from a web server: requests one after the other, each a task on the loop (`runtimes.md` §4.3).
final class FastCGIConnection: Connection, StreamOwner, @unchecked Sendable {
    // @unchecked: lives on its loop's thread; the request's task, which runs there too, carries it back.
    private let worker: Worker
    private let stream: SocketStream
    private var reader: FastCGIReader
    private var task: Task<Void, Never>?
    private var slowness: EventLoop.Timer?

    init(_ descriptor: Int32, worker: Worker) {
        self.worker = worker
        stream = SocketStream(descriptor, loop: worker.loop, scratch: worker.scratch)
        reader = FastCGIReader(paramsLimit: FastCGIConnection.longestParams, bodyLimit: worker.service.limits.body)
    }

    /// Header fields have a limit of their own; the rest is for the server's own variables, a client certificate among them.
    private static let longestParams = 256 << 10

    func start() -> Bool { stream.start(owner: self) }

    func drain() {
        guard task == nil, !reader.isReceiving, reader.isBetweenRecords, !stream.hasUnread else { return }
        stream.endAfterSending(draining: false)
    }

    // MARK: Receiving

    func received(_ bytes: Span<UInt8>) {
        var offset = 0
        while stream.isOpen, let event = reader.next(bytes, at: &offset) { handle(event) }
        guard stream.isOpen else { return }
        if !reader.isReceiving {
            stopClock()
        } else if slowness == nil {
            slowness = worker.loop.schedule(at: .now().advanced(byMilliseconds: worker.service.limits.receiving)) { [weak self] in
                self?.stream.close()
            }
        }
    }

    private func stopClock() {
        if let slowness { worker.loop.cancel(slowness) }
        slowness = nil
    }

    /// The server is gone, or says no more: probably nobody waits for the answer. If somebody does, it is still sent.
    func inputEnded() {
        guard let task else { return stream.endAfterSending(draining: false) }
        task.cancel()
    }

    func closed() {
        stopClock()
        task?.cancel()
        worker.ended(self)
    }

    private func handle(_ event: FastCGIReader.Event) {
        switch event {
        case .request(let received): begin(received)
        case .abort(let id):
            if let task {
                task.cancel()
                stream.wakeWriter()
            } else {
                end(id, .complete, keepsConnection: true)
            }
        case .getValues(let content):
            guard let asked = Variables(fastCGI: content) else { return stream.close() }
            stream.send(FastCGIRecord.values(asked: asked, turns: worker.service.limits.turns))
        case .unknownType(let type): stream.send(FastCGIRecord.unknownType(type))
        case .unknownRole(let id, let keepsConnection): end(id, .unknownRole, keepsConnection: keepsConnection)
        case .cannotMultiplex(let id): end(id, .cannotMultiplex, keepsConnection: true)
        case .violation: stream.close()
        }
    }

    private func end(_ id: UInt16, _ status: FastCGIRecord.ProtocolStatus, keepsConnection: Bool) {
        var bytes: [UInt8] = []
        FastCGIRecord.appendEnd(id: id, status, to: &bytes)
        stream.send(bytes)
        if !keepsConnection { stream.endAfterSending(draining: true) }
    }

    // MARK: Answering

    private func begin(_ received: FastCGIReader.Received) {
        let service = worker.service
        var record = Service.Record()
        do throws(Refusal) {
            let head = try FastCGIConnection.head(received, limits: service.limits)
            record = Service.Record(head.request)
            let request = try FastCGIConnection.request(head, received)
            record.received = request.body.count
            guard service.enter() else { throw .overloaded }
            let (id, keepsConnection) = (received.id, received.keepsConnection)
            task = Task(executorPreference: worker.loop) { [record] in
                let response = await service.answer(request)
                if response.stream != nil, await self.pour(response, to: id, keepsConnection: keepsConnection, record) { return }
                service.leave()
                self.task = nil
                let isAwaited = self.stream.isOpen && !self.stream.inputIsOver && !Task.isCancelled
                self.answer(response, to: id, keepsConnection: keepsConnection, record)
                guard let afterwards = response.afterwards else { return }
                self.stream.sendNow()
                // Not whether it is open: a server that keeps no connections has it ended behind each answer.
                await afterwards(isAwaited && !self.stream.hasLost)
            }
        } catch {
            let refused = Service.answer(error, requestID: record.requestID)
            answer(refused, to: received.id, keepsConnection: received.keepsConnection, record)
        }
    }

    static func head(_ received: FastCGIReader.Received, limits: GatewayLimits) throws(Refusal) -> Variables.Head {
        guard let params = received.params else { throw .fieldsTooLarge }
        guard let variables = Variables(fastCGI: params) else { throw .malformed }
        return try variables.head(limits: limits)
    }

    /// The length counts by the stream; a length that was announced in digits and differs is a lie (§4.3, rule 5).
    static func request(_ head: Variables.Head, _ received: FastCGIReader.Received) throws(Refusal) -> Request {
        guard let body = received.body else { throw .bodyTooLarge }
        if case .octets(let announced) = head.length, announced != body.count { throw .badLength }
        var request = head.request
        request.body = body
        return request
    }

    /// Sends an answer as its body is made. False when there is nothing to make for this request.
    private func pour(_ response: Response, to id: UInt16, keepsConnection: Bool, _ record: Service.Record) async -> Bool {
        guard let body = response.stream, record.method != "HEAD" else { return false }
        let sink = PouringSink(stream) { octets in
            var bytes: [UInt8] = []
            FastCGIRecord.appendOutput(octets, id: id, to: &bytes)
            return bytes
        }
        _ = await sink.writeHead(CGI.output(response, isHead: true))
        let isComplete = await sink.isComplete(body)
        worker.service.leave()
        task = nil
        reader.finish()
        if isComplete {
            var bytes: [UInt8] = []
            FastCGIRecord.append(.output, id: id, [], to: &bytes)
            FastCGIRecord.appendEnd(id: id, .complete, to: &bytes)
            stream.send(bytes)
        }
        worker.service.log(record, response, sent: sink.sent, isComplete: isComplete)
        // Only a connection that breaks tells the server, and through it the client, that something is missing.
        if isComplete { settle(keepsConnection: keepsConnection) } else { stream.endAfterSending(draining: false) }
        guard let afterwards = response.afterwards else { return true }
        stream.sendNow()
        await afterwards(isComplete && !stream.hasLost)
        return true
    }

    private func answer(_ response: Response, to id: UInt16, keepsConnection: Bool, _ record: Service.Record) {
        reader.finish()
        let isHead = record.method == "HEAD"
        stream.send(FastCGIRecord.answer(id: id, CGI.output(response, isHead: isHead)))
        worker.service.log(record, response, sent: isHead ? 0 : response.body.count)
        settle(keepsConnection: keepsConnection)
    }

    /// Whether the connection goes on behind an answer.
    private func settle(keepsConnection: Bool) {
        // While draining, a request that the server sent the moment it had the answer is served too, and only the next pause ends it.
        let isWanted = !worker.isDraining || stream.hasUnread
        if !keepsConnection || stream.inputIsOver || !isWanted {
            stream.endAfterSending(draining: !reader.isBetweenRecords)
        }
    }
}
