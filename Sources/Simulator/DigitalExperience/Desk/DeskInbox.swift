import HTTP
import JSON
import Synchronization
import Time

/// What the agents' page shows: queues, cases and one case with its thread.
extension DigitalExperience {
    /// Cases beyond these are not listed, the most recent ones first.
    private static let mostCases = 300

    var inbox: RawJSON {
        world.withLock { world in
            let cases = world.contacts.values.sorted { ($0.updatedAt, $0.number) > ($1.updatedAt, $1.number) }
            return RawJSON { $0.object { object in
                object.field("tenant", world.tenant.name)
                object.field("users", array: { list in for user in world.tenant.users { world.write(user, to: &list) } })
                object.field("queues", array: { list in for skill in world.tenant.skills { world.write(skill, cases, to: &list) } })
                object.field("channels", array: { list in
                    for channel in world.channelOrder.compactMap({ world.channels[$0] }) where !channel.isDeleted {
                        world.writeForDesk(channel, to: &list)
                    }
                })
                object.field("hits", cases.count)
                object.field("cases", array: { list in
                    for contact in cases.prefix(DigitalExperience.mostCases) { list.object { world.brief(contact, to: &$0) } }
                })
            } }
        }
    }

    /// A case with its whole thread, also what earlier cases of it hold.
    func caseForDesk(_ number: String) throws(APIError) -> RawJSON {
        let found = world.withLock { world in
            world.contacts[number].map { contact in
                RawJSON { $0.object { object in
                    world.brief(contact, to: &object)
                    object.name("customFields")
                    object.fields(contact.customFields)
                    object.field("recipients", contact.recipients)
                    if let customer = world.customers[contact.customer] {
                        object.name("person")
                        world.write(customer, to: &object)
                    }
                    object.field("messages", array: { list in
                        for message in world.threads[contact.thread]?.messages.compactMap({ world.messages[$0] }) ?? [] {
                            world.writeForDesk(message, to: &list)
                        }
                    })
                } }
            }
        }
        guard let found else { throw .notFound("Contact \"\(number)\" was not found.") }
        return found
    }

    // MARK: Work of agents that CXone keeps to itself

    /// Gives a case to an agent, or to nobody.
    func assign(_ number: String, to agent: Int?, by who: Int) throws(APIError) {
        try edit(number) { world, contact throws(APIError) in
            if let agent {
                guard let user = world.user(agent) else { throw .notFound("There is no agent \(agent).") }
                if let skill = world.skill(of: contact), !skill.agents.contains(agent) {
                    throw .conflict("\(user.name) has not the skill \(skill.name): transfer the case to a queue of \(user.firstName)'s.")
                }
                if contact.status == .new { world.change(&contact, to: .open, at: time.epochMilliseconds()) }
            }
            contact.assignee = agent
            let name = agent.flatMap(world.user)?.name ?? "nobody"
            world.journal.say("agent \(who) gives contact #\(number) to \(name)", at: time.epochMilliseconds())
        }
    }

    /// Puts a case into another queue, where it waits for anybody.
    func transfer(_ number: String, to skill: Int, by who: Int) throws(APIError) {
        try edit(number) { world, contact throws(APIError) in
            guard let found = world.tenant.skills.first(where: { $0.id == skill }) else { throw .notFound("There is no queue of skill \(skill).") }
            (contact.skillID, contact.assignee) = (skill, nil)
            world.journal.say("agent \(who) transfers contact #\(number) to \(found.name)", at: time.epochMilliseconds())
        }
    }

    /// The agent has the thread on the screen.
    func read(_ number: String) {
        world.withLock { world in
            guard let contact = world.contacts[number] else { return }
            for id in world.threads[contact.thread]?.messages ?? [] where world.messages[id]?.direction == .inbound { world.messages[id]?.isRead = true }
        }
    }

    /// A case is one agent's: who may answer it.
    func mayAnswer(_ number: String, _ agent: Int) -> String? {
        world.withLock { world in
            guard let owner = world.contacts[number]?.assignee, owner != agent else { return nil }
            return "the case is \(world.user(owner)?.name ?? "another agent")'s; take it over first"
        }
    }

    private func edit(_ number: String, _ change: (inout World, inout Contact) throws(APIError) -> Void) throws(APIError) {
        let result: Result<Void, APIError> = world.withLock { world in
            Result { () throws(APIError) in
                var contact = try world.contact(number)
                guard !contact.isOver else { throw .conflict("The case is \(contact.status.rawValue).") }
                try change(&world, &contact)
                contact.updatedAt = time.epochMilliseconds()
                world.contacts[number] = contact
            }
        }
        try result.get()
    }

