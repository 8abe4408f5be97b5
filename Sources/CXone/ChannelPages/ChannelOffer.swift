package import Conversation
import JSON
import Secrets

/// A channel of the settings as it can be made in CXone: one for private messages, one for posts.
package struct ChannelOffer: Sendable {
    /// `channels.<name>`.
    package let channel: String
    /// The adapter, for people: `webchat`.
    package let platform: String
    package let tenant: String
    package let visibility: Visibility
    /// `nil` while the settings do not know it yet.
    package let integrationID: String?
    /// CXone's id of the channel as the settings have it.
    package let channelID: String?
    package let capabilities: ChannelCapabilities

    package init(
        channel: String, platform: String, tenant: String, visibility: Visibility, integrationID: String?, channelID: String?,
        capabilities: ChannelCapabilities
    ) {
        self.channel = channel
        self.platform = platform
        self.tenant = tenant
        self.visibility = visibility
        self.integrationID = integrationID
        self.channelID = channelID
        self.capabilities = capabilities
    }

    /// What tells the channel apart on the external platform, and so finds it again in CXone's list.
    package var idOnExternalPlatform: String { visibility == .direct ? channel : channel + ":posts" }

    /// The setting that holds CXone's id.
    package var setting: String { visibility == .direct ? "channelId" : "postsChannelId" }

    package func matches(_ listed: ListedChannel) -> Bool {
        guard let integrationID, listed.integrationID == integrationID else { return false }
        return listed.id == channelID || listed.idOnExternalPlatform == idOnExternalPlatform
    }

    /// The switches that people may turn, with what they mean and how they should stand for this platform (`byoc.md` §7.1).
    package var switches: [(name: String, words: String, isOn: Bool)] {
        let can = capabilities
        return [
            ("hasReply", "Agents may answer", can.sends),
            ("hasAbilityToSendFiles", "Agents may attach files", can.sends && can.files > 0),
            ("hasOutboundFlow", "Messages can be started from CXone", can.sends && can.opensThreads),
            ("hasManualOutboundFlow", "An agent can begin a conversation by hand", can.sends && can.opensThreads),
            ("isLiveChat", "A chat that ends, rather than a thread that lasts", can.isLiveChat && visibility == .direct),
            ("hasMultipleThreadsPerEndUser", "One person may have several threads", can.isLiveChat || visibility == .post),
            ("canReplyToAnyMessage", "Agents may quote any message", can.quotes),
            ("hasPublishing", "Agents may publish new posts", false),
            ("hasAbilityToDelete", "Agents see a Delete button", false),
            ("hasAbilityToHide", "Agents see a Hide button", false),
            ("hasAbilityToLike", "Agents see a Like button", false),
            ("hasAbilityToShare", "Agents see a Share button", false),
        ]
    }

    /// The channel with sensible values.
    /// - Parameter id: For a channel that the settings give no id.
    package func definition(id: String) -> ChannelDefinition? {
        guard let integrationID else { return nil }
        var definition = ChannelDefinition(
            id: channelID ?? id, idOnExternalPlatform: idOnExternalPlatform, integrationID: integrationID,
            name: visibility == .direct ? channel : channel + " – posts", isPrivate: visibility == .direct)
        definition.icon = capabilities.isLiveChat ? "livechat" : "forum"
        definition.flags = switches.map { ($0.name, $0.isOn) }
        return definition
    }
}

extension ChannelDefinition {
    /// What is wrong with it, in one sentence for a person; `nil` when CXone can be asked.
    package var problem: String? {
        guard !name.isEmpty else { return "Enter a name: agents see it at every message." }
        guard name.count <= 100 else { return "Shorten the name to 100 characters." }
        guard !id.isEmpty, id.utf8.count <= 128, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "Enter an id of letters, digits and hyphens, at most 128: CXone and the settings know the channel by it."
        }
        guard (studioScript ?? "").utf8.count <= 512 else { return "Shorten the name of the Studio script." }
        if isOn("hasManualOutboundFlow"), !isOn("hasOutboundFlow") {
            return "An agent can begin a conversation only where messages can be started from CXone: tick both or neither."
        }
        return nil
    }

    private func isOn(_ name: String) -> Bool { flags.contains { $0.name == name && $0.isOn } }

    /// The request's body with one member a line, for people.
    package var shown: String {
        guard let json = body.parsed() else { return body.text }
        return "{\n" + json.members.map { "  \(RawJSON.string($0.name).text): \(RawJSON($0.value).text)" }.joined(separator: ",\n") + "\n}"
    }

    /// A random UUID (RFC 9562 §5.4), as NICE's example has it.
    package static func newID() -> String {
        var octets = Random.bytes(16)
        guard octets.count == 16 else { return "" }
        octets[6] = octets[6] & 0x0F | 0x40
        octets[8] = octets[8] & 0x3F | 0x80
        let hex = Array(Digest.hex(octets))
        return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }.joined(separator: "-")
    }
}
