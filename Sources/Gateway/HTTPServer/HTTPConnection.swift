import CLinux
import EventLoop
import HTTP
import HTTPTypes
import Time

/// One connection of the plain HTTP port: requests one after the other; what a client sends ahead waits until the answer is out.
final class HTTPConnection: Connection, StreamOwner, @unchecked Sendable {
    // @unchecked: lives on its loop's thread; the request's task, which runs there too, carries it back.
    private let worker: Worker
    private let stream: SocketStream
    private let dialect: HTTPDialect
    private let peer: String?
    private var reader: HTTPReader
    private var ahead: [UInt8] = []
    private var task: Task<Void, Never>?
    private var slowness: EventLoop.Timer?
    private var idleSince = Instant.now()
    private var idleness: EventLoop.Timer?

    init(_ descriptor: Int32, worker: Worker, dialect: HTTPDialect) {
        self.worker = worker
        self.dialect = dialect
        peer = Address.peer(of: descriptor)
        stream = SocketStream(descriptor, loop: worker.loop, scratch: worker.scratch)
        reader = HTTPReader(limits: worker.service.limits)
    }

    func start() -> Bool {
        guard stream.start(owner: self) else { return false }
        watchIdleness()
        return true
    }

    func drain() {
        guard task == nil, !reader.isReceiving, !stream.hasUnread else { return }
        stream.endAfterSending(draining: false)
    }

    /// One timer for the life of the connection, not one for each request: it looks how long nothing ran and comes back later.
    private func watchIdleness() {
        let limit = worker.service.limits.idling
        idleness = worker.loop.schedule(at: max(idleSince, .now()).advanced(byMilliseconds: limit)) { [weak self] in
            guard let self else { return }
            if self.task == nil, Instant.now() >= self.idleSince.advanced(byMilliseconds: limit) {
                self.stream.close()
            } else {
                self.watchIdleness()
            }
        }
    }

    // MARK: Receiving

    func received(_ bytes: Span<UInt8>) {
        idleSince = .now()
        guard task == nil else {
            bytes.append(to: &ahead)
            if ahead.count >= SocketStream.crowded { stream.setPaused(true) }
            return
        }
        process(bytes)
    }

    private func process(_ bytes: Span<UInt8>) {
        var offset = 0
        while stream.isOpen, task == nil, let event = reader.next(bytes, at: &offset) { handle(event) }
        guard stream.isOpen else { return }
        if offset < bytes.count { bytes.extracting(offset..<bytes.count).append(to: &ahead) }
        if task != nil || !reader.isReceiving {
            stopClock()
        } else if slowness == nil {
            slowness = worker.loop.schedule(at: .now().advanced(byMilliseconds: worker.service.limits.receiving)) { [weak self] in
                self?.handle(.refused(.tooSlow, nil))
            }
        }
    }

    private func stopClock() {
        if let slowness { worker.loop.cancel(slowness) }
        slowness = nil
    }

    /// The client is gone, or says no more and waits: whoever still reads gets the answer.
    func inputEnded() {
        guard let task else { return stream.endAfterSending(draining: false) }
        task.cancel()
    }

    func closed() {
        stopClock()
        if let idleness { worker.loop.cancel(idleness) }
        task?.cancel()
        worker.ended(self)
    }

    private func handle(_ event: HTTPReader.Event) {
        switch event {
        case .wantsContinue: stream.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        case .refused(let refusal, let record):
            let record = record ?? Service.Record()
            answer(dialect.outward(Service.answer(refusal, requestID: record.requestID)), record, keepsConnection: false)
        case .request(let request, let keepsConnection): begin(request, keepsConnection: keepsConnection)
        }
    }

    // MARK: Answering

