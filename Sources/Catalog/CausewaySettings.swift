package import CXone
import Conversation
package import HTTP
package import ScriptedAgent
package import Settings
package import Store
package import Time

/// What the exchange reads of `causeway.jsonc`.
package struct CausewaySettings: SettingsGroup {
    package let exchange: ExchangeEndpointSettings
    package let agents: [(name: String, group: AgentSettings)]
    package let store: StoreSettings?

    package init(from reader: SettingsReader) {
        // Whoever joins channels only need not say how turns are signed.
        let servesTurns = reader.isDescribing || reader.has("agents") || reader.has("exchange") || !reader.has("channels")
        exchange = servesTurns
            ? reader.group("exchange", ExchangeEndpointSettings.self, "What holds for all turns of Virtual Agent Hub.") : .none
        agents = reader.named("agents", AgentSettings.self,
            "The virtual agents, each under a name of your choice. A turn is served by the one whose ids hold its `virtualAgentId`.",
            isRequired: !reader.has("channels"))
        store = reader.optionalGroup("store", StoreSettings.self,
            "State outside the process: access tokens, claims, threads. Channels need it; turns do not.")
        reader.leave("health", "attachments", "exchange", "publicURL", "byoc", "events", "tenants", "channels", "trace", "authorization")
        if !reader.isDescribing, reader.has("agents"), agents.isEmpty { reader.problem("names no agent", at: "agents") }
    }

    /// Whom callers' tokens are checked with; `nil` when no caller has a token that needs anybody.
    package func callerServices(
        over transport: any HTTPTransport, time: any TimeSource, report: WatchedStore.Report? = nil
    ) -> CallerServices? {
        for (_, settings) in agents where settings.exchange.caller.token != nil {
            return CallerServices(transport: transport, store: store?.open(over: transport, time: time, report: report))
        }
        return nil
    }

    /// The agents as the exchange offers them, all over one transport and with one cache of access tokens.
    /// - Parameter report: Hears of the store's failures, which no turn shows.
    package func exchangeAgents(
        over transport: any HTTPTransport, time: any TimeSource, report: WatchedStore.Report? = nil
    ) -> [ExchangeAgent] {
        var shared: TokenCache?
        var offered: [ExchangeAgent] = []
        for (name, settings) in agents {
            var way: any HTTPTransport = transport
            if let endpoint = settings.provider.endpoint, let connection = settings.connection {
                let tokens = shared ?? TokenCache(store: store?.open(over: transport, time: time, patience: StoreLimits.patience, report: report), time: time)
                shared = tokens
                way = AuthorizedTransport(transport, connection, boundTo: endpoint, tenant: name, tokens: tokens, time: time)
            }
            offered.append(ExchangeAgent(
                name: name, settings: settings.exchange, agent: settings.provider.agent(over: TracedTransport(way), time: time),
                fallback: settings.fallback.map { Scripted($0) }))
        }
        return offered
    }
}

/// One virtual agent: how it meets CXone, who answers, and what answers when that one does not.
package struct AgentSettings: SettingsGroup {
    package let exchange: ExchangeSettings
    package let provider: Provider
    package let connection: ConnectionSettings?
    package let fallback: ScriptedSettings?

    package init(from reader: SettingsReader) {
        exchange = ExchangeSettings(from: reader)
        provider = Provider(from: reader)
        connection = reader.optionalGroup("connection", ConnectionSettings.self,
            "How the provider is reached and what proves who we are.")
        fallback = reader.optionalGroup("fallback", ScriptedSettings.self,
            "A scripted agent that answers in place of this one when it fails or is late. Its script sees the turn, not the conversation.")
        if connection != nil, provider.endpoint == nil { reader.problem("is of no use: this provider calls nobody", at: "connection") }
    }
}
