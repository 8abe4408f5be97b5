import Conversation
import Delivery
import EventLoop
import Store
import Synchronization
import TestSupport
import Testing
import Time

@Suite("Agents' messages: send, then answer")
struct OutboundDeliveryTests {
    @Test("(B4) An agent's message reaches the contact once, and its platform id comes back; repeats get the same answer", arguments: [0, 3, 10])
    func once(repeats: Int) async throws {
        let stage = OutboundStage()
        let words = try await onLoop {
            var words: [String] = []
            for _ in 0...repeats { words.append(await stage.deliver(message()).word) }
            return words
        }
        #expect(Set(words) == ["delivered p1"])
        #expect(stage.platform.shown == ["Hello"])
        #expect(try await onLoop { await stage.deliver(message()).delivery }
            == Delivery(
                message: MessageID("p1"), thread: ThreadID("t"), occurred: 1000, people: [Person(PersonID("zoe"), firstName: "Zoe")]))
    }

    @Test("(P3) Fifty copies of one callback at once: one send, one answer for all")
    func racers() async throws {
        let stage = OutboundStage(FakePlatform { _ in await EventLoop.sleep(until: .now().advanced(byMilliseconds: 50)) })
        let words = try await onLoop {
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<50 { group.addTask(executorPreference: EventLoop.current) { await stage.deliver(message()).word } }
                var words: [String] = []
                for await word in group { words.append(word) }
                return words
            }
        }
        #expect(words.count == 50)
        #expect(Set(words) == ["delivered p1"])
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("The same key with other content is refused; other signatures in the URLs of files are no other content")
    func otherContent() async throws {
        let stage = OutboundStage { $0.files = 1 }
        #expect(try await onLoop { await stage.deliver(message(files: ["a"])).word } == "delivered p1")
        #expect(try await onLoop { await stage.deliver(message("Goodbye", files: ["a"])).word } == "failed rejected")
        var again = message(files: ["a"])
        again.files[0].url = "https://files.example/a?sig=2"
        let copy = again
        #expect(try await onLoop { await stage.deliver(copy).word } == "delivered p1")
        #expect(stage.platform.shown == ["Hello", "[a]"])
    }

    @Test("A repeat while the first is slow waits a little, then hears that it is running; later it gets the answer")
    func running() async throws {
        let stage = OutboundStage(FakePlatform { _ in await EventLoop.sleep(until: .now().advanced(byMilliseconds: 1500)) })
        let words = try await onLoop {
            async let first = stage.deliver(message())
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: 100))
            let second = await stage.deliver(message(), within: 600).word
            return [second, await first.word, await stage.deliver(message()).word]
        }
        #expect(words == ["running", "delivered p1", "delivered p1"])
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("The store answers too late that we stand in line: nobody waits for that ticket")
    func unclearTicket() async throws {
        let stage = OutboundStage()
        let isFirst = Mutex(true)
        let store = stage.store
        store.setFault { operation, key in
            guard key.text.contains("/outbound-order/"), case .claim = operation,
                isFirst.withLock({ flag in defer { flag = false }; return flag })
            else { return nil }
            _ = await store.perform(operation, on: key, by: nil)
            return .timedOut
        }
        let words = try await onLoop {
            let first = await stage.deliver(message()).word
            let begun = Instant.now()
            let second = await stage.deliver(message()).word
            return [first, second, Instant.now().milliseconds(since: begun) < 3000 ? "soon" : "late"]
        }
        #expect(words == ["notNow", "delivered p1", "soon"])
        #expect(stage.platform.shown == ["Hello"])
        #expect(store.keys("outbound-order").isEmpty)
    }

    @Test("The store down: nothing is sent, and the caller hears to come again")
    func storeDown() async throws {
        let stage = OutboundStage()
        stage.store.setFault { _, _ in .notReached }
        guard case .notNow(let milliseconds, _) = try await onLoop({ await stage.deliver(message()) }) else {
            Issue.record("it must not be served")
            return
        }
        #expect(milliseconds > 0)
        #expect(stage.platform.shown.isEmpty)
        stage.store.setFault(nil)
        #expect(try await onLoop { await stage.deliver(message()).word } == "delivered p1")
    }

    @Test("The store fails at one single operation, whichever: never two sends, and success only when sent", arguments: 0..<12)
    func storeFailsOnce(at operation: Int) async throws {
        let stage = OutboundStage { $0.textLimit = 6 }
        let counter = Counter()
        stage.store.setFault { _, _ in counter.next() == operation ? .timedOut : nil }
        let words = try await onLoop { [await stage.deliver(message("Hello there")).word, await stage.deliver(message("Hello there")).word] }
        #expect(words.last == "delivered p1")
        #expect(stage.platform.shown == ["Hello", "there"])
    }

    @Test("The answer to the claim is lost although it took effect: it is known for our own")
    func lostClaim() async throws {
        let stage = OutboundStage()
        let counter = Counter()
        let store = stage.store
        stage.store.setFault { operation, key in
            guard counter.next() == 0 else { return nil }
            _ = await store.perform(operation, on: key, by: nil)
            return .timedOut
        }
        #expect(try await onLoop { await stage.deliver(message()).word } == "delivered p1")
    }

    @Test("Retried within the deadline where nothing can have arrived", arguments: [
        (ChannelError.Code.unreachable, false, 2, false, "delivered p1"), (.unreachable, false, 3, false, "failed unreachable"),
        (.throttled, false, 2, false, "delivered p1"), (.timedOut, true, 1, false, "failed timedOut"),
        (.timedOut, true, 2, true, "delivered p1"), (.failed, true, 1, false, "failed failed"), (.recipientRefused, false, 1, false, "failed recipientRefused"),
        (.unauthorized, false, 1, false, "failed unauthorized"), (.threadGone, false, 1, true, "failed threadGone"),
    ])
    func retries(code: ChannelError.Code, mayHaveArrived: Bool, times: Int, isOnce: Bool, expected: String) async throws {
        let stage = OutboundStage(FakePlatform(isOnce: isOnce))
        stage.platform.fail(code, mayHaveArrived: mayHaveArrived, times: times)
        #expect(try await onLoop { await stage.deliver(message()).word } == expected)
        #expect(try await onLoop { await stage.deliver(message()).word } == "delivered p1")
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("The platform's wish for patience is granted, or told to the caller when there is no time for it")
    func patience() async throws {
        let stage = OutboundStage()
        stage.platform.fail(.throttled, retryAfter: 300)
        let begun = Instant.now()
        #expect(try await onLoop { await stage.deliver(message()).word } == "delivered p1")
        #expect(Instant.now().milliseconds(since: begun) >= 300)
        stage.platform.fail(.throttled, retryAfter: 60_000)
        #expect(try await onLoop { await stage.deliver(message(key: "k2")).error }?.retryAfterMilliseconds == 60_000)
    }

    @Test("The platform took it but its answer was lost: once where it knows keys, twice at most where it does not")
    func lostAnswer() async throws {
        for (isOnce, expected) in [(true, ["Hello"]), (false, ["Hello", "Hello"])] {
            let stage = OutboundStage(FakePlatform(isOnce: isOnce))
            stage.platform.fail(.timedOut, mayHaveArrived: true, takes: true, times: 1)
            _ = try await onLoop { await stage.deliver(message()).word }
            #expect(try await onLoop { await stage.deliver(message()).delivery } != nil)
            #expect(stage.platform.shown == expected)
        }
    }

    @Test("Where repeating must not be, a message of unknown fate is never sent again, and this is said")
    func mayDrop() async throws {
        let stage = OutboundStage { $0.deliveryClass = .mayDrop }
        stage.platform.fail(.timedOut, mayHaveArrived: true)
        #expect(try await onLoop { await stage.deliver(message()).word } == "failed timedOut")
        let error = try await onLoop { await stage.deliver(message()).error }
        #expect(error?.mayHaveArrived == true)
        #expect(error?.sentence?.contains("not known") == true)
        #expect(stage.platform.shown.isEmpty)
        // What certainly did not arrive may go again.
        stage.platform.fail(.unreachable, times: 3)
        #expect(try await onLoop { await stage.deliver(message(key: "k2")).word } == "failed unreachable")
        #expect(try await onLoop { await stage.deliver(message(key: "k2")).word } == "delivered p1")
    }

    @Test("A failure between parts: the repeat sends only what is missing, with the same keys")
    func resumes() async throws {
        let stage = OutboundStage { $0.textLimit = 5 }
        stage.platform.fail([nil, FakePlatform.Fault(error: ChannelError(.failed, reason: "the test says so", mayHaveArrived: true))])
        let first = try await onLoop { await stage.deliver(message("one two six")) }
        #expect(first.word == "failed failed")
        #expect(first.error?.sentence?.contains("part") == true)
        #expect(try await onLoop { await stage.deliver(message("one two six")).word } == "delivered p1")
        #expect(stage.platform.shown == ["one", "two", "six"])
        #expect(stage.platform.parts.map(\.key) == ["k", "k-1", "k-2"])
        for (id, part) in [("p1", 0), ("p2", 1), ("p3", 2)] {
            let record = await stage.sent(id)
            #expect(record == SentRecord(message: MessageID("p1"), thread: ThreadID("t"), visibility: .direct, part: part, parts: 3))
        }
    }

    @Test("(B8) A file that the platform refuses goes as its name, and the log is told")
    func refusedFile() async throws {
        let stage = OutboundStage { $0.files = 1; $0.combinesTextAndFiles = true }
        stage.platform.fail(.tooLarge)
        let outcome = try await onLoop { await stage.deliver(message(files: ["plan.pdf"])) }
        #expect(outcome.delivery?.losses == ["fileRefused"])
        #expect(stage.platform.shown == ["Hello\n📎 plan.pdf"])
    }

    @Test("Nothing to say, or far too much")
    func bounds() async throws {
        let stage = OutboundStage { $0.textLimit = 10 }
        #expect(try await onLoop { await stage.deliver(message("  ")).word } == "failed contentRefused")
        let long = String(repeating: "word ", count: 500)
        #expect(try await onLoop { await stage.deliver(message(long, key: "k2")).word } == "failed tooLarge")
        #expect(stage.platform.shown.isEmpty)
    }
}

