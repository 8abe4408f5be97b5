import Conversation
import Delivery
import EventLoop
import Store
import TestSupport
import Testing
import Time

@Suite("Agents' messages: accept, then report")
struct OutboundQueueTests {
    @Test("The answer comes before the platform is asked; a tick sends; receipts find the id that CXone was given")
    func accepts() async throws {
        let stage = OutboundStage(mode: .acceptThenReport) { $0.textLimit = 5 }
        let accepted = try await onLoop { await stage.deliver(message("Hello there")).delivery }
        let id = try #require(accepted?.message.text)
        #expect(id.hasPrefix("cw-"))
        #expect(stage.platform.shown.isEmpty)
        #expect(try await onLoop { await stage.deliver(message("Hello there")).delivery } == accepted)
        #expect(try await onLoop { await stage.tick() }.sent == 1)
        #expect(stage.platform.shown == ["Hello", "there"])
        for (platformID, part) in [("p1", 0), ("p2", 1)] {
            #expect(await stage.sent(platformID)
                == SentRecord(message: MessageID(id), thread: ThreadID("t"), visibility: .direct, part: part, parts: 2))
        }
        #expect(try await onLoop { await stage.tick() }.isIdle)
        #expect(try await onLoop { await stage.deliver(message("Hello there")).delivery } == accepted)
        #expect(stage.platform.shown == ["Hello", "there"])
        #expect(await stage.record()?.wasAnswered == true)
    }

    @Test("A process that lives on sends at once, without a tick")
    func sendsSoon() async throws {
        let stage = OutboundStage(mode: .acceptThenReport, isLongLived: true)
        try await onLoop {
            _ = await stage.deliver(message())
            for _ in 0..<1000 where stage.platform.shown.isEmpty { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 5)) }
        }
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("The store down, or failing at any single operation: accepted only when it will be sent, and sent once", arguments: -1..<8)
    func storeFails(at operation: Int) async throws {
        let stage = OutboundStage(mode: .acceptThenReport)
        let counter = Counter()
        stage.store.setFault { _, _ in operation < 0 || counter.next() == operation ? .timedOut : nil }
        let first = try await onLoop { await stage.deliver(message()) }
        stage.store.setFault(nil)
        if operation < 0 {
            #expect(first.word == "notNow")
            #expect(try await onLoop { await stage.tick() }.isIdle)
        }
        let second = try await onLoop { await stage.deliver(message()) }
        #expect(second.delivery != nil)
        if let delivery = first.delivery { #expect(delivery.message == second.delivery?.message) }
        _ = try await onLoop { await stage.tick() }
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("Retried by the schedule of 5 s to 10 h; order is kept; then CXone hears of the failure, the message is put aside, and the next one goes")
    func schedule() async throws {
        let time = ManualTime()
        let stage = OutboundStage(time: time, mode: .acceptThenReport)
        let accepted = try await onLoop {
            [await stage.deliver(message("one", key: "1")).delivery?.message, await stage.deliver(message("two", key: "2")).delivery?.message]
        }
        var waited: [Int] = []
        stage.platform.fail(.failed, mayHaveArrived: true, times: 9)
        for seconds in [0, 5, 30, 120, 600, 1800, 7200, 18_000, 36_000] {
            // A tenth of jitter either way.
            time.advance(milliseconds: seconds * 850)
            if seconds > 0 { #expect(try await onLoop { await stage.tick() } == TickReport(), "too soon: \(seconds) s") }
            time.advance(milliseconds: seconds * 260)
            let report = try await onLoop { await stage.tick() }
            waited.append(report.postponed)
            if seconds < 36_000 { #expect(stage.platform.shown.isEmpty) }
        }
        #expect(waited == [1, 1, 1, 1, 1, 1, 1, 1, 0])
        #expect(stage.centre.reports.map(\.message) == [accepted[0]])
        #expect(stage.centre.reports.first?.status == .failed)
        #expect(stage.centre.reports.first?.reason?.isEmpty == false)
        #expect(stage.store.keys("dead-letter").count == 1)
        #expect(stage.platform.shown == ["two"])
        #expect(try await onLoop { await stage.tick() }.isIdle)
    }

    @Test("What the platform refuses for good is reported at once, with its sentence; while CXone cannot be told, others go on")
    func refused() async throws {
        let time = ManualTime()
        let stage = OutboundStage(time: time, mode: .acceptThenReport)
        stage.platform.fail([FakePlatform.Fault(error: ChannelError(
            .recipientRefused, reason: "blocked", sentence: "The contact has blocked us.", mayHaveArrived: false))])
        stage.centre.setFault(before: { _ in ContactCentreError(.failed, reason: "the test says so") })
        try await onLoop {
            _ = await stage.deliver(message("one", key: "1"))
            _ = await stage.deliver(message("two", key: "2"))
            _ = await stage.tick()
        }
        #expect(stage.platform.shown == ["two"])
        stage.centre.setFault()
        time.advance(milliseconds: 10_000)
        _ = try await onLoop { await stage.tick() }
        #expect(stage.centre.reports.last?.reason == "The contact has blocked us.")
        let count = stage.centre.reports.count
        time.advance(milliseconds: 100_000)
        #expect(try await onLoop { await stage.tick() }.isIdle)
        #expect(stage.centre.reports.count == count)
    }

    @Test("A message with files goes to the platform before the answer, behind what waits, because its URLs do not last")
    func files() async throws {
        let stage = OutboundStage(mode: .acceptThenReport) { $0.files = 1 }
        #expect(try await onLoop { await stage.deliver(message("one", key: "1")).delivery } != nil)
        #expect(try await onLoop { await stage.deliver(message("two", key: "2", files: ["a"])).word } == "delivered p2")
        #expect(stage.platform.shown == ["one", "two", "[a]"])
        stage.platform.fail(.failed, mayHaveArrived: true)
        let words = try await onLoop {
            _ = await stage.deliver(message("three", key: "3"))
            return await stage.deliver(message("four", key: "4", files: ["b"])).word
        }
        #expect(words == "notNow")
        #expect(stage.platform.shown == ["one", "two", "[a]"])
    }

    @Test("A thread is opened before the answer, which names it")
    func opens() async throws {
        let stage = OutboundStage(mode: .acceptThenReport)
        #expect(try await onLoop { await stage.deliver(message(thread: nil)).delivery }?.thread == ThreadID("opened-1"))
        _ = try await onLoop { await stage.tick() }
        #expect(stage.platform.parts.map(\.thread) == [ThreadID("opened-1")])
    }

    @Test("Many threads, many tickers at once, messages added meanwhile: each once, each thread in order, nothing left behind")
    func crowd() async throws {
        let platform = FakePlatform { _ in await EventLoop.sleep(until: .now().advanced(byMilliseconds: 2)) }
        let stage = OutboundStage(platform, mode: .acceptThenReport)
        try await onLoop {
            await withTaskGroup(of: Void.self) { group in
                for thread in 0..<20 {
                    group.addTask(executorPreference: EventLoop.current) {
                        for index in 0..<5 { _ = await stage.deliver(message("\(thread):\(index)", key: "\(thread)-\(index)", thread: "t\(thread)")) }
                    }
                }
                for _ in 0..<4 {
                    group.addTask(executorPreference: EventLoop.current) { for _ in 0..<10 { _ = await stage.tick() } }
                }
            }
            for _ in 0..<20 where platform.shown.count < 100 { _ = await stage.tick() }
        }
        for thread in 0..<20 {
            #expect(platform.shown.filter { $0.hasPrefix("\(thread):") } == (0..<5).map { "\(thread):\($0)" })
        }
        #expect(try await onLoop { await stage.tick() }.isIdle)
    }

    @Test("A digest as key: two equal messages are two, each sent once")
    func typedTwice() async throws {
        let stage = OutboundStage(FakePlatform(isOnce: true), mode: .acceptThenReport)
        var typed = message()
        typed.keyIsDigest = true
        let copy = typed
        try await onLoop {
            for _ in 0..<2 {
                _ = await stage.deliver(copy)
                await stage.answered(copy)
            }
            _ = await stage.tick()
        }
        #expect(stage.platform.shown == ["Hello", "Hello"])
    }
}

@Suite("Agents end conversations")
struct OutboundEndingTests {
    private static func begun(_ stage: OutboundStage, contact: String = "48213") async {
        let deadline = stage.time.now().advanced(byMilliseconds: 1000)
        _ = try? await ThreadRecords(store: stage.store).change(ThreadID("t"), in: stage.channel, visibility: .direct, by: deadline) { record in
            record.contact = contact
            record.choices = [.init(title: "Yes")]
            record.hasEnded = false
        }
    }

    @Test("The platform learns of it once, however often it is told and at however many places at once; choices are forgotten")
    func once() async throws {
        let stage = OutboundStage()
        await Self.begun(stage)
        let outcomes = try await onLoop {
            await withTaskGroup(of: EndingOutcome.self) { group in
                for _ in 0..<20 { group.addTask(executorPreference: EventLoop.current) { await stage.end(contact: "48213") } }
                var outcomes: [EndingOutcome] = []
                for await outcome in group { outcomes.append(outcome) }
                return outcomes
            }
        }
        #expect(outcomes.filter { $0 == .ended }.count == 1)
        #expect(stage.platform.ended == [ThreadID("t")])
        #expect(try await onLoop { await stage.end(contact: "48213") } == .nothingToDo)
        let record = await stage.record()
        #expect(record?.hasEnded == true)
        #expect(record?.choices == [])
    }

    @Test("By the contact number alone; an earlier contact's end and unknown ones mean nothing")
    func byContact() async throws {
        let stage = OutboundStage()
        await Self.begun(stage)
        let deadline = Instant.now().advanced(byMilliseconds: 4000)
        #expect(try await onLoop { await stage.delivery.end(contact: "1", in: [stage.channel], by: deadline) } == .nothingToDo)
        #expect(try await onLoop { await stage.end(contact: "40000") } == .nothingToDo)
        #expect(try await onLoop { await stage.end("unknown", contact: "48213") } == .nothingToDo)
        #expect(try await onLoop { await stage.delivery.end(contact: "48213", in: [stage.channel], by: deadline) } == .ended)
        // The next contact in the same thread can be ended again.
        await Self.begun(stage, contact: "48214")
        #expect(try await onLoop { await stage.delivery.end(contact: "48213", in: [stage.channel], by: deadline) } == .nothingToDo)
        #expect(try await onLoop { await stage.end(contact: "48214") } == .ended)
        #expect(stage.platform.ended.count == 2)
    }

    @Test("A platform that fails is asked again; one whose thread is gone has ended it; the store down says so")
    func failures() async throws {
        let stage = OutboundStage()
        await Self.begun(stage)
        stage.platform.failEnding([ChannelError(.failed, reason: "the test says so"), ChannelError(.threadGone, reason: "the test says so")])
        #expect(try await onLoop { await stage.end() } == .failed(ChannelError(.failed, reason: "")))
        #expect(try await onLoop { await stage.end() } == .ended)
        stage.store.setFault { _, _ in .notReached }
        guard case .notNow = try await onLoop({ await stage.end() }) else {
            Issue.record("it cannot know")
            return
        }
    }

    @Test("Where nobody tells, closed contacts are looked for, no more often than allowed, and each ends once")
    func polls() async throws {
        let time = ManualTime()
        let stage = OutboundStage(time: time)
        await Self.begun(stage)
        stage.centre.setClosed([ClosedContact(contact: "48213", thread: ThreadID("t"), place: "poc", closed: Int(time.epochMilliseconds()))])
        #expect(try await onLoop { await stage.tick(polling: 60_000) }.ended == 1)
        #expect(try await onLoop { await stage.tick(polling: 60_000) }.isIdle)
        #expect(stage.centre.polls == 1)
        time.advance(milliseconds: 61_000)
        #expect(try await onLoop { await stage.tick(polling: 60_000) }.ended == 0)
        #expect(stage.centre.polls == 2)
        #expect(stage.platform.ended == [ThreadID("t")])
    }
}
