import Conversation
import JSON
package import Store
package import Time

/// The conversations of one channel, in the store: for each a head and pages of entries that only grow.
///
/// An entry is written by a swap of its page, and becomes visible when the head says so; whoever is stopped between the two repeats, is known by
/// the key, and finishes. So every entry is there once, in one order for all readers, without a lock. Everything is gone 24 hours after the last
/// entry.
package struct ChatLog: Sendable {
    private let store: any KeyValueStore
    private let time: any TimeSource
    private let tenant: String
    private let channel: String

    /// Milliseconds after the last entry.
    static let life = 86_400_000
    /// Pages of one conversation: some 1 MiB.
    static let mostPages = 16
    /// Milliseconds after which older pages get their full life again.
    private static let renewal = 3_600_000
    private static let attempts = 30

    package init(store: any KeyValueStore, time: any TimeSource, tenant: String, channel: String) {
        self.store = store
        self.time = time
        self.tenant = tenant
        self.channel = channel
    }

    enum Failure: Error, Equatable {
        /// Never begun, or forgotten.
        case gone
        /// It has as many entries as a conversation may have.
        case full
        case store(StoreFailure)
    }

    var now: Int { Int(time.epochMilliseconds()) }

    // MARK: Head

    /// Begins a conversation; one that is there already stays as it is.
    func begin(_ thread: ThreadID, by deadline: Instant) async throws(Failure) {
        var head = ChatHead()
        (head.renewed, head.last) = (now, now)
        if case .unavailable(let failure) = await store.claim(headKey(thread), head.octets, life: Self.life, by: deadline) { throw .store(failure) }
    }

    func head(of thread: ThreadID, by deadline: Instant) async throws(Failure) -> ChatHead { try await stored(thread, by: deadline).head }

    private func stored(_ thread: ThreadID, by deadline: Instant) async throws(Failure) -> (head: ChatHead, version: StoreVersion, rest: Int) {
        switch await store.get(headKey(thread), by: deadline) {
        case .value(let value):
            guard let head = ChatHead(value.octets) else { throw .gone }
            return (head, value.version, value.rest)
        case .absent, .conflict: throw .gone
        case .unavailable(let failure): throw .store(failure)
        }
    }

    /// Changes the head, again while somebody else changes it at the same moment.
    /// - Returns: The head as it is now, and whether this call changed it.
    @discardableResult
    func change(
        _ thread: ThreadID, prolongs: Bool = false, by deadline: Instant, _ change: (inout ChatHead) -> Void
    ) async throws(Failure) -> (head: ChatHead, changed: Bool) {
        for _ in 0..<Self.attempts {
            let (before, version, rest) = try await stored(thread, by: deadline)
            var head = before
            change(&head)
            if head == before { return (head, false) }
            // Only entries prolong the conversation's life; marks and typing leave it.
            let life = prolongs ? Self.life : max(1, min(rest, Self.life))
            switch await store.swap(headKey(thread), head.octets, life: life, version: version, by: deadline) {
            case .value: return (head, true)
            case .absent, .conflict: continue
            case .unavailable(let failure): throw .store(failure)
            }
        }
        throw .store(.timedOut)
    }

    // MARK: Entries

    /// The number under which an entry was written, if it was.
    func number(of key: String, in thread: ThreadID, by deadline: Instant) async throws(Failure) -> Int? {
        let head = try await head(of: thread, by: deadline)
        for index in head.pages.indices.suffix(2) {
            if let (page, _) = try await page(index, of: thread, by: deadline), let number = page.number(of: key) { return number }
        }
        return nil
    }

    /// Writes an entry once, however often it is tried with this key.
    /// - Parameter make: Gives the entry for the number that it gets.
    func append(
        key: String, to thread: ThreadID, by deadline: Instant, ending: ChatHead.Ending? = nil, _ make: (Int) -> RawJSON
    ) async throws(Failure) -> Int {
        for _ in 0..<Self.attempts {
            let (head, _, _) = try await stored(thread, by: deadline)
            guard let (index, number, first) = try await write(key, to: thread, under: head, by: deadline, make) else { continue }
            let now = now
            let known = try await change(thread, prolongs: true, by: deadline) { head in
                head.next = max(head.next, number + 1)
                while head.pages.count <= index { head.pages.append(first) }
                head.last = now
                head.ended = head.ended ?? ending
                if ending != nil { (head.leaving, head.typingUntil) = (nil, 0) }
            }
            try await renew(known.head, of: thread, by: deadline)
            return number
        }
        throw .store(.timedOut)
    }

    /// Adds to the last page, or to a new one. `nil` when somebody else was faster.
    private func write(
        _ key: String, to thread: ThreadID, under head: ChatHead, by deadline: Instant, _ make: (Int) -> RawJSON
    ) async throws(Failure) -> (index: Int, number: Int, first: Int)? {
        var index = head.pages.count - 1
        var first = head.pages.last ?? 1
        // A retry may come when others have begun a new page.
        if index > 0, let (earlier, _) = try await page(index - 1, of: thread, by: deadline), let number = earlier.number(of: key) {
            return (index - 1, number, earlier.first)
        }
        while index < Self.mostPages {
            guard let (found, version) = try await page(index, of: thread, by: deadline) else {
                var page = ChatPage(first: first)
                page.add(make(first), key: key)
                return try await done(store.claim(pageKey(thread, index), page.octets, life: Self.life, by: deadline)) ? (index, first, first) : nil
            }
            if let number = found.number(of: key) { return (index, number, found.first) }
            if found.isFull {
                // The head may not know the next page yet: its writer was stopped.
                (index, first) = (index + 1, found.next)
                continue
            }
            var page = found
            let number = page.next
            page.add(make(number), key: key)
            let result = await store.swap(pageKey(thread, index), page.octets, life: Self.life, version: version, by: deadline)
            return try done(result) ? (index, number, page.first) : nil
        }
        throw .full
    }

    private func done(_ result: StoreResult) throws(Failure) -> Bool {
        switch result {
        case .value: true
        case .absent, .conflict: false
        case .unavailable(let failure): throw .store(failure)
        }
    }

    /// What readers of a conversation with this head may see, after that number.
    func entries(after number: Int, in thread: ThreadID, under head: ChatHead, by deadline: Instant) async throws(Failure) -> [RawJSON] {
        var entries: [RawJSON] = []
        for (index, first) in head.pages.enumerated() {
            let end = index + 1 < head.pages.count ? head.pages[index + 1] : head.next
            guard end > number + 1, let (page, _) = try await page(index, of: thread, by: deadline) else { continue }
            for number in max(first, number + 1)..<max(end, first, number + 1) {
                if let entry = page.entry(number) { entries.append(entry) }
            }
        }
        return entries
    }

    private func page(_ index: Int, of thread: ThreadID, by deadline: Instant) async throws(Failure) -> (page: ChatPage, version: StoreVersion)? {
        switch await store.get(pageKey(thread, index), by: deadline) {
        case .value(let value): return ChatPage(value.octets).map { ($0, value.version) }
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw .store(failure)
        }
    }

    /// Older pages live as long as the last one.
    private func renew(_ head: ChatHead, of thread: ThreadID, by deadline: Instant) async throws(Failure) {
        guard head.pages.count > 1, now - head.renewed > Self.renewal else { return }
        for index in head.pages.indices.dropLast() {
            guard let (page, version) = try await page(index, of: thread, by: deadline) else { continue }
            _ = await store.swap(pageKey(thread, index), page.octets, life: Self.life, version: version, by: deadline)
        }
        let now = now
        try await change(thread, by: deadline) { $0.renewed = now }
    }

    private func headKey(_ thread: ThreadID) -> StoreKey { StoreKey(tenant: tenant, purpose: "chat", id: channel + "\u{0}" + thread.text) }

    private func pageKey(_ thread: ThreadID, _ index: Int) -> StoreKey {
        StoreKey(tenant: tenant, purpose: "chat-page", id: channel + "\u{0}" + thread.text + "\u{0}\(index)")
    }
}
