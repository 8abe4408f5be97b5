import Conversation
import JSON
import Synchronization

/// Collects a streamed answer piece by piece (server-sent events). Pieces may break anywhere, within a character too.
final class EventStream: Sendable {
    private struct State {
        var line: [UInt8] = []
        var completion = Completion()
        /// The first thing that was wrong.
        var error: AgentError?
        /// Whether any `data:` line arrived.
        var hasData = false
    }

    private let state = Mutex(State())
    private static let lineLimit = 1 << 20

    func receive(_ bytes: [UInt8]) {
        state.withLock { state in
            for octet in bytes {
                if octet == 0x0A {
                    EventStream.take(line: state.line, into: &state)
                    state.line.removeAll(keepingCapacity: true)
                } else if state.line.count < EventStream.lineLimit {
                    state.line.append(octet)
                } else {
                    state.error = state.error ?? EventStream.noChunk
                }
            }
        }
    }

    /// What arrived so far.
    var received: Completion { state.withLock(\.completion) }

    /// What arrived when the stream was closed; a last line counts without its end too.
    func closed() throws(AgentError) -> Completion {
        let (completion, error) = state.withLock { state in
            if !state.line.isEmpty {
                EventStream.take(line: state.line, into: &state)
                state.line.removeAll()
            }
            return (state.completion, state.error ?? (state.hasData ? nil : EventStream.nothing))
        }
        if let error { throw error }
        return completion
    }

    private static let noChunk = AgentError(.malformed, reason: "the event stream holds what is not a chunk")
    /// What some servers send of a failure, llama.cpp's Python server among them: the status was out already.
    private static let nothing = AgentError(.malformed, reason: "the event stream is empty")

    private static func take(line: [UInt8], into state: inout State) {
        var line = line[...]
        if line.last == 0x0D { line = line.dropLast() }
        let mark = Array("data:".utf8)
        // Comments, event names, ids and the blank lines between events say nothing here.
        guard line.starts(with: mark) else { return }
        let data = line.dropFirst(mark.count).drop { $0 == 0x20 }
        state.hasData = true
        if data.elementsEqual("[DONE]".utf8) {
            state.completion.isComplete = true
            return
        }
        guard let chunk = try? JSON(parsing: Array(data)), chunk.kind == .object else {
            state.error = state.error ?? noChunk
            return
        }
        if let error = chunk["error"], !error.isNull {
            state.error = state.error ?? told(error)
        } else {
            state.completion.take(chunk: chunk)
        }
    }

    /// An error that a server tells after it began to stream; what the status would have been is its code, or in its type.
    private static func told(_ error: JSON) -> AgentError {
        let isRefusal = error["type"]?.string == "invalid_request_error" || error["code"]?.integer.map { (400..<429).contains($0) } ?? false
        return AgentError(isRefusal ? .rejected : .failed, reason: "the event stream tells an error")
    }
}
