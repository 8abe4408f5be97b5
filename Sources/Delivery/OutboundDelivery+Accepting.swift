import Conversation
import EventLoop
import JSON
import Secrets
import Store
import Synchronization
import Time

// Accept, then report (`design.md` §4): for slow platforms, a message is answered as soon as the store has it, and delivered afterwards.
//
// A thread is opened before the answer, because the answer names it. Files are sent before the answer too, behind whatever waits in the thread:
// their URLs die within minutes (`byoc.md` §9), so a message that waits for hours would arrive without them.

extension OutboundDelivery {
    /// Seconds between attempts (`security.md` §8); after the last one the message has failed.
    static let schedule = [5, 30, 120, 600, 1800, 7200, 18_000, 36_000]
    /// Milliseconds that one attempt may take.
    static let attemptBudget = 8000

    func accept(
        _ message: OutboundMessage, in thread: ThreadID, through channel: Channel, _ held: inout OutboundClaims.Held, by deadline: Instant
    ) async -> DeliveryOutcome {
        let now = Int(clamping: time.epochMilliseconds())
        var kept = message
        kept.key = held.record.key
        kept.thread = thread
        let id = Self.mintedID(held.record.key, channel)
        do throws(OutboundQueue.Failure) {
            try await queue.add(.init(id: id, message: kept, due: now), to: thread, of: channel, by: deadline)
        } catch {
            await release(&held, by: deadline)
            return switch error {
            case .full:
                .notNow(retryAfterMilliseconds: 30_000, reason: "too much waits in this thread")
            case .store(let failure): .notNow(retryAfterMilliseconds: 1000, reason: "store: \(failure.rawValue)")
            }
        }
        var delivery = Delivery(message: id, thread: message.thread ?? thread, occurred: now, people: message.recipients)
        if delivery.people.isEmpty, let record = try? await threads.record(of: thread, in: channel, by: deadline) {
            delivery.people = record.person.map { [$0] } ?? []
        }
        held.record.state = .queued
        held.record.delivery = delivery
        _ = await claims.update(&held, by: deadline)
        sendSoon(thread, through: channel)
        return .delivered(delivery)
    }

    /// An id that nobody else mints, the same for every attempt to accept this message.
    private static func mintedID(_ key: String, _ channel: Channel) -> MessageID {
        MessageID("cw-" + Digest.hex(Digest.sha256(Array("\(channel.name)\u{0}\(key)".utf8)).prefix(16)))
    }

    /// Long-lived processes need not wait for the next tick.
    private func sendSoon(_ thread: ThreadID, through channel: Channel) {
        guard let background, background.begin() else { return }
        Task(executorPreference: EventLoop.current) {
            var report = TickReport()
            await drain(thread, of: channel, by: time.now().advanced(byMilliseconds: Self.attemptBudget * 2), &report)
            background.end()
        }
    }

    /// Bounds what a process sends beside its requests; the rest waits for a tick.
    final class Background: Sendable {
        private let running = Mutex(0)
        func begin() -> Bool {
            running.withLock { running in
                guard running < 64 else { return false }
                running += 1
                return true
            }
        }
        func end() { running.withLock { $0 -= 1 } }
    }

    // MARK: Sending what waits

    /// Sends what is due in a thread, if nobody else is at it.
    func drain(_ thread: ThreadID, of channel: Channel, by deadline: Instant, _ report: inout TickReport) async {
        let patience = max(0, deadline.milliseconds(since: time.now())) + OutboundClaims.grace
        let soon = min(deadline, time.now().advanced(byMilliseconds: 200))
        guard case .entered(let ticket) = await order.enter(thread, of: channel, patience: patience, by: soon) else { return }
        _ = await drainInTurn(thread, of: channel, by: deadline, &report)
        await order.leave(ticket, by: deadline.advanced(byMilliseconds: 500))
    }

    /// Sends what waits in a thread, in order, until something is not due yet; whether nothing waits any more. Only for who is in turn.
    func drainInTurn(_ thread: ThreadID, of channel: Channel, by deadline: Instant, _ report: inout TickReport) async -> Bool {
        do throws(StoreFailure) {
            while true {
                let items = try await queue.line(thread, of: channel, by: deadline).items
                guard !items.isEmpty else {
                    try await queue.forget(thread, of: channel, by: deadline)
                    return true
                }
                let now = Int(clamping: time.epochMilliseconds())
                // What has failed for good holds nobody up.
                let first = items.first { $0.verdict == nil }
                guard let item = items.first(where: { $0.verdict != nil && $0.due <= now }) ?? first.flatMap({ $0.due <= now ? $0 : nil }) else {
                    let due = items.filter { $0.verdict != nil || $0.id == first?.id }.map(\.due).min() ?? now
                    try await queue.note(thread, due: due, of: channel, by: deadline)
                    return first == nil
                }
                guard deadline.milliseconds(since: time.now()) > 500 else { return false }
                let next = await attempt(item, in: thread, of: channel, by: deadline, &report)
                try await queue.settle(item.id, in: thread, of: channel, as: next, by: deadline)
            }
        } catch {
            return false
        }
    }

