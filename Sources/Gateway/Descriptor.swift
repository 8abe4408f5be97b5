import Glibc
import Time

/// Blocking reads and writes, for CGI and Lambda, which do one thing at a time.
enum Descriptor {
    /// Appends at most `count` octets; what read(2) says, interruptions passed over.
    static func read(_ descriptor: Int32, into bytes: inout [UInt8], _ count: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: min(count, 65_536), alignment: 1) { buffer in
            while true {
                let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if got < 0, errno == EINTR { continue }
                if got > 0 { bytes.append(contentsOf: buffer[..<got]) }
                return got
            }
        }
    }

    /// False when the other side is gone.
    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = write(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}

/// An instant until which blocking calls may wait; `nil` inside means for ever.
struct Deadline {
    let instant: Instant?

    init(milliseconds: Int) { instant = .now().advanced(byMilliseconds: milliseconds) }
    private init() { instant = nil }
    static var never: Deadline { Deadline() }

    /// False when the time is over before the descriptor has something (or its end) to read.
    func waitReadable(_ descriptor: Int32) -> Bool {
        guard let instant else { return true }
        while true {
            let left = instant.milliseconds(since: .now())
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, Int32(clamping: max(0, left)))
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }
}
