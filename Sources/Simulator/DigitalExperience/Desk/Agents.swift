import HTTP
package import HTTPTypes
package import JSON
import Synchronization
import Time

/// What became of something that an agent did.
package struct Sending: Sendable {
    /// The message as CXone keeps it; `nil` when it was not sent.
    package let message: Message?
    /// What the agent reads when it was not.
    package let failure: String?
    /// Posts of the message.
    package let attempts: Int
    /// Status of the middleware's last answer; 0 when none came.
    package let status: Int
}

/// The agent's side: what a person at the desk of Digital Experience does.
extension DigitalExperience {
    /// Answers in a contact's thread.
    package func reply(to contactNumber: String, _ draft: Draft, as agent: Int = 4711) async -> Sending {
        let found = world.withLock { world in
            world.contacts[contactNumber].flatMap { contact in
                world.place(of: contact.thread).map { (contact, $0) }
            }
        }
        guard let (contact, place) = found, let thread = place.thread else { return .refused("contact \(contactNumber) is unknown") }
        guard thread.canAddMoreMessages else { return .refused("the thread takes no more messages") }
        guard !contact.isOver else { return .refused("the contact is closed") }
        if let skill = world.withLock({ $0.skill(of: contact) }), !skill.agents.contains(agent) {
            return .refused("agent \(agent) has not the skill \(skill.name)")
        }
        let bodies = world.withLock { CallbackBodies(tenant: $0.tenant, behaviour: $0.behaviour) }
        let (parent, person) = world.withLock { world in
            let messages = thread.messages.compactMap { world.messages[$0] }
            let parent = draft.replyTo.map { id in messages.last { $0.idOnExternalPlatform == id } }
                ?? messages.last { $0.direction == .inbound }
            return (parent ?? nil, world.customers[contact.customer])
        }
        let recipients = person.map {
            [Recipient($0.idOnExternalPlatform, name: "\($0.firstName) \($0.lastName)", isPrivate: place.channel.isPrivate)]
        } ?? []
        let id = Fresh.uuid()
        let result: CallbackResult
        let answeredID: String?
        if place.integration.usesOutboundV2 {
            result = await callback(
                .callbackOutbound, to: place.integration, path: "/2.0/channel/\(Percent.encode(place.channel.id))/outbound",
                body: bodies.outbound(draft, thread: thread, to: recipients, replyTo: draft.replyTo ?? parent?.idOnExternalPlatform),
                shape: Shapes.outboundAnswer)
            answeredID = result.body?["message"]?["idOnExternalPlatform"]?.string
        } else {
            result = await callback(
                .callbackLegacy, to: place.integration, path: "/1.0/posts/\(Percent.encode(thread.id))/messages",
                body: bodies.legacy(
                    draft, id: id, thread: thread, channel: place.channel, to: recipients, replyTo: parent,
                    agent: world.withLock { $0.user(agent) }),
                shape: Shapes.legacyAnswer)
            answeredID = result.body?["idOnExternalPlatform"]?.string
        }
        let faults = faults(of: result, answeredID, in: thread, replyTo: parent?.idOnExternalPlatform)
        guard result.isDone, faults.isEmpty, let answeredID else { return failed(result, faults) }
        return await store(
            draft, Sent(id: id, external: answeredID, agent: agent, customer: contact.customer, result: result), in: thread.key,
            contact: contact.number)
    }

