import JSON

/// `byoc.md` §7.
extension World {
    mutating func saveChannel(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(ChannelShape.shape, behaviour)
        let channel = try saveChannel(body, at: call.epoch)
        return success(200, RawJSON { write(channel, to: &$0) })
    }

    /// Creates the channel, or updates the one of that id or that external id within the integration.
    mutating func saveChannel(_ body: JSON, at epoch: Int64) throws(APIError) -> Channel {
        let integration = body["channelIntegrationId"]?.string ?? ""
        guard integrations[integration] != nil else {
            throw .invalid([Violation("channelIntegrationId", "Channel integration was not found.", "notFound")])
        }
        let external = body["idOnExternalPlatform"]?.string ?? ""
        let wanted = body["id"]?.string ?? ""
        let known = channels[wanted] ?? channels.values.first {
            $0.idOnExternalPlatform == external && $0.integrationID == integration && !$0.isDeleted
        }
        let id = known?.id ?? behaviour.channelIDPrefix.map { $0 + external } ?? wanted
        guard known == nil || known?.integrationID == integration else { throw .conflict("The channel belongs to another integration.") }
        let channel = Channel(
            id: id, idOnExternalPlatform: external, integrationID: integration, name: body["name"]?.string ?? "",
            isPrivate: body["isPrivate"]?.bool ?? true, hasTreeStructure: body["hasTreeStructure"]?.bool ?? false,
            isLiveChat: body["isLiveChat"]?.bool ?? false, hasOutboundFlow: body["hasOutboundFlow"]?.bool ?? false,
            hasManualOutboundFlow: body["hasManualOutboundFlow"]?.bool ?? false, fields: RawJSON(body), createdAt: known?.createdAt ?? epoch)
        channels[id] = channel
        if !channelOrder.contains(id) { channelOrder.append(id) }
        journal.note("channel \(id)")
        return channel
    }

    mutating func listChannels(_ call: Incoming) throws(APIError) -> Answer {
        let order = try call.choice("order", ["asc", "desc"])
        let key = try call.choice("orderBy", ["id", "title", "createdAt"])
        let wanted = call.all("id")
        let withDeleted = call.one("includeDeleted") == "1"
        var found = channelOrder.compactMap { channels[$0] }.filter { channel in
            (wanted.isEmpty || wanted.contains(channel.id)) && (withDeleted || !channel.isDeleted)
                && call.one("isPrivate").map { ["1", "true"].contains($0) == channel.isPrivate } ?? true
                && call.one("hasManualOutboundFlow").map { ["1", "true"].contains($0) == channel.hasManualOutboundFlow } ?? true
        }
        switch key {
        case "id": found.sort { $0.id < $1.id }
        case "title": found.sort { $0.name < $1.name }
        default: break
        }
        if order == "desc" { found.reverse() }
        found = try call.slice(found, size: "size", standard: 100)
        return Answer(200, RawJSON { $0.array { list in for channel in found { write(channel, to: &list) } } })
    }

    mutating func deleteChannel(_ call: Incoming) throws(APIError) -> Answer {
        var channel = try channel(call[0])
        channel.isDeleted = true
        channels[channel.id] = channel
        journal.note("channel \(channel.id) is gone")
        return success(204, nil, isRead: false)
    }

    mutating func listTemplates(_ call: Incoming) throws(APIError) -> Answer {
        _ = try channel(call[0])
        return Answer(200, RawJSON { $0.array { _ in } })
    }
}

/// The body of `POST /channels` (§7.1).
package enum ChannelShape {
    static let platforms = [
        "apple-apps-reviews", "apple-business-chat", "bg", "bw", "chat", "congstar-forum", "custom", "cypress", "discussions", "email",
        "facebook", "fb", "fm", "forum", "gcse", "gl", "google-business-messages", "google-places", "google-play", "google-rcs", "gp",
        "ig", "in-contact-email", "ind", "instagram", "kik", "lc", "li", "line", "mediatoolkit", "microsoft-teams", "mock", "monitora",
        "news", "nw", "ok-ru", "phpbb", "rss", "sandbox", "sandbox-facebook", "sandbox-twitter", "sendbird", "slack",
        "smooch-io-we-chat", "sms", "social-watch", "t-mobile-austria-forum", "talkdesk", "telegram", "tmobile-forum", "tw", "twitter",
        "viber", "vk", "vo", "voice", "we-chat", "whatsapp", "youscan", "yt", "zoom",
    ]
    private static let flags = [
        "hasReply", "isLiveChat", "wysiwygEnabled", "hasAbilityToSendFiles", "hasOutboundFlow", "hasManualOutboundFlow",
        "hasOutboundTemplates", "hasPublishing", "hasMultipleThreadsPerEndUser", "hasAbilityToLike", "hasAbilityToShare",
        "hasAbilityToDelete", "hasAbilityToHide", "hasAbilityToTag", "hasAbilityToChangeFrom", "hasAbilityToChangeRecipient",
        "hasAbilityToForwardMessage", "hasMultipleRecipient", "hasCcAndBcc", "hasVisibleRecipients", "hasVisibleTitle",
        "hasEditableTitle", "canReplyToAnyMessage", "canAgentInviteCustomersToContact", "hasPostAsPlaceholder", "isCaseBasedStorage",
        "isAutomaticSignatureAttached",
    ]

    package static let shape: Shape = .object(
        [
            .required("id", .filledText), .required("idOnExternalPlatform", .filledText), .required("channelIntegrationId", .filledText),
            .required("realExternalPlatformId", .choice(platforms)), .required("name", .filledText), .required("isPrivate", .boolean),
            .required("hasTreeStructure", .boolean),
        ] + flags.map { .optional($0, .boolean) } + [
            .optional("contentFormat", .choice(["html", "plain"])), .optional("translationGroup", .choice(["default", "email", "phone"])),
            .optional("studioScript", .text), .optional("ownerUserId", .integer), .optional("externalPlatformIcon", .filledText),
            .optional("externalPlatformAvatar", .url),
        ])
}
