package import HTTP
import HTTPTypes
import Synchronization

/// Lets a trace record see the calls that an adapter makes for its turn. Wraps the transport on the adapter's side, above the one that adds
/// credentials, so that no token passes here. Costs one look at a task-local value while no trace is written.
package struct TracedTransport: HTTPTransport {
    private let transport: any HTTPTransport

    package init(_ transport: any HTTPTransport) { self.transport = transport }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        guard let calls = TracedCalls.current else { return try await transport.send(call) }
        do {
            let response = try await transport.send(call)
            calls.append(.init(
                method: call.method.rawValue, url: call.url, body: call.body, status: response.status.code, answer: response.body,
                problem: nil))
            return response
        } catch {
            calls.append(.init(
                method: call.method.rawValue, url: call.url, body: call.body, status: nil, answer: [], problem: error.code.rawValue))
            throw error
        }
    }
}

/// The outbound calls of one turn, collected through the task that serves it.
final class TracedCalls: Sendable {
    @TaskLocal static var current: TracedCalls?

    struct Entry: Sendable {
        let method: String
        let url: String
        let body: [UInt8]
        let status: Int?
        let answer: [UInt8]
        let problem: String?
    }

    private let calls = Mutex<[Entry]>([])

    func append(_ call: Entry) { calls.withLock { $0.append(call) } }
    var entries: [Entry] { calls.withLock { $0 } }
}
