import Conversation
import Delivery
import EventLoop
import Store
import TestSupport
import Time

/// Inbound delivery with a fake contact centre and a store in memory.
struct InboundStage: Sendable {
    let centre = FakeContactCentre()
    let store: MemoryStore
    let time: any TimeSource
    let inbox: InboundDelivery
    let channel: Channel

    init(time: any TimeSource = SystemTime(), store: MemoryStore? = nil, files: (any FileSharing)? = nil, _ change: (inout Channel) -> Void = { _ in }) {
        self.store = store ?? MemoryStore(time: time)
        self.time = time
        inbox = InboundDelivery(
            centres: ["acme": centre], store: self.store, files: files, time: time, sleep: { await InboundStage.sleep($0, time) })
        channel = InboundStage.channel(change)
    }

    /// By the hand-moved clock a sleep is over at once.
    private static func sleep(_ instant: Instant, _ time: any TimeSource) async {
        if let manual = time as? ManualTime {
            manual.advance(milliseconds: max(0, instant.milliseconds(since: manual.now())))
        } else if EventLoop.current != nil {
            await EventLoop.sleep(until: instant)
        } else {
            let left = max(0, instant.milliseconds(since: time.now()))
            try? await Task.sleep(for: .milliseconds(left))
        }
    }

    static func channel(_ change: (inout Channel) -> Void = { _ in }) -> Channel {
        var capabilities = ChannelCapabilities()
        capabilities.reportsSeen = true
        var channel = Channel(
            name: "jungle", tenant: "acme",
            pointsOfContact: [PointOfContact(id: "ch-direct", visibility: .direct), PointOfContact(id: "ch-posts", visibility: .post)],
            capabilities: capabilities)
        change(&channel)
        return channel
    }

    /// A deadline that no test reaches.
    var soon: Instant { time.now().advanced(byMilliseconds: 300_000) }

    /// - Parameter milliseconds: Until the deadline.
    func accept(_ events: [InboundEvent], milliseconds: Int = 300_000) async -> Acceptance {
        await inbox.accept(events, from: channel, by: time.now().advanced(byMilliseconds: milliseconds))
    }

    func accept(_ event: InboundEvent) async -> Acceptance { await accept([event]) }

    static func message(_ id: String, _ text: String = "Did anyone find my umbrella?", thread: String = "t-7", by person: String = "zebra-12") -> InboundMessage {
        InboundMessage(
            id: MessageID(id), thread: ThreadID(thread), author: Person(PersonID(person), firstName: "Zoe"), content: .text(text),
            occurred: 1_700_000_000_000)
    }

    static func error(_ code: ContactCentreError.Code, mayHaveArrived: Bool = true) -> ContactCentreError {
        ContactCentreError(code, reason: "test", mayHaveArrived: mayHaveArrived)
    }
}

extension Acceptance {
    var isTaken: Bool { outcome == .taken }
}
