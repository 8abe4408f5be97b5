import HTTP
import HTTPTypes
import JSON
import Secrets
import Synchronization
import Time

/// What an administrator does, and what tests look at.
extension DigitalExperience {
    @discardableResult
    package func add(_ integration: Integration) -> Integration {
        world.withLock { $0.integrations[integration.id] = integration }
        return integration
    }

    /// Makes a channel of an integration, through the checks of `POST /channels`.
    /// - Parameters:
    ///   - integration: Its id; the only integration when `nil`.
    ///   - flags: Further members of the channel, such as `hasOutboundFlow`.
    @discardableResult
    package func addChannel(
        _ name: String, integration: String? = nil, isPrivate: Bool = true, hasTreeStructure: Bool = false, flags: [String: Bool] = [:]
    ) -> Channel? {
        let epoch = time.epochMilliseconds()
        return world.withLock { world in
            guard let integration = integration ?? (world.integrations.count == 1 ? world.integrations.keys.first : nil) else { return nil }
            var members = ["hasReply": true, "hasOutboundFlow": true, "hasManualOutboundFlow": true, "hasAbilityToSendFiles": true]
            members.merge(flags) { $1 }
            let body = RawJSON { $0.object { object in
                object.field("id", name)
                object.field("idOnExternalPlatform", name)
                object.field("channelIntegrationId", integration)
                object.field("realExternalPlatformId", "custom")
                object.field("name", name)
                object.field("isPrivate", isPrivate)
                object.field("hasTreeStructure", hasTreeStructure)
                for (name, value) in members.sorted(by: { $0.key < $1.key }) { object.field(name, value) }
            } }
            guard let json = body.parsed(), ChannelShape.shape.violations(of: json, refusingUnknown: true).isEmpty else { return nil }
            let channel = try? world.saveChannel(json, at: epoch)
            world.journal.say("set up by the desk", at: epoch)
            return channel
        }
    }

    /// Makes a digital skill, and with it a routing queue.
    package func add(_ skill: Skill) {
        world.withLock { world in
            world.tenant.skills.removeAll { $0.id == skill.id }
            world.tenant.skills.append(skill)
        }
    }

    /// Lets a channel's contacts land in that skill's queue.
    package func route(_ channel: String, to skill: Int) { world.withLock { $0.channelSkills[channel] = skill } }

    /// Pages of the administrator (§4).
    package enum Page: String, Sendable { case add, reconnect, remove }

    /// The URL that CXone opens in the administrator's browser, with a fresh one-time token; `nil` when the form names no such page.
    package func pageURL(_ page: Page, integration: String? = nil, user: Int = 4711, apiHost: String? = nil, backURL: String? = nil) -> String? {
        let now = time.now()
        return world.withLock { world in
            let form = integration.flatMap { world.integrations[$0] } ?? (world.integrations.count == 1 ? world.integrations.values.first : nil)
            let address = switch page {
            case .add: form?.addURL
            case .reconnect: form?.reconnectURL
            case .remove: form?.removeURL
            }
            guard let address, let user = world.user(user) else { return nil }
            let token = world.tokens.giveOneTime(
                to: user, until: now.advanced(byMilliseconds: world.behaviour.oneTimeTokenLife * 1000))
            var query = "userId=\(user.id)&brandId=\(world.tenant.brandID)&token=\(token)"
            if let backURL { query += "&backUrl=\(Percent.encode(backURL))" }
            if let apiHost { query += "&apiHost=\(Percent.encode(apiHost))" }
            return address + (address.contains("?") ? "&" : "?") + query
        }
    }

    /// Ends a contact as an agent does, and lets the integration's workflow automation report it.
    /// - Returns: The automation's call; `nil` when none is set up.
    @discardableResult
    package func close(_ contactNumber: String, to status: Contact.Status = .closed, as agent: Int = 4711) async -> CallbackResult? {
        let epoch = time.epochMilliseconds()
        let found: (Integration, RawJSON)? = world.withLock { world in
            guard var contact = world.contacts[contactNumber], let place = world.place(of: contact.thread) else { return nil }
            world.change(&contact, to: status, at: epoch)
            world.contacts[contactNumber] = contact
            world.journal.say("agent \(agent) made contact #\(contactNumber) \(status.rawValue)", at: epoch)
            return (place.integration, world.event(of: contact, agent: agent, shape: place.integration.eventsShape, at: epoch))
        }
        guard let (integration, body) = found, let url = integration.eventsURL else { return nil }
        var fields: HTTPFields = [.contentType: "application/json"]
        if let credential = integration.eventsAuthorization { fields[.authorization] = credential.revealText() }
        let answer = await post(.callbackEvent, url, fields, Array(body.bytes), integration.connection)
        return CallbackResult(
            status: answer?.status.code ?? 0, body: answer.flatMap { try? JSON(parsing: $0.body) }, attempts: 1, violations: [])
    }