@Suite("Agents' messages: threads")
struct OutboundThreadTests {
    @Test("A message without a thread opens one, once however often it is repeated, and answers with its id")
    func opens() async throws {
        let stage = OutboundStage()
        stage.platform.fail(.failed, mayHaveArrived: true)
        #expect(try await onLoop { await stage.deliver(message(thread: nil)).word } == "failed failed")
        let delivery = try await onLoop { await stage.deliver(message(thread: nil)).delivery }
        #expect(delivery?.thread == ThreadID("opened-1"))
        #expect(stage.platform.openings == 1)
        #expect(try await onLoop { await stage.deliver(message(key: "k2", thread: nil)).delivery }?.thread == ThreadID("opened-2"))
        #expect(await stage.record(of: "opened-1")?.wasAnswered == true)
    }

    @Test("Neither thread nor recipient, no way to open one, a channel that only receives (B6): refused with a sentence")
    func refusals() async throws {
        let stage = OutboundStage()
        var nobody = message(thread: nil)
        nobody.recipients = []
        let refused = nobody
        #expect(try await onLoop { await stage.deliver(refused).error }?.sentence != nil)
        var channel = stage.channel
        channel.opening = nil
        let closed = channel
        let outcome = try await onLoop {
            await stage.delivery.deliver(message(thread: nil), through: closed, by: .now().advanced(byMilliseconds: 1000))
        }
        #expect(outcome.word == "failed rejected")
        let inbound = OutboundStage { $0.sends = false }
        #expect(try await onLoop { await inbound.deliver(message()).word } == "failed rejected")
    }

