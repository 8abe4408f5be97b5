import EventLoop
package import HTTP
import Time

/// Calls through libcurl, on the event loop of the calling task: no thread of its own, connections kept from call to call.
///
/// A function makes one and hands it to all handlers; each loop it is used on has an engine of its own. Cancelling the task drops the
/// connection at once, so the other side sees that nobody waits any more.
///
/// libcurl repeats a request by itself in one case: a kept connection turned out to be closed before any octet of an answer came. That is
/// let through only for what is idempotent by its method, or has not left; any other call fails as `receiveFailed`, which `mayHaveArrived`.
package final class CurlTransport: HTTPTransport {
    let options: CurlOptions

    package init(options: CurlOptions) { self.options = options }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        guard let loop = EventLoop.current else {
            throw TransportError(.internalFailure, mayHaveArrived: false, reason: "no event loop runs on this thread")
        }
        let engine = try engine(of: loop)
        let transfer = try Transfer(call, options: options, handle: engine.takeHandle(), engine: engine)
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { engine.start(transfer, $0) }
        } onCancel: {
            // On whatever thread, perhaps inside a callback of libcurl: the engine may only be touched by a job of its loop.
            Task(executorPreference: loop) { engine.cancel(transfer) }
        }
        return try outcome.get()
    }

    private func engine(of loop: EventLoop) throws(TransportError) -> CurlEngine {
        let key = ObjectIdentifier(self)
        if let engine = loop.attachments[key] as? CurlEngine { return engine }
        let engine = try CurlEngine(for: self, on: loop)
        loop.attachments[key] = engine
        return engine
    }
}