    private func begin(_ outer: Request, keepsConnection: Bool) {
        let service = worker.service
        let dialect = dialect
        var record = Service.Record(outer)
        do throws(Refusal) {
            var request = try dialect.inward(outer)
            request.front.peer = peer
            record = Service.Record(request)
            guard service.enter() else { throw .overloaded }
            let complete = request
            task = Task(executorPreference: worker.loop) { [record] in
                let response = await service.answer(complete)
                if response.stream != nil, await self.pour(dialect.outward(response), record, keepsConnection: keepsConnection) { return }
                service.leave()
                self.task = nil
                let isAwaited = self.stream.isOpen && !self.stream.inputIsOver
                self.answer(dialect.outward(response), record, keepsConnection: keepsConnection)
                if response.afterwards != nil { self.stream.sendNow() }
                let wasWritten = isAwaited && !self.stream.hasLost
                self.goOn()
                await response.afterwards?(wasWritten)
            }
        } catch {
            answer(dialect.outward(Service.answer(error, requestID: record.requestID)), record, keepsConnection: keepsConnection)
        }
    }

    /// Sends an answer as its body is made: with its length, in chunks, or, to a client that closes behind it anyway, up to the end. False when
    /// there is nothing to make for this request.
    private func pour(_ response: Response, _ record: Service.Record, keepsConnection: Bool) async -> Bool {
        guard let body = response.stream, record.method != "HEAD" || dialect != .plain else { return false }
        let keeps = keepsConnection && !worker.isDraining && !stream.inputIsOver
        let isChunked = body.length == nil && keeps
        let sink = PouringSink(stream) { octets in
            guard isChunked, !octets.isEmpty else { return octets }
            return Array((String(octets.count, radix: 16) + "\r\n").utf8) + octets + Array("\r\n".utf8)
        }
        stream.send(HTTPConnection.output(response, isHead: true, keepsConnection: keeps, coding: isChunked ? .chunked : .length(body.length)))
        let isComplete = await sink.isComplete(body)
        worker.service.leave()
        task = nil
        idleSince = .now()
        if isComplete, isChunked { stream.send(Array("0\r\n\r\n".utf8)) }
        worker.service.log(record, response, sent: sink.sent, isComplete: isComplete)
        if !isComplete || !keeps { stream.endAfterSending(draining: isComplete) }
        if response.afterwards != nil { stream.sendNow() }
        let wasWritten = isComplete && !stream.hasLost
        goOn()
        await response.afterwards?(wasWritten)
        return true
    }

    private func answer(_ response: Response, _ record: Service.Record, keepsConnection: Bool) {
        idleSince = .now()
        if dialect == .desk, response.status.code == 444 {
            worker.service.log(record, response, sent: 0)
            return stream.close()
        }
        let isHead = record.method == "HEAD" && dialect != .fn
        let keeps = keepsConnection && !worker.isDraining && !stream.inputIsOver
        stream.send(HTTPConnection.output(response, isHead: isHead, keepsConnection: keeps))
        worker.service.log(record, response, sent: isHead ? 0 : response.body.count)
        if !keeps { stream.endAfterSending(draining: true) }
    }

    /// Takes up what came ahead of the answer.
    private func goOn() {
        guard stream.isOpen else { return }
        stream.setPaused(false)
        guard !ahead.isEmpty else { return }
        let bytes = ahead
        ahead = []
        process(bytes.span)
    }

    /// How a body's end is known.
    enum Coding { case length(Int?), chunked }

    static func output(_ response: Response, isHead: Bool, keepsConnection: Bool, coding: Coding? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + response.body.count)
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        ResponseHead.appendStatus(response.status, to: &bytes)
        ResponseHead.appendFields(response, to: &bytes)
        bytes.append(contentsOf: "Date: ".utf8)
        HTTPDate.append(clinux_epoch_milliseconds(), to: &bytes)
        bytes.append(contentsOf: "\r\n".utf8)
        if case .chunked = coding { bytes.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8) }
        if response.status.code != 204, response.status.code != 304, let length = length(of: response, coding) {
            bytes.append(contentsOf: "Content-Length: ".utf8)
            LogLine.append(decimal: length, to: &bytes)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        if !keepsConnection { bytes.append(contentsOf: "Connection: close\r\n".utf8) }
        bytes.append(contentsOf: "\r\n".utf8)
        if !isHead { bytes += response.body }
        return bytes
    }

    private static func length(of response: Response, _ coding: Coding?) -> Int? {
        switch coding {
        case .length(let length): length
        case .chunked: nil
        // The answer to HEAD tells the length that GET would have, if that is known.
        case nil: response.stream.map(\.length) ?? response.body.count
        }
    }
}
