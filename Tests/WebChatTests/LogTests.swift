import Conversation
import HTTP
import HTTPTypes
import JSON
import Store
import Synchronization
import TestSupport
import Testing
import WebChatChannel

@Suite("Web chat: what agents send")
struct AdapterTests {
    @Test("a repeat of the same part is the same message; another key another one")
    func once() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let thread = try stage.thread(token)
        let ids = try await withThrowingTaskGroup(of: MessageID.self) { group in
            for _ in 0..<20 { group.addTask { try await stage.chat.send(stage.part("Hello", in: thread)).id } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        _ = try await stage.chat.send(stage.part("Hello", key: "k2", in: thread))
        let log = await stage.ask(.get, "/chat/web/messages?after=0", token: token)
        #expect(log.json["entries"]?.elements.map { $0["text"]?.string } == ["Hello", "Hello"])
        #expect(log.json["entries"]?.elements.map { $0["number"]?.integer } == [1, 2])
    }

    @Test("many writers at once: every entry once, in one order, numbered without gaps; stopped writers are finished by their repeat")
    func manyWriters() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let thread = try stage.thread(token)
        let failures = Counter()
        // Every seventh write of the head is lost after its page was written.
        stage.store.setFault { operation, key in
            guard case .swap = operation, key.text.contains("/chat/"), failures.next() % 7 == 0 else { return nil }
            return .timedOut
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let part = stage.part("\(number) " + String(repeating: "x", count: 4000), key: "k\(number)", in: thread)
                    while (try? await stage.chat.send(part)) == nil {}
                }
            }
        }
        stage.store.setFault(nil)
        let log = await stage.ask(.get, "/chat/web/messages?after=0", token: token)
        let entries = try #require(log.json["entries"]).elements.map { $0 }
        #expect(entries.map { $0["number"]?.integer } == (1...60).map { $0 })
        #expect(Set(entries.compactMap { $0["text"]?.string?.split(separator: " ").first }).count == 60)
        #expect(stage.store.keys("chat-page").count > 2, "the log has pages")
        let tail = await stage.ask(.get, "/chat/web/messages?after=57", token: token)
        #expect(tail.json["entries"]?.count == 3)
    }

    @Test("an unknown or ended conversation refuses for good; typing in it is no failure")
    func gone() async throws {
        let stage = try Stage()
        await #expect(throws: ChannelError(.threadGone, reason: "")) { try await stage.chat.send(stage.part("x", in: ThreadID("c-none"))) }
        let token = try await stage.begin()
        let thread = try stage.thread(token)
        for _ in 0..<2 { try await stage.chat.end(thread, by: stage.soon) }
        await #expect(throws: ChannelError(.threadGone, reason: "")) { try await stage.chat.send(stage.part("x", in: thread)) }
        try await stage.chat.showTyping(true, in: thread, by: stage.soon)
        let log = await stage.ask(.get, "/chat/web/messages?after=0", token: token)
        #expect(log.json["ended"]?.string == "agent" && log.json["entries"]?.count == 1 && log.json["typing"]?.bool == false)
        #expect(stage.inbox.events.isEmpty)
    }

    @Test("everything is gone a day after the last entry, and not before")
    func life() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let thread = try stage.thread(token)
        for number in 0..<40 { _ = try await stage.chat.send(stage.part(String(repeating: "x", count: 4000), key: "k\(number)", in: thread)) }
        stage.time.advance(milliseconds: 20 * 3_600_000)
        _ = try await stage.chat.send(stage.part("late", key: "late", in: thread))
        stage.time.advance(milliseconds: 20 * 3_600_000)
        #expect(stage.store.keys("chat").count == 1 && stage.store.keys("chat-page").count >= 3)
        stage.time.advance(milliseconds: 5 * 3_600_000)
        #expect(stage.store.keys("chat").isEmpty && stage.store.keys("chat-page").isEmpty)
    }

    @Test("choices and links reach the browser with all that they carry")
    func rich() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let thread = try stage.thread(token)
        var part = stage.part("", in: thread)
        part.body = .choices(.init(title: "Orders", text: "Which one?", choices: [.init(title: "Shoes", description: "€ 80", value: "o-1")]))
        _ = try await stage.chat.send(part)
        part = stage.part("", key: "k2", in: thread)
        part.body = .link(.init(title: "Returns", url: "https://shop.example/returns"))
        part.author = "Ann"
        _ = try await stage.chat.send(part)
        let entries = await stage.ask(.get, "/chat/web/messages?after=0", token: token).json["entries"]?.elements.map { $0 } ?? []
        #expect(entries.first?["choices"]?.elements.first { _ in true }?["value"]?.string == "o-1")
        #expect(entries.last?["link"]?["url"]?.string == "https://shop.example/returns" && entries.last?["author"]?.string == "Ann")
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