    /// Starts a conversation: the recipients are validated, then the message goes out without a thread.
    package func start(on channelID: String, with recipients: [Recipient], _ draft: Draft, as agent: Int = 4711) async -> Sending {
        let found = world.withLock { world in
            world.channels[channelID].flatMap { channel in world.integrations[channel.integrationID].map { (channel, $0) } }
        }
        guard let (channel, integration) = found, !channel.isDeleted else { return .refused("channel \(channelID) is unknown") }
        guard channel.hasOutboundFlow, channel.hasManualOutboundFlow else {
            return .refused("agents may not start conversations on \(channelID): hasOutboundFlow and hasManualOutboundFlow are not both true")
        }
        let bodies = world.withLock { CallbackBodies(tenant: $0.tenant, behaviour: $0.behaviour) }
        let base = "channel/\(Percent.encode(channel.id))"
        let validation = await callback(
            .callbackRecipients, to: integration, path: "/1.0/\(base)/recipients/validation", body: bodies.validation(recipients), shape: nil)
        guard validation.isDone else { return failed(validation, []) }
        let result = await callback(
            .callbackOutbound, to: integration, path: "/2.0/\(base)/outbound",
            body: bodies.outbound(draft, thread: nil, to: recipients, replyTo: nil), shape: Shapes.outboundAnswer)
        let external = result.body?["message"]?["idOnExternalPlatform"]?.string
        let thread = result.body?["thread"]?["idOnExternalPlatform"]?.string
        guard result.isDone, let external, let thread, let person = recipients.first else { return failed(result, []) }
        let key = ThreadKey(channel: channel.id, idOnExternalPlatform: thread)
        let faults = world.withLock { $0.messageIDs[ThreadKey(channel: channel.id, idOnExternalPlatform: external)] != nil }
            ? ["the id \(external) is not new"] : []
        guard faults.isEmpty else { return failed(result, faults) }
        let epoch = time.epochMilliseconds()
        let (customer, contact) = world.withLock { world in
            let identity = result.body?["endUserIdentities"]?.elements.first { _ in true }
            let customer = world.customer(ThreadKey(channel: channel.id, idOnExternalPlatform: person.idOnExternalPlatform), at: epoch) {
                $0.firstName = identity?["firstName"]?.string ?? person.name ?? ""
                $0.lastName = identity?["lastName"]?.string ?? ""
            }
            let contact = world.open(key, customer: customer, .outbound, at: epoch)
            world.journal.say("agent \(agent) starts a conversation on \(channel.id)", at: epoch)
            return (customer, contact)
        }
        return await store(
            draft, Sent(id: Fresh.uuid(), external: external, agent: agent, customer: customer, result: result), in: key, contact: contact)
    }

    /// Switches the agent's typing on or off in a contact's thread. Nothing is sent where the channel's flag forbids it.
    @discardableResult
    package func type(_ isTyping: Bool, in contactNumber: String, as agent: Int = 4711) async -> CallbackResult? {
        let found = world.withLock { world in
            world.contacts[contactNumber].flatMap { world.place(of: $0.thread) }.flatMap { place in
                world.user(agent).map { (place, $0, CallbackBodies(tenant: world.tenant, behaviour: world.behaviour)) }
            }
        }
        guard let (place, user, bodies) = found, let thread = place.thread, behaviour.canSendSenderActions else { return nil }
        let (channel, id) = (Percent.encode(place.channel.id), Percent.encode(thread.key.idOnExternalPlatform))
        return await callback(
            .callbackSenderAction, to: place.integration, path: "/1.0/channel/\(channel)/thread/\(id)/sender-action",
            body: bodies.senderAction(isTyping, agent: user), shape: nil)
    }

    /// What an agent's client sends through the API (§8.2).
    func send(_ outgoing: Outgoing) async -> Result<Answer, APIError> {
        let sending = switch outgoing.target {
        case .contact(let number): await reply(to: number, outgoing.draft)
        case .recipients(let channel, let recipients): await start(on: channel, with: recipients, outgoing.draft)
        }
        guard let message = sending.message else {
            return .failure(APIError(400, [Violation(nil, sending.failure ?? "The message was not sent.", "notSent")]))
        }
        return .success(world.withLock { $0.success(200, $0.created(message)) })
    }

