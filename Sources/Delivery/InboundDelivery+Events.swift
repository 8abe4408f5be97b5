import Conversation
import Store
import Time

// Everything that is no new message: receipts, typing, endings, edits and deletions.

extension InboundDelivery {
    // MARK: Receipts

    func take(_ receipt: Receipt, _ record: SentRecord, _ desk: Desk) async -> Step {
        guard let place = desk.channel.pointOfContact(for: record.visibility) else { return .ignored("receipt without a channel in CXone") }
        let thread: ThreadRecord?
        do throws(StoreFailure) {
            thread = try await threads.record(of: record.thread, in: desk.channel, by: desk.deadline)
            if receipt.coversEarlier, receipt.status != .failed {
                for earlier in try await sent.latest(of: record.thread, in: desk.channel, by: desk.deadline).prefix(while: { $0.message != record.message }) {
                    let step = await report(receipt, on: earlier, allParts: true, place, thread, desk)
                    if case .notNow = step { return step }
                }
            }
        } catch {
            return .store(error)
        }
        return await report(receipt, on: record, allParts: false, place, thread, desk)
    }

    /// Tells CXone how far a message has come, when that is news. Runs in the thread's turn, so that nothing overtakes.
    private func report(
        _ receipt: Receipt, on record: SentRecord, allParts: Bool, _ place: PointOfContact, _ thread: ThreadRecord?, _ desk: Desk
    ) async -> Step {
        let key = StoreKey(tenant: desk.channel.tenant, purpose: "receipt", id: desk.channel.name + "\u{0}" + record.message.text)
        var known = ReceiptRecord()
        switch await store.get(key, by: desk.deadline) {
        case .value(let value): known = ReceiptRecord(value.octets) ?? known
        case .absent, .conflict: break
        case .unavailable(let failure): return .store(failure)
        }
        let before = known
        known.note(receipt.status, part: allParts ? record.parts - 1 : record.part, coversEarlier: allParts || receipt.coversEarlier)
        guard let news = known.news(of: record.parts) else {
            if known != before { _ = await store.put(key, known.octets, life: SentRecords.life, by: desk.deadline) }
            return .repeated(contact: nil)
        }
        let report = Receipt(
            news, of: record.message, in: thread?.threadForContactCentre(record.thread) ?? record.thread, visibility: record.visibility,
            occurred: receipt.occurred, reason: news == .failed ? receipt.reason : nil)
        if let error = await tell(report, thread?.contact, place, desk) {
            switch error.code {
            // What the limit does not let through is not worth a message's place: a later receipt says more.
            case .throttled where news == .delivered: break
            case _ where error.isTransient:
                return .notNow(milliseconds: error.retryAfterMilliseconds ?? 2000, reason: "contact centre: \(error)")
            default:
                // It will never be taken; what was noted keeps it from being tried with every further receipt.
                known.reported = news
                _ = await store.put(key, known.octets, life: SentRecords.life, by: nil)
                return .ignored("receipt that CXone does not take")
            }
        } else {
            known.reported = news
        }
        _ = await store.put(key, known.octets, life: SentRecords.life, by: nil)
        return .taken(contact: nil)
    }

    /// A status can come before CXone has stored the message that it is about: 404 is repeated a few times (`byoc.md` §5.4).
    private func tell(_ receipt: Receipt, _ contact: String?, _ place: PointOfContact, _ desk: Desk) async -> ContactCentreError? {
        for pause in [200, 600, 0] {
            do throws(ContactCentreError) {
                try await desk.centre.report(receipt, contact: contact, in: place, by: desk.last)
                return nil
            } catch {
                let next = time.now().advanced(byMilliseconds: pause)
                guard error.code == .notFound, pause > 0, next < desk.last else { return error }
                await sleep(next)
            }
        }
        return nil
    }

    // MARK: Typing

