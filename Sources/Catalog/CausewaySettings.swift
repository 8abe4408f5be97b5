package import CXone
package import Conversation
package import HTTP
package import ScriptedAgent
package import Settings

/// The root of `causeway.jsonc`.
package struct CausewaySettings: SettingsGroup {
    package let exchange: ExchangeEndpointSettings
    package let agents: [(name: String, group: AgentSettings)]

    package init(from reader: SettingsReader) {
        exchange = reader.group("exchange", ExchangeEndpointSettings.self, "What holds for all turns of Virtual Agent Hub.")
        agents = reader.named("agents", AgentSettings.self,
            "The virtual agents, each under a name of your choice. A turn is served by the one whose ids hold its `virtualAgentId`.",
            isRequired: true)
        if !reader.isDescribing, reader.has("agents"), agents.isEmpty { reader.problem("names no agent", at: "agents") }
    }

    /// The agents as the exchange offers them, all over one transport.
    package func exchangeAgents(over transport: any HTTPTransport) -> [ExchangeAgent] {
        agents.map { name, settings in
            ExchangeAgent(
                name: name, settings: settings.exchange, agent: settings.provider.agent(over: transport),
                fallback: settings.fallback.map { Scripted($0) })
        }
    }
}

/// One virtual agent: how it meets CXone, who answers, and what answers when that one does not.
package struct AgentSettings: SettingsGroup {
    package let exchange: ExchangeSettings
    package let provider: Provider
    package let fallback: ScriptedSettings?

    package init(from reader: SettingsReader) {
        exchange = ExchangeSettings(from: reader)
        provider = Provider(from: reader)
        fallback = reader.optionalGroup("fallback", ScriptedSettings.self,
            "A scripted agent that answers in place of this one when it fails or is late. Its script sees the turn, not the conversation.")
    }
}
