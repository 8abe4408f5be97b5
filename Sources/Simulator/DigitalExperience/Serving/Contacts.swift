import JSON
import Secrets

/// Threads, contacts and customers (`byoc.md` §8.4–8.6).
extension World {
    // MARK: Threads

    mutating func listThreads(_ call: Incoming) throws(APIError) -> Answer {
        try charge([.getContact], at: call.now)
        let found = threadOrder.compactMap { threads[$0] }.filter { thread in
            call.one("query").map { thread.key.idOnExternalPlatform.contains($0) || thread.name?.contains($0) == true } ?? true
        }
        return Answer(200, RawJSON { $0.object { object in
            object.field("totalRecords", found.count)
            object.field("data", array: { list in for thread in found.prefix(100) { write(thread, to: &list) } })
            object.field("_links", object: { $0.field("self", "/dfo/3.0/threads") })
            if call.one("withContext") == "1" {
                object.field("_context", object: { context in
                    context.field("messages", array: { list in
                        for id in found.compactMap({ $0.messages.last }) { if let message = messages[id] { write(message, to: &list) } }
                    })
                    context.field("channels", array: { list in
                        for id in Set(found.map(\.key.channel)).sorted() { if let channel = channels[id] { write(channel, to: &list) } }
                    })
                })
            }
        } })
    }

    mutating func updateThread(_ call: Incoming) throws(APIError) -> Answer {
        let key = ThreadKey(channel: try channel(call[0]).id, idOnExternalPlatform: call[1])
        let body = try call.body(Shapes.thread, behaviour)
        guard var thread = threads[key] else { throw .notFound("Thread \"\(call[1])\" was not found.") }
        try charge([.updateContact], contact: thread.contact, at: call.now)
        thread.canAddMoreMessages = body["canAddMoreMessages"]?.bool ?? true
        threads[key] = thread
        journal.note("\(key.idOnExternalPlatform) \(thread.canAddMoreMessages ? "open" : "closed") for agents")
        return success(200, RawJSON { write(thread, to: &$0) }, isRead: false)
    }

    mutating func senderAction(_ call: Incoming) throws(APIError) -> Answer {
        let key = ThreadKey(channel: try channel(call[0]).id, idOnExternalPlatform: call[1])
        let body = try call.body(Shapes.senderAction, behaviour)
        // Ignored before a contact exists (chat SDK, I).
        threads[key]?.customerTypes = body["action"]?.string == "isTypingOn"
        return success(204, nil, isRead: false)
    }

    // MARK: Contacts

    mutating func listContacts(_ call: Incoming) throws(APIError) -> Answer {
        try charge([.getContact], at: call.now)
        let (wantedChannels, statuses) = (call.all("channel"), call.all("status"))
        let (people, queues) = (call.all("endUserIdOnExternalPlatform"), call.all("routingQueueId"))
        let sorting = try call.choice("sorting", ["createdAt", "id", "slaFrt", "slaRt", "status", "updatedAt"])
        let direction = try call.choice("sortingType", ["asc", "desc"])
        var found = contactOrder.compactMap { contacts[$0] }.filter { contact in
            (wantedChannels.isEmpty || wantedChannels.contains(contact.thread.channel))
                && (queues.isEmpty || queues.contains(skill(of: contact)?.queue ?? ""))
                && (statuses.isEmpty || statuses.contains(contact.status.rawValue))
                && (people.isEmpty || people.contains(customers[contact.customer]?.idOnExternalPlatform ?? ""))
        }
        if sorting == "updatedAt" { found.sort { $0.updatedAt < $1.updatedAt } }
        if direction == "desc" { found.reverse() }
        let start = call.one("scrollToken").flatMap { Int($0) } ?? 0
        let shown = found.dropFirst(max(0, start)).prefix(25)
        return Answer(200, RawJSON { $0.object { object in
            object.field("hits", found.count)
            object.field("data", array: { list in for contact in shown { write(contact, to: &list) } })
            if start + shown.count < found.count { object.field("scrollToken", String(start + shown.count)) }
        } })
    }