    /// Best effort: nobody waits for it, nothing comes of a failure.
    func showTyping(_ isOn: Bool, in thread: ThreadID, visibility: Visibility, _ desk: Desk) async {
        guard let place = desk.channel.pointOfContact(for: visibility),
            let record = try? await threads.record(of: thread, in: desk.channel, by: desk.deadline),
            record.contact != nil, !record.hasEnded
        else { return }
        let limit = min(desk.last, time.now().advanced(byMilliseconds: 1000))
        try? await desk.centre.showTyping(isOn, in: record.threadForContactCentre(thread), of: place, by: limit)
    }

    // MARK: Endings

    func end(_ thread: ThreadID, visibility: Visibility, _ desk: Desk) async -> Step {
        let record: ThreadRecord?
        do throws(StoreFailure) {
            record = try await threads.record(of: thread, in: desk.channel, by: desk.deadline)
        } catch {
            return .store(error)
        }
        guard let record, let place = desk.channel.pointOfContact(for: record.visibility) else { return .ignored("ending of an unknown thread") }
        guard !record.hasEnded else { return .repeated(contact: record.contact) }
        do throws(ContactCentreError) {
            try await desk.centre.end(
                record.threadForContactCentre(thread), contact: record.contact, wasAnswered: record.wasAnswered, in: place, by: desk.last)
        } catch {
            // What CXone does not know or will not end is over for the contact all the same.
            guard !error.isTransient else {
                return .notNow(milliseconds: error.retryAfterMilliseconds ?? 2000, reason: "contact centre: \(error)")
            }
        }
        do throws(StoreFailure) {
            try await threads.change(thread, in: desk.channel, visibility: record.visibility, by: desk.deadline) {
                $0.hasEnded = true
                $0.choices = []
            }
        } catch {
            return .store(error)
        }
        return .taken(contact: record.contact)
    }

    // MARK: Edits and deletions

    func takeEdit(_ message: InboundMessage, _ desk: Desk) async -> Step {
        let options = desk.channel.inboundOptions
        guard options.edits != .ignored else { return .ignored("edit") }
        guard !message.isOwn else { return .ignored("own message") }
        if let echo = await echo(of: message, desk) { return echo }
        var creation = Creation(message: message, claim: "\(message.id.text)\u{0}edit\u{0}\(message.occurred)")
        if options.edits == .newMessage {
            creation.externalID = MessageID("\(message.id.text)~\(message.occurred)")
            creation.message.replyTo = message.id
            creation.message.isQuote = false
            switch message.content {
            case .none: creation.message.content = .text(options.editedWords)
            case .text(let text): creation.message.content = .text(options.editedWords + text)
            case .choice(let title, _): creation.message.content = .text(options.editedWords + title)
            case .described(let kind, let words): creation.message.content = .described(kind: kind, words: options.editedWords + words)
            }
        }
        return await create(creation, desk)
    }

    func takeDeletion(of id: MessageID, in thread: ThreadID, visibility: Visibility, _ desk: Desk) async -> Step {
        let options = desk.channel.inboundOptions
        guard options.deletions != .ignored else { return .ignored("deletion") }
        let record: ThreadRecord?
        do throws(StoreFailure) {
            if try await sent.record(of: id, in: desk.channel, by: desk.deadline) != nil { return .ignored("echo") }
            record = try await threads.record(of: thread, in: desk.channel, by: desk.deadline)
        } catch {
            return .store(error)
        }
        // Nobody wants a new contact made because an old message went.
        guard let record, let person = record.person, !record.hasEnded else { return .ignored("deletion in no open thread") }
        var message = InboundMessage(
            id: id, thread: thread, visibility: visibility, author: person, content: .described(kind: "deletion", words: options.deletedWords),
            occurred: Int(clamping: time.epochMilliseconds()))
        var creation = Creation(message: message, claim: "\(id.text)\u{0}deletion")
        if options.deletions == .newMessage {
            message.replyTo = id
            creation.message = message
            creation.externalID = MessageID("\(id.text)~deleted")
        } else {
            creation.isDeleted = true
        }
        return await create(creation, desk)
    }
}
