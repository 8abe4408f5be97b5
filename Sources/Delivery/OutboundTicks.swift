package import Conversation
import EventLoop
import JSON
import Store
package import Time

/// What is due without a request: accepted messages that wait, and, where nothing else tells us, contacts that agents closed.
///
/// Many processes may tick at once: a thread's turn, and a claim for each tenant's poll, let one at a time do a thing.
package struct OutboundTicks: Ticking {
    private let delivery: OutboundDelivery
    private let channels: [Channel]
    /// Milliseconds between two looks for closed contacts of a tenant; `nil` for none.
    private let pollMilliseconds: Int?

    package init(_ delivery: OutboundDelivery, channels: [Channel], pollMilliseconds: Int? = nil) {
        self.delivery = delivery
        self.channels = channels
        self.pollMilliseconds = pollMilliseconds
    }

    package func tick(by deadline: Instant) async -> TickReport {
        var report = TickReport()
        for channel in channels where channel.mode == .acceptThenReport { await drain(channel, by: deadline, &report) }
        if pollMilliseconds != nil { await poll(by: deadline, &report) }
        return report
    }

    // MARK: Accepted messages

    /// Threads that are worked on at once.
    private static let width = 8

    private func drain(_ channel: Channel, by deadline: Instant, _ report: inout TickReport) async {
        var due: [ThreadID] = []
        let now = Int(clamping: delivery.time.epochMilliseconds())
        for shard in 0..<OutboundQueue.shards {
            do throws(StoreFailure) {
                due += try await delivery.queue.entries(shard, of: channel, by: deadline).entries.filter { $0.due <= now }.map(\.thread)
            } catch { report.unseen += 1 }
        }
        let reports = await withTaskGroup(of: TickReport.self) { group in
            var rest = due[...]
            var reports: [TickReport] = []
            func addNext() {
                guard let thread = rest.popFirst(), deadline.milliseconds(since: delivery.time.now()) > 1000 else { return }
                group.addTask(executorPreference: EventLoop.current) {
                    var report = TickReport()
                    await delivery.drain(thread, of: channel, by: deadline, &report)
                    return report
                }
            }
            for _ in 0..<Self.width { addNext() }
            for await report in group {
                reports.append(report)
                addNext()
            }
            return reports
        }
        for part in reports {
            report.sent += part.sent
            report.postponed += part.postponed
            report.failed += part.failed
        }
    }

    // MARK: Closed contacts

    /// Milliseconds by which each look goes back behind the last one, because clocks and lists are not exact.
    private static let overlap = 60_000
    private static let cursorLife = 30 * 86_400_000

    private func poll(by deadline: Instant, _ report: inout TickReport) async {
        var seen: Set<String> = []
        for channel in channels where seen.insert(channel.tenant).inserted {
            let own = channels.filter { $0.tenant == channel.tenant && !$0.pointsOfContact.isEmpty }
            guard let centre = delivery.centres[channel.tenant], !own.isEmpty else { continue }
            do throws(StoreFailure) {
                try await poll(channel.tenant, own, centre, by: deadline, &report)
            } catch { report.unseen += 1 }
        }
    }

    private func poll(
        _ tenant: String, _ channels: [Channel], _ centre: any ContactCentre, by deadline: Instant, _ report: inout TickReport
    ) async throws(StoreFailure) {
        // The claim lasts from one look to the next: it keeps other processes, and CXone's limits.
        let turn = StoreKey(tenant: tenant, purpose: "closed-poll", id: "turn")
        switch await delivery.store.claim(turn, [1], life: max(1000, pollMilliseconds ?? 0), by: deadline) {
        case .value: break
        case .absent, .conflict: return
        case .unavailable(let failure): throw failure
        }
        let cursor = StoreKey(tenant: tenant, purpose: "closed-poll", id: "cursor")
        let now = Int(clamping: delivery.time.epochMilliseconds())
        var since = now - max(Self.overlap, pollMilliseconds ?? 0)
        switch await delivery.store.get(cursor, by: deadline) {
        case .value(let value): since = Int(String(decoding: value.octets, as: UTF8.self)) ?? since
        case .absent, .conflict: break
        case .unavailable(let failure): throw failure
        }
        let closed: [ClosedContact]
        do throws(ContactCentreError) {
            closed = try await centre.closedContacts(of: channels.flatMap(\.pointsOfContact), since: since - Self.overlap, by: deadline)
        } catch {
            report.unseen += 1
            return
        }
        var isComplete = true
        for contact in closed {
            guard let channel = channels.first(where: { $0.pointsOfContact.contains { $0.id == contact.place } }),
                let place = channel.pointsOfContact.first(where: { $0.id == contact.place })
            else { continue }
            switch await delivery.end(contact.thread, contact: contact.contact, in: channel, visibility: place.visibility, by: deadline) {
            case .ended: report.ended += 1
            case .nothingToDo: break
            case .failed, .notNow: isComplete = false
            }
        }
        // What could not be ended is looked at again.
        guard isComplete else { return }
        let newest = closed.map(\.closed).max() ?? since
        _ = await delivery.store.put(cursor, Array("\(max(since, newest))".utf8), life: Self.cursorLife, by: deadline)
    }
}