    @Test("The thread's record learns that an agent answered, what can be chosen and whom it is with")
    func remembers() async throws {
        let stage = OutboundStage()
        var ask = message()
        ask.content = .choices(.init(text: "Which?", choices: [.init(title: "Red", value: "r"), .init(title: "Blue", value: "b")]))
        let choices = ask
        #expect(try await onLoop { await stage.deliver(choices).delivery }?.losses == ["choicesAsText"])
        let record = await stage.record()
        #expect(record?.wasAnswered == true)
        #expect(record?.choices.map(\.title) == ["Red", "Blue"])
        #expect(record?.person?.id == PersonID("zoe"))
        _ = try await onLoop { await stage.deliver(message(key: "k2")).word }
        #expect(await stage.record()?.choices.count == 2)
    }

    @Test("Messages of one thread follow each other in the order in which they came; other threads do not wait")
    func order() async throws {
        let hasOther = Atomic(false)
        let platform = FakePlatform { part in
            if part.key.hasPrefix("b") { hasOther.store(true, ordering: .relaxed) }
            // The thread's first message is under way until the other thread's is there.
            for _ in 0..<1000 where part.key.hasPrefix("a0") && !hasOther.load(ordering: .relaxed) {
                await EventLoop.sleep(until: .now().advanced(byMilliseconds: 10))
            }
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: part.key.hasPrefix("a") ? 20 : 1))
        }
        let stage = OutboundStage(platform) { $0.textLimit = 3 }
        try await onLoop {
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<6 {
                    group.addTask(executorPreference: EventLoop.current) { _ = await stage.deliver(message("x\(index) y\(index)", key: "a\(index)")) }
                    await EventLoop.sleep(until: .now().advanced(byMilliseconds: 20))
                }
                group.addTask(executorPreference: EventLoop.current) { _ = await stage.deliver(message("z", key: "b", thread: "u")) }
            }
        }
        #expect(platform.shown.filter { $0 != "z" } == (0..<6).flatMap { ["x\($0)", "y\($0)"] })
        #expect(platform.shown.first == "z")
        #expect(stage.store.keys("outbound-order").isEmpty)
    }

    @Test("Whoever died in its turn holds the thread up no longer than its time")
    func deadHolder() async throws {
        let stage = OutboundStage(FakePlatform { part in
            if part.key == "dead" { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 60_000)) }
        })
        let (word, waited) = try await onLoop {
            let begun = Instant.now()
            let word = await withTaskGroup(of: String.self) { group in
                // Its task never comes back within the test: as good as dead.
                Task(executorPreference: EventLoop.current) { await stage.deliver(message("dead", key: "dead"), within: 700) }
                await EventLoop.sleep(until: .now().advanced(byMilliseconds: 50))
                group.addTask(executorPreference: EventLoop.current) { await stage.deliver(message(), within: 30_000).word }
                return await group.next() ?? ""
            }
            return (word, Instant.now().milliseconds(since: begun))
        }
        #expect(word == "delivered p1")
        #expect(waited >= 1200)
    }
}

