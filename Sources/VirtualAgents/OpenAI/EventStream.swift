import JSON
import Synchronization

/// Collects a streamed answer piece by piece (server-sent events). Pieces may break anywhere, within a character too.
final class EventStream: Sendable {
    private struct State {
        var line: [UInt8] = []
        var completion = Completion()
        var isBroken = false
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
                    state.isBroken = true
                }
            }
        }
    }

    /// What arrived so far; a last line without its end counts when the stream was closed.
    func completion(closed: Bool) -> (Completion, isBroken: Bool, hasData: Bool) {
        state.withLock { state in
            if closed, !state.line.isEmpty {
                EventStream.take(line: state.line, into: &state)
                state.line.removeAll()
            }
            return (state.completion, state.isBroken, state.hasData)
        }
    }

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
        guard let chunk = try? JSON(parsing: Array(data)), chunk.kind == .object, chunk["error"].map(\.isNull) ?? true else {
            state.isBroken = true
            return
        }
        state.completion.take(chunk: chunk)
    }
}
