package import CXone
package import ChannelCatalog
package import Conversation
package import HTTP
import Store
package import Time

/// `causeway channels`: what the administrator's pages do, by command line, as the tenant's service user (B37).
package struct ChannelDesk: Sendable {
    private let settings: MessagingSettings
    private let transport: any HTTPTransport
    private let time: any TimeSource

    package init(_ settings: MessagingSettings, over transport: any HTTPTransport, time: any TimeSource) {
        self.settings = settings
        self.transport = transport
        self.time = time
    }

    /// What a person asks for, beside the channel's name.
    package struct Wish: Sendable {
        package var isPosts = false
        package var id: String?
        package var name: String?
        package var studioScript: String?
        package var on: [String] = []
        package var off: [String] = []
        package var isPreview = false
        package init() {}
    }

    /// Every channel of the settings with its state in CXone, then CXone's channels of our integrations that no setting names.
    package func list() async throws -> [String] {
        var lines: [String] = []
        for (name, _) in settings.tenants {
            let offers = settings.offers.filter { $0.tenant == name }
            guard !offers.isEmpty else { continue }
            let listed = try await directory(name).list(by: deadline)
            lines += offers.map { line($0, listed.first(where: $0.matches)) }
            let integrations = Set(offers.compactMap(\.integrationID))
            for other in listed where other.integrationID.map(integrations.contains) == true && !offers.contains(where: { $0.matches(other) }) {
                lines.append("?  \(other.name): in CXone only, id \(other.id)")
            }
        }
        return lines
    }

    private func line(_ offer: ChannelOffer, _ listed: ListedChannel?) -> String {
        let name = offer.idOnExternalPlatform
        guard offer.integrationID != nil else { return "!  \(name): enter \"integrationId\" under channels.\(offer.channel)" }
        guard let listed else { return "–  \(name): not in CXone yet; `causeway channels add \(offer.channel)\(posts(offer))` adds it" }
        guard listed.id == offer.channelID else {
            return "!  \(name): enter \"\(offer.setting)\": \"\(listed.id)\" under channels.\(offer.channel)"
        }
        return "✓  \(name): \(listed.name), id \(listed.id)" + (listed.defaultSkill == nil ? "; give it a default skill in CXone" : "")
    }

    private func posts(_ offer: ChannelOffer) -> String { offer.visibility == .post ? " --posts" : "" }

    /// Makes the channel, or changes the one that is there.
    package func put(_ channel: String, _ wish: Wish, isNew: Bool) async throws -> [String] {
        let offer = try offer(channel, isPosts: wish.isPosts)
        let directory = try await directory(offer.tenant)
        let present = try await directory.list(by: deadline).first(where: offer.matches)
        if isNew, let present {
            throw SystemFailure(saying: "CXone has it already, as \"\(present.name)\" (\(present.id)); `causeway channels change` changes it")
        }
        guard isNew || present != nil else { throw SystemFailure(saying: "CXone does not have it yet; `causeway channels add` adds it") }
        guard var definition = offer.definition(id: ChannelDefinition.newID()) else {
            throw SystemFailure(saying: "enter \"integrationId\" under channels.\(channel): CXone shows it in the list of integrations")
        }
        if let present {
            definition.id = present.id
            definition.idOnExternalPlatform = present.idOnExternalPlatform ?? definition.idOnExternalPlatform
            definition.name = present.name
            definition.flags = definition.flags.map { ($0.name, present.flags[$0.name] ?? $0.isOn) }
        } else if let id = wish.id {
            definition.id = id
        }
        if let name = wish.name { definition.name = name }
        definition.studioScript = wish.studioScript
        try turn(&definition, wish)
        if let problem = definition.problem { throw SystemFailure(saying: problem) }
        if wish.isPreview { return ["POST \(directory.root)/dfo/3.0/channels", "", definition.shown] }
        try await directory.put(definition, by: deadline)
        // CXone may give another id than the one that was asked for.
        let made = try await directory.list(by: deadline).first(where: offer.matches)
        return [line(offer, made)]
    }

    private func turn(_ definition: inout ChannelDefinition, _ wish: Wish) throws {
        for name in wish.on + wish.off where !definition.flags.contains(where: { $0.name == name }) {
            throw SystemFailure(saying: "\(name) is no switch; there are \(definition.flags.map(\.name).joined(separator: ", "))")
        }
        definition.flags = definition.flags.map { flag in
            (flag.name, wish.on.contains(flag.name) || (flag.isOn && !wish.off.contains(flag.name)))
        }
    }

    /// Deletes a channel of our integrations.
    package func remove(_ id: String) async throws -> [String] {
        for (name, _) in settings.tenants {
            let integrations = Set(settings.offers.filter { $0.tenant == name }.compactMap(\.integrationID))
            guard !integrations.isEmpty else { continue }
            let directory = try await directory(name)
            guard let channel = try await directory.list(by: deadline).first(where: { $0.id == id }), let integration = channel.integrationID,
                integrations.contains(integration)
            else { continue }
            try await directory.delete(id, by: deadline)
            return ["deleted \(channel.name) (\(id))"]
        }
        throw SystemFailure(saying: "CXone has no channel \(id) of these integrations; `causeway channels list` shows those it has")
    }

    private func offer(_ channel: String, isPosts: Bool) throws -> ChannelOffer {
        let visibility: Visibility = isPosts ? .post : .direct
        if let offer = settings.offers.first(where: { $0.channel == channel && $0.visibility == visibility }) { return offer }
        let names = Set(settings.offers.map(\.channel)).sorted().joined(separator: ", ")
        throw SystemFailure(saying: "the settings name no channel \"\(channel)\"\(isPosts ? " with posts" : ""); there are: \(names)")
    }

    private var deadline: Instant { time.now().advanced(byMilliseconds: 15_000) }

    private func directory(_ tenant: String) async throws -> ChannelDirectory {
        guard let found = settings.tenants.first(where: { $0.name == tenant })?.group else {
            throw SystemFailure(saying: "the settings name no tenant \"\(tenant)\"")
        }
        let signIn = SignIn(found, tenant: tenant, over: transport, store: nil, tokens: TokenCache(store: nil, time: time), time: time)
        return ChannelDirectory(
            root: try await signIn.root(by: deadline), token: nil, connection: found.connection, over: signIn)
    }
}
