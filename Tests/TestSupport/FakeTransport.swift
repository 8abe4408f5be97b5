package import HTTP
import HTTPTypes
import Synchronization

/// A transport that answers from a list and keeps what it was asked. Answers that nobody fetched fail the test through `unused`.
package final class FakeTransport: HTTPTransport {
    private let state: Mutex<State>

    private struct State {
        var answers: [Result<Response, TransportError>]
        var calls: [Call] = []
    }

    package init(_ answers: [Result<Response, TransportError>]) { state = Mutex(State(answers: answers)) }

    package var calls: [Call] { state.withLock { $0.calls } }
    package var unused: Int { state.withLock { $0.answers.count } }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        let answer: Result<Response, TransportError> = state.withLock { state in
            state.calls.append(call)
            return state.answers.isEmpty
                ? .failure(TransportError(.internalFailure, mayHaveArrived: false, reason: "the test expected no such call"))
                : state.answers.removeFirst()
        }
        let response = try answer.get()
        if response.status.kind == .successful, !response.body.isEmpty { call.receive?(response.body) }
        return response
    }
}
