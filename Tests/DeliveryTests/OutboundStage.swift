import Conversation
import Delivery
import EventLoop
import Store
import Synchronization
import TestSupport
import Time

/// A platform in memory: takes parts, remembers them, fails as it is told.
final class FakePlatform: OutboundChannel, OpeningChannel, EndingChannel {
    private struct State {
        var arrived: [OutboundPart] = []
        var ids: [String: MessageID] = [:]
        var failures: [Fault?] = []
        var opened: [String: ThreadID] = [:]
        var openings = 0
        var ended: [ThreadID] = []
        var endFailures: [ChannelError] = []
        var most = 0
        var now = 0
    }

    /// What goes wrong with one attempt.
    struct Fault {
        var error: ChannelError
        /// Whether the platform takes the part all the same.
        var takes = false
    }

    private let state = Mutex(State())
    let isOnce: Bool
    /// Waits here before a part arrives.
    private let pause: @Sendable (OutboundPart) async -> Void

    init(isOnce: Bool = false, pause: @escaping @Sendable (OutboundPart) async -> Void = { _ in }) {
        self.isOnce = isOnce
        self.pause = pause
    }

    /// What contacts see, in order.
    var shown: [String] {
        state.withLock { $0.arrived }.map { part in
            if case .text(let text) = part.body { return text + part.files.map { "[\($0.name)]" }.joined() }
            return part.files.map { "[\($0.name)]" }.joined()
        }
    }
    var parts: [OutboundPart] { state.withLock { $0.arrived } }
    var openings: Int { state.withLock { $0.openings } }
    var ended: [ThreadID] { state.withLock { $0.ended } }
    /// The most parts that were on their way at once.
    var most: Int { state.withLock { $0.most } }

    /// What becomes of the next attempts; `nil` lets one pass.
    func fail(_ faults: [Fault?]) { state.withLock { $0.failures += faults } }
    func fail(_ code: ChannelError.Code, mayHaveArrived: Bool = false, takes: Bool = false, retryAfter: Int? = nil, times: Int = 1) {
        let error = ChannelError(code, reason: "the test says so", retryAfterMilliseconds: retryAfter, mayHaveArrived: mayHaveArrived)
        fail(Array(repeating: Fault(error: error, takes: takes), count: times))
    }
    func failEnding(_ errors: [ChannelError]) { state.withLock { $0.endFailures = errors } }

    func send(_ part: OutboundPart) async throws(ChannelError) -> SentPart {
        state.withLock { $0.now += 1; $0.most = max($0.most, $0.now) }
        defer { state.withLock { $0.now -= 1 } }
        await pause(part)
        let fault: Fault? = state.withLock { $0.failures.isEmpty ? nil : $0.failures.removeFirst() ?? nil }
        if let fault, !fault.takes { throw fault.error }
        let id: MessageID = state.withLock { state in
            if isOnce, let known = state.ids[part.key] { return known }
            state.arrived.append(part)
            let id = MessageID("p\(state.arrived.count)")
            state.ids[part.key] = id
            return id
        }
        if let fault { throw fault.error }
        return SentPart(id: id, occurred: 1000)
    }

    func check(_ recipient: Person, by deadline: Instant) async throws(ChannelError) {}

    func open(with recipients: [Person], visibility: Visibility, name: String?, key: String, by deadline: Instant) async throws(ChannelError) -> ThreadID {
        state.withLock { state in
            state.openings += 1
            let thread = state.opened[key] ?? ThreadID("opened-\(state.opened.count + 1)")
            state.opened[key] = thread
            return thread
        }
    }

    func end(_ thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        let error: ChannelError? = state.withLock { $0.endFailures.isEmpty ? nil : $0.endFailures.removeFirst() }
        if let error { throw error }
        state.withLock { $0.ended.append(thread) }
    }
}

/// A channel over a fake platform, a store and a delivery.
struct OutboundStage: Sendable {
    let platform: FakePlatform
    let store: MemoryStore
    let channel: Channel
    let time: any TimeSource
    let centre = FakeContactCentre()
    let delivery: OutboundDelivery

    init(
        _ platform: FakePlatform = FakePlatform(), store: MemoryStore? = nil, time: any TimeSource = SystemTime(),
        mode: DeliveryMode = .sendThenAnswer, isLongLived: Bool = false, _ set: (inout ChannelCapabilities) -> Void = { _ in }
    ) {
        var capabilities = ChannelCapabilities()
        capabilities.deliveryClass = platform.isOnce ? .once : .mayDuplicate
        set(&capabilities)
        var channel = Channel(
            name: "hole", tenant: "jungle", pointsOfContact: [PointOfContact(id: "poc", visibility: .direct)], capabilities: capabilities,
            mode: mode)
        channel.outbound = platform
        channel.opening = platform
        channel.ending = platform
        self.platform = platform
        self.channel = channel
        self.time = time
        let store = store ?? MemoryStore(time: time)
        self.store = store
        delivery = OutboundDelivery(
            centres: ["jungle": centre], store: store, isLongLived: isLongLived, time: time, sleep: { await OutboundStage.sleep($0, time) })
    }

    /// By a clock that is moved by hand a sleep is over at once.
    private static func sleep(_ instant: Instant, _ time: any TimeSource) async {
        if let manual = time as? ManualTime {
            manual.advance(milliseconds: max(0, instant.milliseconds(since: manual.now())))
        } else {
            await EventLoop.sleep(until: instant)
        }
    }

    func tick(polling: Int? = nil, others: [Channel] = []) async -> TickReport {
        await OutboundTicks(delivery, channels: [channel] + others, pollMilliseconds: polling).tick(by: time.now().advanced(byMilliseconds: 20_000))
    }

    func end(_ thread: String = "t", contact: String? = nil) async -> EndingOutcome {
        await delivery.end(
            ThreadID(thread), contact: contact, in: channel, visibility: .direct, by: time.now().advanced(byMilliseconds: 4500))
    }

    func deliver(_ message: OutboundMessage, within milliseconds: Int = 4500) async -> DeliveryOutcome {
        await delivery.deliver(message, through: channel, by: time.now().advanced(byMilliseconds: milliseconds))
    }

    func answered(_ message: OutboundMessage) async {
        await delivery.answered(message, through: channel, by: time.now().advanced(byMilliseconds: 1000))
    }

    func record(of thread: String = "t") async -> ThreadRecord? {
        try? await ThreadRecords(store: store).record(of: ThreadID(thread), in: channel, by: time.now().advanced(byMilliseconds: 1000))
    }

    func sent(_ id: String) async -> SentRecord? {
        try? await SentRecords(store: store).record(of: MessageID(id), in: channel, by: time.now().advanced(byMilliseconds: 1000))
    }
}

func message(_ text: String = "Hello", key: String = "k", thread: String? = "t", files: [String] = []) -> OutboundMessage {
    OutboundMessage(
        key: key, thread: thread.map { ThreadID($0) }, recipients: [Person(PersonID("zoe"), firstName: "Zoe")], content: .text(text),
        files: files.map { OutboundFile(url: "https://files.example/\($0)?sig=1", name: $0) })
}

extension DeliveryOutcome {
    var delivery: Delivery? {
        if case .delivered(let delivery) = self { delivery } else { nil }
    }
    var error: ChannelError? {
        if case .failed(let error) = self { error } else { nil }
    }
    /// For comparing: which case, and the id or the code.
    var word: String {
        switch self {
        case .delivered(let delivery): "delivered \(delivery.message.text)"
        case .running: "running"
        case .failed(let error): "failed \(error.code.rawValue)"
        case .notNow: "notNow"
        }
    }
}
