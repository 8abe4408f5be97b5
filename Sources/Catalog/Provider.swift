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

    /// The key that chose it.
    package var name: String {
        let key: Key = switch self {
        case .scripted: .scripted
        case .webhook: .webhook
        case .rasa: .rasa
        case .openAI: .openAI
        }
        return key.rawValue
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

    /// HTTP calls that a turn makes, tokens apart.
    package var callsPerTurn: Int {
        switch self {
        case .scripted: 0
        case .webhook, .openAI: 1
        case .rasa(let settings): settings.tracker == nil ? 1 : 2
        }
    }

    private init?(_ key: Key, from reader: SettingsReader) {
        func group<Group: SettingsGroup>(_ type: Group.Type, _ description: String) -> Group? {
            reader.optionalGroup(key.rawValue, type, description)
        }
        switch key {
        case .scripted:
            guard let found = group(ScriptedSettings.self, "The embedded agent, which answers from a script.") else { return nil }
            self = .scripted(found)
        case .webhook:
            guard let found = group(WebhookSettings.self, "A bot of your own behind one URL.") else { return nil }
            self = .webhook(found)
        case .rasa:
            guard let found = group(RasaSettings.self, "A Rasa server.") else { return nil }
            self = .rasa(found)
        case .openAI:
            guard let found = group(OpenAISettings.self, "A language model behind chat completions.") else { return nil }
            self = .openAI(found)
        }
    }

    /// The one provider that the agent names. None, or more than one, is a mistake.
    init(from reader: SettingsReader) {
        var keys: String { Key.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
        var first: Key?
        var provider: Provider?
        for key in Key.allCases {
            guard let named = Provider(key, from: reader) else { continue }
            if let first {
                reader.problem(
                    "is a second provider beside \"\(first.rawValue)\"; an agent has exactly one of \(keys)", at: key.rawValue)
            } else {
                (first, provider) = (key, named)
            }
        }
        if first == nil { reader.problem("names no provider; add exactly one of \(keys)") }
        self = provider ?? .scripted(ScriptedSettings.embedded)
    }
}
