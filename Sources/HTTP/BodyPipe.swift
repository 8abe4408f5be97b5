import HTTPTypes
import Synchronization

/// Octets on their way between a call and whoever makes or uses them, a bounded number at a time: the faster side waits for the slower.
///
/// One side writes and one reads. A handler uses `write` and `read`, which wait; a transport uses `offer` and `take`, which do not, and is told
/// by `wake` when it is worth trying again. A handler that stops early calls `cancel`.
package final class BodyPipe: Sendable {
    package enum Taken: Sendable {
        case octets([UInt8])
        /// Nothing yet; `wake` is called when there is.
        case later
        case end
        /// The writer gave up: what came is not all.
        case broken
    }

    private struct State {
        var pieces: [[UInt8]] = []
        var first = 0
        var count = 0
        var isFinished = false
        var isBroken = false
        /// The reader wants no more.
        var isCancelled = false
        var head: Response?
        var reader: UnsafeContinuation<Void, Never>?
        var writer: UnsafeContinuation<Void, Never>?
        var wake: (@Sendable () -> Void)?
        /// Whether the transport was turned away and shall be woken.
        var isOwedWake = false
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: Octets that may wait; one piece more than that at most.
    package init(capacity: Int = 256 << 10) { self.capacity = capacity }

    // MARK: Writing

    /// Waits until there is room; false when nobody reads any more.
    package func write(_ octets: [UInt8]) async -> Bool {
        guard !octets.isEmpty else { return state.withLock { !$0.isCancelled } }
        while true {
            switch state.withLock({ put(octets, &$0, isTransport: false) }) {
            case .gone: return false
            case .put: return true
            case .full:
                await wait { state, continuation in
                    guard state.count >= self.capacity, !state.isCancelled, !state.isFinished else { return false }
                    state.writer = continuation
                    return true
                }
                if Task.isCancelled { return false }
            }
        }
    }

    /// False when the pipe is full or nobody reads: `wake` tells when to come again, `isCancelled` whether to.
    package func offer(_ octets: [UInt8]) -> Bool { state.withLock { put(octets, &$0, isTransport: true) == .put } }

    /// No more octets. - Parameter isComplete: Whether these were all.
    package func finish(isComplete: Bool = true) {
        settle { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            state.isBroken = !isComplete
        }
    }

    private enum Put { case put, full, gone }

    private func put(_ octets: [UInt8], _ state: inout State, isTransport: Bool) -> Put {
        guard !state.isCancelled, !state.isFinished else { return .gone }
        guard state.count < capacity else {
            if isTransport { state.isOwedWake = true }
            return .full
        }
        state.pieces.append(octets)
        state.count += octets.count
        if let reader = state.reader {
            state.reader = nil
            reader.resume()
        }
        if state.isOwedWake { notify(&state) }
        return .put
    }

    // MARK: Reading

    /// The next piece; `nil` behind the last one, complete or not.
    package func read() async -> [UInt8]? {
        while true {
            switch take(atMost: .max, isTransport: false) {
            case .octets(let octets): return octets
            case .end, .broken: return nil
            case .later:
                await wait { state, continuation in
                    guard state.count == 0, !state.isFinished, !state.isCancelled else { return false }
                    state.reader = continuation
                    return true
                }
                if Task.isCancelled { return nil }
            }
        }
    }

    package func take(atMost limit: Int) -> Taken { take(atMost: limit, isTransport: true) }

    private func take(atMost limit: Int, isTransport: Bool) -> Taken {
        state.withLock { state in
            guard state.first < state.pieces.count else {
                if state.isBroken || state.isCancelled { return .broken }
                if state.isFinished { return .end }
                if isTransport { state.isOwedWake = true }
                return .later
            }
            var octets = state.pieces[state.first]
            if octets.count > limit {
                state.pieces[state.first] = Array(octets[limit...])
                octets = Array(octets[..<limit])
            } else {
                state.pieces[state.first] = []
                state.first += 1
                if state.first == state.pieces.count { (state.pieces, state.first) = ([], 0) }
            }
            state.count -= octets.count
            if state.count < capacity / 2 || state.pieces.isEmpty {
                if let writer = state.writer {
                    state.writer = nil
                    writer.resume()
                }
                if state.isOwedWake { notify(&state) }
            }
            return .octets(octets)
        }
    }

    /// The reader wants no more: whatever is written from now on goes nowhere.
    package func cancel() {
        settle { state in
            state.isCancelled = true
            (state.pieces, state.first, state.count) = ([], 0, 0)
        }
    }

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }
    /// Whether everything was written that there is.
    package var isComplete: Bool { state.withLock { $0.isFinished && !$0.isBroken && !$0.isCancelled } }

    // MARK: The head

    /// Status and fields of the answer whose body this is.
    package func begin(_ head: Response) {
        settle { $0.head = $0.head ?? head }
    }

    /// Waits for the head; `nil` when the call ends without a successful one.
    package func head() async -> Response? {
        while true {
            let (head, isOver) = state.withLock { ($0.head, $0.isFinished || $0.isCancelled) }
            if let head { return head }
            if isOver || Task.isCancelled { return nil }
            await wait { state, continuation in
                guard state.head == nil, !state.isFinished, !state.isCancelled else { return false }
                state.reader = continuation
                return true
            }
        }
    }

    // MARK: Waiting

    /// Called, from wherever the other side runs, when a transport that was turned away should try again. It must not call back at once.
    package func setWake(_ wake: (@Sendable () -> Void)?) { state.withLock { $0.wake = wake } }

    private func notify(_ state: inout State) {
        state.isOwedWake = false
        state.wake?()
    }

    private func settle(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.reader?.resume()
            state.writer?.resume()
            (state.reader, state.writer) = (nil, nil)
            if state.isOwedWake { notify(&state) }
        }
    }

    /// Suspends if `begin` kept the continuation. Ends as well when the task is cancelled.
    private func wait(_ begin: (inout State, UnsafeContinuation<Void, Never>) -> Bool) async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isWaiting = state.withLock { state in !Task.isCancelled && begin(&state, continuation) }
                if !isWaiting { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                state.reader?.resume()
                state.writer?.resume()
                (state.reader, state.writer) = (nil, nil)
            }
        }
    }
}

extension HTTPTransport {
    /// Sends a call and hands the body of a 2xx answer to `take` piece by piece, with its head first; the next piece is read from the network
    /// only when the one before was taken. `take` ends the call by answering false.
    ///
    /// - Returns: The answer, without a body when it was taken.
    package func download(
        _ call: Call, head: @Sendable (Response) async -> Bool, take: @Sendable ([UInt8]) async -> Bool
    ) async -> Result<Response, TransportError> {
        let pipe = BodyPipe()
        var call = call
        call.download = pipe
        let complete = call
        return await withTaskGroup(of: Result<Response, TransportError>.self) { group in
            group.addTask {
                defer { pipe.finish(isComplete: false) }
                do throws(TransportError) {
                    let response = try await self.send(complete)
                    // A transport that knows nothing of pipes has the whole body.
                    guard !response.body.isEmpty, response.status.kind == .successful else { return .success(response) }
                    pipe.begin(response)
                    pipe.finish(isComplete: await pipe.write(response.body))
                    return .success(Response(status: response.status, fields: response.fields))
                } catch {
                    return .failure(error)
                }
            }
            if let answer = await pipe.head() {
                var goesOn = await head(answer)
                while goesOn, let piece = await pipe.read() { goesOn = await take(piece) }
                if !goesOn { pipe.cancel() }
            }
            return await group.next() ?? .failure(TransportError(.cancelled, mayHaveArrived: true))
        }
    }
}
