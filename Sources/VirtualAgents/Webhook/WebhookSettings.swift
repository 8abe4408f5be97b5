package import Secrets
package import Settings

/// Settings of a bot that speaks Causeway's own JSON contract (`openapi.json`).
package struct WebhookSettings: SettingsGroup {
    package let url: String
    package let secrets: [Secret]
    package let token: Secret?
    package let takesAudio: Bool
    package let isRepeatable: Bool

    package init(from reader: SettingsReader) {
        url = reader.required("url", .url, "Where each turn is posted.")
        secrets = reader.optional("secrets", .secrets,
            "Secrets that sign each request (HMAC-SHA256). While two are listed the request carries a signature of each.") ?? []
        token = reader.optional("token", .secret, "Bearer token sent instead of, or beside, the signature.")
        takesAudio = reader.value("takesAudio", .flag, default: false, "Whether the bot wants a caller's sound, as base64 of a µ-law WAV file.")
        isRepeatable = reader.value("repeatable", .flag, default: false,
            "Whether the bot replays its stored answer for an `Idempotency-Key` it has seen, so that a turn may be sent twice.")
        if secrets.count > 2 { reader.problem("holds more than two secrets; one replaces the other", at: "secrets") }
        if !reader.isDescribing, secrets.isEmpty, token == nil {
            reader.warning("has neither \"secrets\" nor \"token\": the bot cannot tell who asks, unless \"connection\" proves it")
        }
    }
}
