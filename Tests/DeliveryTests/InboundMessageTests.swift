import Conversation
import Delivery
import Store
import Synchronization
import TestSupport
import Testing
import Time

@Suite("Inbound messages") struct InboundMessageTests {
    @Test("B5: a contact's message reaches CXone with thread and person, and the thread remembers the contact")
    func first() async throws {
        let stage = InboundStage()
        let acceptance = await stage.accept(.message(InboundStage.message("m-1")))
        #expect(acceptance.isTaken && acceptance.taken == 1 && acceptance.contact == "48213")
        #expect(stage.centre.texts == ["Did anyone find my umbrella?"])
        let record = try await ThreadRecords(store: stage.store).record(of: ThreadID("t-7"), in: stage.channel, by: stage.soon)
        #expect(record?.contact == "48213" && record?.customer == "c-zebra-12" && record?.person?.firstName == "Zoe")
        _ = await stage.accept(.message(InboundStage.message("m-2")))
        #expect(stage.centre.effects.last?.options.contact == "48213")
        #expect(stage.store.keys("lock").isEmpty)
    }

    @Test("B3, P3: the same message again is answered as taken and has no effect, in this process and in another")
    func repeated() async {
        let stage = InboundStage()
        let other = InboundStage(store: stage.store)
        _ = await stage.accept(.message(InboundStage.message("m-1")))
        let again = await stage.accept(.message(InboundStage.message("m-1")))
        #expect(again.isTaken && again.repeated == 1 && again.contact == "48213")
        let elsewhere = await other.accept(.message(InboundStage.message("m-1")))
        #expect(elsewhere.repeated == 1)
        #expect(stage.centre.creates == 1 && other.centre.creates == 0)
    }

    @Test("fifty deliveries of one message at once, through four processes, make one create")
    func racers() async throws {
        let store = MemoryStore()
        let stages = (0..<4).map { _ in InboundStage(store: store) }
        for stage in stages { stage.centre.setFault(before: { _ in try? await Task.sleep(for: .milliseconds(20)); return nil }) }
        let outcomes = await withTaskGroup(of: Acceptance.self) { group in
            for racer in 0..<50 { group.addTask { await stages[racer % 4].accept(.message(InboundStage.message("m-1"))) } }
            return await group.reduce(into: [Acceptance]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0.isTaken } == 50)
        #expect(outcomes.reduce(0) { $0 + $1.taken } == 1)
        #expect(stages.reduce(0) { $0 + $1.centre.creates } == 1)
    }

