package import Conversation
import EventLoop
import Store
package import Time

// The agent ended the conversation (`byoc.md` §11): the channel learns of it, and what was remembered for its sake is forgotten.

extension OutboundDelivery {
    package func end(
        _ thread: ThreadID, contact: String?, in channel: Channel, visibility: Visibility, by deadline: Instant
    ) async -> EndingOutcome {
        await Task(executorPreference: EventLoop.current) {
            do throws(StoreFailure) {
                let platformThread = try await threads.platformThread(thread, in: channel, by: deadline)
                // Nobody needs a claim to see that there is nothing to do.
                guard let record = try await threads.record(of: platformThread, in: channel, by: deadline), concerns(record, thread, platformThread, contact)
                else { return .nothingToDo }
                return try await claimEnding(thread, platformThread, contact: contact, channel, visibility, by: deadline)
            } catch {
                return .notNow(retryAfterMilliseconds: 1000, reason: "store: \(error.rawValue)")
            }
        }.value
    }

    package func end(contact: String, in channels: [Channel], by deadline: Instant) async -> EndingOutcome {
        var seen: Set<String> = []
        for channel in channels where seen.insert(channel.tenant).inserted {
            do throws(StoreFailure) {
                guard let found = try await threads.place(ofContact: contact, tenant: channel.tenant, by: deadline),
                    let place = channels.first(where: { $0.tenant == channel.tenant && $0.name == found.channel }),
                    let record = try await threads.record(of: found.thread, in: place, by: deadline)
                else { continue }
                return await end(
                    record.threadForContactCentre(found.thread), contact: contact, in: place, visibility: record.visibility, by: deadline)
            } catch {
                return .notNow(retryAfterMilliseconds: 1000, reason: "store: \(error.rawValue)")
            }
        }
        return .nothingToDo
    }

    /// Whether the thread still is what CXone speaks of: not ended, and not with a later contact by now.
    private func concerns(_ record: ThreadRecord, _ thread: ThreadID, _ platformThread: ThreadID, _ contact: String?) -> Bool {
        guard !record.hasEnded, record.threadForContactCentre(platformThread) == thread else { return false }
        guard let contact, let present = record.contact else { return true }
        return contact == present
    }

    private func claimEnding(
        _ thread: ThreadID, _ platformThread: ThreadID, contact: String?, _ channel: Channel, _ visibility: Visibility, by deadline: Instant
    ) async throws(StoreFailure) -> EndingOutcome {
        let key = StoreKey(tenant: channel.tenant, purpose: "outbound-ending", id: channel.name + "\u{0}" + platformThread.text)
        let life = max(1, deadline.milliseconds(since: time.now())) + OutboundClaims.grace
        let claimed: StoredValue
        switch await store.claim(key, [1], life: life, by: deadline) {
        case .value(let value): claimed = value
        case .absent, .conflict: return .notNow(retryAfterMilliseconds: 1000, reason: "it is being ended")
        case .unavailable(let failure): throw failure
        }
        let outcome: EndingOutcome
        do throws(StoreFailure) {
            // Somebody may have ended it between our look and our claim.
            if let record = try await threads.record(of: platformThread, in: channel, by: deadline), concerns(record, thread, platformThread, contact) {
                outcome = try await tellEnding(platformThread, channel, visibility, by: deadline)
            } else { outcome = .nothingToDo }
        } catch {
            _ = await store.delete(key, version: claimed.version, by: deadline)
            throw error
        }
        _ = await store.delete(key, version: claimed.version, by: deadline)
        return outcome
    }

    private func tellEnding(
        _ thread: ThreadID, _ channel: Channel, _ visibility: Visibility, by deadline: Instant
    ) async throws(StoreFailure) -> EndingOutcome {
        if let ending = channel.ending {
            do throws(ChannelError) {
                try await ending.end(thread, by: deadline.advanced(byMilliseconds: -400))
            } catch {
                // A thread that is gone has ended; what the platform refuses for good is not asked again.
                if error.isTransient { return .failed(error) }
            }
        }
        try await threads.change(thread, in: channel, visibility: visibility, by: deadline) { record in
            record.hasEnded = true
            record.choices = []
        }
        return .ended
    }
}
