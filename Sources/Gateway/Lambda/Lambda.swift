import CLinux
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import Logging

/// The loop of a custom runtime: next invocation, handler, response; one at a time, on the main thread.
enum Lambda {
    /// Until SIGTERM (true), or until the runtime API is gone.
    static func serve(_ service: Service, api: String) throws(SystemFailure) -> Bool {
        let signals = clinux_signal_descriptor()
        guard signals >= 0 else { throw SystemFailure(call: "signalfd", number: errno) }
        let loop = try EventLoop()
        let platform = LambdaAPI(api, signals: signals)
        do throws(LambdaAPI.Failure) {
            while let invocation = try platform.next() {
                try answer(invocation, service, loop, platform)
                if clinux_signal_take(signals) != 0 { break }
            }
        } catch {
            Events.log(.critical, error.description)
            return false
        }
        return true
    }

    static func reportFailedStart(api: String) {
        do throws(LambdaAPI.Failure) {
            try LambdaAPI(api, signals: -1).failInit(type: "Runtime.NotConfigured", message: "The function could not start; its log says why.")
        } catch {
            Events.log(.critical, error.description)
        }
    }

    private static func answer(
        _ invocation: LambdaAPI.Invocation, _ service: Service, _ loop: EventLoop, _ platform: LambdaAPI
    ) throws(LambdaAPI.Failure) {
        if let trace = invocation.trace { setenv("_X_AMZN_TRACE_ID", trace, 1) } else { unsetenv("_X_AMZN_TRACE_ID") }
        guard let event = LambdaEvent(invocation.event) else {
            Events.log(.error, "the invocation \(invocation.id) is not an HTTP request")
            return try platform.fail(invocation.id, type: "Function.NotHTTP", message: "The event is not an HTTP request.")
        }
        var record = Service.Record()
        record.requestID = invocation.id
        var response: Response
        do throws(Refusal) {
            let request = try event.request(for: invocation, limits: service.limits)
            record = Service.Record(request)
            response = loop.run { await collected(service.answer(request), for: request) }
        } catch {
            response = Service.answer(error, requestID: record.requestID)
        }
        let isHead = record.method == "HEAD"
        var result = LambdaResult.encode(response, for: event.shape, isHead: isHead)
        if result.count > LambdaResult.limit {
            response = Service.answer(.answerTooLarge, requestID: record.requestID)
            result = LambdaResult.encode(response, for: event.shape, isHead: isHead)
        }
        response.notes.append(Note("invocation", invocation.id))
        service.log(record, response, sent: isHead ? 0 : response.body.count)
        try platform.respond(to: invocation.id, result)
        if let afterwards = response.afterwards { loop.run { await afterwards(true) } }
    }

    /// The result of an invocation is one piece, so that a streamed body is gathered first, as far as the result can carry it: about 4.5 MB,
    /// because files travel in base64. What is larger is refused.
    private static func collected(_ response: Response, for request: Request) async -> Response {
        guard let body = response.stream else { return response }
        guard request.method != .head else { return response }
        let sink = Collector(limit: LambdaResult.limit * 3 / 4 - 4096)
        let isMade = body.length ?? 0 <= sink.limit ? await body.write(to: sink) : false
        guard isMade, !sink.isFull else {
            var refusal = Service.answer(.answerTooLarge, requestID: request.front.requestID)
            if !sink.isFull, body.length ?? 0 <= sink.limit { refusal = Service.answer(.answerBroken, requestID: request.front.requestID) }
            refusal.notes += response.notes
            return refusal
        }
        var complete = response
        complete.body = sink.octets
        complete.stream = nil
        return complete
    }

    private final class Collector: ResponseSink, @unchecked Sendable {
        // @unchecked: one request, one thread.
        let limit: Int
        private(set) var octets: [UInt8] = []
        private(set) var isFull = false

        init(limit: Int) { self.limit = limit }

        func write(_ octets: [UInt8]) async -> Bool {
            guard octets.count <= limit - self.octets.count else {
                isFull = true
                return false
            }
            self.octets += octets
            return true
        }
    }
}
