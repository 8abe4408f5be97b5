import Glibc
import Synchronization

/// Writes whole lines to standard error, never waiting for whoever reads them: a line that does not fit now is dropped, and the next one
/// that fits tells how many were.
enum LogWriter {
    /// Octets of a line, its line feed included (`security.md` §9).
    static let longest = 8 << 10

    private static let dropped = Atomic<Int>(0)

    /// The number of lines lost since the last line that was written; the caller puts it into its line.
    static func takeDropped() -> Int { dropped.exchange(0, ordering: .relaxed) }

    /// `line` ends with a line feed.
    static func write(_ line: [UInt8], missed: Int = 0) {
        var descriptor = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        guard poll(&descriptor, 1, 0) == 1, descriptor.revents & Int16(POLLOUT) != 0 else { return lose(missed) }
        if Glibc.write(2, line, line.count) != line.count { lose(missed) }
    }

    private static func lose(_ missed: Int) { dropped.wrappingAdd(missed + 1, ordering: .relaxed) }
}
