import HTTP
import JSON

/// `byoc.md` §8.1, 8.3, 8.7.
extension World {
    mutating func createMessage(_ call: Incoming) throws(APIError) -> Answer {
        let channel = try channel(call[0])
        let refusing = behaviour.unknownFields == .refuse
        let body = try call.body(Shapes.message, behaviour) { body in
            guard let content = body["messageContent"], content.kind == .object else { return [] }
            return ContentShapes.violations(of: content, at: "messageContent", refusingUnknown: refusing)
        }
        try checkIdents(body["contact"]?["customFields"], at: "contact.customFields")
        let key = ThreadKey(channel: channel.id, idOnExternalPlatform: body["thread"]?["idOnExternalPlatform"]?.string ?? "")
        let external = ThreadKey(channel: channel.id, idOnExternalPlatform: body["idOnExternalPlatform"]?.string ?? "")
        let direction: Direction = body["direction"]?.string == "outbound" ? .outbound : .inbound
        let current = messageIDs[external].flatMap { messages[$0]?.contact } ?? threads[key]?.contact
        try charge(direction == .inbound ? [.updateContact, .storeInbound] : [.updateContact], contact: current, at: call.now)
        begin(key, call)
        if let known = messageIDs[external].flatMap({ messages[$0] }) { return try repeated(known, body, call) }
        if let wanted = body["contact"]?["skillId"]?.integer, !tenant.skills.contains(where: { $0.id == wanted }) {
            throw .invalid([Violation("contact.skillId", "Skill \(wanted) was not found.", "notFound")])
        }
        let contact = try contactForMessage(in: key, body, direction, at: call.epoch)
        let message = store(body, external: external, key, contact: contact, direction, at: call.epoch)
        journal.counters.created += 1
        journal.note("\(channel.id)/\(key.idOnExternalPlatform) #\(contact.number) \"\(message.text.prefix(80))\"")
        return success(200, created(message))
    }

    /// Marks the thread as busy until the answer is out; `finish` ends it.
    private mutating func begin(_ key: ThreadKey, _ call: Incoming) {
        journal.busy[call.request.front.requestID] = key
        journal.running[key, default: 0] += 1
        if journal.running[key, default: 0] > 1 { journal.counters.overlaps += 1 }
    }

    private mutating func repeated(_ known: Message, _ body: JSON, _ call: Incoming) throws(APIError) -> Answer {
        var message = known
        message.creates += 1
        journal.counters.duplicates += 1
        journal.note("message \(message.idOnExternalPlatform) again, \(behaviour.duplicates.rawValue)")
        defer { messages[message.id] = message }
        switch behaviour.duplicates {
        case .refuse: throw .conflict("Message \"\(message.idOnExternalPlatform)\" exists already.")
        case .ignore: break
        case .update:
            if let content = body["messageContent"] {
                message.content = RawJSON(content)
                message.text = ContentShapes.text(of: content)
            }
            message.attachments = World.attachments(body)
            if let deleted = body["deletedOnExternalPlatform"]?.bool { message.isDeleted = deleted }
            message.reactions = body["reactionStatistics"].map { RawJSON($0) } ?? message.reactions
        }
        return success(200, created(message))
    }

    func created(_ message: Message) -> RawJSON {
        RawJSON { $0.object { object in
            if let contact = contacts[message.contact] {
                object.name("consumerContact")
                write(contact, to: &object)
            }
            object.name("message")
            write(message, to: &object)
        } }
    }

    private mutating func contactForMessage(
        in key: ThreadKey, _ body: JSON, _ direction: Direction, at epoch: Int64
    ) throws(APIError) -> Contact {
        let wanted = body["contact"]
        var contact: Contact
        if let open = threads[key]?.contact.flatMap({ contacts[$0] }), !open.isOver {
            contact = open
            if contact.status == .resolved, direction == .inbound { change(&contact, to: .open, at: epoch) }
        } else {
            if threads[key]?.contact != nil, behaviour.closedThread == .refuse {
                throw .conflict("The thread's contact is closed.")
            }
            let customer = customer(body, in: key.channel, at: epoch)
            contact = newContact(in: key, customer: customer, direction, at: epoch)
        }
        contact.skillID = wanted?["skillId"]?.integer ?? contact.skillID
        for field in wanted?["customFields"]?.elements.map({ $0 }) ?? [] {
            if let ident = field["ident"]?.string { contact.customFields[ident] = field["value"]?.string }
        }
        if let status = wanted?["status"]?.string.flatMap(Contact.Status.init) { change(&contact, to: status, at: epoch) }
        contact.updatedAt = epoch
        contacts[contact.number] = contact
        var thread = threads[key] ?? Conversation(key: key)
        if threads[key] == nil { threadOrder.append(key) }
        thread.contact = contact.number
        thread.name = body["thread"]?["threadName"]?.string ?? thread.name
        threads[key] = thread
        return contact
    }

