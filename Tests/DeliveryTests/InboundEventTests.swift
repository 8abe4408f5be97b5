import Conversation
import Delivery
import JSON
import Store
import TestSupport
import Testing
import Time

/// Receipts, typing, endings, edits and deletions.
@Suite("Inbound events") struct InboundEventTests {
    private static func sent(_ stage: InboundStage, _ ids: [String], main: String? = nil, thread: String = "t-7") async throws {
        for (part, id) in ids.enumerated() {
            try await SentRecords(store: stage.store).keep(
                SentRecord(message: MessageID(main ?? ids[0]), thread: ThreadID(thread), visibility: .direct, part: part, parts: ids.count),
                of: MessageID(id), in: stage.channel, by: stage.soon)
        }
    }

    private static func receipt(_ status: Receipt.Status, _ id: String, upTo: Bool = false) -> InboundEvent {
        .receipt(Receipt(status, of: MessageID(id), in: ThreadID("t-7"), occurred: 1_700_000_000_000, reason: "gone", coversEarlier: upTo))
    }

    private static func told(_ stage: InboundStage) -> [String] { stage.centre.reports.map { "\($0.message.text) \($0.status)" } }

    @Test("receipts go on under the id that CXone knows, each once, never back")
    func rising() async throws {
        let stage = InboundStage(time: ManualTime())
        try await Self.sent(stage, ["s-1"])
        for status in [Receipt.Status.delivered, .delivered, .seen, .delivered, .seen] { _ = await stage.accept(Self.receipt(status, "s-1")) }
        #expect(Self.told(stage) == ["s-1 delivered", "s-1 seen"])
    }

    @Test("seen without delivered is told alone; receipts of one post are coalesced")
    func coalesced() async throws {
        let stage = InboundStage(time: ManualTime())
        try await Self.sent(stage, ["s-1"])
        try await Self.sent(stage, ["s-2"])
        _ = await stage.accept([Self.receipt(.delivered, "s-1"), Self.receipt(.delivered, "s-2"), Self.receipt(.seen, "s-1"), Self.receipt(.delivered, "s-1")])
        #expect(Self.told(stage).sorted() == ["s-1 seen", "s-2 delivered"])
    }

    @Test("a message of several parts has the status of its worst part")
    func parts() async throws {
        let stage = InboundStage(time: ManualTime())
        try await Self.sent(stage, ["p-1", "p-2", "p-3"])
        _ = await stage.accept(Self.receipt(.seen, "p-3"))
        _ = await stage.accept(Self.receipt(.delivered, "p-1"))
        #expect(Self.told(stage).isEmpty)
        _ = await stage.accept(Self.receipt(.delivered, "p-2"))
        #expect(Self.told(stage) == ["p-1 delivered"])
        _ = await stage.accept(Self.receipt(.failed, "p-2"))
        #expect(Self.told(stage) == ["p-1 delivered", "p-1 failed"])
        #expect(stage.centre.reports.last?.reason == "gone")
    }

    @Test("a read marker covers what was sent before, in its thread only")
    func covering() async throws {
        let stage = InboundStage(time: ManualTime())
        for id in ["s-1", "s-2", "s-3"] { try await Self.sent(stage, [id]) }
        try await Self.sent(stage, ["x-1"], thread: "t-8")
        _ = await stage.accept(Self.receipt(.seen, "s-2", upTo: true))
        #expect(Self.told(stage).sorted() == ["s-1 seen", "s-2 seen"])
        _ = await stage.accept(Self.receipt(.seen, "s-3", upTo: true))
        #expect(Self.told(stage).sorted() == ["s-1 seen", "s-2 seen", "s-3 seen"])
    }

    @Test("a receipt before CXone knows the message is repeated a few times, then let go")
    func early() async throws {
        let stage = InboundStage(time: ManualTime())
        try await Self.sent(stage, ["s-1"])
        stage.centre.setFault(before: { _ in InboundStage.error(.notFound, mayHaveArrived: false) })
        let acceptance = await stage.accept(Self.receipt(.delivered, "s-1"))
        #expect(acceptance.isTaken && acceptance.ignored == 1 && stage.centre.reports.count == 3)
    }

    @Test("receipts: CXone down → asked for again; a throttled delivered gives way to messages")
    func refusedReceipts() async throws {
        let stage = InboundStage(time: ManualTime())
        try await Self.sent(stage, ["s-1"])
        stage.centre.setFault(before: { _ in InboundStage.error(.failed) })
        let down = await stage.accept(Self.receipt(.delivered, "s-1"))
        #expect(!down.isTaken)
        stage.centre.setFault(before: { _ in InboundStage.error(.throttled) })
        let throttled = await stage.accept(Self.receipt(.delivered, "s-1"))
        #expect(throttled.isTaken)
        stage.centre.setFault()
        _ = await stage.accept(Self.receipt(.seen, "s-1"))
        #expect(Self.told(stage).last == "s-1 seen")
    }

    @Test("a receipt of somebody else's message is ignored")
    func foreign() async {
        let stage = InboundStage(time: ManualTime())
        let acceptance = await stage.accept(Self.receipt(.seen, "nobody's"))
        #expect(acceptance.isTaken && acceptance.ignored == 1 && stage.centre.asked.isEmpty)
    }

