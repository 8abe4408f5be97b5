import CLinux
import EventLoop
import Glibc
import Time

/// Who speaks the protocol on a stream. Called on the loop's thread.
protocol StreamOwner: AnyObject {
    /// Some octets came.
    func received(_ bytes: Span<UInt8>)
    /// The other side sends no more; answers may still reach it.
    func inputEnded()
    /// The stream is over, whoever ended it. Comes once, and last.
    func closed()
}

/// One connected, non-blocking socket on a loop: reads as octets come, writes with back-pressure.
final class SocketStream: EventHandler, RoundEnding {
    let loop: EventLoop
    private let descriptor: Int32
    private let scratch: ReadBuffer
    private var owner: (any StreamOwner)?
    private var interest: UInt32 = 0
    private var unsent: [UInt8] = []
    private var sentOfUnsent = 0
    /// Whether the socket took less than it was given, and tells when it takes more.
    private var isFull = false
    private var ending = Ending.open
    private var isPaused = false
    /// A streamed answer that waits for room.
    private var writer: UnsafeContinuation<Void, Never>?
    private var slowness: EventLoop.Timer?
    /// The other side sends no more.
    private(set) var inputIsOver = false
    /// The stream ended before everything that was sent had been taken.
    private(set) var hasLost = false

    private enum Ending { case open, afterSending, drainingAfterSending, draining, closed }

    /// Output that waits beyond this stops us from reading more requests.
    static let crowded = 256 << 10

    init(_ descriptor: Int32, loop: EventLoop, scratch: ReadBuffer) {
        self.descriptor = descriptor
        self.loop = loop
        self.scratch = scratch
    }

    /// False when the loop cannot watch it; the descriptor is closed then.
    func start(owner: any StreamOwner) -> Bool {
        self.owner = owner
        interest = Readiness.readable | Readiness.peerClosed
        do {
            try loop.watch(descriptor, events: interest, handler: self)
            return true
        } catch {
            self.owner = nil
            ending = .closed
            Glibc.close(descriptor)
            return false
        }
    }

    var isOpen: Bool { ending != .closed }

    // MARK: Sending

    /// What is sent in one round of the loop leaves together at its end.
    func send(_ bytes: [UInt8]) {
        guard ending == .open, !bytes.isEmpty else { return }
        guard unsent.isEmpty else {
            if sentOfUnsent >= SocketStream.crowded / 4 {
                // A long answer to a slow reader never leaves as a whole: what has gone must not pile up.
                unsent.removeFirst(sentOfUnsent)
                sentOfUnsent = 0
            }
            unsent += bytes
            return updateInterest()
        }
        unsent = bytes
        loop.atEndOfRound(self)
    }

    func roundEnds() { sendNow() }

    /// For who must know whether the other side is still there.
    func sendNow() {
        guard ending != .closed, !isFull else { return }
        flush()
    }

    /// Waits until most of what was sent is on its way; false when the stream is over. A reader that takes nothing at all for half a minute
    /// loses the connection.
    func waitForRoom() async -> Bool {
        while isOpen, !Task.isCancelled, unsent.count - sentOfUnsent > SocketStream.crowded / 4, writer == nil {
            slowness = loop.schedule(at: .now().advanced(byMilliseconds: SocketStream.stall)) { [weak self] in self?.close() }
            await withUnsafeContinuation { writer = $0 }
        }
        return isOpen
    }

    /// Also for whoever cancels the task that waits.
    func wakeWriter() {
        if let slowness { loop.cancel(slowness) }
        slowness = nil
        let waiting = writer
        writer = nil
        waiting?.resume()
    }

    private static let stall = 30_000

    /// Ends the stream once everything is sent. `draining`: what the other side still sends is read and thrown away for a moment, because
    /// closing over unread octets can destroy the answer on its way (`runtimes.md` §4.3, rule 4).
    func endAfterSending(draining: Bool) {
        guard ending == .open else { return }
        ending = draining ? .drainingAfterSending : .afterSending
        if unsent.isEmpty { sentEverything() }
    }

    private func flush() {
        guard !unsent.isEmpty else { return }
        while sentOfUnsent < unsent.count {
            let count = unsent.withUnsafeBytes { octets in
                Glibc.send(descriptor, octets.baseAddress.map { $0 + sentOfUnsent }, octets.count - sentOfUnsent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                guard count == 0 || errno == EAGAIN || errno == EINTR else { return close() }
                isFull = true
                return updateInterest()
            }
            sentOfUnsent += count
            if writer != nil, unsent.count - sentOfUnsent <= SocketStream.crowded / 4 { wakeWriter() }
        }
        unsent = []
        sentOfUnsent = 0
        isFull = false
        updateInterest()
        sentEverything()
    }

    private func sentEverything() {
        switch ending {
        case .afterSending: close()
        case .drainingAfterSending:
            ending = .draining
            shutdown(descriptor, Int32(SHUT_WR))
            if inputIsOver { return close() }
            isPaused = false
            updateInterest()
            loop.schedule(at: .now().advanced(byMilliseconds: 2000)) { [weak self] in self?.close() }
        default: break
        }
    }

    func close() {
        guard ending != .closed else { return }
        ending = .closed
        hasLost = !unsent.isEmpty
        loop.unwatch(descriptor)
        Glibc.close(descriptor)
        unsent = []
        sentOfUnsent = 0
        wakeWriter()
        let owner = owner
        self.owner = nil
        owner?.closed()
    }

    // MARK: Receiving

    /// Stops and resumes reading: back-pressure towards the sender.
    func setPaused(_ paused: Bool) {
        guard paused != isPaused else { return }
        isPaused = paused
        updateInterest()
    }

    private func updateInterest() {
        guard ending != .closed else { return }
        var wanted: UInt32 = 0
        if !inputIsOver, !isPaused, unsent.count - sentOfUnsent < SocketStream.crowded {
            wanted |= Readiness.readable | Readiness.peerClosed
        }
        if isFull { wanted |= Readiness.writable }
        guard wanted != interest else { return }
        interest = wanted
        loop.rewatch(descriptor, events: wanted)
    }

    func ready(_ events: UInt32) {
        if events & Readiness.failed != 0 { return close() }
        if events & Readiness.writable != 0 {
            flush()
            guard isOpen else { return }
        }
        if interest & Readiness.readable != 0, events & (Readiness.readable | Readiness.peerClosed | Readiness.hungUp) != 0 {
            receive()
        } else if events & Readiness.hungUp != 0 {
            close()
        }
    }

    /// Whether octets lie unread in the socket.
    var hasUnread: Bool {
        var octet: UInt8 = 0
        return recv(descriptor, &octet, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0
    }

    private func receive() {
        // A few rounds and then the others' turn; what is left makes the descriptor ready again.
        for _ in 0..<4 {
            let count = scratch.fill(from: descriptor)
            if count < 0 {
                if errno != EAGAIN && errno != EINTR { close() }
                return
            }
            if count == 0 { return endInput() }
            if ending == .draining { continue }
            let bytes = scratch.bytes
            owner?.received(bytes.span.extracting(0..<count))
            guard isOpen, !isPaused, count == bytes.count else { return }
        }
    }

    private func endInput() {
        inputIsOver = true
        if ending == .draining { return close() }
        updateInterest()
        owner?.inputEnded()
        // Whoever was cancelled by that must not go on waiting for room.
        wakeWriter()
    }
}

/// Where a loop's streams read into, one after the other.
final class ReadBuffer {
    private(set) var bytes = [UInt8](repeating: 0, count: 64 << 10)

    /// What read(2) says.
    func fill(from descriptor: Int32) -> Int {
        bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    }
}
