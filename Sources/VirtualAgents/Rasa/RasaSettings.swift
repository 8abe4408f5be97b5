package import Secrets
package import Settings

/// Settings of a Rasa server (3.x) reached through its REST channel.
package struct RasaSettings: SettingsGroup {
    package let url: String
    package let startIntent: String
    package let silenceIntent: String
    package let digitsIntent: String
    package let eventIntent: String
    package let endIntent: String?
    package let signals: RasaSignalSettings
    package let tracker: RasaTrackerSettings?

    package init(from reader: SettingsReader) {
        url = reader.required("url", .rootURL, "Root of the Rasa server, such as `http://127.0.0.1:5005`.")
        startIntent = reader.value("startIntent", .text, default: "call_started", "Intent that begins a conversation; facts travel as metadata.")
        silenceIntent = reader.value("silenceIntent", .text, default: "silence", "Intent for silence, with the entity `count`.")
        digitsIntent = reader.value("digitsIntent", .text, default: "dtmf", "Intent for keys, with the entity `digits`.")
        eventIntent = reader.value("eventIntent", .text, default: "event",
            "Intent for an automated text whose name cannot be an intent's, with the entity `name`. Others are sent as the intent of that name.")
        endIntent = reader.optional("endIntent", .text, "Intent sent when the contact has left, such as `restart`. Absent: Rasa is not told.")
        signals = reader.group("signals", RasaSignalSettings.self, "How the bot's `custom` responses say that the conversation goes elsewhere.")
        tracker = reader.optionalGroup("tracker", RasaTrackerSettings.self,
            "Ask Rasa's tracker for intent and slots. A second call on every turn, so absent by default.")
        for (key, intent) in [("startIntent", startIntent), ("silenceIntent", silenceIntent), ("digitsIntent", digitsIntent),
            ("eventIntent", eventIntent), ("endIntent", endIntent ?? "restart")] where !ToRasa.isIntent(intent) {
            reader.problem("must be an intent's name: letters, digits, _ and -", at: key)
        }
    }
}

/// `custom: {signal: handover, …}` in the bot's domain file.
package struct RasaSignalSettings: SettingsGroup {
    package let key: String
    package let end: [String]
    package let handover: [String]
    package let noMatch: [String]
    package let digits: [String]

    package init(from reader: SettingsReader) {
        key = reader.value("key", .text, default: "signal", "Member of a custom response that holds the signal.")
        end = reader.value("end", .texts, default: ["end"], "Values that end the conversation.")
        handover = reader.value("handover", .texts, default: ["handover"],
            "Values that ask for a person; beside them `target`, `reason` and `context`.")
        noMatch = reader.value("noMatch", .texts, default: ["no_match"], "Values that mean: not understood.")
        digits = reader.value("digits", .texts, default: ["digits"], "Values that ask for keys; beside them `max` and `finish`.")
    }
}

/// Rasa's side API.
package struct RasaTrackerSettings: SettingsGroup {
    package let token: Secret?
    package let fallbackIntents: [String]

    package init(from reader: SettingsReader) {
        token = reader.optional("token", .secret, "The server's `--auth-token`. Goes into the URL's query, because Rasa takes it nowhere else.")
        fallbackIntents = reader.value("fallbackIntents", .texts, default: ["nlu_fallback"], "Intents that mean: not understood.")
    }
}
