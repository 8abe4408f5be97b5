package import JSON

/// A channel as it is created or updated by `POST /channels` (`byoc.md` §7.1).
package struct ChannelDefinition: Sendable, Equatable {
    package var id: String
    package var idOnExternalPlatform: String
    package var integrationID: String
    /// The nearest platform that CXone knows, `custom` for none.
    package var platform = "custom"
    package var name: String
    package var isPrivate: Bool
    package var icon: String?
    /// Everything that is switched on or off, by CXone's name.
    package var flags: [(name: String, isOn: Bool)] = []
    /// Studio script that routes its contacts.
    package var studioScript: String?

    package init(id: String, idOnExternalPlatform: String, integrationID: String, name: String, isPrivate: Bool) {
        self.id = id
        self.idOnExternalPlatform = idOnExternalPlatform
        self.integrationID = integrationID
        self.name = name
        self.isPrivate = isPrivate
    }

    /// The request's body. `hasTreeStructure` follows from what the channel holds: comments form a tree, private messages do not.
    package var body: RawJSON {
        RawJSON { writer in
            writer.object { json in
                json.field("id", id)
                json.field("idOnExternalPlatform", idOnExternalPlatform)
                json.field("channelIntegrationId", integrationID)
                json.field("realExternalPlatformId", platform)
                json.field("name", name)
                json.field("isPrivate", isPrivate)
                json.field("hasTreeStructure", !isPrivate)
                json.field("contentFormat", "plain")
                for flag in flags { json.field(flag.name, flag.isOn) }
                json.field("studioScript", studioScript)
                json.field("externalPlatformIcon", icon)
            }
        }
    }

    package static func == (left: ChannelDefinition, right: ChannelDefinition) -> Bool { left.body == right.body }
}

/// A channel as `GET /channels` tells of it; only what we look at.
package struct ListedChannel: Sendable, Equatable {
    package let id: String
    package let idOnExternalPlatform: String?
    package let integrationID: String?
    package let name: String
    package let isPrivate: Bool
    package let isDeleted: Bool
    package let defaultSkill: String?
    /// The switches that it told, by CXone's name.
    package let flags: [String: Bool]

    package init?(_ json: JSON) {
        guard let id = json["id"].flatMap(Self.text) else { return nil }
        self.id = id
        idOnExternalPlatform = json["idOnExternalPlatform"].flatMap(Self.text)
        integrationID = json["channelIntegrationId"].flatMap(Self.text)
        name = json["name"]?.string ?? id
        isPrivate = json["isPrivate"]?.bool ?? true
        isDeleted = json["isDeleted"]?.bool ?? false
        defaultSkill = json["defaultSkillId"].flatMap(Self.text)
        var flags: [String: Bool] = [:]
        for member in json.members { if let isOn = member.value.bool { flags[member.name] = isOn } }
        self.flags = flags
    }

    /// Ids come as text or as number; both are kept as text.
    private static func text(_ json: JSON) -> String? {
        let text = json.string ?? json.numberLiteral
        return text?.isEmpty == true ? nil : text
    }
}