    mutating func newContact(in key: ThreadKey, customer: String, _ direction: Direction, at epoch: Int64) -> Contact {
        let number = nextContactNumber()
        contactOrder.append(number)
        journal.note("new contact #\(number)")
        return Contact(
            number: number, thread: key, customer: customer, direction: direction, createdAt: epoch, updatedAt: epoch, status: .new,
            statusUpdatedAt: epoch)
    }

    func change(_ contact: inout Contact, to status: Contact.Status, at epoch: Int64) {
        contact.status = status
        contact.statusUpdatedAt = epoch
        contact.updatedAt = epoch
    }

    /// The person of `authorEndUserIdentity`, made when new.
    private mutating func customer(_ body: JSON, in channel: String, at epoch: Int64) -> String {
        let identity = body["authorEndUserIdentity"]
        let key = ThreadKey(channel: channel, idOnExternalPlatform: identity?["idOnExternalPlatform"]?.string ?? "")
        return customer(key, at: epoch) { customer in
            customer.firstName = identity?["firstName"]?.string ?? customer.firstName
            customer.lastName = identity?["lastName"]?.string ?? customer.lastName
            customer.nickname = identity?["nickname"]?.string ?? customer.nickname
            customer.image = identity?["image"]?.string ?? customer.image
            for field in identity?["customFields"]?.elements.map({ $0 }) ?? [] {
                if let ident = field["ident"]?.string { customer.customFields[ident] = field["value"]?.string }
            }
        }
    }

    @discardableResult
    mutating func customer(_ key: ThreadKey, at epoch: Int64, _ edit: (inout Customer) -> Void) -> String {
        let id = customerIDs[key] ?? Fresh.uuid()
        if customerIDs[key] == nil {
            customerIDs[key] = id
            customerOrder.append(id)
        }
        var customer = customers[id]
            ?? Customer(id: id, idOnExternalPlatform: key.idOnExternalPlatform, channel: key.channel, updatedAt: epoch)
        edit(&customer)
        customer.updatedAt = epoch
        customers[id] = customer
        return id
    }

    private mutating func store(
        _ body: JSON, external: ThreadKey, _ key: ThreadKey, contact: Contact, _ direction: Direction, at epoch: Int64
    ) -> Message {
        let content = body["messageContent"]
        let author = customer(body, in: key.channel, at: epoch)
        if direction == .inbound { customers[author]?.inbound += 1 } else { customers[author]?.outbound += 1 }
        var message = Message(
            id: Fresh.uuid(), idOnExternalPlatform: external.idOnExternalPlatform, thread: key, contact: contact.number, customer: author,
            direction: direction, createdAtWithMilliseconds: body["createdAtWithMilliseconds"]?.string ?? "", arrivedAt: epoch,
            sequence: messageOrder.count, content: content.map { RawJSON($0) } ?? .emptyObject,
            text: content.map(ContentShapes.text) ?? "")
        message.attachments = World.attachments(body)
        message.author = body["authorEndUserIdentity"].map { RawJSON($0) }
        message.recipients = body["recipients"].map { RawJSON($0) }
        message.replyTo = body["replyToMessage"]?["idOnExternalPlatform"]?.string
        message.title = body["title"]?.string
        message.url = body["url"]?.string
        message.externalAttributes = body["externalAttributes"].map { RawJSON($0) }
        message.reactions = body["reactionStatistics"].map { RawJSON($0) }
        message.isDeleted = body["deletedOnExternalPlatform"]?.bool ?? false
        add(message)
        return message
    }

    /// Files a message behind the others of its thread.
    mutating func add(_ message: Message) {
        var message = message
        let external = ThreadKey(channel: message.thread.channel, idOnExternalPlatform: message.idOnExternalPlatform)
        if let early = earlyStatuses.removeValue(forKey: external) { message.statuses += early }
        let before = threads[message.thread]?.messages.last.flatMap { messages[$0] }
        if let old = before.flatMap({ ISOTime.parse($0.createdAtWithMilliseconds, milliseconds: true) }),
            let new = ISOTime.parse(message.createdAtWithMilliseconds, milliseconds: true), new < old {
            journal.counters.disorders += 1
            journal.note("older than the message before it")
        }
        messages[message.id] = message
        messageOrder.append(message.id)
        messageIDs[external] = message.id
        if message.direction == .inbound { threads[message.thread]?.customerTypes = false }
        threads[message.thread, default: Conversation(key: message.thread)].messages.append(message.id)
    }

