package import HTTP
import HTTPTypes
import Synchronization
import Time

/// Lets a trace record see the calls that are made for one request. Wraps the transport on the adapter's side, above the one that adds
/// credentials, so that no token passes here; header fields are not looked at. Costs one look at a task-local value while no trace is written.
package struct TracedTransport: HTTPTransport {
    private let transport: any HTTPTransport

    package init(_ transport: any HTTPTransport) { self.transport = transport }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        guard let calls = TracedCalls.current else { return try await transport.send(call) }
        let begun = calls.milliseconds
        do {
            let response = try await transport.send(call)
            calls.append(.init(
                call, at: begun, milliseconds: calls.milliseconds - begun, status: response.status.code, answer: response.body, problem: nil))
            return response
        } catch {
            calls.append(.init(call, at: begun, milliseconds: calls.milliseconds - begun, status: nil, answer: [], problem: error.code.rawValue))
            throw error
        }
    }
}

/// The outbound calls of one request, collected through the task that serves it.
final class TracedCalls: Sendable {
    @TaskLocal static var current: TracedCalls?

    struct Entry: Sendable {
        let method: String
        let url: String
        /// Milliseconds from the request's arrival to the call, and how long that took.
        let at: Int
        let milliseconds: Int
        let body: [UInt8]
        let status: Int?
        let answer: [UInt8]
        let problem: String?

        init(_ call: Call, at begun: Int, milliseconds: Int, status: Int?, answer: [UInt8], problem: String?) {
            (method, url, body) = (call.method.rawValue, call.url, call.body)
            (at, self.milliseconds, self.status, self.answer, self.problem) = (begun, milliseconds, status, answer, problem)
        }
    }

    private let calls = Mutex<[Entry]>([])
    private let time: any TimeSource
    private let begun: Instant

    /// - Parameter begun: When the request arrived.
    init(time: any TimeSource, since begun: Instant) { (self.time, self.begun) = (time, begun) }

    func append(_ call: Entry) { calls.withLock { $0.append(call) } }
    var entries: [Entry] { calls.withLock { $0 } }
    /// Since the request arrived.
    fileprivate var milliseconds: Int { time.now().milliseconds(since: begun) }
}
