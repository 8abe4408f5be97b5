package import Conversation
import HTTP
package import Store
package import Time

/// From the channels to the contact centre: each message once, in the order of its thread, and acknowledged only when CXone has it
/// (`design.md` §4). Keeps nothing between calls but the line of those who wait for a thread.
package struct InboundDelivery: Inbox {
    let centres: [String: any ContactCentre]
    let store: any KeyValueStore
    let files: (any FileSharing)?
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void
    let order: ThreadOrder
    let claims: InboundClaims
    let sent: SentRecords
    let threads: ThreadRecords
    let deadLetters: DeadLetters

    /// Milliseconds at the end of the window in which nothing new is begun, so that records are written.
    static let reserve = 250

    /// - Parameters:
    ///   - centres: The contact centre of each tenant, by its name in the settings.
    ///   - sleep: Suspends until an instant, or until its task is cancelled.
    package init(
        centres: [String: any ContactCentre], store: any KeyValueStore, files: (any FileSharing)?, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.centres = centres
        self.store = store
        self.files = files
        self.time = time
        self.sleep = sleep
        order = ThreadOrder(store: store, time: time, sleep: sleep)
        claims = InboundClaims(store: store)
        sent = SentRecords(store: store)
        threads = ThreadRecords(store: store)
        deadLetters = DeadLetters(store: store, time: time)
    }

    /// What became of one event.
    enum Step: Sendable {
        case taken(contact: String?)
        /// It was taken before.
        case repeated(contact: String?)
        case ignored(StaticString)
        /// CXone will never take it. `key` finds the dead letter.
        case putAside(reason: String, key: String)
        case notNow(milliseconds: Int, reason: String)

        static func store(_ failure: StoreFailure) -> Step { .notNow(milliseconds: 1000, reason: "store: \(failure.rawValue)") }
    }

    /// One event with what had to be looked up before it could be put in line.
    enum Work: Sendable {
        case message(InboundMessage)
        case edit(InboundMessage)
        case deletion(of: MessageID, visibility: Visibility)
        case receipt(Receipt, SentRecord)
        case ending(visibility: Visibility)
    }

    package func accept(_ events: [InboundEvent], from channel: Channel, by deadline: Instant) async -> Acceptance {
        guard let centre = centres[channel.tenant] else {
            return Acceptance(.notNow(retryAfterMilliseconds: 60_000, reason: "no contact centre for this tenant"))
        }
        let desk = Desk(channel: channel, centre: centre, deadline: deadline)
        var tally = Tally()
        var lines: [(thread: ThreadID, work: [Work])] = []
        for event in InboundEvents.coalesced(events) {
            switch event {
            case .typing(let isOn, let thread, let visibility):
                await showTyping(isOn, in: thread, visibility: visibility, desk)
                tally.add(.taken(contact: nil))
            case .receipt(let receipt):
                switch await sentRecord(of: receipt.message, desk) {
                case .success(let record?): InboundEvents.append(.receipt(receipt, record), to: record.thread, of: &lines)
                case .success(nil): tally.add(.ignored("receipt of a message that is not ours"))
                case .failure(let failure): tally.add(.store(failure))
                }
            case .message(let message): InboundEvents.append(.message(message), to: message.thread, of: &lines)
            case .edit(let message): InboundEvents.append(.edit(message), to: message.thread, of: &lines)
            case .deletion(let id, let thread, let visibility):
                InboundEvents.append(.deletion(of: id, visibility: visibility), to: thread, of: &lines)
            case .ending(let thread, let visibility): InboundEvents.append(.ending(visibility: visibility), to: thread, of: &lines)
            }
        }
        await take(lines, desk, &tally)
        return tally.acceptance
    }

    /// Threads side by side, a few at a time; within each, one after another.
    private func take(_ lines: [(thread: ThreadID, work: [Work])], _ desk: Desk, _ tally: inout Tally) async {
        guard lines.count > 1 else {
            for line in lines { for step in await take(line.work, in: line.thread, desk) { tally.add(step) } }
            return
        }
        await withTaskGroup(of: [Step].self) { group in
            var rest = lines[...]
            for line in rest.prefix(16) { group.addTask { await take(line.work, in: line.thread, desk) } }
            rest = rest.dropFirst(16)
            while let steps = await group.next() {
                for step in steps { tally.add(step) }
                if let line = rest.popFirst() { group.addTask { await take(line.work, in: line.thread, desk) } }
            }
        }
    }

    private func take(_ work: [Work], in thread: ThreadID, _ desk: Desk) async -> [Step] {
        do throws(ThreadOrder.Missed) {
            return try await order.inTurn(thread, of: desk.channel, by: desk.last) {
                var steps: [Step] = []
                for piece in work {
                    guard time.now() < desk.last, !Task.isCancelled else {
                        return steps + [.notNow(milliseconds: 1000, reason: "out of time")]
                    }
                    let step = await take(piece, in: thread, desk)
                    steps.append(step)
                    if case .notNow = step { return steps }
                }
                return steps
            }
        } catch {
            switch error {
            case .busy: return [.notNow(milliseconds: 1000, reason: "others work in this thread")]
            case .store(let failure): return [.store(failure)]
            }
        }
    }

    private func take(_ work: Work, in thread: ThreadID, _ desk: Desk) async -> Step {
        switch work {
        case .message(let message): await take(message, desk)
        case .edit(let message): await takeEdit(message, desk)
        case .deletion(let id, let visibility): await takeDeletion(of: id, in: thread, visibility: visibility, desk)
        case .receipt(let receipt, let record): await take(receipt, record, desk)
        case .ending(let visibility): await end(thread, visibility: visibility, desk)
        }
    }
}