    static func attachments(_ body: JSON) -> [Attachment] {
        (body["attachments"]?.elements.map { $0 } ?? []).map {
            Attachment(friendlyName: $0["friendlyName"]?.string ?? "", url: $0["url"]?.string ?? "")
        }
    }

    // MARK: Delivery

    private static let ranks = ["sent": 0, "failed": 1, "delivered": 1, "seen": 2]

    mutating func updateStatus(_ call: Incoming) throws(APIError) -> Answer {
        let channel = try channel(call[0])
        let body = try call.body(Shapes.deliveryStatus, behaviour)
        let status = DeliveryStatus(
            status: body["status"]?.string ?? "", updatedAt: body["updatedAt"]?.string ?? "", reason: body["reason"]?.string)
        let key = ThreadKey(channel: channel.id, idOnExternalPlatform: call[1])
        guard var message = messageIDs[key].flatMap({ messages[$0] }) else {
            guard behaviour.earlyStatus == .keep else { throw .notFound("Message \"\(call[1])\" was not found.") }
            earlyStatuses[key, default: []].append(status)
            return success(200, nil, isRead: false)
        }
        try charge([.updateContact], contact: message.contact, at: call.now)
        if let last = message.statuses.last, World.ranks[last.status, default: 0] > World.ranks[status.status, default: 0] {
            journal.counters.regressions += 1
            journal.note("\(status.status) behind \(last.status)")
        }
        message.statuses.append(status)
        messages[message.id] = message
        journal.note("\(message.idOnExternalPlatform) \(status.status)\(status.reason.map { ": \($0)" } ?? "")")
        return success(200, RawJSON { write(message, to: &$0) }, isRead: false)
    }

    // MARK: Reading

    mutating func listMessages(_ call: Incoming) throws(APIError) -> Answer {
        try charge([.getContact], at: call.now)
        let (ids, channels, authors) = (call.all("idOnExternalPlatform"), call.all("channel"), call.all("authorIdOnExternalPlatform"))
        let direction = try call.choice("direction", ["inbound", "outbound"])
        let named = ids.flatMap { id in channels.compactMap { messageIDs[ThreadKey(channel: $0, idOnExternalPlatform: id)] } }
        // By the index where ids and channels are named: a look-up costs the same however much is stored.
        let found = (named.isEmpty ? messageOrder : named).compactMap { messages[$0] }.filter { message in
            (ids.isEmpty || ids.contains(message.idOnExternalPlatform)) && (channels.isEmpty || channels.contains(message.thread.channel))
                && (authors.isEmpty || authors.contains(customers[message.customer]?.idOnExternalPlatform ?? ""))
                && (direction == nil || direction == message.direction.rawValue)
                && call.one("contactNumber").map { $0 == message.contact } ?? true
                && call.one("contentContains").map { message.text.contains($0) } ?? true
                && call.one("contentNotContains").map { !message.text.contains($0) } ?? true
                && call.one("query").map { message.text.contains($0) } ?? true
        }
        return Answer(200, page(found.count) { list in for message in found.prefix(100) { write(message, to: &list) } })
    }

    mutating func getMessage(_ call: Incoming) throws(APIError) -> Answer {
        try charge([.getContact], at: call.now)
        let message = try message(call[0])
        return Answer(200, RawJSON { write(message, to: &$0) })
    }

    mutating func markRead(_ call: Incoming) throws(APIError) -> Answer {
        var message = try message(call[0])
        message.isRead = try call.body(Shapes.isRead, behaviour)["isRead"]?.bool ?? false
        messages[message.id] = message
        return success(204, nil, isRead: false)
    }

    mutating func removeContent(_ call: Incoming) throws(APIError) -> Answer {
        var message = try message(call[0])
        _ = try call.body(Shapes.removal, behaviour)
        (message.content, message.text, message.attachments) = (.emptyObject, "", [])
        messages[message.id] = message
        return success(204, nil, isRead: false)
    }

    mutating func removeAuthorName(_ call: Incoming) throws(APIError) -> Answer {
        var message = try message(call[0])
        _ = try call.body(Shapes.removal, behaviour)
        message.author = nil
        messages[message.id] = message
        return success(204, nil, isRead: false)
    }
}