    mutating func getContact(_ call: Incoming) throws(APIError) -> Answer {
        try charge([.getContact], at: call.now)
        let contact = try contact(call[0])
        return Answer(200, RawJSON { write(contact, to: &$0) })
    }

    mutating func listContactMessages(_ call: Incoming) throws(APIError) -> Answer {
        try charge([.getContact], at: call.now)
        let contact = try contact(call[0])
        let found = threads[contact.thread]?.messages.compactMap { messages[$0] }.filter { $0.contact == contact.number } ?? []
        return Answer(200, page(found.count) { list in for message in found { write(message, to: &list) } })
    }

    /// A change of one contact, within the limits.
    private mutating func edit(
        _ call: Incoming, success: Int = 200, _ change: (inout World, inout Contact) throws(APIError) -> Void
    ) throws(APIError) -> Answer {
        var contact = try contact(call[0])
        try charge([.updateContact], contact: contact.number, at: call.now)
        try change(&self, &contact)
        contact.updatedAt = call.epoch
        contacts[contact.number] = contact
        return self.success(success, success == 204 ? nil : RawJSON { write(contact, to: &$0) }, isRead: false)
    }

    mutating func updateContact(_ call: Incoming) throws(APIError) -> Answer {
        _ = try call.body(Shapes.contactUpdate, behaviour)
        return try edit(call) { _, _ in }
    }

    mutating func updateContactStatus(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(Shapes.contactStatus, behaviour)
        return try edit(call) { world, contact in
            guard let status = body["status"]?.string.flatMap(Contact.Status.init) else { return }
            world.change(&contact, to: status, at: call.epoch)
            world.journal.note("#\(contact.number) \(status.rawValue)")
        }
    }

    mutating func abandonContact(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(Shapes.abandon, behaviour)
        return try edit(call, success: 204) { world, contact in
            contact.abandoned = body["type"]?.string
            world.change(&contact, to: .closed, at: call.epoch)
            world.journal.note("#\(contact.number) abandoned")
        }
    }

    mutating func assignContact(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(Shapes.assignment, behaviour)
        guard body.count == 1 else {
            throw .invalid([Violation(nil, "Exactly one of userId, inboxAssignee, inboxAssigneeCxoneId is needed.", "choice")])
        }
        return try edit(call) { _, contact in
            contact.assignee = body["userId"]?.integer ?? body["inboxAssignee"]?.integer
        }
    }

    mutating func unassignContact(_ call: Incoming) throws(APIError) -> Answer {
        try edit(call, success: 204) { _, contact in contact.assignee = nil }
    }

    mutating func setContactFields(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(Shapes.fieldValues, behaviour)
        try checkIdents(body, at: "")
        return try edit(call, success: 204) { _, contact in
            for field in body.elements { if let ident = field["ident"]?.string { contact.customFields[ident] = field["value"]?.string } }
        }
    }

    mutating func deleteContactField(_ call: Incoming) throws(APIError) -> Answer {
        try edit(call, success: 204) { _, contact in contact.customFields[call[1]] = nil }
    }

    mutating func closeAgentContact(_ call: Incoming) throws(APIError) -> Answer {
        let contact = try contact(call[0])
        guard contact.agentContactID == call[1] else { throw .notFound("Agent contact was not found.") }
        return success(204, nil, isRead: false)
    }

    mutating func sendTranscript(_ call: Incoming) throws(APIError) -> Answer {
        _ = try contact(call[0])
        _ = try call.body(Shapes.transcript, behaviour)
        return success(202, nil, isRead: false)
    }

    /// Idents must be defined, where they are listed, and values fit (§8.5, 8.6).
    func checkIdents(_ fields: JSON?, at path: String) throws(APIError) {
        guard let fields else { return }
        var found: [Violation] = []
        for (index, field) in fields.elements.enumerated() {
            if let known = behaviour.customFields, let ident = field["ident"]?.string, !known.contains(ident) {
                found.append(Violation("\(path)[\(index)].ident", "Custom field \"\(ident)\" is not defined.", "notFound"))
            }
            if let value = field["value"]?.string, value.count > 1024 {
                found.append(Violation("\(path)[\(index)].value", "This value is too long. It should have 1024 characters or less.", "length"))
            }
        }
        guard found.isEmpty else { throw .invalid(found) }
    }

