import JSON

/// CXone's view of its things as JSON (`byoc.md` §8.5).
extension JSONWriter {
    mutating func members(of user: User) {
        field("id", user.id)
        field("incontactId", "ic-\(user.id)")
        field("emailAddress", "\(user.nickname)@jungle.example")
        field("loginUsername", "\(user.nickname)@jungle.example")
        field("firstName", user.firstName)
        field("surname", user.surname)
        field("nickname", user.nickname)
        field("imageUrl", "")
        field("isBotUser", false)
        field("isSurveyUser", false)
    }

    mutating func identity(of customer: Customer) {
        field("idOnExternalPlatform", customer.idOnExternalPlatform)
        field("firstName", customer.firstName)
        field("lastName", customer.lastName)
        field("nickname", customer.nickname)
        field("image", customer.image)
    }

    mutating func fields(_ values: [String: String]) {
        array { list in
            for (ident, value) in values.sorted(by: { $0.key < $1.key }) {
                list.object { entry in
                    entry.field("ident", ident)
                    entry.field("value", value)
                }
            }
        }
    }

    mutating func attachments(_ attachments: [Attachment]) {
        array { list in
            for attachment in attachments {
                list.object { entry in
                    entry.field("friendlyName", attachment.friendlyName)
                    entry.field("url", attachment.url)
                }
            }
        }
    }
}

extension World {
    func write(_ channel: Channel, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", channel.id)
            object.field("channelIntegrationId", channel.integrationID)
            if let fields = channel.fields.parsed() {
                for member in fields.members where member.name != "id" && member.name != "channelIntegrationId" {
                    object.name(member.name)
                    object.value(member.value)
                }
            }
            object.field("canSendSenderActions", behaviour.canSendSenderActions)
            object.field("isTrackingMessageDeliveryStatus", behaviour.isTrackingDeliveryStatus)
            object.field("integrationBoxIdentifier", channel.integrationID)
            object.field("defaultSkillId", channelSkills[channel.id] ?? tenant.skills.first?.id)
            object.field("isDeleted", channel.isDeleted)
            object.field("createdAt", ISOTime.text(channel.createdAt))
        }
    }

    func write(_ contact: Contact, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", contact.number)
            object.field("contactId", contact.contactID)
            object.field("interactionId", contact.interactionID)
            object.field("customerContactId", contact.customerContactID)
            object.field("channelId", contact.thread.channel)
            object.field("direction", contact.direction.rawValue)
            object.field("createdAt", ISOTime.text(contact.createdAt))
            object.field("updatedAt", ISOTime.text(contact.updatedAt))
            object.field("status", contact.status.rawValue)
            object.field("statusUpdatedAt", ISOTime.text(contact.statusUpdatedAt))
            object.field("threadId", "\(contact.thread.channel)_\(contact.thread.idOnExternalPlatform)")
            object.field("threadIdOnExternalPlatform", contact.thread.idOnExternalPlatform)
            object.name("routingQueueId")
            if let skill = skill(of: contact) { object.value(skill.queue) } else { object.null() }
            object.field("endUser", object: { $0.field("id", contact.customer) })
            if let customer = customers[contact.customer] {
                object.field("authorEndUserIdentity", object: { $0.identity(of: customer) })
            }
            object.name("customFields")
            object.fields(contact.customFields)
            object.name("recipients")
            if let recipients = contact.recipients { object.value(recipients) } else { object.array { _ in } }
            if let assignee = contact.assignee.flatMap(user) { object.field("inboxAssigneeUser", object: { $0.members(of: assignee) }) }
            if let abandoned = contact.abandoned {
                object.field("abandon", object: { abandon in
                    abandon.field("type", abandoned)
                    abandon.field("abandonedAt", ISOTime.text(contact.statusUpdatedAt))
                })
            }
        }
    }

    func write(_ message: Message, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", message.id)
            object.field("idOnExternalPlatform", message.idOnExternalPlatform)
            if behaviour.numericContactNumbers { object.field("contactNumber", Int(message.contact)) } else {
                object.field("contactNumber", message.contact)
            }
            object.field("direction", message.direction.rawValue)
            object.field("createdAt", String(message.createdAtWithMilliseconds.prefix(19)) + "+00:00")
            object.field("createdAtWithMilliseconds", message.createdAtWithMilliseconds)
            object.field("isDeletedOnExternalPlatform", message.isDeleted)
            object.field("isReplyAllowed", threads[message.thread]?.canAddMoreMessages ?? true)
            object.field("channel", object: { $0.field("id", message.thread.channel) })
            object.field("threadId", "\(message.thread.channel)_\(message.thread.idOnExternalPlatform)")
            object.field("threadIdOnExternalPlatform", message.thread.idOnExternalPlatform)
            object.field("messageContent", message.content)
            object.field("authorEndUserIdentity", message.author)
            if let agent = message.agent.flatMap(user) { object.field("authorUser", object: { $0.members(of: agent) }) }
            object.name("attachments")
            object.attachments(message.attachments)
            object.field("recipients", message.recipients)
            object.field("title", message.title)
            object.field("url", message.url)
            if let parent = message.replyTo {
                object.field("replyToMessage", object: { $0.field("idOnExternalPlatform", parent) })
            }
            object.field("reactionStatistics", message.reactions)
            object.field("customerStatistics", object: { statistics in
                statistics.name("seenAt")
                if let seen = message.statuses.last(where: { $0.status == "seen" }) { statistics.value(seen.updatedAt) } else { statistics.null() }
            })
            object.field("userStatistics", object: { statistics in
                statistics.name("readAt")
                if message.isRead { statistics.value(ISOTime.text(message.arrivedAt)) } else { statistics.null() }
            })
        }
    }

    func write(_ conversation: Conversation, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", conversation.id)
            object.field("idOnExternalPlatform", conversation.key.idOnExternalPlatform)
            object.field("threadName", conversation.name)
            object.field("channelId", conversation.key.channel)
            object.field("canAddMoreMessages", conversation.canAddMoreMessages)
        }
    }

    func write(_ customer: Customer, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", customer.id)
            object.field("updatedAt", ISOTime.text(customer.updatedAt))
            object.field("firstName", customer.firstName)
            object.field("surname", customer.lastName)
            object.field("fullName", "\(customer.firstName) \(customer.lastName)")
            object.field("image", customer.image)
            object.field("identities", array: { $0.object { $0.identity(of: customer) } })
            object.name("customFields")
            object.fields(customer.customFields)
            object.field("messageStatistics", object: { statistics in
                statistics.field("inbound", customer.inbound)
                statistics.field("outbound", customer.outbound)
            })
        }
    }

    /// `{hits, data}`.
    func page(_ hits: Int, _ write: (inout JSONWriter) -> Void) -> RawJSON {
        RawJSON { $0.object { object in
            object.field("hits", hits)
            object.field("data", array: write)
        } }
    }
}
