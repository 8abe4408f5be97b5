package import HTTP
import HTTPTypes
import JSON
package import Time

/// Appends a record of each request about channels to a file, for the inspector and diagrams: what a platform or CXone asked, which calls that
/// brought about, what was answered. A reading request that called nobody leaves none: those are pages, files and waiting browsers.
///
/// Masked when it is written (`TraceMask`), without header fields. Not there at all unless the settings name a file.
package struct TracedHandler: Handler {
    private let handler: any Handler
    private let log: TraceLog
    private let function: String
    private let time: any TimeSource

    /// - Parameter function: The name of the endpoint, such as `webhook`.
    package init(_ handler: any Handler, file: String, function: String, time: any TimeSource) {
        self.handler = handler
        log = TraceLog(file: file)
        (self.function, self.time) = (function, time)
    }

    package func respond(to request: Request) async -> Response {
        let begun = time.now()
        let calls = TracedCalls(time: time, since: begun)
        let response = await TracedCalls.$current.withValue(calls) { await handler.respond(to: request) }
        guard !calls.entries.isEmpty || ![.get, .head, .options].contains(request.method) else { return response }
        let mask = TraceMask()
        log.append { record in
            record.field("time", Int(time.epochMilliseconds()))
            record.field("function", function)
            record.field("method", request.method.rawValue)
            record.field("path", mask.path(request.path))
            record.field("status", response.status.code)
            record.field("milliseconds", time.now().milliseconds(since: begun))
            for note in response.notes {
                guard case .text(let text) = note.value, ["channel", "outcome", "problem", "reason"].contains(note.name.description) else { continue }
                record.field(note.name.description, mask.text(text))
            }
            record.name("request")
            mask.write(request.body, to: &record)
            record.calls(calls, mask)
            record.name("answer")
            mask.write(response.body, to: &record)
        }
        return response
    }
}