@Suite("Agents' messages without an id of their own")
struct OutboundDigestTests {
    private static func typed(_ text: String = "Hello") -> OutboundMessage {
        var message = message(text, key: "digest-of-\(text)")
        message.keyIsDigest = true
        return message
    }

    @Test("Two equal messages that an agent types are two sends, with different keys for the platform")
    func typedTwice() async throws {
        let stage = OutboundStage(FakePlatform(isOnce: true))
        let words = try await onLoop {
            var words: [String] = []
            for _ in 0..<2 {
                words.append(await stage.deliver(Self.typed()).word)
                await stage.answered(Self.typed())
            }
            return words
        }
        #expect(words == ["delivered p1", "delivered p2"])
        #expect(stage.platform.shown == ["Hello", "Hello"])
        #expect(Set(stage.platform.parts.map(\.key)).count == 2)
        #expect(stage.platform.parts.allSatisfy { $0.key.utf8.count <= 64 })
    }

    @Test("The answer could not be written: the repeat gets it, and nothing is sent again")
    func unanswered() async throws {
        let stage = OutboundStage()
        let words = try await onLoop { [await stage.deliver(Self.typed()).word, await stage.deliver(Self.typed()).word] }
        #expect(words == ["delivered p1", "delivered p1"])
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("A copy that waited while the first was under way is a repeat, though the first is answered meanwhile")
    func waited() async throws {
        let stage = OutboundStage(FakePlatform { _ in await EventLoop.sleep(until: .now().advanced(byMilliseconds: 200)) })
        let words = try await onLoop {
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask(executorPreference: EventLoop.current) {
                        let word = await stage.deliver(Self.typed()).word
                        await stage.answered(Self.typed())
                        return word
                    }
                }
                var words: [String] = []
                for await word in group { words.append(word) }
                return words
            }
        }
        #expect(Set(words) == ["delivered p1"])
        #expect(stage.platform.shown == ["Hello"])
    }

    @Test("After a failure of unknown outcome the repeat uses the same key, so that a platform that knows keys shows it once")
    func sameKeyAfterFailure() async throws {
        let stage = OutboundStage(FakePlatform(isOnce: true))
        stage.platform.fail(.timedOut, mayHaveArrived: true, takes: true, times: 3)
        #expect(try await onLoop { await stage.deliver(Self.typed()).word } == "failed timedOut")
        #expect(try await onLoop { await stage.deliver(Self.typed()).word } == "delivered p1")
        #expect(stage.platform.shown == ["Hello"])
    }
}

/// Counts from zero.
final class Counter: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
        value.withLock { value in
            value += 1
            return value - 1
        }
    }
}
