import CCurl
import EventLoop
import Glibc
import HTTP
import Time

/// libcurl's multi handle on one event loop: sockets become watches, libcurl's one timer becomes a timer of the loop.
///
/// Everything here runs on the loop's thread, and nothing but recording happens inside a callback of libcurl.
final class CurlEngine: RoundEnding, @unchecked Sendable {
    // @unchecked: handed to cancellation handlers, which use it only in jobs of the loop.
    typealias Outcome = Result<Response, TransportError>

    private unowned let loop: EventLoop
    /// Keeps the transport's identity, under which the loop knows this engine.
    private let owner: CurlTransport
    private let multi: UnsafeMutableRawPointer
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    /// Calls that begin at the end of this round.
    private var starting: [Transfer] = []
    /// Finished easy handles: making one costs more than the call.
    private var idle: [EasyHandle] = []
    private var sockets: [Int32: Socket] = [:]
    private var isEnding = false
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
        _ = ccurl_multi_set_socket_callback(multi, { easy, socket, action, context, _ in
            CurlEngine.from(context)?.noteSocket(socket, action: action, of: easy)
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
        isEnding = true
        _ = ccurl_multi_set_socket_callback(multi, nil, nil)
        _ = ccurl_multi_set_timer_callback(multi, nil, nil)
        for easy in running.keys { curl_multi_remove_handle(multi, easy) }
        curl_multi_cleanup(multi)
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> CurlEngine? {
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
        if transfer.hasPipe {
            transfer.connect { [loop, weak self, weak transfer] in
                // From whatever thread, perhaps inside a callback of libcurl.
                Task(executorPreference: loop) { if let transfer { self?.goOn(transfer) } }
            }
        }
        if starting.isEmpty { loop.atEndOfRound(self) }
        starting.append(transfer)
    }

    func roundEnds() {
        let transfers = starting
        starting.removeAll(keepingCapacity: true)
        // Those that were cancelled meanwhile have no continuation any more.
        for transfer in transfers where transfer.continuation != nil {
            let easy = transfer.handle.easy
            guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
                finish(transfer, .failure(TransportError(.internalFailure, mayHaveArrived: false, reason: "libcurl takes no call")))
                continue
            }
            running[easy] = transfer
        }
        // At once, instead of through the timer of 0 ms that libcurl just asked for: one round of the loop less.
        act(on: CURL_SOCKET_TIMEOUT, flags: 0)
    }

    /// Goes on with a transfer that had no room, or nothing to send.
    private func goOn(_ transfer: Transfer) {
        guard transfer.continuation != nil, running[transfer.handle.easy] != nil else { return }
        curl_easy_pause(transfer.handle.easy, CURLPAUSE_CONT)
        act(on: CURL_SOCKET_TIMEOUT, flags: 0)
    }

    func cancel(_ transfer: Transfer) {
        guard transfer.continuation != nil else { return }
        let isRunning = running[transfer.handle.easy] != nil
        let error = TransportError(.cancelled, mayHaveArrived: isRunning && transfer.mayHaveArrived)
        if isRunning { curl_multi_remove_handle(multi, transfer.handle.easy) }
        finish(transfer, .failure(error))
        settleTimer()
    }

    private func finish(_ transfer: Transfer, _ outcome: Outcome) {
        running[transfer.handle.easy] = nil
        if transfer.hasPipe { transfer.disconnect() }
        var isClean = false
        if case .success = outcome { isClean = true }
        if idle.count < owner.options.keptConnections, transfer.handle.rest(afterSuccess: isClean) { idle.append(transfer.handle) }
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

    // MARK: Sockets

    /// What libcurl wants to know of a socket. A connection that it wants nothing of, because it waits for the next call, stays watched: two
    /// system calls a turn less.
    private func noteSocket(_ descriptor: Int32, action: Int32, of easy: UnsafeMutableRawPointer?) {
        let events: UInt32
        switch action {
        case CURL_POLL_IN: events = Readiness.readable
        case CURL_POLL_OUT: events = Readiness.writable
        case CURL_POLL_INOUT: events = Readiness.readable | Readiness.writable
        default:
            guard let socket = sockets[descriptor], socket.isConnection else { return forget(descriptor) }
            // A transfer through a pipe may only pause: what comes meanwhile is its own.
            let mayPause = easy.flatMap { running[$0] }?.hasPipe == true
            guard socket.events == Readiness.readable, !mayPause else { return unwatch(socket) }
            socket.isIdle = true
            // Once it speaks HTTP/2 it always does.
            if !socket.isMultiplexed, let easy { socket.isMultiplexed = ccurl_get_long(easy, CURLINFO_HTTP_VERSION) >= Int(CURL_HTTP_VERSION_2_0) }
            return
        }
        guard let socket = sockets[descriptor] else { return watch(descriptor, events, isConnection: false) }
        socket.isIdle = false
        guard socket.events != events else { return }
        guard socket.events != 0 else { return watch(descriptor, events, isConnection: socket.isConnection) }
        socket.events = events
        loop.rewatch(descriptor, events: events)
    }

    private func watch(_ descriptor: Int32, _ events: UInt32, isConnection: Bool) {
        let socket = sockets[descriptor] ?? Socket(descriptor, of: self)
        sockets[descriptor] = socket
        socket.isConnection = isConnection
        // When the kernel refuses (no memory), the call ends at its deadline.
        socket.events = (try? loop.watch(descriptor, events: events, handler: socket)) == nil ? 0 : events
    }

    fileprivate func forget(_ descriptor: Int32) {
        guard let socket = sockets.removeValue(forKey: descriptor), socket.events != 0 else { return }
        loop.unwatch(descriptor)
    }

    /// libcurl has opened a socket to another host; it says by `close` when it is done with it. Its other sockets, those of the resolver, end
    /// without a word.
    func opened(_ descriptor: Int32) {
        let socket = Socket(descriptor, of: self)
        socket.isConnection = true
        sockets[descriptor] = socket
    }

    func close(_ descriptor: Int32) {
        if !isEnding { forget(descriptor) }
        Glibc.close(descriptor)
    }

    /// Tells libcurl that one of its sockets is ready.
    private final class Socket: EventHandler {
        let descriptor: Int32
        private unowned let engine: CurlEngine
        /// What the loop watches for; 0 when it does not.
        var events: UInt32 = 0
        var isConnection = false
        /// No call uses it.
        var isIdle = false
        /// Its answers name the request that they belong to: HTTP/2, which also speaks between requests.
        var isMultiplexed = false

        init(_ descriptor: Int32, of engine: CurlEngine) {
            self.descriptor = descriptor
            self.engine = engine
        }

        func ready(_ events: UInt32) {
            guard !isIdle else { return engine.rest(descriptor, isMultiplexed: isMultiplexed) }
            var flags: Int32 = 0
            if events & (Readiness.readable | Readiness.hungUp) != 0 { flags |= CURL_CSELECT_IN }
            if events & Readiness.writable != 0 { flags |= CURL_CSELECT_OUT }
            if events & Readiness.failed != 0 { flags |= CURL_CSELECT_ERR }
            engine.act(on: descriptor, flags: flags)
        }
    }

    /// The other side has closed a kept connection, or talks out of turn: libcurl finds out when it wants to use it. What came out of turn over
    /// HTTP/1.1 would pass for the answer to the next call (libcurl 7.88 looks only whether the connection has ended), so it is ended.
    private func rest(_ descriptor: Int32, isMultiplexed: Bool) {
        if !isMultiplexed { shutdown(descriptor, Int32(SHUT_RDWR)) }
        if let socket = sockets[descriptor] { unwatch(socket) }
    }

    private func unwatch(_ socket: Socket) {
        if socket.events != 0 { loop.unwatch(socket.descriptor) }
        socket.events = 0
    }
}
