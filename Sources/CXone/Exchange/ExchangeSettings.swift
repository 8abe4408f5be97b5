package import Conversation
package import Secrets
package import Settings

/// How one virtual agent meets CXone: who may call, which branches outcomes take, how prompts behave. The keys stand beside the
/// provider's own under `agents.<name>`.
package final class ExchangeSettings: SettingsGroup {
    package let integrationVersion: IntegrationVersion
    package let virtualAgentIds: [String]
    package let businessUnits: [Int]
    package let caller: TunnelCallerSettings
    package let locale: String?
    package let carry: [String]
    package let endpointParameters: [String]
    package let intents: IntentSettings
    package let voice: MediumSettings
    package let text: MediumSettings
    package let failure: FailureSettings
    package let script: ScriptSettings

    package init(from reader: SettingsReader) {
        integrationVersion = reader.value("integrationVersion", .choice(), default: .v3,
            "Integration version of the app in Virtual Agent Hub. 1.0.0 sends one header; 2.0.0 and 3.0.0 send any.")
        virtualAgentIds = reader.value("virtualAgentIds", .texts, default: [],
            "Names of the apps in Virtual Agent Hub that reach this agent. Empty: the agent's own name, or any when the URL names the agent.")
        businessUnits = reader.value("businessUnits", .texts, default: [],
            "Business unit numbers that may use this agent, as texts. Empty: any.").compactMap { Int($0) }
        caller = reader.group("caller", TunnelCallerSettings.self,
            "How CXone proves who it is: headers, a token, a client certificate. At least one is needed, and all that stand here must hold.")
        locale = reader.optional("locale", .text, "Language told to the agent, as a BCP 47 tag such as `de-CH`.")
        carry = reader.value("carry", .texts, default: [],
            "Members of the script's custom payload that the agent may see; `*` for all. Dots reach inside: `context.parameters.orderNumber`.")
        endpointParameters = reader.value("endpointParameters", .texts, default: [],
            "Names of the app's endpoint parameters that the agent may see. `language` also sets the locale.")
        intents = reader.group("intents", IntentSettings.self, "Names by which intents are recognised; compared without regard to case.")
        voice = reader.group("voice", MediumSettings.self, "Behaviour on calls.")
        text = reader.group("text", MediumSettings.self, "Behaviour on chat and digital channels.")
        failure = reader.group("failure", FailureSettings.self, "What the contact hears when the agent fails or is late.")
        script = reader.group("script", ScriptSettings.self, "What the Studio script gets beside prompts.")
        check(reader)
    }

    package func medium(_ medium: Medium) -> MediumSettings { medium == .voice ? voice : text }

    private func check(_ reader: SettingsReader) {
        caller.check(for: integrationVersion, reader)
        switch integrationVersion {
        case .v1:
            reader.warning(
                """
                integration version 1.0.0 is to be deprecated. To reach 3.0.0: enter the header under Custom Headers instead of \
                Authorization Header; let the app manage tokens (OAuth) instead of the script; then StandardBot tests and \
                mutual TLS can be used; set "integrationVersion" to "3.0.0"
                """, at: "integrationVersion")
        case .v2:
            reader.warning(
                """
                integration version 2.0.0 is to be deprecated. To reach 3.0.0: select it in the app; headers and OAuth stay as \
                they are; StandardBot tests and mutual TLS become available; set "integrationVersion" to "3.0.0"
                """, at: "integrationVersion")
        case .v3: break
        }
    }
}

/// Names that stand for the intents every agent must have, and those that end a conversation.
package final class IntentSettings: SettingsGroup {
    package let welcome: [String]
    package let silence: [String]
    package let silenceMarkers: [String]
    package let silenceMarkersInText: Bool
    package let fallback: [String]
    package let end: [String]
    package let escalation: [String]
    package let escalationContains: [String]

    package init(from reader: SettingsReader) {
        welcome = reader.value("welcome", .texts, default: ["WELCOME", "AutoWelcome", "WelcomeIntent"],
            "Automated texts of the script that begin a conversation. The first also stands for an empty first turn.")
        silence = reader.value("silence", .texts, default: ["StandardBotUserInputTimeout"], "Intents of the agent that mean: nothing was said.")
        silenceMarkers = reader.value("silenceMarkers", .texts, default: ["SILENCE"],
            "Texts that stand for silence when a script sends them as automated text or an agent answers nothing else. Never spoken.")
        silenceMarkersInText = reader.value("silenceMarkersInText", .flag, default: false,
            "Whether the same texts mean silence when they arrive as what the contact said.")
        fallback = reader.value("fallback", .texts, default: ["Default Fallback Intent"], "Intents of the agent that mean: not understood.")
        end = reader.value("end", .texts, default: ["StandardBotEndConversation"], "Intents of the agent that end the conversation.")
        escalation = reader.value("escalation", .texts, default: [], "Intents of the agent that ask for a person.")
        escalationContains = reader.value("escalationContains", .texts, default: ["escalat"],
            "Parts of an intent's name that ask for a person.")
    }
}

/// What the contact gets when the agent fails.
package struct FailureSettings: SettingsGroup {
    package let prompt: String
    package let behavior: ErrorBehavior
    package let goOn: Bool

    package init(from reader: SettingsReader) {
        prompt = reader.value("prompt", .text, default: "Something went wrong on our side.", "What the contact hears.")
        behavior = reader.value("behavior", .choice(), default: .errorBranch, "What CXone does after the prompt.")
        goOn = reader.value("goOn", .flag, default: false,
            "Play the prompt and go on collecting, instead of leaving by the Error branch.")
    }
}

/// What the script receives.
package struct ScriptSettings: SettingsGroup {
    package let payloadsAsObject: Bool
    package let digitsInTranscript: Bool
    package let endBranch: EndBranch

    package init(from reader: SettingsReader) {
        payloadsAsObject = reader.value("payloadsAsObject", .flag, default: false,
            "Send the last script payload as an object under `scriptPayloads` instead of an array of all.")
        digitsInTranscript = reader.value("digitsInTranscript", .flag, default: true,
            "Give keyed digits back to CXone as `lastUserUtterance`, where its transcript reads them. They reach no log either way.")
        endBranch = reader.value("endBranch", .choice(), default: .returnControl, "Branch taken when the agent ends the conversation.")
    }
}

/// What holds for the endpoint as a whole.
package struct ExchangeEndpointSettings: SettingsGroup {
    package let sessionKeys: [Secret]
    package let allowPlainHTTP: Bool
    package let declineUnknownAgents: Bool
    package let traceFile: String?

    package init(from reader: SettingsReader) {
        sessionKeys = reader.required("sessionKeys", .secrets,
            "Keys that sign the session state: the first signs, all are accepted. The same on every host.")
        allowPlainHTTP = reader.value("allowPlainHTTP", .flag, default: false,
            "For development: serve unencrypted requests too, from loopback addresses only.")
        declineUnknownAgents = reader.value("declineUnknownAgents", .flag, default: false,
            "Answer DoNotBegin instead of Error when the first turn names a virtual agent that is not configured.")
        traceFile = reader.group("trace", TraceSettings.self, "A record of each turn, for tools at the desk.").file
    }

    /// Where no turns are served.
    package static let none = ExchangeEndpointSettings()

    private init() {
        sessionKeys = []
        allowPlainHTTP = false
        declineUnknownAgents = false
        traceFile = nil
    }
}

package struct TraceSettings: SettingsGroup {
    package let file: String?

    package init(from reader: SettingsReader) {
        file = reader.optional("file", .path, "File to which each turn is appended as one JSON line, digits and secrets masked. Absent: no trace.")
    }
}
