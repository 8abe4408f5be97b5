import Conversation
import Delivery
import HTTP
import JSON
import Store
import Synchronization
import TestSupport
import Testing
import Time

/// The rows of `security.md` §8 that concern inbound messages, and §3's crash rows.
@Suite("Inbound messages when things break") struct InboundFaultTests {
    private static let message = InboundStage.message("m-1")

    @Test("CXone down, slow, busy or failing: not acknowledged, and the platform's next attempt arrives once", arguments: [
        ContactCentreError.Code.unreachable, .timedOut, .throttled, .unauthorized, .failed, .malformed, .cancelled,
    ])
    func transient(code: ContactCentreError.Code) async {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(before: { asked in if case .create = asked { InboundStage.error(code) } else { nil } })
        let first = await stage.accept(.message(Self.message))
        guard case .notNow(let wait, let reason) = first.outcome else {
            Issue.record("\(code) was acknowledged")
            return
        }
        #expect(wait > 0 && reason.contains(code.rawValue) && first.taken == 0)
        stage.centre.setFault()
        let second = await stage.accept(.message(Self.message))
        #expect(second.isTaken && second.taken == 1 && stage.centre.effects.count == 1)
    }

    @Test("the time to wait that CXone names is handed on")
    func waits() async {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(before: { _ in ContactCentreError(.throttled, reason: "t", retryAfterMilliseconds: 7000, mayHaveArrived: false) })
        let acceptance = await stage.accept(.message(Self.message))
        #expect(acceptance.outcome == .notNow(retryAfterMilliseconds: 7000, reason: "contact centre: throttled: t"))
    }

