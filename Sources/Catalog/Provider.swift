package import Conversation
package import HTTP
package import ScriptedAgent
import Settings
package import Time

/// Every adapter, once. A new one is a case here; the compiler then asks for it in the two switches below, and nothing else needs to know.
package enum Provider: Sendable {
    case scripted(ScriptedSettings)

    /// The key under `agents.<name>` that chooses the provider and holds its settings.
    package enum Key: String, CaseIterable, Sendable {
        case scripted
    }

    /// The agent of these settings.
    package func agent(over transport: any HTTPTransport, time: any TimeSource) -> any VirtualAgent {
        switch self {
        case .scripted(let settings): Scripted(settings)
        }
    }

    /// Where the provider is called; `nil` for one that calls nobody.
    package var endpoint: String? {
        switch self {
        case .scripted: nil
        }
    }

    private init?(_ key: Key, from reader: SettingsReader) {
        switch key {
        case .scripted:
            guard let settings = reader.optionalGroup(key.rawValue, ScriptedSettings.self,
                "The embedded agent, which answers from a script.") else { return nil }
            self = .scripted(settings)
        }
    }

    /// The one provider that the agent names. None, or more than one, is a mistake.
    init(from reader: SettingsReader) {
        let named = Key.allCases.compactMap { key in Provider(key, from: reader).map { (key, $0) } }
        let keys = Key.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        if named.isEmpty { reader.problem("names no provider; add exactly one of \(keys)") }
        for (key, _) in named.dropFirst() {
            reader.problem("is a second provider beside \"\(named[0].0.rawValue)\"; an agent has exactly one of \(keys)", at: key.rawValue)
        }
        self = named.first?.1 ?? .scripted(ScriptedSettings.embedded)
    }
}
