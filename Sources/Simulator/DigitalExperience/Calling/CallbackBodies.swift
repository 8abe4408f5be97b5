package import JSON

/// What an agent writes.
package struct Draft: Sendable {
    /// A whole `messageContent`.
    package var content: RawJSON
    package var text: String
    package var attachments: [Attachment] = []
    /// External id of the message that is answered; the newest one of the contact's customer when `nil`.
    package var replyTo: String?
    /// Whether the agent quoted that very message.
    package var isQuote = false
    package var title: String?

    package init(_ text: String) {
        self.text = text
        content = RawJSON { $0.object { object in
            object.field("type", "TEXT")
            object.field("payload", object: { $0.field("text", text) })
            object.field("fallbackText", text)
        } }
    }

    package init(content: RawJSON) {
        self.content = content
        text = content.parsed().map(ContentShapes.text) ?? ""
    }
}

/// Whom an agent writes to.
package struct Recipient: Sendable, Equatable {
    package var idOnExternalPlatform: String
    package var name: String?
    package var isPrimary = true
    package var isPrivate = true

    package init(_ idOnExternalPlatform: String, name: String? = nil, isPrimary: Bool = true, isPrivate: Bool = true) {
        self.idOnExternalPlatform = idOnExternalPlatform
        self.name = name
        self.isPrimary = isPrimary
        self.isPrivate = isPrivate
    }
}

/// The bodies of callbacks (`byoc.md` §3.2–3.5).
struct CallbackBodies {
    let tenant: Tenant
    let behaviour: Behaviour

    func outbound(_ draft: Draft, thread: Conversation?, to recipients: [Recipient], replyTo: String?) -> RawJSON {
        RawJSON { $0.object { object in
            brand(&object)
            if let thread {
                object.field("thread", object: { body in
                    body.field("idOnExternalPlatform", thread.key.idOnExternalPlatform)
                    body.field("threadName", thread.name)
                })
            }
            object.field("messageContent", draft.content)
            write(recipients, to: &object)
            if let replyTo { object.field("replyToMessage", object: { $0.field("idOnExternalPlatform", replyTo) }) }
            object.field("isReplyToSpecificMessage", draft.isQuote)
            object.name("attachments")
            object.attachments(draft.attachments)
            object.field("title", draft.title)
        } }
    }

    func legacy(
        _ draft: Draft, id: String, thread: Conversation, channel: Channel, to recipients: [Recipient], replyTo: Message?, agent: User?
    ) -> RawJSON {
        RawJSON { $0.object { object in
            object.field("id", id)
            object.field("post", object: { post in
                post.field("id", thread.id)
                post.field("idOnExternalPlatform", thread.key.idOnExternalPlatform)
                post.field("channelId", channel.id)
            })
            object.field("replyToMessageId", replyTo?.id)
            object.field("replyToMessageIdOnExternalPlatform", replyTo?.idOnExternalPlatform)
            object.field("title", draft.title)
            object.field("content", draft.text)
            object.field("messageContent", draft.content)
            brand(&object)
            write(recipients, to: &object)
            if let agent { object.field("author", object: { $0.members(of: agent) }) }
            object.name("attachments")
            object.attachments(draft.attachments)
        } }
    }

    func validation(_ recipients: [Recipient]) -> RawJSON { RawJSON { $0.object { write(recipients, to: &$0) } } }

    func senderAction(_ isTyping: Bool, agent: User) -> RawJSON {
        RawJSON { $0.object { object in
            brand(&object)
            object.field("senderAction", object: { $0.field("action", isTyping ? "isTypingOn" : "isTypingOff") })
            object.field("authorUser", object: { $0.members(of: agent) })
        } }
    }

    private func brand(_ object: inout JSONWriter) {
        object.field("brand", object: { brand in
            brand.field("id", tenant.brandID)
            brand.field("businessUnitId", tenant.businessUnitID)
            brand.field("tenantId", tenant.tenantID)
        })
    }

    private func write(_ recipients: [Recipient], to object: inout JSONWriter) {
        object.field(behaviour.recipientsName.rawValue, array: { list in
            for recipient in recipients {
                list.object { entry in
                    entry.field("idOnExternalPlatform", recipient.idOnExternalPlatform)
                    entry.field("name", recipient.name)
                    entry.field("isPrimary", recipient.isPrimary)
                    entry.field("isPrivate", recipient.isPrivate)
                }
            }
        })
    }
}
