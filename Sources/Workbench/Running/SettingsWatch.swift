import Glibc
import Synchronization

/// Notices when a settings file is another one: written anew, replaced or touched.
package final class SettingsWatch: Sendable {
    private struct Stamp: Equatable {
        var file: UInt64 = 0
        var size: Int64 = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private let path: String
    private let state: Mutex<(stamp: Stamp, generation: Int)>

    package init(_ path: String) {
        self.path = path
        state = Mutex((SettingsWatch.stamp(path), 0))
    }

    /// Goes up with each change that was found good.
    var generation: Int { state.withLock { $0.generation } }
    func accept() { state.withLock { $0.generation += 1 } }

    /// Whether the file is another one than at the last look. One that is gone is not: editors put the new one in its place.
    package func hasChanged() -> Bool {
        let now = SettingsWatch.stamp(path)
        return state.withLock { state in
            guard now.file != 0, now != state.stamp else { return false }
            state.stamp = now
            return true
        }
    }

    private static func stamp(_ path: String) -> Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else { return Stamp() }
        return Stamp(
            file: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
    }
}