    // MARK: Faults

    var faultsForDesk: RawJSON {
        world.withLock { world in
            RawJSON { $0.object { object in
                object.field("coming", array: { list in
                    for fault in world.behaviour.faults {
                        list.object { entry in
                            entry.field("kind", fault.kind.name)
                            entry.field("operation", fault.operation?.rawValue)
                            entry.field("count", fault.count)
                        }
                    }
                })
                object.field("happened", array: { list in
                    for fault in world.journal.taken.reversed() {
                        list.object { entry in
                            entry.field("number", fault.number)
                            entry.field("kind", fault.kind.name)
                            entry.field("operation", fault.operation.rawValue)
                            entry.field("what", fault.what)
                            entry.field("at", Int(fault.at))
                            entry.field("outcome", fault.outcome)
                            entry.field("isGood", fault.isGood)
                        }
                    }
                })
            } }
        }
    }
}

extension World {
    fileprivate func write(_ user: User, to list: inout JSONWriter) {
        list.object { entry in
            entry.field("id", user.id)
            entry.field("name", user.name)
            entry.field("firstName", user.firstName)
            entry.field("skills", array: { skills in for skill in tenant.skills where skill.agents.contains(user.id) { skills.value(skill.id) } })
        }
    }

    fileprivate func write(_ skill: Skill, _ cases: [Contact], to list: inout JSONWriter) {
        list.object { entry in
            entry.field("id", skill.queue)
            entry.field("skill", skill.id)
            entry.field("name", skill.name)
            entry.field("agents", array: { agents in for agent in skill.agents { agents.value(agent) } })
            let own = cases.filter { !$0.isOver && self.skill(of: $0)?.id == skill.id }
            entry.field("open", own.count)
            entry.field("waiting", own.count { $0.assignee == nil })
        }
    }

    fileprivate func writeForDesk(_ channel: Channel, to list: inout JSONWriter) {
        let fields = channel.fields.parsed()
        list.object { entry in
            entry.field("id", channel.id)
            entry.field("idOnExternalPlatform", channel.idOnExternalPlatform)
            entry.field("name", channel.name)
            entry.field("integration", channel.integrationID)
            entry.field("isPrivate", channel.isPrivate)
            entry.field("hasTreeStructure", channel.hasTreeStructure)
            entry.field("isLiveChat", channel.isLiveChat)
            entry.field("canStart", channel.hasOutboundFlow && channel.hasManualOutboundFlow)
            entry.field("canAttach", fields?["hasAbilityToSendFiles"]?.bool ?? true)
            entry.field("skill", channelSkills[channel.id] ?? tenant.skills.first?.id)
        }
    }

    fileprivate func brief(_ contact: Contact, to object: inout JSONWriter) {
        let thread = threads[contact.thread]
        let channel = channels[contact.thread.channel]
        let person = customers[contact.customer]
        let messages = thread?.messages.compactMap { self.messages[$0] }.filter { $0.contact == contact.number } ?? []
        object.field("number", contact.number)
        object.field("status", contact.status.rawValue)
        object.field("isOver", contact.isOver)
        object.field("direction", contact.direction.rawValue)
        object.field("channel", contact.thread.channel)
        object.field("channelName", channel?.name)
        object.field("isPrivate", channel?.isPrivate)
        object.field("hasTreeStructure", channel?.hasTreeStructure)
        object.field("thread", contact.thread.idOnExternalPlatform)
        object.field("threadName", thread?.name)
        object.field("canReply", thread?.canAddMoreMessages ?? true)
        object.field("isTyping", thread?.customerTypes ?? false)
        object.field("customer", object: { customer in
            customer.field("id", contact.customer)
            customer.field("idOnExternalPlatform", person?.idOnExternalPlatform)
            let name = [person?.firstName, person?.lastName].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
            customer.field("name", name.isEmpty ? person?.nickname ?? "" : name)
        })
        object.field("skill", skill(of: contact)?.id)
        object.field("queue", skill(of: contact)?.name)
        object.field("assignee", contact.assignee)
        object.field("abandoned", contact.abandoned)
        object.field("createdAt", Int(contact.createdAt))
        object.field("updatedAt", Int(contact.updatedAt))
        object.field("unread", messages.count { $0.direction == .inbound && !$0.isRead })
        if let last = messages.last {
            object.field("last", object: { entry in
                entry.field("text", String(last.text.prefix(200)))
                entry.field("direction", last.direction.rawValue)
                entry.field("files", last.attachments.count)
                entry.field("agent", last.agent)
            })
        }
    }
}