    // MARK: Customers

    private func customer(_ id: String) throws(APIError) -> Customer {
        guard let customer = customers[id] else { throw .notFound("Customer \"\(id)\" was not found.") }
        return customer
    }

    mutating func listCustomers(_ call: Incoming) throws(APIError) -> Answer {
        let found = customerOrder.compactMap { customers[$0] }.filter { customer in
            call.one("query").map { "\(customer.firstName) \(customer.lastName) \(customer.idOnExternalPlatform)".contains($0) } ?? true
        }
        let shown = try call.slice(found, size: "limit", standard: 25)
        return Answer(200, page(found.count) { list in for customer in shown { write(customer, to: &list) } })
    }

    mutating func getCustomer(_ call: Incoming) throws(APIError) -> Answer {
        let customer = try customer(call[0])
        return Answer(200, RawJSON { write(customer, to: &$0) })
    }

    mutating func setCustomerFields(_ call: Incoming) throws(APIError) -> Answer {
        var customer = try customer(call[0])
        let body = try call.body(Shapes.fieldValues, behaviour)
        try checkIdents(body, at: "")
        for field in body.elements { if let ident = field["ident"]?.string { customer.customFields[ident] = field["value"]?.string } }
        customers[customer.id] = customer
        return success(204, nil, isRead: false)
    }

    mutating func deleteCustomerField(_ call: Incoming) throws(APIError) -> Answer {
        var customer = try customer(call[0])
        customer.customFields[call[1]] = nil
        customers[customer.id] = customer
        return success(204, nil, isRead: false)
    }

    mutating func mergeCustomers(_ call: Incoming) throws(APIError) -> Answer {
        let kept = try customer(call[0])
        let body = try call.body(Shapes.merge, behaviour)
        let gone = try customer(body["customerToMerge"]?["id"]?.string ?? "")
        for (key, id) in customerIDs where id == gone.id { customerIDs[key] = kept.id }
        customers[gone.id] = nil
        return success(200, RawJSON { write(kept, to: &$0) }, isRead: false)
    }

    // MARK: Queues and files

    func listQueues(_ call: Incoming) -> Answer {
        Answer(200, RawJSON { $0.array { list in
            for skill in tenant.skills {
                list.object { queue in
                    queue.field("id", skill.queue)
                    queue.field("name", skill.name)
                    queue.field("skillId", skill.id)
                }
            }
        } })
    }

    mutating func uploadAttachment(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(Shapes.temporaryAttachment, behaviour)
        guard let content = body["content"]?.string.flatMap({ Base64.decode($0.utf8) }) else {
            throw .invalid([Violation("content", "This value is not valid base64.", "format")])
        }
        guard content.count <= behaviour.attachmentLimit else { throw APIError(413, [Violation("content", "The file is too large.", "length")]) }
        let id = Fresh.uuid()
        let expires = call.epoch + 600_000
        files[id] = StoredFile(mimeType: body["mimeType"]?.string ?? "", octets: content, expires: expires)
        return success(200, RawJSON { $0.object { object in
            object.field("id", id)
            object.field("url", fileURL(id))
            object.field("expireAt", ISOTime.text(expires))
        } })
    }

    func fileURL(_ id: String) -> String { (baseURL.isEmpty ? tenant.apiOrigin : baseURL) + "/files/\(id)" }

    mutating func file(_ call: Incoming) throws(APIError) -> Answer {
        guard let file = files[call[0]], call.epoch < file.expires else { throw .notFound("The file is unknown or its link has expired.") }
        var answer = Answer(200, nil)
        answer.octets = file.octets
        answer.fields = [("Content-Type", file.mimeType)]
        return answer
    }
}
