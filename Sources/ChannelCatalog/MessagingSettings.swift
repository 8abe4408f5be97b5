package import CXone
package import Conversation
import Delivery
package import HTTP
package import Settings
package import Store
package import Time

/// What the functions of Bring Your Own Channel read of `causeway.jsonc`.
package struct MessagingSettings: SettingsGroup {
    package let publicURL: String?
    package let store: StoreSettings?
    package let byoc: BringYourOwnChannelSettings?
    package let events: ContactEventsSettings?
    package let attachments: AttachmentSettings?
    package let traceFile: String?
    package let tenants: [(name: String, group: TenantSettings)]
    package let channels: [(name: String, group: ChannelSettings)]

    package init(from reader: SettingsReader) {
        publicURL = reader.optional("publicURL", .rootURL,
            "Where the web server in front of us is reached from outside, such as `https://chat.example.org`: the root of every link that we give away.")
        store = reader.optionalGroup("store", StoreSettings.self,
            "State outside the process: access tokens, claims, threads. Channels need it; turns do not.")
        byoc = reader.optionalGroup("byoc", BringYourOwnChannelSettings.self, "What holds for CXone's calls about channels.")
        events = reader.optionalGroup("events", ContactEventsSettings.self,
            "How we learn that an agent ended a conversation, and who may ask for work that is due.")
        attachments = reader.optionalGroup("attachments", AttachmentSettings.self, "Files from and to contacts.")
        traceFile = reader.group("trace", MessagingTraceSettings.self, "A record of each request about channels, for tools at the desk.").file
        tenants = reader.named("tenants", TenantSettings.self, "The CXone tenants that channels belong to, each under a name of your choice.")
        channels = reader.named("channels", ChannelSettings.self, "The messaging channels, each under a name of your choice; it stands in URLs.")
        reader.leave("health", "exchange", "agents", "authorization")
        guard !reader.isDescribing, !channels.isEmpty else { return }
        if store == nil { reader.problem("needs a store: channels claim every message, so that none is sent twice", at: "channels") }
        if publicURL == nil { reader.problem("needs \"publicURL\"", at: "channels") }
        for (name, channel) in channels where !tenants.contains(where: { $0.name == channel.tenant }) {
            reader.problem("names the tenant \"\(channel.tenant)\", which is not under \"tenants\"", at: "channels")
            _ = name
        }
    }
}

/// `channels.<name>`: a platform and the points of contact that it has in CXone.
package struct ChannelSettings: SettingsGroup {
    package enum Directions: String, CaseIterable, Sendable { case both, inbound, outbound }

    package let tenant: String
    package let integrationID: String?
    package let channelID: String?
    package let postsChannelID: String?
    package let directions: Directions
    package let delivery: DeliveryMode
    package let showsAuthor: Bool
    package let inbound: InboundSettings
    package let platform: Platform?

    package init(from reader: SettingsReader) {
        tenant = reader.required("tenant", .text, "Name of the tenant, under \"tenants\".")
        integrationID = reader.optional("integrationId", .text, "CXone's id of the integration; needed to make channels from here.")
        channelID = reader.optional("channelId", .text, "CXone's id of the channel for private messages.")
        postsChannelID = reader.optional("postsChannelId", .text, "CXone's id of the channel for public posts, on a platform that has them.")
        directions = reader.value("directions", .choice(), default: .both, "Which way messages go; the other way is not served (B6).")
        delivery = reader.value("delivery", .choice(), default: .sendThenAnswer,
            "When CXone is told that an agent's message is sent: when the platform has it, or when the store has it.")
        showsAuthor = reader.value("showsAuthor", .flag, default: false, "Whether contacts see the agent's name.")
        inbound = reader.group("inbound", InboundSettings.self, "What is done with a platform's edits, deletions and facts.")
        platform = Platform.read(from: reader)
        if channelID == nil, postsChannelID == nil { reader.warning("has neither \"channelId\" nor \"postsChannelId\" yet: nothing can be delivered") }
    }

    package var pointsOfContact: [PointOfContact] {
        (channelID.map { [PointOfContact(id: $0, visibility: .direct)] } ?? [])
            + (postsChannelID.map { [PointOfContact(id: $0, visibility: .post)] } ?? [])
    }
}