    @Test("parallel first messages of a thread make one contact; other threads go on meanwhile")
    func parallel() async {
        let store = MemoryStore()
        let one = InboundStage(store: store)
        let running = Atomic(0)
        let most = Atomic(0)
        one.centre.setFault(before: { _ in
            most.max(running.wrappingAdd(1, ordering: .relaxed).newValue, ordering: .relaxed)
            try? await Task.sleep(for: .milliseconds(10))
            running.wrappingSubtract(1, ordering: .relaxed)
            return nil
        })
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask {
                    let acceptance = await one.accept(.message(InboundStage.message("m-\(number)", thread: "t-\(number % 3)")))
                    #expect(acceptance.isTaken)
                }
            }
        }
        #expect(one.centre.contacts == 3)
        #expect(one.centre.creates == 30)
        #expect(most.load(ordering: .relaxed) > 1)
    }

    @Test("B18: messages of one thread arrive at CXone in the order of the platform's list, threads side by side")
    func ordered() async {
        let stage = InboundStage()
        let events = (0..<60).map { InboundEvent.message(InboundStage.message("m-\($0)", "\($0)", thread: "t-\($0 % 4)")) }
        let acceptance = await stage.accept(events)
        #expect(acceptance.taken == 60)
        for thread in 0..<4 {
            let texts = stage.centre.effects.filter { $0.message.thread.text == "t-\(thread)" }.compactMap { effect in
                if case .text(let text) = effect.message.content { Int(text) } else { nil }
            }
            #expect(texts == texts.sorted() && texts.count == 15)
        }
    }

    @Test("B19: text comes through octet by octet")
    func octets() async {
        let stage = InboundStage()
        let text = "مرحبا 👩‍👩‍👧 e\u{301} \u{202E}abc\u{202C} 𐍈 \u{200B}"
        _ = await stage.accept(.message(InboundStage.message("m-1", text)))
        #expect(stage.centre.texts.map { Array($0.utf8) } == [Array(text.utf8)])
    }

    @Test("B16: posts and direct messages go to their own channels; the answered comment is kept")
    func posts() async {
        let stage = InboundStage()
        var comment = InboundStage.message("c-2", thread: "post-1")
        comment.visibility = .post
        comment.replyTo = MessageID("c-1")
        _ = await stage.accept([.message(comment), .message(InboundStage.message("m-1"))])
        let places = stage.centre.asked.compactMap { asked -> String? in
            if case .create(let message, _, let place) = asked { "\(message.id.text) \(place.id) \(message.replyTo?.text ?? "-")" } else { nil }
        }
        #expect(places.sorted() == ["c-2 ch-posts c-1", "m-1 ch-direct -"])
    }

    @Test("a typed number or label is the choice that was shown last, once", arguments: [
        ("2", "Hat", "hat"), (" 2) ", "Hat", "hat"), ("٢", "Hat", "hat"), ("hAT", "Hat", "hat"), ("shoes ", "Shoes", "shoes"),
    ])
    func choices(typed: String, title: String, value: String) async throws {
        let stage = InboundStage()
        try await ThreadRecords(store: stage.store).change(ThreadID("t-7"), in: stage.channel, visibility: .direct, by: stage.soon) {
            $0.choices = [.init(title: "Shoes", value: "shoes"), .init(title: "Hat", value: "hat")]
        }
        _ = await stage.accept(.message(InboundStage.message("m-1", typed)))
        _ = await stage.accept(.message(InboundStage.message("m-2", typed)))
        #expect(stage.centre.effects.map(\.message.content) == [.choice(title: title, value: value), .text(typed)])
    }

    @Test("what is no choice stays what it was", arguments: ["3", "0", "2 hats", "", "hats", "99999999999999999999", "1.5"])
    func noChoice(typed: String) async throws {
        let stage = InboundStage()
        try await ThreadRecords(store: stage.store).change(ThreadID("t-7"), in: stage.channel, visibility: .direct, by: stage.soon) {
            $0.choices = [.init(title: "Shoes", value: "shoes"), .init(title: "Hat", value: "hat")]
        }
        _ = await stage.accept(.message(InboundStage.message("m-1", typed)))
        #expect(stage.centre.effects.map(\.message.content) == [.text(typed)])
    }

    @Test("our own messages do not come back as the contact's, marked or not")
    func echoes() async throws {
        let stage = InboundStage()
        try await SentRecords(store: stage.store).keep(
            SentRecord(message: MessageID("s-1"), thread: ThreadID("t-7"), visibility: .direct), of: MessageID("s-1"), in: stage.channel, by: stage.soon)
        var own = InboundStage.message("s-9")
        own.isOwn = true
        let acceptance = await stage.accept([.message(InboundStage.message("s-1")), .message(own)])
        #expect(acceptance.isTaken && acceptance.ignored == 2)
        #expect(stage.centre.asked.isEmpty)
    }

    @Test("what the business wrote by other means is shown as its own where the settings ask for it")
    func ownMessages() async throws {
        let stage = InboundStage { $0.inboundOptions.carriesOwnMessages = true }
        var own = InboundStage.message("o-1", "We also have it in blue.", by: "shop")
        own.isOwn = true
        let early = await stage.accept(.message(own))
        #expect(early.ignored == 1, "no customer is known yet")
        _ = await stage.accept(.message(InboundStage.message("m-1")))
        own.id = MessageID("o-2")
        let later = await stage.accept(.message(own))
        #expect(later.taken == 1)
        let effect = try #require(stage.centre.effects.last)
        #expect(effect.message.isOwn && effect.options.customer?.id.text == "zebra-12")
    }

    @Test("files get names and URLs; one that cannot be shared is named in the text")
    func files() async {
        struct Sharing: FileSharing {
            func link(to file: InboundFile, in channel: Channel, by deadline: Instant) async -> SharedFile? {
                file.name.contains("secret") ? nil : SharedFile(name: file.name, url: "https://m.example/attachments/1")
            }
        }
        let stage = InboundStage(files: Sharing())
        var message = InboundStage.message("m-1")
        message.content = .none
        message.files = [
            InboundFile(.platform(reference: "r"), name: "a.jpg"), InboundFile(.platform(reference: "r"), name: "../x/secret\u{202E}.jpg"),
        ]
        _ = await stage.accept(.message(message))
        #expect(stage.centre.effects.first?.options.files.map(\.name) == ["a.jpg"])
        #expect(stage.centre.texts == ["(file not available: secret.jpg)"])
    }
}