/// Whose events are taken, where to, and until when.
struct Desk: Sendable {
    let channel: Channel
    let centre: any ContactCentre
    let deadline: Instant

    /// When nothing new is begun any more.
    var last: Instant { deadline.advanced(byMilliseconds: -InboundDelivery.reserve) }
}

/// Counts what became of the events.
private struct Tally {
    var acceptance = Acceptance(.taken)

    mutating func add(_ step: InboundDelivery.Step) {
        switch step {
        case .taken(let contact):
            acceptance.taken += 1
            acceptance.contact = contact ?? acceptance.contact
        case .repeated(let contact):
            acceptance.repeated += 1
            acceptance.contact = contact ?? acceptance.contact
        case .ignored(let reason):
            acceptance.ignored += 1
            note("ignored", reason.description)
        case .putAside(let reason, let key):
            acceptance.putAside += 1
            note("put_aside", reason)
            note("dead_letter", key)
        case .notNow(let milliseconds, let reason):
            // The longest wait of all counts; the first reason is as good as any.
            if case .notNow(let known, let first) = acceptance.outcome {
                acceptance.outcome = .notNow(retryAfterMilliseconds: max(known, milliseconds), reason: first)
            } else {
                acceptance.outcome = .notNow(retryAfterMilliseconds: milliseconds, reason: reason)
            }
        }
    }

    private mutating func note(_ name: StaticString, _ text: String) {
        guard acceptance.notes.count < 8 else { return }
        acceptance.notes.append(Note(name, text))
    }
}

/// What can be said of events before anything is looked up.
enum InboundEvents {
    /// Of several receipts of one message only the one that matters is left, in the place of the last.
    static func coalesced(_ events: [InboundEvent]) -> [InboundEvent] {
        var last: [MessageID: (index: Int, receipt: Receipt)] = [:]
        var count = 0
        for (index, event) in events.enumerated() {
            guard case .receipt(let receipt) = event else { continue }
            count += 1
            guard let known = last[receipt.message] else {
                last[receipt.message] = (index, receipt)
                continue
            }
            var kept = receipt.status >= known.receipt.status ? receipt : known.receipt
            kept.coversEarlier = receipt.coversEarlier || known.receipt.coversEarlier
            last[receipt.message] = (index, kept)
        }
        guard last.count < count else { return events }
        return events.enumerated().compactMap { index, event in
            guard case .receipt(let receipt) = event else { return event }
            guard let kept = last[receipt.message], kept.index == index else { return nil }
            return .receipt(kept.receipt)
        }
    }

    static func append(_ work: InboundDelivery.Work, to thread: ThreadID, of lines: inout [(thread: ThreadID, work: [InboundDelivery.Work])]) {
        if let index = lines.firstIndex(where: { $0.thread == thread }) {
            lines[index].work.append(work)
        } else {
            lines.append((thread, [work]))
        }
    }
}
