package import Conversation
package import HTTP
package import Secrets
package import Settings
import Store

/// `channels.<name>.webhook`: a messaging app of one's own that speaks Causeway's JSON contract (`openapi.json`).
package struct WebhookChannelSettings: SettingsGroup {
    package let url: String?
    package let secrets: [Secret]
    package let outboundSecrets: [Secret]
    package let token: Secret?
    package let capabilities: ChannelCapabilities
    package let connection: ConnectionOptions

    package init(from reader: SettingsReader) {
        url = reader.optional("url", .url, "Where the app takes what agents write; without it the channel is inbound only.")
        secrets = reader.required("secrets", .secrets,
            "Sign what the app posts (Standard Webhooks): `whsec_` and base64, or any text. Two while one replaces the other.")
        let own = reader.optional("outboundSecrets", .secrets,
            "Sign what is posted to the app; the same secrets unless set. While two are listed, a signature of each is sent.")
        token = reader.optional("token", .secret, "Bearer token sent to the app beside the signature.")
        capabilities = Self.capabilities(from: reader)
        connection = ConnectionOptions(from: reader)
        outboundSecrets = own ?? secrets
        for (key, secrets) in [("secrets", secrets), ("outboundSecrets", own ?? [])] {
            if secrets.count > 3 { reader.problem("holds more than three secrets", at: key) }
            if secrets.contains(where: { StandardWebhooks.key($0) == nil }) { reader.problem("holds a secret whose part after `whsec_` is no base64", at: key) }
        }
    }

    private static func capabilities(from reader: SettingsReader) -> ChannelCapabilities {
        var able = ChannelCapabilities()
        func flag(_ key: String, _ fallback: Bool, _ description: String) -> Bool { reader.value(key, .flag, default: fallback, description) }
        able.textLimit = reader.optional("textLimit", .integer(20...100_000), "Characters of one text; longer ones are split.")
        able.choices = reader.value("choices", .integer(0...50), default: 10, "Choices that one message shows; 0: they become numbered lines.")
        able.showsLinks = flag("links", true, "Whether the app shows a link with title and picture.")
        able.cards = reader.value("cards", .texts, default: [], "CXone's types that the app shows as they are, such as `ADAPTIVE_CARD`.")
        able.files = reader.value("files", .integer(0...20), default: 10, "Files of one message; 0: their names become text.")
        able.fileLimit = reader.value("fileMegabytes", .integer(1...100), default: 20, "Size of the largest file that the app takes, in MiB.") << 20
        able.combinesTextAndFiles = flag("combinesTextAndFiles", true, "Whether text and files go in one message.")
        able.quotes = flag("quotes", true, "Whether the app shows which message is answered.")
        able.hasPosts = flag("posts", false, "Whether the app has public posts with comments beside private messages.")
        able.reportsDelivered = flag("reportsDelivered", true, "Whether the app tells when a message was delivered.")
        able.reportsSeen = flag("reportsSeen", true, "Whether the app tells when a message was seen.")
        able.showsTyping = flag("typing", true, "Whether the app shows that an agent types.")
        able.opensThreads = flag("opensThreads", false, "Whether an agent may begin a conversation.")
        able.isLiveChat = flag("liveChat", false, "Whether a conversation ends for good, so that the next message begins a new one.")
        able.edits = true
        able.deletes = true
        able.deliveryClass = flag("repeatable", true,
            "Whether the app recognises a `webhook-id` that it has taken, so that nothing is shown twice.") ? .once : .mayDuplicate
        return able
    }
}