extension MessagingSettings {
    /// Every point of contact that the settings' platforms can have in CXone, whether it has an id already or not.
    package var offers: [ChannelOffer] {
        channels.flatMap { name, settings -> [ChannelOffer] in
            guard let platform = settings.platform else { return [] }
            var capabilities = platform.capabilities
            capabilities.receives = settings.directions != .outbound
            capabilities.sends = settings.directions != .inbound
            let kinds: [Visibility] = capabilities.hasPosts || settings.postsChannelID != nil ? [.direct, .post] : [.direct]
            return kinds.map { visibility in
                ChannelOffer(
                    channel: name, platform: platform.key.rawValue, tenant: settings.tenant, visibility: visibility,
                    integrationID: settings.integrationID, channelID: visibility == .direct ? settings.channelID : settings.postsChannelID,
                    capabilities: capabilities)
            }
        }
    }
}

extension MessagingSettings {
    /// What serves `/channels`, or a handler that has nothing when the settings name no channel.
    package func channelPages(over transport: any HTTPTransport, time: any TimeSource, report: WatchedStore.Report? = nil) -> any Handler {
        guard let store, let publicURL, !channels.isEmpty else { return UnconfiguredHandler() }
        return ChannelPagesHandler(
            tenants: tenants, offers: offers, publicURL: publicURL, store: store.open(over: transport, time: time, report: report),
            over: transport, time: time, allowsPlainHTTP: byoc?.allowPlainHTTP ?? false)
    }
}

extension MessagingSettings {
    /// What serves CXone's calls below `/byoc`, or a handler that has nothing when the settings tell of no client.
    /// - Parameter isLongLived: Whether the process goes on between requests, and may send accepted messages then.
    package func callbacks(
        serving calls: Set<CallbackHandler.Call>, over transport: any HTTPTransport, isLongLived: Bool = false, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) -> any Handler {
        guard let byoc else { return UnconfiguredHandler() }
        let store = store?.open(over: transport, time: time)
        let way = traced(transport)
        let channels = store.map { self.channels(over: way, store: $0, time: time) } ?? []
        let outbox = calls.contains(.outbound) ? store.map { store in
            OutboundDelivery(
                centres: contactCentres(over: way, store: store, time: time, sleep: sleep), store: store, isLongLived: isLongLived,
                time: time, sleep: sleep)
        } : nil
        return traced(
            CallbackHandler(byoc, serving: calls, channels: channels, outbox: outbox, store: store, time: time, sleep: sleep),
            as: calls.contains(.outbound) ? "byoc-outbound" : calls.contains(.recipients) ? "byoc-recipients" : "byoc-sender-action", time: time)
    }
}

extension MessagingSettings {
    /// What serves `/events`, with the work that no request brings.
    /// - Parameter warn: Hears of rounds in which something failed for good or could not be looked at: counts, never a message.
    package func contactEvents(
        over transport: any HTTPTransport, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void,
        warn: @escaping @Sendable (String) -> Void
    ) -> any Handler {
        guard let events, let settings = store else { return UnconfiguredHandler() }
        let store = settings.open(over: transport, time: time)
        let way = traced(transport)
        let channels = channels(over: way, store: store, time: time)
        let outbox = OutboundDelivery(
            centres: contactCentres(over: way, store: store, time: time, sleep: sleep), store: store, time: time, sleep: sleep)
        let ticks = OutboundTicks(outbox, channels: channels, pollMilliseconds: events.pollSeconds.map { $0 * 1000 })
        let handler = traced(
            ContactEventsHandler(events, channels: channels, outbox: outbox, ticks: ticks, time: time), as: "contact-events", time: time)
        guard channels.contains(where: { $0.mode == .acceptThenReport }) || events.pollSeconds != nil else { return handler }
        return AttendedHandler(handler, everyMilliseconds: events.tickSeconds * 1000) {
            let report = await ticks.tick(by: time.now().advanced(byMilliseconds: 20_000))
            guard report.failed > 0 || report.unseen > 0 else { return }
            warn("messages failed for good: \(report.failed); postponed: \(report.postponed); not looked at: \(report.unseen)")
        }
    }
}

/// `trace`: for the desk.
package struct MessagingTraceSettings: SettingsGroup {
    package let file: String?

    package init(from reader: SettingsReader) {
        file = reader.optional("file", .path,
            "File to which each request of a platform or of CXone is appended as one JSON line with its calls, digits and secrets masked. Absent: no trace.")
    }
}

extension MessagingSettings {
    /// The transport itself when no trace is written.
    func traced(_ transport: any HTTPTransport) -> any HTTPTransport { traceFile == nil ? transport : TracedTransport(transport) }

    func traced(_ handler: any Handler, as function: String, time: any TimeSource) -> any Handler {
        traceFile.map { TracedHandler(handler, file: $0, function: function, time: time) } ?? handler
    }
}