    /// What remains of an item after one more attempt; `nil` when it is done with.
    private func attempt(
        _ item: OutboundQueue.Item, in thread: ThreadID, of channel: Channel, by deadline: Instant, _ report: inout TickReport
    ) async -> OutboundQueue.Item? {
        if let verdict = item.verdict { return await tell(verdict, of: item, in: thread, channel, by: deadline, &report) }
        guard let outbound = channel.outbound else {
            return await tell("This channel no longer sends messages.", of: item, in: thread, channel, by: deadline, &report)
        }
        let attemptBy = min(deadline, time.now().advanced(byMilliseconds: Self.attemptBudget))
        guard var held = await claims.resume(item.id, item.message, in: channel, by: attemptBy) else { return postponed(item) }
        guard held.record.state != .done else { return nil }
        guard !held.record.sending else {
            return await tell("It is not known whether the contact received this message.", of: item, in: thread, channel, by: deadline, &report)
        }
        let sending = OutboundSending(channel: channel, outbound: outbound, claims: claims, sent: sent, time: time, sleep: sleep)
        switch await sending.send(item.message, in: thread, as: item.id, &held, by: attemptBy) {
        case .sent(_, let choices):
            _ = await note(choices, of: item.message, in: thread, channel, by: deadline)
            held.record.state = .done
            _ = await claims.update(&held, by: deadline)
            report.sent += 1
            return nil
        case .failed(let error):
            held.record.sending = channel.capabilities.deliveryClass == .mayDrop && error.mayHaveArrived
            _ = await claims.update(&held, by: deadline)
            guard error.isTransient, !held.record.sending, item.attempts < Self.schedule.count else {
                return await tell(
                    error.sentence ?? "The message could not be delivered.", of: item, in: thread, channel, by: deadline, &report)
            }
            report.postponed += 1
            return postponed(item, atLeast: error.retryAfterMilliseconds)
        case .lost, .unavailable, .waiting:
            report.postponed += 1
            return postponed(item)
        }
    }

    private func postponed(_ item: OutboundQueue.Item, atLeast least: Int? = nil) -> OutboundQueue.Item {
        var item = item
        let planned = Self.schedule[min(item.attempts, Self.schedule.count - 1)] * 1000
        item.attempts += 1
        let jitter = Int.random(in: -planned / 10...planned / 10)
        item.due = Int(clamping: time.epochMilliseconds()) + max(planned + jitter, min(least ?? 0, 86_400_000))
        return item
    }

    /// Tells CXone that a message has failed for good, and keeps it for people to look at. While CXone cannot be told, the message stays in line,
    /// and those behind it go on: nothing is sent any more for this one.
    private func tell(
        _ verdict: String, of item: OutboundQueue.Item, in thread: ThreadID, _ channel: Channel, by deadline: Instant, _ report: inout TickReport
    ) async -> OutboundQueue.Item? {
        if item.verdict == nil { report.failed += 1 }
        var waiting = item
        waiting.verdict = verdict
        waiting.attempts = item.verdict == nil ? 0 : item.attempts
        do throws(StoreFailure) {
            try await deadLetters.keep(item.message, as: item.id, in: thread, reason: verdict, of: channel, by: deadline)
        } catch {
            return postponed(waiting)
        }
        guard let centre = centres[channel.tenant], let place = channel.pointOfContact(for: item.message.visibility) else { return nil }
        let record = try? await threads.record(of: thread, in: channel, by: deadline)
        let receipt = Receipt(
            .failed, of: item.id, in: record?.threadForContactCentre(thread) ?? thread, visibility: item.message.visibility,
            occurred: Int(clamping: time.epochMilliseconds()), reason: verdict)
        do throws(ContactCentreError) {
            try await centre.report(receipt, contact: record?.contact, in: place, by: deadline)
            return nil
        } catch {
            // Not found may mean: not stored yet. Told to be wrong for good, it will not get better.
            guard error.isTransient || error.code == .notFound, waiting.attempts < Self.schedule.count else { return nil }
            return postponed(waiting, atLeast: error.retryAfterMilliseconds)
        }
    }
}