    // MARK: Looking

    /// Messages in the order of their arrival.
    package func messages(on channel: String? = nil, in thread: String? = nil) -> [Message] {
        world.withLock { world in
            world.messageOrder.compactMap { world.messages[$0] }.filter {
                (channel == nil || $0.thread.channel == channel) && (thread == nil || $0.thread.idOnExternalPlatform == thread)
            }
        }
    }

    package var contacts: [Contact] { world.withLock { world in world.contactOrder.compactMap { world.contacts[$0] } } }
    package var threads: [Conversation] { world.withLock { world in world.threadOrder.compactMap { world.threads[$0] } } }
    package var channels: [Channel] { world.withLock { world in world.channelOrder.compactMap { world.channels[$0] }.filter { !$0.isDeleted } } }
    package var integrations: [Integration] { world.withLock { $0.integrations.values.sorted { $0.id < $1.id } } }
    package var tenant: Tenant { world.withLock { $0.tenant } }
    package var counters: Counters { world.withLock { $0.journal.counters } }
    /// Every request in both directions, in the order of their ends.
    package var records: [Record] { world.withLock { $0.journal.records } }
    package var log: String { world.withLock { $0.journal.lines.map { $0 + "\n" }.joined() } }

    /// Forgets threads, contacts, customers, messages, files, the log and the counts; what was set up stays.
    package func forget() {
        world.withLock { world in
            var fresh = World(tenant: world.tenant, baseURL: world.baseURL)
            (fresh.behaviour, fresh.integrations, fresh.channels) = (world.behaviour, world.integrations, world.channels)
            (fresh.channelOrder, fresh.channelSkills) = (world.channelOrder, world.channelSkills)
            (fresh.tokens, fresh.callbackTokens) = (world.tokens, world.callbackTokens)
            world = fresh
        }
    }

    /// Makes every token of CXone void, as an expiry would.
    package func revokeTokens() { world.withLock { $0.tokens.revokeAll() } }
    /// Forgets the middleware's tokens, so that the next callback begins without one.
    package func forgetCallbackTokens() { world.withLock { $0.callbackTokens = [:] } }
}

extension World {
    /// What a workflow automation sends about a contact's status (§11, §12).
    func event(of contact: Contact, agent: Int, shape: Integration.EventsShape, at epoch: Int64) -> RawJSON {
        RawJSON { $0.object { object in
            switch shape {
            case .flat:
                object.field("event", "CaseStatusChanged")
                object.field("caseNumber", contact.number)
                object.field("status", contact.status.rawValue)
                object.field("threadIdOnExternalPlatform", contact.thread.idOnExternalPlatform)
                object.field("channelId", contact.thread.channel)
                object.field("messageIdOnExternalPlatform", threads[contact.thread]?.messages.last.flatMap { messages[$0]?.idOnExternalPlatform })
                object.field("skillId", contact.skillID)
                object.field("agentId", agent)
                object.field("agentName", user(agent)?.name)
                object.field("createdAt", ISOTime.text(epoch))
            case .envelope:
                object.field("eventId", Fresh.uuid())
                object.field("eventObject", "Case")
                object.field("eventType", "CaseStatusChanged")
                object.field("createdAt", ISOTime.text(epoch))
                object.field("createdAtWithMilliseconds", ISOTime.text(epoch))
                object.field("data", object: { data in
                    data.field("brand", object: { $0.field("id", tenant.brandID) })
                    data.field("channel", object: { $0.field("id", contact.thread.channel) })
                    data.name("case")
                    write(contact, to: &data)
                    if let user = user(agent) { data.field("user", object: { $0.members(of: user) }) }
                })
            }
        } }
    }
}
