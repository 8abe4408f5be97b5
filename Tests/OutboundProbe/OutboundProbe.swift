import Conversation
import CurlTransport
import Delivery
import EventLoop
import Gateway
import Glibc
import HTTP
import HTTPTypes
import JSON
import Settings
import Store
import Synchronization
import Time

/// Outbound delivery over the store of the settings, with a platform that is a folder: what contacts see of a thread is a file, a line a message.
/// It kills itself, as by kill -9, at the step that `PROBE_DIES_AT` names: every operation of the store and every send is two steps, before and
/// after.
///
///     POST /deliver    {"key", "thread", "text"} → 200 with the id, 409 while it runs, 502 failed for good, 503 not now
///     POST /tick       sends what waits
@main
enum Probe {
    static func main() {
        Gateway.serve("outbound-probe") {
            let time = SystemTime()
            let transport = CurlTransport(options: .longLived())
            let settings = try SettingsFile.load(StoreSettings.self, at: "store").settings
            let steps = Steps(dyingAt: value("PROBE_DIES_AT").flatMap { Int($0) })
            let store = DyingStore(store: settings.open(over: transport, time: time), steps: steps)
            let isOnce = value("PROBE_IS_ONCE") != nil
            let platform = FolderPlatform(
                folder: value("PROBE_FOLDER") ?? "", isOnce: isOnce, slow: value("PROBE_SLOW").flatMap { Int($0) } ?? 0, steps: steps)
            var capabilities = ChannelCapabilities()
            capabilities.textLimit = 10
            capabilities.deliveryClass = isOnce ? .once : .mayDuplicate
            var channel = Channel(
                name: value("PROBE_CHANNEL") ?? "folder", tenant: "probe", pointsOfContact: [PointOfContact(id: "poc", visibility: .direct)],
                capabilities: capabilities, mode: value("PROBE_ACCEPTS") == nil ? .sendThenAnswer : .acceptThenReport)
            channel.outbound = platform
            let delivery = OutboundDelivery(store: store, time: time, sleep: EventLoop.sleep)
            return DeliveringHandler(
                delivery: delivery, channel: channel, budget: value("PROBE_BUDGET").flatMap { Int($0) } ?? 900, steps: steps)
        }
    }

    static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Counts what happens, and ends the process where it shall.
final class Steps: Sendable {
    private let next = Mutex(0)
    private let last: Int?
    private let isArmed = Mutex(false)

    init(dyingAt step: Int?) { last = step }

    /// Nothing counts before the first request.
    func arm() { isArmed.withLock { $0 = true } }

    func pass() {
        guard let last, isArmed.withLock({ $0 }) else { return }
        let step = next.withLock { next in
            next += 1
            return next - 1
        }
        if step == last { kill(getpid(), SIGKILL) }
    }
}

struct DyingStore: KeyValueStore {
    let store: any KeyValueStore
    let steps: Steps

    func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        steps.pass()
        let result = await store.perform(operation, on: key, by: deadline)
        steps.pass()
        return result
    }
}

struct FolderPlatform: OutboundChannel {
    let folder: String
    let isOnce: Bool
    let slow: Int
    let steps: Steps

    func send(_ part: OutboundPart) async throws(ChannelError) -> SentPart {
        if slow > 0 { await EventLoop.sleep(until: .now().advanced(byMilliseconds: slow)) }
        steps.pass()
        guard case .text(let text) = part.body else { throw ChannelError(.contentRefused, reason: "no text", mayHaveArrived: false) }
        let path = "\(folder)/\(part.thread.text)"
        let lines = Self.lines(path)
        var number = lines.count + 1
        if isOnce, let known = lines.firstIndex(where: { $0.hasPrefix(part.key + "\t") }) {
            number = known + 1
        } else {
            let line = "\(part.key)\t\(text)\n"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            _ = write(descriptor, line, line.utf8.count)
            close(descriptor)
        }
        steps.pass()
        return SentPart(id: MessageID("\(part.thread.text)-\(number)"))
    }

    private static func lines(_ path: String) -> [String] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

struct DeliveringHandler: Handler {
    let delivery: OutboundDelivery
    let channel: Channel
    let budget: Int
    let steps: Steps

    func respond(to request: Request) async -> Response {
        if request.path.hasSuffix("/tick") {
            let report = await OutboundTicks(delivery, channels: [channel]).tick(by: .now().advanced(byMilliseconds: 2000))
            return Response(status: .ok, body: Array("\(report.sent)".utf8))
        }
        guard let json = try? JSON(parsing: request.body), let key = json["key"]?.string, let thread = json["thread"]?.string,
            let text = json["text"]?.string
        else { return Response(status: .badRequest) }
        steps.arm()
        let message = OutboundMessage(key: key, thread: ThreadID(thread), content: .text(text))
        switch await delivery.deliver(message, through: channel, by: .now().advanced(byMilliseconds: budget)) {
        case .delivered(let delivery): return Response(status: .ok, body: Array(delivery.message.text.utf8))
        case .running: return Response(status: .conflict)
        // A repeat that waited long for its turn may have no time left to send: the next one has.
        case .failed(let error): return Response(status: error.isTransient ? .serviceUnavailable : .badGateway, body: Array(error.description.utf8))
        case .notNow(_, let reason): return Response(status: .serviceUnavailable, body: Array(reason.utf8))
        }
    }
}
