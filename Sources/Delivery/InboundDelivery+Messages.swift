import Conversation
import HTTP
import Store
import Time

extension InboundDelivery {
    /// A message on its way to CXone: what is created, and under which claim.
    package struct Creation: Sendable {
        var message: InboundMessage
        /// Names the claim; differs from the message's id for what is told about a message.
        var claim: String
        /// The id in CXone when it is not the message's own.
        var externalID: MessageID?
        var isDeleted = false
    }

    func take(_ message: InboundMessage, _ desk: Desk) async -> Step {
        if let echo = await echo(of: message, desk) { return echo }
        return await create(Creation(message: message, claim: message.id.text), desk)
    }

    /// Why a message is not the contact's: an echo of what we sent, or the business's own. `nil` when it is to be carried.
    func echo(of message: InboundMessage, _ desk: Desk) async -> Step? {
        if message.isOwn, !desk.channel.inboundOptions.carriesOwnMessages { return .ignored("own message") }
        // Our own message can come back before its record is written; a contact's cannot have one.
        switch await sentRecord(of: message.id, desk, patiently: message.isOwn) {
        case .success(nil): return nil
        case .success(.some): return .ignored("echo")
        case .failure(let failure): return .store(failure)
        }
    }

    /// The record of a message of ours. Waits a little where one is to be expected.
    func sentRecord(of id: MessageID, _ desk: Desk, patiently: Bool = true) async -> Result<SentRecord?, StoreFailure> {
        do throws(StoreFailure) {
            for pause in patiently ? [0, 150, 350] : [0] {
                let next = time.now().advanced(byMilliseconds: pause)
                guard pause == 0 || next < desk.last else { break }
                if pause > 0 { await sleep(next) }
                if let record = try await sent.record(of: id, in: desk.channel, by: desk.deadline) { return .success(record) }
            }
            return .success(nil)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Creating

    func create(_ creation: Creation, _ desk: Desk) async -> Step {
        guard let place = desk.channel.pointOfContact(for: creation.message.visibility) else {
            guard !desk.channel.pointsOfContact.isEmpty else {
                return .notNow(milliseconds: 60_000, reason: "the channel has no id in CXone yet")
            }
            return await putAside(creation, reason: "no channel in CXone for this visibility", desk)
        }
        let key = InboundClaims.key(creation.claim, in: desk.channel)
        let limit = max(0, desk.deadline.milliseconds(since: time.now())) + 1000
        switch await claims.take(key, limit: limit, by: desk.deadline) {
        case .done(let contact): return .repeated(contact: contact)
        case .running(let milliseconds): return .notNow(milliseconds: milliseconds, reason: "taken by another process")
        case .unavailable(let failure): return .store(failure)
        case .ours(let version, let isFirst):
            return await create(creation, place, Claim(key: key, version: version, isFirst: isFirst), desk)
        }
    }

    struct Claim {
        let key: StoreKey
        let version: StoreVersion
        let isFirst: Bool
    }

    private func create(_ creation: Creation, _ place: PointOfContact, _ claim: Claim, _ desk: Desk) async -> Step {
        let record: ThreadRecord
        do throws(StoreFailure) {
            record = try await currentRecord(creation.message, desk)
        } catch {
            await abandon(claim)
            return .store(error)
        }
        if let step = await reopen(creation.message.thread, record, place, desk) {
            await abandon(claim)
            return step
        }
        guard let (message, options) = await dressed(creation, record, desk) else {
            await abandon(claim)
            return .ignored("own message of an unknown thread")
        }
        let result = await attempt(message, options, place, looksFirst: !claim.isFirst, desk)
        switch result {
        case .success(let created):
            await claims.finish(claim.key, claim.version, contact: created.contact, by: nil)
            await remember(created, message, of: creation.message.thread, record, desk)
            return .taken(contact: created.contact)
        case .failure(let failure):
            return await failed(failure, creation, claim, desk)
        }
    }

    /// The thread's record as it is for this message: a live chat that ended begins anew.
    private func currentRecord(_ message: InboundMessage, _ desk: Desk) async throws(StoreFailure) -> ThreadRecord {
        let record = try await threads.record(of: message.thread, in: desk.channel, by: desk.deadline)
        guard let record else { return ThreadRecord(visibility: message.visibility) }
        guard record.hasEnded, desk.channel.capabilities.isLiveChat else { return record }
        return try await threads.beginAnew(message.thread, in: desk.channel, visibility: message.visibility, by: desk.deadline)
    }

    /// A thread that lasts takes agents' messages again before the contact's next one is there. `nil` when it does.
    private func reopen(_ thread: ThreadID, _ record: ThreadRecord, _ place: PointOfContact, _ desk: Desk) async -> Step? {
        guard record.hasEnded else { return nil }
        do throws(ContactCentreError) {
            try await desk.centre.reopen(record.threadForContactCentre(thread), contact: record.contact, in: place, by: desk.last)
        } catch where error.isTransient {
            return .notNow(milliseconds: error.retryAfterMilliseconds ?? 2000, reason: "contact centre: \(error)")
        } catch {
            // What CXone will not open is told to the agent who answers; the contact's message goes there all the same.
        }
        return nil
    }

    /// The message as CXone gets it: thread, author, choice and files settled.
    private func dressed(_ creation: Creation, _ record: ThreadRecord, _ desk: Desk) async -> (InboundMessage, CreateOptions)? {
        var message = creation.message
        var options = CreateOptions()
        message.thread = record.threadForContactCentre(message.thread)
        if message.isOwn {
            // CXone wants the customer as author, whichever way the message went (§8.1).
            guard let person = record.person else { return nil }
            options.customer = person
        } else if case .text(let text) = message.content, let choice = ChoiceMatching.choice(text, among: record.choices) {
            message.content = .choice(title: choice.title, value: choice.value)
        }
        options.externalID = creation.externalID
        options.isDeleted = creation.isDeleted
        options.contact = record.contact
        options.supportedTypes = desk.channel.capabilities.supportedTypes
        options.customerFields = Self.fields(message.facts, desk.channel.inboundOptions.customerFields)
        options.contactFields = Self.fields(message.facts, desk.channel.inboundOptions.contactFields)
        var lost: [String] = []
        for file in message.files {
            if let shared = await files?.link(to: file, in: desk.channel, by: desk.last) {
                options.files.append((shared.name, shared.url))
            } else {
                lost.append("(file not available: \(FileNames.shown(file.name)))")
            }
        }
        if !lost.isEmpty { message.content = message.content.adding(lost) }
        return (message, options)
    }

    /// The facts that the settings carry, under CXone's names; a value is cut to what a custom field holds (§8.5).
    private static func fields(_ facts: [(name: String, value: String)], _ carried: [CarriedFact]) -> [(name: String, value: String)] {
        carried.compactMap { carried in
            facts.first { $0.name == carried.fact }.map { (carried.ident, String($0.value.prefix(1024))) }
        }
    }

    private func attempt(
        _ message: InboundMessage, _ options: CreateOptions, _ place: PointOfContact, looksFirst: Bool, _ desk: Desk
    ) async -> Result<CreatedMessage, ContactCentreError> {
        let id = options.externalID ?? message.id
        do throws(ContactCentreError) {
            if looksFirst, let found = try await desk.centre.find(id, in: place, by: desk.last) { return .success(found) }
            do throws(ContactCentreError) {
                return .success(try await desk.centre.create(message, options, in: place, by: desk.last))
            } catch where error.code == .exists {
                // It is there, which is all that matters; its numbers are only comfort.
                return .success(await look(id, place, desk) ?? CreatedMessage(contact: options.contact, message: nil, customer: nil))
            } catch where error.isTransient && error.mayHaveArrived && error.code != .throttled {
                if let found = await look(id, place, desk) { return .success(found) }
                throw error
            }
        } catch {
            return .failure(error)
        }
    }

    private func look(_ id: MessageID, _ place: PointOfContact, _ desk: Desk) async -> CreatedMessage? {
        guard time.now() < desk.last else { return nil }
        return (try? await desk.centre.find(id, in: place, by: desk.last)) ?? nil
    }

    // MARK: Afterwards

    private func failed(_ error: ContactCentreError, _ creation: Creation, _ claim: Claim, _ desk: Desk) async -> Step {
        if error.isTransient {
            if error.mayHaveArrived || !claim.isFirst {
                await claims.leaveUnclear(claim.key, claim.version)
            } else {
                await claims.release(claim.key, claim.version)
            }
            return .notNow(milliseconds: error.retryAfterMilliseconds ?? 2000, reason: "contact centre: \(error)")
        }
        let step = await putAside(creation, reason: "contact centre: \(error)", desk)
        if case .putAside = step { await claims.finish(claim.key, claim.version, contact: nil, by: nil) } else { await abandon(claim) }
        return step
    }

    func putAside(_ creation: Creation, reason: String, _ desk: Desk) async -> Step {
        do throws(StoreFailure) {
            return .putAside(reason: reason, key: try await deadLetters.keep(creation, reason: reason, in: desk.channel, by: desk.deadline).text)
        } catch {
            return .store(error)
        }
    }

    /// Gives a claim back as it was found.
    private func abandon(_ claim: Claim) async {
        if claim.isFirst { await claims.release(claim.key, claim.version) } else { await claims.leaveUnclear(claim.key, claim.version) }
    }

    /// Keeps in the thread's record what CXone said. A failure costs comfort only: the next message says it again.
    private func remember(
        _ created: CreatedMessage, _ message: InboundMessage, of thread: ThreadID, _ record: ThreadRecord, _ desk: Desk
    ) async {
        let person = message.isOwn ? record.person : message.author
        let isChoice = if case .choice = message.content { true } else { false }
        let update: @Sendable (inout ThreadRecord) -> Void = { record in
            if let contact = created.contact, contact != record.contact {
                record.contact = contact
                record.wasAnswered = false
            }
            record.customer = created.customer ?? record.customer
            record.person = person
            record.hasEnded = false
            if isChoice { record.choices = [] }
        }
        var changed = record
        update(&changed)
        guard changed != record || record.contact == nil else { return }
        _ = try? await threads.change(thread, in: desk.channel, visibility: message.visibility, by: desk.deadline, update)
    }
}

extension ChannelCapabilities {
    /// Rich types that the channel shows as they are, by CXone's names (`byoc.md` §8.1).
    var supportedTypes: [String] {
        ["TEXT"] + (choices > 0 ? ["QUICK_REPLIES", "LIST_PICKER"] : []) + (showsLinks ? ["RICH_LINK"] : [])
            + cards.filter { !["TEXT", "QUICK_REPLIES", "LIST_PICKER", "RICH_LINK"].contains($0) }
    }
}

extension InboundContent {
    /// The words of the content with more lines after them.
    func adding(_ lines: [String]) -> InboundContent {
        switch self {
        case .none: .text(lines.joined(separator: "\n"))
        case .text(let text): .text(([text] + lines).joined(separator: "\n"))
        case .choice(let title, let value): .choice(title: ([title] + lines).joined(separator: "\n"), value: value)
        case .described(let kind, let words): .described(kind: kind, words: ([words] + lines).joined(separator: "\n"))
        }
    }
}

enum FileNames {
    /// A file's name as it may stand in a text for people: no directories, no control or direction characters, not long.
    static func shown(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let kept = String(String.UnicodeScalarView(last.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
            default: true
            }
        }))
        return kept.isEmpty ? "file" : String(kept.prefix(120))
    }
}
