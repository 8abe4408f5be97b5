package import Conversation
import EventLoop
package import Store
package import Time

/// Delivers agents' messages: *send, then answer*, or *accept, then report* where the channel's settings say so (`design.md` §4).
///
/// A message is claimed in the store before anything is sent; each part that the platform takes is recorded; the answer is given, and kept for
/// repeats, when all parts are there. Whoever repeats gets the same answer, or sends only what is missing, with the same keys.
///
/// What happens in between is not undone when the caller goes away: it ends by its deadline, and its result waits for the repeat.
package struct OutboundDelivery: Outbox {
    let store: any KeyValueStore
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void
    let claims: OutboundClaims
    let order: OutboundOrder
    let threads: ThreadRecords
    let sent: SentRecords
    let queue: OutboundQueue
    let deadLetters: DeadLetters
    let centres: [String: any ContactCentre]
    let background: Background?

    /// - Parameters:
    ///   - centres: The contact centre of each tenant, by its name in the settings: learns of messages that were accepted and could not be sent.
    ///   - isLongLived: Whether the process goes on when a request is answered, and so may send then.
    ///   - sleep: Suspends until an instant: `EventLoop.sleep`.
    package init(
        centres: [String: any ContactCentre] = [:], store: any KeyValueStore, isLongLived: Bool = false, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.centres = centres
        self.store = store
        background = isLongLived ? Background() : nil
        queue = OutboundQueue(store: store, time: time)
        deadLetters = DeadLetters(store: store, time: time)
        self.time = time
        self.sleep = sleep
        claims = OutboundClaims(store: store, time: time, sleep: sleep)
        order = OutboundOrder(store: store, time: time, sleep: sleep)
        threads = ThreadRecords(store: store)
        sent = SentRecords(store: store)
    }

    package func deliver(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async -> DeliveryOutcome {
        guard let outbound = channel.outbound, channel.capabilities.sends else {
            return .failed(Self.refusal("the channel does not send", "Messages cannot be sent on this channel."))
        }
        guard message.thread != nil || !message.recipients.isEmpty else {
            return .failed(Self.refusal("neither thread nor recipient", "The message names nobody to send it to."))
        }
        guard message.thread != nil || channel.opening != nil else {
            return .failed(Self.refusal("the channel opens no threads", "Conversations cannot be started on this channel."))
        }
        return await unhurried {
            switch await claims.claim(message, in: channel, by: deadline) {
            case .mine(let held): await send(message, through: channel, outbound, held, by: deadline)
            case .done(let delivery): .delivered(delivery)
            case .otherContent: .failed(Self.refusal("the same key was used for another message", nil))
            case .running(let milliseconds): .running(retryAfterMilliseconds: milliseconds)
            case .unknown:
                .failed(ChannelError(
                    .rejected, reason: "sending was interrupted, and this platform cannot tell whether it took the message",
                    sentence: "It is not known whether the contact received this message.", mayHaveArrived: true))
            case .unavailable(let failure): .notNow(retryAfterMilliseconds: 1000, reason: "store: \(failure.rawValue)")
            }
        }
    }

    package func answered(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async {
        await claims.answered(message, in: channel, by: deadline)
    }

    /// Runs to its end on this loop even when the caller goes away.
    private func unhurried(_ body: @escaping @Sendable () async -> DeliveryOutcome) async -> DeliveryOutcome {
        await Task(executorPreference: EventLoop.current) { await body() }.value
    }

    // MARK: A message that is ours

    private func send(
        _ message: OutboundMessage, through channel: Channel, _ outbound: any OutboundChannel, _ held: OutboundClaims.Held, by deadline: Instant
    ) async -> DeliveryOutcome {
        var held = held
        let thread: ThreadID
        switch await self.thread(for: message, through: channel, &held, by: deadline) {
        case .success(let found): thread = found
        case .failure(let error):
            await release(&held, by: deadline)
            return .failed(error)
        }
        if channel.mode == .acceptThenReport, message.files.isEmpty {
            return await accept(message, in: thread, through: channel, &held, by: deadline)
        }
        let patience = max(0, deadline.milliseconds(since: time.now())) + OutboundClaims.grace
        let ticket: OutboundOrder.Ticket
        switch await order.enter(thread, of: channel, patience: patience, by: deadline.advanced(byMilliseconds: -500)) {
        case .entered(let entered): ticket = entered
        case .crowded:
            await release(&held, by: deadline)
            return .notNow(retryAfterMilliseconds: 1000, reason: "earlier messages of the thread are still being sent")
        case .unavailable(let failure):
            await release(&held, by: deadline)
            return .notNow(retryAfterMilliseconds: 1000, reason: "store: \(failure.rawValue)")
        }
        let sending = OutboundSending(channel: channel, outbound: outbound, claims: claims, sent: sent, time: time, sleep: sleep)
        var report = TickReport()
        let isNext =
            if channel.mode == .acceptThenReport {
                await drainInTurn(thread, of: channel, by: deadline.advanced(byMilliseconds: -1000), &report)
            } else { true }
        let outcome = isNext ? await sending.send(message, in: thread, &held, by: deadline) : .waiting
        async let left: Void = order.leave(ticket, by: deadline.advanced(byMilliseconds: 500))
        let answer = await conclude(outcome, message, through: channel, &held, by: deadline)
        await left
        return answer
    }

    private func thread(
        for message: OutboundMessage, through channel: Channel, _ held: inout OutboundClaims.Held, by deadline: Instant
    ) async -> Result<ThreadID, ChannelError> {
        if let thread = message.thread {
            do throws(StoreFailure) {
                return .success(try await threads.platformThread(thread, in: channel, by: deadline))
            } catch {
                return .failure(ChannelError(.unreachable, reason: "store: \(error.rawValue)", mayHaveArrived: false))
            }
        }
        if let thread = held.record.thread { return .success(thread) }
        guard let opening = channel.opening else { return .failure(Self.refusal("the channel opens no threads", nil)) }
        do throws(ChannelError) {
            let thread = try await opening.open(
                with: message.recipients, visibility: message.visibility, name: message.threadName, key: held.record.key,
                by: deadline.advanced(byMilliseconds: -600))
            held.record.thread = thread
            return .success(thread)
        } catch { return .failure(error) }
    }

    private func conclude(
        _ outcome: OutboundSending.Outcome, _ message: OutboundMessage, through channel: Channel, _ held: inout OutboundClaims.Held,
        by deadline: Instant
    ) async -> DeliveryOutcome {
        switch outcome {
        case .sent(var delivery, let choices):
            if let person = await note(choices, of: message, in: delivery.thread, channel, by: deadline), delivery.people.isEmpty {
                delivery.people = [person]
            }
            // CXone may know the thread by another id than the platform.
            delivery.thread = message.thread ?? delivery.thread
            held.record.state = .done
            held.record.delivery = delivery
            // Whatever becomes of this: the platform has the message, and that is the truth.
            _ = await claims.update(&held, by: deadline)
            return .delivered(delivery)
        case .failed(let error):
            held.record.sending = channel.capabilities.deliveryClass == .mayDrop && error.mayHaveArrived
            let isPartial = !held.record.sent.isEmpty
            await release(&held, by: deadline)
            guard isPartial else { return .failed(error) }
            return .failed(ChannelError(
                error.code, reason: "only a part was sent; \(error.reason)", sentence: "Only a part of this message reached the contact.",
                retryAfterMilliseconds: error.retryAfterMilliseconds, mayHaveArrived: true))
        case .lost: return .running(retryAfterMilliseconds: 1000)
        case .waiting:
            await release(&held, by: deadline)
            return .notNow(retryAfterMilliseconds: 5000, reason: "earlier messages of the thread wait for the platform")
        case .unavailable:
            held.record.sending = false
            await release(&held, by: deadline)
            return .notNow(retryAfterMilliseconds: 1000, reason: "store: the message could not be claimed")
        }
    }

    /// Lets a repeat go on at once, with what is already there.
    func release(_ held: inout OutboundClaims.Held, by deadline: Instant) async {
        held.record.state = .open
        _ = await claims.update(&held, by: deadline)
    }

    /// Notes in the thread's record that an agent has written; whom the thread is with, when that is known.
    func note(
        _ choices: [OutboundContent.Choice], of message: OutboundMessage, in thread: ThreadID, _ channel: Channel, by deadline: Instant
    ) async -> Person? {
        let shown = Array(choices.prefix(50))
        let person = message.recipients.first
        let record = try? await threads.change(thread, in: channel, visibility: message.visibility, by: deadline) { record in
            record.wasAnswered = true
            // A live chat that ended stays so: the contact's next message begins another.
            if !channel.capabilities.isLiveChat { record.hasEnded = false }
            if !shown.isEmpty { record.choices = shown }
            if record.person == nil { record.person = person }
        }
        return record?.person ?? person
    }

    private static func refusal(_ reason: String, _ sentence: String?) -> ChannelError {
        ChannelError(.rejected, reason: reason, sentence: sentence, mayHaveArrived: false)
    }
}
