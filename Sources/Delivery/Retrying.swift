package import Conversation
import Store
package import Time

/// What became of one more attempt for a message that was given up.
package enum RetryOutcome: Sendable, Equatable {
    /// It arrived; its letter is gone.
    case delivered
    /// It waits in its channel's queue; should it fail again, it comes back.
    case queued
    /// It was given up again, for this reason.
    case givenUp(String)
    /// Nothing was decided; the letter stays.
    case notNow(String)
}

extension InboundDelivery {
    /// Gives CXone a contact's message that it did not take once more, behind what is done in the thread now. CXone is asked first whether it has
    /// it in the end.
    package func retry(_ found: DeadLetters.Found, by deadline: Instant) async -> RetryOutcome {
        guard case .inbound(let creation) = found.letter.body else { return .notNow("there is nothing that could be sent") }
        let channel = found.channel
        guard let centre = centres[channel.tenant] else { return .notNow("no contact centre for this tenant") }
        let desk = Desk(channel: channel, centre: centre, deadline: deadline)
        let step: Step
        do throws(ThreadOrder.Missed) {
            step = try await order.inTurn(creation.message.thread, of: channel, by: desk.last) {
                guard await claims.reopen(InboundClaims.key(creation.claim, in: channel), by: deadline) else { return .store(.notReached) }
                return await create(creation, desk)
            }
        } catch {
            return .notNow(error == .busy ? "others work in this thread" : "the store cannot be reached")
        }
        switch step {
        case .taken, .repeated: return await deadLetters.removed(found, as: .delivered, by: deadline)
        case .ignored(let reason): return .givenUp(reason.description)
        case .putAside(let reason, _): return .givenUp(reason)
        case .notNow(_, let reason): return .notNow(reason)
        }
    }
}

extension OutboundDelivery {
    /// Sends an agent's message that was given up once more, behind what waits in its thread. Whether the platform has it after all is not known in
    /// every case: then the contact may see it twice, which is for a person to decide.
    package func retry(_ found: DeadLetters.Found, by deadline: Instant) async -> RetryOutcome {
        guard case .outbound(let message) = found.letter.body else { return .notNow("there is nothing that could be sent") }
        let (letter, channel) = (found.letter, found.channel)
        guard var held = await claims.resume(letter.message, message, in: channel, by: deadline) else { return .notNow("the store cannot be reached") }
        if held.record.state != .done {
            held.record.sending = false
            guard await claims.update(&held, by: deadline) else { return .notNow("others work on it") }
            let item = OutboundQueue.Item(id: letter.message, message: message, due: Int(clamping: time.epochMilliseconds()))
            do throws(OutboundQueue.Failure) {
                try await queue.add(item, to: letter.thread, of: channel, by: deadline)
            } catch {
                return .notNow(error == .full ? "too much waits in this thread" : "the store cannot be reached")
            }
            var report = TickReport()
            await drain(letter.thread, of: channel, by: deadline, &report)
        }
        do throws(StoreFailure) { return try await concluded(found, message, by: deadline) } catch { return .notNow("store: \(error.rawValue)") }
    }

    private func concluded(_ found: DeadLetters.Found, _ message: OutboundMessage, by deadline: Instant) async throws(StoreFailure) -> RetryOutcome {
        let (letter, channel) = (found.letter, found.channel)
        if let held = await claims.resume(letter.message, message, in: channel, by: deadline), held.record.state == .done {
            return await deadLetters.removed(found, as: .delivered, by: deadline)
        }
        let waiting = try await queue.line(letter.thread, of: channel, by: deadline).items.first { $0.id == letter.message }
        if let waiting, waiting.verdict == nil {
            // Only there does anybody look into the queue.
            guard channel.mode == .acceptThenReport else {
                try await queue.settle(letter.message, in: letter.thread, of: channel, as: nil, by: deadline)
                return .notNow("the platform does not take it at the moment")
            }
            return await deadLetters.removed(found, as: .queued, by: deadline)
        }
        return .givenUp(try await deadLetters.again(found, by: deadline)?.letter.reason ?? letter.reason)
    }
}

extension DeadLetters {
    /// A letter that could not be removed is found again, and the next attempt finds that nothing is left to do.
    fileprivate func removed(_ found: Found, as outcome: RetryOutcome, by deadline: Instant) async -> RetryOutcome {
        do throws(StoreFailure) {
            try await remove(found, by: deadline)
            return outcome
        } catch {
            return .notNow("it is done, but its letter could not be removed")
        }
    }
}
