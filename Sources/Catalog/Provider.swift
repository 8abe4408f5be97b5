package import Conversation
package import HTTP
package import OpenAIAgent
package import RasaAgent
package import ScriptedAgent
import Settings
package import Time
package import WebhookAgent

/// Every adapter, once. A new one is a case here; the compiler then asks for it in the two switches below, and nothing else needs to know.
package enum Provider: Sendable {
    case scripted(ScriptedSettings)
    case webhook(WebhookSettings)
    case rasa(RasaSettings)
    case openAI(OpenAISettings)

    /// The key under `agents.<name>` that chooses the provider and holds its settings.
    package enum Key: String, CaseIterable, Sendable {
        case scripted, webhook, rasa
        case openAI = "openai"
    }

    /// The agent of these settings.
    package func agent(over transport: any HTTPTransport, time: any TimeSource) -> any VirtualAgent {
        switch self {
        case .scripted(let settings): Scripted(settings)
        case .webhook(let settings): Webhook(settings, over: transport, time: time)
        case .rasa(let settings): Rasa(settings, over: transport)
        case .openAI(let settings): OpenAI(settings, over: transport)
        }
    }

    /// Where the provider is called; `nil` for one that calls nobody.
    package var endpoint: String? {
        switch self {
        case .scripted: nil
        case .webhook(let settings): settings.url
        case .rasa(let settings): settings.url
        case .openAI(let settings): settings.url
        }
    }

    private init?(_ key: Key, from reader: SettingsReader) {
        func group<Group: SettingsGroup>(_ type: Group.Type, _ description: String) -> Group? {
            reader.optionalGroup(key.rawValue, type, description)
        }
        let found: Provider? = switch key {
        case .scripted: group(ScriptedSettings.self, "The embedded agent, which answers from a script.").map { .scripted($0) }
        case .webhook: group(WebhookSettings.self, "A bot of your own behind one URL.").map { .webhook($0) }
        case .rasa: group(RasaSettings.self, "A Rasa server.").map { .rasa($0) }
        case .openAI: group(OpenAISettings.self, "A language model behind chat completions.").map { .openAI($0) }
        }
        guard let found else { return nil }
        self = found
    }

    /// The one provider that the agent names. None, or more than one, is a mistake.
    init(from reader: SettingsReader) {
        let named = Key.allCases.compactMap { key in Provider(key, from: reader).map { (key, $0) } }
        var keys: String { Key.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
        if named.isEmpty { reader.problem("names no provider; add exactly one of \(keys)") }
        for (key, _) in named.dropFirst() {
            reader.problem("is a second provider beside \"\(named[0].0.rawValue)\"; an agent has exactly one of \(keys)", at: key.rawValue)
        }
        self = named.first?.1 ?? .scripted(ScriptedSettings.embedded)
    }
}
