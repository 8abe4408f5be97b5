import HTTP
import JSON
import Secrets

/// A message that the API was asked to send, checked.
struct Outgoing {
    enum Target {
        case contact(String)
        case recipients(channel: String, [Recipient])
    }

    let draft: Draft
    let target: Target
}

/// The operations next to those that a middleware needs (`byoc.md` §8.2, 8.7).
extension World {
    mutating func sendOutbound(_ call: Incoming) throws(APIError) -> Answer {
        let channel = try channel(call[0])
        let refusing = behaviour.unknownFields == .refuse
        let body = try call.body(Shapes.outbound, behaviour) { body in
            guard let content = body["messageContent"], content.kind == .object else { return [] }
            return ContentShapes.violations(of: content, at: "messageContent", refusingUnknown: refusing)
        }
        var draft = Draft(content: body["messageContent"].map { RawJSON($0) } ?? .emptyObject)
        draft.attachments = World.attachments(body)
        draft.title = body["title"]?.string
        draft.isQuote = body["isReplyToSpecificMessage"]?.bool ?? false
        draft.replyTo = body["replyToMessage"]?["idOnExternalPlatform"]?.string
            ?? body["replyToMessage"]?["id"]?.string.flatMap { messages[$0]?.idOnExternalPlatform }
        let thread = body["thread"]?["idOnExternalPlatform"]?.string
        let contact = thread.flatMap { threads[ThreadKey(channel: channel.id, idOnExternalPlatform: $0)]?.contact }
        try charge([.updateContact, .sendOutbound], contact: contact, at: call.now)
        var answer = Answer(200, nil)
        if let thread {
            guard let contact else { throw .notFound("Thread \"\(thread)\" was not found.") }
            answer.outgoing = Outgoing(draft: draft, target: .contact(contact))
        } else {
            let recipients = (body["recipients"]?.elements.map { $0 } ?? []).map {
                Recipient($0["idOnExternalPlatform"]?.string ?? "", name: $0["name"]?.string)
            }
            guard !recipients.isEmpty else {
                throw .invalid([Violation("recipients", "A thread or recipients are needed.", "missing")])
            }
            answer.outgoing = Outgoing(draft: draft, target: .recipients(channel: channel.id, recipients))
        }
        return answer
    }

    /// `POST /channels/{id}/inbound`: a message without an id on the platform.
    mutating func createInbound(_ call: Incoming) throws(APIError) -> Answer {
        let channel = try channel(call[0])
        let refusing = behaviour.unknownFields == .refuse
        let body = try call.body(Shapes.inbound, behaviour) { body in
            guard let content = body["messageContent"], content.kind == .object else { return [] }
            return ContentShapes.violations(of: content, at: "messageContent", refusingUnknown: refusing)
        }
        let thread = body["thread"]?["idOnExternalPlatform"]?.string ?? Fresh.uuid()
        let key = ThreadKey(channel: channel.id, idOnExternalPlatform: thread)
        try charge([.updateContact, .storeInbound], contact: threads[key]?.contact, at: call.now)
        let person = body["authorCustomerIdentity"]
        let author = customer(
            ThreadKey(channel: channel.id, idOnExternalPlatform: person?["idOnExternalPlatform"]?.string ?? ""), at: call.epoch
        ) { $0.inbound += 1 }
        let contact = open(key, customer: author, .inbound, at: call.epoch)
        var message = Message(
            id: Fresh.uuid(), idOnExternalPlatform: Fresh.uuid(), thread: key, contact: contact, customer: author, direction: .inbound,
            createdAtWithMilliseconds: ISOTime.text(call.epoch), arrivedAt: call.epoch, sequence: messageOrder.count,
            content: body["messageContent"].map { RawJSON($0) } ?? .emptyObject, text: body["messageContent"].map(ContentShapes.text) ?? "")
        message.attachments = World.attachments(body)
        add(message)
        journal.counters.created += 1
        return success(200, RawJSON { $0.object { object in
            object.name("contact")
            if let contact = contacts[contact] { write(contact, to: &object) } else { object.null() }
        } })
    }

    /// Marks it deleted. What CXone would ask of the platform has no known path (§3.6); `DigitalExperience.call` sends any.
    mutating func deleteMessage(_ call: Incoming) throws(APIError) -> Answer {
        var message = try message(call[0])
        let channel = try channel(message.thread.channel)
        guard channel.fields.parsed()?["hasAbilityToDelete"]?.bool == true else {
            throw .forbidden("The channel has not the ability to delete.")
        }
        message.isDeleted = true
        messages[message.id] = message
        return success(204, nil, isRead: false)
    }

    func react(_ call: Incoming, isOn: Bool) throws(APIError) -> Answer {
        _ = try message(call[0])
        guard call[1] == "like" || (isOn && call[1] == "share") else { throw .notFound("There is no reaction \(call[1]).") }
        return Answer(204, nil)
    }

    func touch(_ call: Incoming) throws(APIError) -> Answer {
        _ = try message(call[0])
        return Answer(204, nil)
    }

    mutating func setQueue(_ call: Incoming) throws(APIError) -> Answer {
        var contact = try contact(call[0])
        let queue = try call.body(Shapes.queue, behaviour)["routingQueueId"]?.string
        guard let skill = tenant.skills.first(where: { $0.queue == queue }) else { throw .notFound("The routing queue was not found.") }
        contact.skillID = skill.id
        contacts[contact.number] = contact
        return success(204, nil, isRead: false)
    }
}