    /// Calls any path under the box, with a token as every callback has one: for the ones that nobody has documented (§3.6).
    package func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: RawJSON = .emptyObject, integration: String? = nil
    ) async -> CallbackResult? {
        let form = integrations.first { integration == nil || $0.id == integration }
        guard let form else { return nil }
        return await callback(.callbackOther, to: form, path: path, body: body, shape: nil, method: method)
    }

    // MARK: After the callback

    private struct Sent {
        let id: String
        let external: String
        let agent: Int
        let customer: String
        let result: CallbackResult
    }

    /// What the schema cannot say: the id is new, it is not the one that was answered, and the thread is the same.
    private func faults(of result: CallbackResult, _ external: String?, in thread: Conversation, replyTo: String?) -> [String] {
        guard result.isDone, let external else { return [] }
        var faults: [String] = []
        if external == replyTo { faults.append("the id is the one of the message that was answered") }
        let key = ThreadKey(channel: thread.key.channel, idOnExternalPlatform: external)
        if world.withLock({ $0.messageIDs[key] }) != nil { faults.append("the id \(external) is not new") }
        if let answered = result.body?["thread"]?["idOnExternalPlatform"]?.string, answered != thread.key.idOnExternalPlatform {
            faults.append("the thread is \(answered), not \(thread.key.idOnExternalPlatform)")
        }
        return faults
    }

    private func failed(_ result: CallbackResult, _ faults: [String]) -> Sending {
        if !faults.isEmpty {
            world.withLock { world in
                world.journal.counters.badAnswers += 1
                for fault in faults { world.journal.say("the answer is not as agreed: \(fault)", at: time.epochMilliseconds()) }
            }
        }
        let reason = result.displayError ?? faults.first
            ?? result.violations.first.map { "\($0.field ?? "answer"): \($0.message)" }
            ?? (result.status == 0 ? "the middleware did not answer" : "the middleware answered \(result.status)")
        return Sending(message: nil, failure: reason, attempts: result.attempts, status: result.status)
    }

    private func store(_ draft: Draft, _ sent: Sent, in key: ThreadKey, contact: String) async -> Sending {
        let delay = behaviour.storingDelay
        if delay > 0 { await sleep(time.now().advanced(byMilliseconds: delay)) }
        let epoch = time.epochMilliseconds()
        return world.withLock { world in
            var message = Message(
                id: sent.id, idOnExternalPlatform: sent.external, thread: key, contact: contact, customer: sent.customer,
                direction: .outbound,
                createdAtWithMilliseconds: sent.result.body?["message"]?["createdAtWithMilliseconds"]?.string ?? ISOTime.text(epoch),
                arrivedAt: epoch, sequence: world.messageOrder.count, content: draft.content, text: draft.text)
            message.attachments = draft.attachments
            message.agent = sent.agent
            message.replyTo = draft.replyTo
            message.url = sent.result.body?["message"]?["url"]?.string
            message.recipients = sent.result.body?["recipients"].map { RawJSON($0) }
            world.add(message)
            world.customers[sent.customer]?.outbound += 1
            if var contact = world.contacts[contact] {
                if contact.status == .new || contact.status == .resolved { world.change(&contact, to: .open, at: epoch) }
                contact.assignee = contact.assignee ?? sent.agent
                contact.updatedAt = epoch
                world.contacts[contact.number] = contact
            }
            world.journal.say("the agent's message is \(sent.external) in \(key.idOnExternalPlatform): \"\(draft.text.prefix(80))\"", at: epoch)
            return Sending(message: world.messages[sent.id], failure: nil, attempts: sent.result.attempts, status: sent.result.status)
        }
    }
}

extension Sending {
    static func refused(_ reason: String) -> Sending { Sending(message: nil, failure: reason, attempts: 0, status: 0) }
}

extension World {
    struct Place {
        let channel: Channel
        let integration: Integration
        let thread: Conversation?
    }

    func place(of key: ThreadKey) -> Place? {
        guard let channel = channels[key.channel], let integration = integrations[channel.integrationID] else { return nil }
        return Place(channel: channel, integration: integration, thread: threads[key])
    }

    /// The thread's open contact, or a new one.
    mutating func open(_ key: ThreadKey, customer: String, _ direction: Direction, at epoch: Int64) -> String {
        if let number = threads[key]?.contact, contacts[number]?.isOver == false { return number }
        let contact = newContact(in: key, customer: customer, direction, at: epoch)
        contacts[contact.number] = contact
        if threads[key] == nil { threadOrder.append(key) }
        threads[key, default: Conversation(key: key)].contact = contact.number
        return contact.number
    }
}