    @Test("CXone refuses for good: a dead letter with the reason, an alert, and the platform is acknowledged", arguments: [
        ContactCentreError.Code.refused, .forbidden, .notFound,
    ])
    func permanent(code: ContactCentreError.Code) async throws {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(before: { _ in InboundStage.error(code) })
        let acceptance = await stage.accept(.message(Self.message))
        #expect(acceptance.isTaken && acceptance.putAside == 1)
        let key = try #require(stage.store.keys("dead-letter").first)
        let letter = try JSON(parsing: try #require(stage.store.octets(key)))
        #expect(letter["reason"]?.string?.contains(code.rawValue) == true && letter["message"]?.string == "m-1")
        let notes = acceptance.notes.map { "\($0.name) \($0.value)" }.joined()
        #expect(notes.contains(key.text) && !notes.contains("umbrella") && !notes.contains("zebra"))
        stage.centre.setFault()
        let again = await stage.accept(.message(Self.message))
        #expect(again.repeated == 1 && stage.centre.effects.isEmpty, "not tried for ever")
    }

    @Test("409 counts as success after a look-up")
    func exists() async {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(after: { asked in if case .create = asked { InboundStage.error(.exists) } else { nil } })
        let acceptance = await stage.accept(.message(Self.message))
        #expect(acceptance.taken == 1 && acceptance.contact == "48213" && stage.centre.finds == 1)
    }

    @Test("an answer that was lost on its way: found at once, or before a second create", arguments: [true, false])
    func unclear(answersAtOnce: Bool) async {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(
            before: { asked in
                if case .find = asked, !answersAtOnce { return InboundStage.error(.unreachable) }
                return nil
            },
            after: { asked in if case .create = asked { InboundStage.error(.timedOut) } else { nil } })
        let first = await stage.accept(.message(Self.message))
        #expect(first.isTaken == answersAtOnce)
        stage.centre.setFault()
        let second = await stage.accept(.message(Self.message))
        #expect(second.isTaken && stage.centre.creates == 1 && stage.centre.effects.count == 1)
    }

    @Test("a create that certainly did not arrive is made again without a look-up")
    func certain() async {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(before: { _ in InboundStage.error(.unreachable, mayHaveArrived: false) })
        _ = await stage.accept(.message(Self.message))
        stage.centre.setFault()
        let second = await stage.accept(.message(Self.message))
        #expect(second.taken == 1 && stage.centre.finds == 0 && stage.centre.effects.count == 1)
    }

    @Test("the process is killed after CXone took the message: the retry waits for the old claim's end, looks, and does not create again")
    func killed() async throws {
        let time = ManualTime()
        let store = MemoryStore(time: time)
        let stage = InboundStage(time: time, store: store)
        // From the create on, the dead process writes nothing more.
        let isDead = Atomic(false)
        stage.centre.setFault(after: { asked in
            if case .create = asked { isDead.store(true, ordering: .relaxed) }
            return nil
        })
        store.setFault { operation, _ in
            if case .get = operation { return nil }
            return isDead.load(ordering: .relaxed) ? .cancelled : nil
        }
        _ = await stage.accept([.message(Self.message)], milliseconds: 4500)
        store.setFault(nil)
        stage.centre.setFault()
        let early = await stage.accept([.message(Self.message)], milliseconds: 2000)
        #expect(!early.isTaken, "the first attempt may still be running")
        time.advance(milliseconds: 6000)
        let late = await stage.accept([.message(Self.message)], milliseconds: 4500)
        #expect(late.isTaken && stage.centre.creates == 1 && stage.centre.finds == 1)
    }

    @Test("P3: the store cannot take the claim: nothing is sent, nothing is acknowledged", arguments: [
        StoreFailure.notReached, .timedOut, .notAuthorized, .misunderstood, .unreadable,
    ])
    func storeDown(failure: StoreFailure) async {
        let stage = InboundStage(time: ManualTime())
        stage.store.setFault { _, _ in failure }
        let acceptance = await stage.accept([.message(Self.message), .ending(of: ThreadID("t-7"), visibility: .direct)])
        #expect(!acceptance.isTaken && stage.centre.asked.isEmpty)
        stage.store.setFault(nil)
        let again = await stage.accept(.message(Self.message))
        #expect(again.taken == 1)
    }

    @Test("P3: the store fails at any single operation: the message still arrives once, or is asked for again", arguments: 0..<10)
    func storeHiccup(place: Int) async {
        let stage = InboundStage(time: ManualTime())
        let count = Atomic(0)
        stage.store.setFault { _, _ in count.wrappingAdd(1, ordering: .relaxed).oldValue == place ? .timedOut : nil }
        var acceptance = await stage.accept(.message(Self.message))
        for _ in 0..<4 where !acceptance.isTaken {
            (stage.time as? ManualTime)?.advance(milliseconds: 60_000)
            acceptance = await stage.accept(.message(Self.message))
        }
        #expect(acceptance.isTaken && stage.centre.effects.count == 1)
    }

    @Test("the store loses everything: threads go on, at worst a message again")
    func storeLost() async {
        let stage = InboundStage(time: ManualTime())
        _ = await stage.accept(.message(Self.message))
        stage.store.lose()
        let next = await stage.accept(.message(InboundStage.message("m-2")))
        #expect(next.taken == 1 && next.contact == "48213")
    }

    @Test("what follows a message that cannot be taken waits with it; other threads do not")
    func stops() async {
        let stage = InboundStage(time: ManualTime())
        stage.centre.setFault(before: { asked in
            if case .create(let message, _, _) = asked, message.id.text == "m-1" { InboundStage.error(.failed) } else { nil }
        })
        let acceptance = await stage.accept([
            .message(Self.message), .message(InboundStage.message("m-2")), .message(InboundStage.message("x-1", thread: "t-8")),
        ])
        #expect(!acceptance.isTaken && stage.centre.effects.map(\.message.id.text) == ["x-1"])
        stage.centre.setFault()
        _ = await stage.accept([.message(Self.message), .message(InboundStage.message("m-2")), .message(InboundStage.message("x-1", thread: "t-8"))])
        #expect(stage.centre.effects.map(\.message.id.text) == ["x-1", "m-1", "m-2"])
    }

    @Test("no channel in CXone yet: the platform keeps the message; none for posts: a dead letter")
    func unset() async {
        let bare = InboundStage(time: ManualTime())
        let channel = Channel(name: "jungle", tenant: "acme", pointsOfContact: [], capabilities: ChannelCapabilities())
        let waiting = await bare.inbox.accept([.message(Self.message)], from: channel, by: bare.soon)
        #expect(!waiting.isTaken)
        let direct = Channel(
            name: "jungle", tenant: "acme", pointsOfContact: [PointOfContact(id: "ch", visibility: .direct)], capabilities: ChannelCapabilities())
        var post = Self.message
        post.visibility = .post
        let aside = await bare.inbox.accept([.message(post)], from: direct, by: bare.soon)
        #expect(aside.isTaken && aside.putAside == 1)
    }
}
