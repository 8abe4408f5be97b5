import EventLoop
package import HTTP
import HTTPTypes
import JSON
import Synchronization
package import Time

/// Tells pages what has changed since they last looked: `GET /changes?since=17` answers `{"version": 21, "parts": ["desk", "hub"]}` as soon as there is
/// anything, with an empty list after 20 seconds. `since=0` answers at once. A page then asks the parts that it shows.
package final class DeskChanges: Sendable {
    private struct State {
        var version = 1
        /// The version of each part's last change.
        var parts: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    package init(time: any TimeSource = SystemTime()) { self.time = time }

    /// Something in that part is different now.
    package func touch(_ part: String) {
        state.withLock { state in
            state.version += 1
            state.parts[part] = state.version
        }
    }

    func answer(_ request: Request) async -> Response {
        let query = request.target.dropFirst(request.path.count + 1)
        let since = query.split(separator: "&").first { $0.hasPrefix("since=") }.flatMap { Int($0.dropFirst(6)) } ?? 0
        let limit = time.now().advanced(byMilliseconds: 20_000)
        while true {
            let (version, parts) = state.withLock { state in
                (state.version, state.parts.filter { $0.value > since }.map(\.key).sorted())
            }
            // A page that is gone cancels this, and then sleeping takes no time.
            if since <= 0 || since > version || !parts.isEmpty || time.now() >= limit || Task.isCancelled {
                return .json(.ok, Array(RawJSON { $0.object { object in
                    object.field("version", version)
                    object.field("parts", array: { list in for part in parts { list.value(part) } })
                } }.bytes))
            }
            // Looking twenty times a second costs a desk nothing and needs no wake-ups between threads.
            await EventLoop.sleep(until: time.now().advanced(byMilliseconds: 50))
        }
    }
}
