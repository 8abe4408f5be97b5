package import HTTP
package import Secrets
package import Settings
import Store

/// `channels.<name>.matrix`: a homeserver, joined as an application service (Matrix specification, Application Service API).
package struct MatrixChannelSettings: SettingsGroup {
    /// What becomes of an invitation to an end-to-end encrypted room, which cannot be read here.
    package enum EncryptedRooms: String, CaseIterable, Sendable { case join, decline }
    /// How a contact learns that the agent ended the conversation.
    package enum Ending: String, CaseIterable, Sendable { case notice, leave, nothing }

    package let homeserver: String
    package let serverName: String
    package let asToken: Secret
    package let hsTokens: [Secret]
    package let prefix: String
    package let senderLocalpart: String
    package let displayName: String
    package let agentAccounts: Bool
    package let encryptedRooms: EncryptedRooms
    package let encryptionNotice: String
    package let ending: Ending
    package let endingNotice: String
    package let marksRead: Bool
    package let typingSeconds: Int
    package let connection: ConnectionOptions

    package init(from reader: SettingsReader) {
        homeserver = reader.required("homeserver", .rootURL, "Root of the homeserver's client API, such as `https://matrix.example.org`.")
        serverName = reader.required("serverName", .text, "What stands after the colon in this homeserver's user ids, such as `example.org`.")
        asToken = reader.required("asToken", .secret, "Proves us to the homeserver: `as_token` of the registration.")
        hsTokens = reader.required("hsTokens", .secrets,
            "Prove the homeserver to us: `hs_token` of the registration; two while one replaces the other.")
        prefix = reader.value("prefix", .text, default: "_cx_", "How the names of our accounts and of rooms that agents open begin; nobody else may use it.")
        senderLocalpart = reader.value("senderLocalpart", .text, default: "_cx_service",
            "Name of the account that contacts write to, before the colon.")
        displayName = reader.value("displayName", .text, default: "Customer service", "What contacts see as its name.")
        agentAccounts = reader.value("agentAccounts", .flag, default: false,
            "With `showsAuthor`: whether each agent writes from an account of their own, rather than from the one above with the name before the text.")
        encryptedRooms = reader.value("encryptedRooms", .choice(), default: .join,
            "An invitation to an encrypted room, which cannot be read: join and say so, or decline.")
        encryptionNotice = reader.value("encryptionNotice", .text,
            default: "This room is encrypted, so your messages cannot be read here. Please write in a room without encryption.",
            "What is said there, once a day at most.")
        ending = reader.value("ending", .choice(), default: .notice, "When the agent ends the conversation: a notice, leave the room, or nothing.")
        endingNotice = reader.value("endingNotice", .text, default: "This conversation has ended. Write again whenever you like.",
            "The notice, also said before leaving; empty for none.")
        marksRead = reader.value("marksRead", .flag, default: false, "Whether an agent's message marks the room as read: one more call a message.")
        typingSeconds = reader.value("typingSeconds", .integer(1...120), default: 30, "How long an agent is shown as typing without news.")
        connection = ConnectionOptions(from: reader)
        for (key, text) in [("prefix", prefix), ("senderLocalpart", senderLocalpart)] where !Accounts.isLocalpart(text) {
            reader.problem("must be of lower-case letters, digits and . _ = - / +, at most 64", at: key)
        }
        if serverName.isEmpty || serverName.contains("/") || serverName.contains("@") {
            reader.problem("must be a server's name, such as `example.org`", at: "serverName")
        }
    }
}
