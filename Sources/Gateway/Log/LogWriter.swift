import CLinux
import EventLoop
import Glibc
import Synchronization

/// Writes whole lines to standard error without ever waiting for whoever reads them. On a loop's thread lines are gathered and leave together
/// at the end of the round; what cannot leave waits, up to a bound, beyond which lines are dropped and counted.
enum LogWriter {
    /// Octets of a line, its line feed included (`security.md` §9).
    static let longest = 8 << 10
    /// Octets that may wait.
    static let room = 256 << 10

    private struct State {
        var waiting: [UInt8] = []
        var lost = 0
    }

    private static let state = Mutex(State())

    /// Lines dropped since this was last asked: the next line tells.
    static func takeLost() -> Int {
        state.withLock { state in
            defer { state.lost = 0 }
            return state.lost
        }
    }

    /// `line` ends with a line feed. `lost`: the lines that it tells of.
    static func write(_ line: [UInt8], lost: Int) {
        let isTaken = state.withLock { state in
            guard state.waiting.count + line.count <= room else {
                state.lost += lost + 1
                return false
            }
            state.waiting += line
            return true
        }
        if isTaken, EventLoop.current?.betweenRounds == nil { flush() }
    }

    /// Writes as much as can be written now.
    static func flush() {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return }
            let count = clinux_write_now(2, state.waiting, state.waiting.count)
            if count == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
            } else if count > 0 {
                state.waiting.removeFirst(count)
            }
        }
    }

    /// The last flush before the process ends: a reader that is alive gets a moment.
    static func finish() {
        for _ in 0..<20 {
            flush()
            if state.withLock({ $0.waiting.isEmpty }) { return }
            var descriptor = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
            _ = poll(&descriptor, 1, 10)
        }
    }
}
