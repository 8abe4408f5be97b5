package import Conversation

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
