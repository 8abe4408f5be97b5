import CCurl
import EventLoop
import HTTP
import Time

/// libcurl's multi handle on one event loop: sockets become watches, libcurl's one timer becomes a timer of the loop.
///
/// Everything here runs on the loop's thread, and nothing but recording happens inside a callback of libcurl.
final class CurlEngine: @unchecked Sendable {
    // @unchecked: handed to cancellation handlers, which use it only in jobs of the loop.
    typealias Outcome = Result<Response, TransportError>

    private unowned let loop: EventLoop
    /// Keeps the transport's identity, under which the loop knows this engine.
    private let owner: CurlTransport
    private let multi: UnsafeMutableRawPointer
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    /// Finished easy handles, reset: making one costs more than the call.
    private var idle: [EasyHandle] = []
    private var sockets: [Int32: Socket] = [:]
    private var timer: EventLoop.Timer?
    /// What libcurl's timer callback asked for last: milliseconds from then, negative for none; `nil` when it did not ask since.
    private var wantedTimeout: Int?

    /// Reads the configuration and the error texts of OpenSSL, so it waits for the first call.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init(for owner: CurlTransport, on loop: EventLoop) throws(TransportError) {
        guard CurlEngine.isLibraryReady, let multi = curl_multi_init() else {
            throw TransportError(.internalFailure, mayHaveArrived: false, reason: "libcurl does not start")
        }
        self.loop = loop
        self.owner = owner
        self.multi = multi
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_multi_set_socket_callback(multi, { _, socket, action, context, _ in
            CurlEngine.from(context)?.noteSocket(socket, action: action)
            return 0
        }, context)
        _ = ccurl_multi_set_timer_callback(multi, { _, milliseconds, context in
            CurlEngine.from(context)?.wantedTimeout = milliseconds
            return 0
        }, context)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, owner.options.keptConnections)
    }

    deinit {
        // The loop is going away: nobody is left to be told about sockets.
        _ = ccurl_multi_set_socket_callback(multi, nil, nil)
        _ = ccurl_multi_set_timer_callback(multi, nil, nil)
        for easy in running.keys { curl_multi_remove_handle(multi, easy) }
        curl_multi_cleanup(multi)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlEngine? {
        context.map { Unmanaged<CurlEngine>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Calls

    func takeHandle() throws(TransportError) -> EasyHandle {
        if let handle = idle.popLast() { return handle }
        guard let handle = EasyHandle() else {
            throw TransportError(.internalFailure, mayHaveArrived: false, reason: "no memory for a call")
        }
        return handle
    }

    func start(_ transfer: Transfer, _ continuation: UnsafeContinuation<Outcome, Never>) {
        transfer.continuation = continuation
        let easy = transfer.handle.easy
        running[easy] = transfer
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
            finish(transfer, .failure(TransportError(.internalFailure, mayHaveArrived: false, reason: "libcurl takes no call")))
            return
        }
        // At once, instead of through the timer of 0 ms that libcurl just asked for: one round of the loop less.
        act(on: CURL_SOCKET_TIMEOUT, flags: 0)
    }

    func cancel(_ transfer: Transfer) {
        guard transfer.continuation != nil else { return }
        let error = TransportError(.cancelled, mayHaveArrived: transfer.mayHaveArrived)
        curl_multi_remove_handle(multi, transfer.handle.easy)
        finish(transfer, .failure(error))
        settleTimer()
    }

    private func finish(_ transfer: Transfer, _ outcome: Outcome) {
        running[transfer.handle.easy] = nil
        if idle.count < owner.options.keptConnections, transfer.handle.reset() { idle.append(transfer.handle) }
        let continuation = transfer.continuation
        transfer.continuation = nil
        continuation?.resume(returning: outcome)
    }

    // MARK: Driving libcurl

    fileprivate func act(on socket: Int32, flags: Int32) {
        var left: Int32 = 0
        curl_multi_socket_action(multi, socket, flags, &left)
        var code = CURLE_OK
        while let easy = ccurl_multi_next_finished(multi, &code) {
            guard let transfer = running[easy] else { continue }
            let outcome = transfer.outcome(code)
            curl_multi_remove_handle(multi, easy)
            finish(transfer, outcome)
        }
        settleTimer()
    }

    private func settleTimer() {
        guard let milliseconds = wantedTimeout else { return }
        wantedTimeout = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        guard milliseconds >= 0 else { return }
        timer = loop.schedule(at: Instant.now().advanced(byMilliseconds: milliseconds)) { [unowned self] in
            timer = nil
            act(on: CURL_SOCKET_TIMEOUT, flags: 0)
        }
    }

    private func noteSocket(_ descriptor: Int32, action: Int32) {
        let events: UInt32
        switch action {
        case CURL_POLL_IN: events = Readiness.readable
        case CURL_POLL_OUT: events = Readiness.writable
        case CURL_POLL_INOUT: events = Readiness.readable | Readiness.writable
        default:
            loop.unwatch(descriptor)
            sockets[descriptor] = nil
            return
        }
        guard sockets[descriptor] == nil else { return loop.rewatch(descriptor, events: events) }
        let socket = Socket(descriptor, of: self)
        // When the kernel refuses (no memory), the call ends at its deadline.
        guard (try? loop.watch(descriptor, events: events, handler: socket)) != nil else { return }
        sockets[descriptor] = socket
    }

    /// Tells libcurl that one of its sockets is ready.
    private final class Socket: EventHandler {
        private let descriptor: Int32
        private unowned let engine: CurlEngine

        init(_ descriptor: Int32, of engine: CurlEngine) {
            self.descriptor = descriptor
            self.engine = engine
        }

        func ready(_ events: UInt32) {
            var flags: Int32 = 0
            if events & (Readiness.readable | Readiness.hungUp) != 0 { flags |= CURL_CSELECT_IN }
            if events & Readiness.writable != 0 { flags |= CURL_CSELECT_OUT }
            if events & Readiness.failed != 0 { flags |= CURL_CSELECT_ERR }
            engine.act(on: descriptor, flags: flags)
        }
    }
}

/// Owns one easy handle of libcurl.
final class EasyHandle {
    let easy: UnsafeMutableRawPointer

    init?() {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        guard setBuffer() else { return nil }
    }

    deinit { curl_easy_cleanup(easy) }

    /// Forgets every option, so that nothing of one call shows in the next. Connections and sessions belong to the engine and stay.
    ///
    /// False when the handle must not be used again: behind a call that shared an HTTP/2 connection libcurl 7.88 keeps the handle's
    /// buffer, and then refuses to be told its size.
    func reset() -> Bool {
        curl_easy_reset(easy)
        return setBuffer()
    }

    /// Thousands of calls wait at once, each with a buffer of its own; answers are mostly small.
    private func setBuffer() -> Bool { ccurl_set_long(easy, CURLOPT_BUFFERSIZE, 8 << 10) == CURLE_OK }
}