    @Test("typing is told while there is a contact, and its failure holds nothing up")
    func typing() async {
        let stage = InboundStage(time: ManualTime())
        let typing = InboundEvent.typing(isOn: true, in: ThreadID("t-7"), visibility: .direct)
        _ = await stage.accept(typing)
        #expect(stage.centre.asked.isEmpty)
        _ = await stage.accept([.message(InboundStage.message("m-1")), typing])
        _ = await stage.accept(typing)
        #expect(stage.centre.asked.contains { if case .typing(true, ThreadID("t-7"), _) = $0 { true } else { false } })
        stage.centre.setFault(before: { _ in InboundStage.error(.failed) })
        let failed = await stage.accept(typing)
        #expect(failed.isTaken)
    }

    @Test("the contact ends the thread: CXone learns once, with the contact and whether anybody answered")
    func ending() async throws {
        let stage = InboundStage(time: ManualTime())
        let ending = InboundEvent.ending(of: ThreadID("t-7"), visibility: .direct)
        let unknown = await stage.accept(ending)
        #expect(unknown.ignored == 1)
        _ = await stage.accept(.message(InboundStage.message("m-1")))
        stage.centre.setFault(before: { asked in if case .end = asked { InboundStage.error(.unreachable) } else { nil } })
        let down = await stage.accept(ending)
        #expect(!down.isTaken)
        stage.centre.setFault()
        _ = await stage.accept(ending)
        _ = await stage.accept(ending)
        let ends = stage.centre.asked.compactMap { if case .end(let thread, let contact, let wasAnswered, _) = $0 { "\(thread.text) \(contact ?? "-") \(wasAnswered)" } else { nil } }
        #expect(ends == ["t-7 48213 false", "t-7 48213 false"], "the failed attempt and the one that counted")
    }

    @Test("after its end a lasting thread goes on under its id, a live chat under a new one that agents' answers find", arguments: [true, false])
    func begunAnew(isLiveChat: Bool) async throws {
        let stage = InboundStage(time: ManualTime()) { channel in
            var able = channel.capabilities
            able.isLiveChat = isLiveChat
            channel = Channel(name: channel.name, tenant: channel.tenant, pointsOfContact: channel.pointsOfContact, capabilities: able)
        }
        _ = await stage.accept([.message(InboundStage.message("m-1")), .ending(of: ThreadID("t-7"), visibility: .direct), .message(InboundStage.message("m-2"))])
        let threads = stage.centre.effects.map(\.message.thread.text)
        #expect(threads == (isLiveChat ? ["t-7", "t-7~2"] : ["t-7", "t-7"]))
        #expect(stage.centre.contacts == 2)
        #expect(stage.centre.reopenings == (isLiveChat ? [] : [ThreadID("t-7")]), "agents can answer there again")
        let found = try await ThreadRecords(store: stage.store).platformThread(ThreadID(threads[1]), in: stage.channel, by: stage.soon)
        #expect(found == ThreadID("t-7"))
        let record = try await ThreadRecords(store: stage.store).record(of: ThreadID("t-7"), in: stage.channel, by: stage.soon)
        #expect(record?.hasEnded == false && record?.contact == "48214")
    }

    @Test("an edit goes as a new message marked as one, once; deletions likewise (byoc.md §13 row 10)")
    func changes() async {
        let stage = InboundStage(time: ManualTime())
        var edited = InboundStage.message("m-1", "… my red umbrella?")
        edited.occurred += 5000
        let deletion = InboundEvent.deletion(of: MessageID("m-1"), in: ThreadID("t-7"), visibility: .direct)
        _ = await stage.accept(deletion)
        #expect(stage.centre.asked.isEmpty, "nobody's thread is opened for a deletion")
        for _ in 0..<2 { _ = await stage.accept([.message(InboundStage.message("m-1")), .edit(edited), deletion]) }
        #expect(stage.centre.texts == ["Did anyone find my umbrella?", "Edited: … my red umbrella?", "This message was deleted."])
        #expect(stage.centre.effects.map { $0.options.externalID?.text } == [nil, "m-1~1700000005000", "m-1~deleted"])
        #expect(stage.centre.effects.map { $0.message.replyTo?.text } == [nil, "m-1", "m-1"])
    }

    @Test("where the settings say so, edits and deletions go under the message's own id, or nowhere")
    func changesBySettings() async {
        let same = InboundStage(time: ManualTime()) {
            $0.inboundOptions.edits = .sameMessage
            $0.inboundOptions.deletions = .sameMessage
        }
        let none = InboundStage(time: ManualTime()) {
            $0.inboundOptions.edits = .ignored
            $0.inboundOptions.deletions = .ignored
        }
        for stage in [same, none] {
            _ = await stage.accept([
                .message(InboundStage.message("m-1")), .edit(InboundStage.message("m-1", "new")),
                .deletion(of: MessageID("m-1"), in: ThreadID("t-7"), visibility: .direct),
            ])
        }
        #expect(same.centre.effects.map { "\(($0.options.externalID ?? $0.message.id).text) \($0.options.isDeleted)" } == ["m-1 false", "m-1 false", "m-1 true"])
        #expect(none.centre.effects.count == 1)
    }

    @Test("facts reach the custom fields that the settings name")
    func facts() async {
        let stage = InboundStage(time: ManualTime()) {
            $0.inboundOptions.customerFields = [CarriedFact("tier=level")]
            $0.inboundOptions.contactFields = [CarriedFact("topic")]
        }
        var message = InboundStage.message("m-1")
        message.facts = [("tier", "gold"), ("topic", "lost"), ("secret", "x")]
        _ = await stage.accept(.message(message))
        let options = stage.centre.effects.first?.options
        #expect(options?.customerFields.map { "\($0.name)=\($0.value)" } == ["level=gold"])
        #expect(options?.contactFields.map { "\($0.name)=\($0.value)" } == ["topic=lost"])
    }
}
