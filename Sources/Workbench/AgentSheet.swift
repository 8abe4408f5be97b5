import Catalog
import ChannelCatalog
import CXone
import Settings

/// `causeway sheet`, the part about virtual agents: what is entered in each app of Virtual Agent Hub so that the tunnel takes its turns (V63–V87).
package enum AgentSheet {
    /// Markdown, empty without agents. Secrets are named, never shown.
    package static func text(of settings: WholeSettings) -> String {
        guard !settings.turns.agents.isEmpty else { return "" }
        let url = settings.messaging.publicURL ?? "https://your-server.example"
        let agents = settings.turns.agents.map { name, agent in
            let exchange = agent.exchange
            let rows = [
                ("Type", "Custom Exchange Endpoint"), ("Integration version", exchange.integrationVersion.rawValue),
                ("Virtual agent id", exchange.virtualAgentIds.isEmpty ? name : exchange.virtualAgentIds.joined(separator: ", or ")),
                ("Webhook URL", "\(url)/exchange/\(name)"),
            ] + proofs(of: exchange, settings, url: url)
            return "### \(name)\n\n| Field of the app | Value |\n|---|---|\n" + rows.map { "| \($0) | \($1) |" }.joined(separator: "\n") + "\n"
        }
        return "\n## Virtual agents: what to enter in Virtual Agent Hub\n\n" + agents.joined(separator: "\n")
    }

    private static func proofs(of exchange: ExchangeSettings, _ settings: WholeSettings, url: String) -> [(String, String)] {
        let caller = exchange.caller
        var rows = caller.comparedHeaders.map { header in
            exchange.integrationVersion == .v1
                ? ("Authorization Header", "the whole value that the settings name for `\(header.name)`; get it from the engineer by a safe way")
                : ("Custom Headers: `\(header.name)`", "the value that the settings name; get it from the engineer by a safe way")
        }
        if let token = caller.token { rows += self.rows(of: token, settings, url: url) }
        if let certificate = caller.certificate, certificate.mode != .off {
            let front = "The web server must ask for it: `causeway configure --client-authority`"
            rows.append(("mTLS", "client certificate and key; \(certificate.mode.rawValue) here. \(front)"))
        }
        return rows
    }

    private static func rows(of token: CallerTokenSettings, _ settings: WholeSettings, url: String) -> [(String, String)] {
        guard !token.isInBody else {
            return [("Studio script", "fetches a token before each exchange, renews it when it ends, and puts it into \(token.places)")]
        }
        var server = token.jwt.map { "that of the issuer \($0.issuer)" } ?? "that of \(token.introspection?.url ?? "the customer")"
        var body = "what that server wants, such as grant_type, client_id, client_secret"
        if let own = settings.authorization, own.issuer == token.jwt?.issuer {
            let clients = own.clients.filter { client in client.group.audience.contains { token.jwt?.audience.contains($0) ?? false } }.map(\.name)
            server = "\(url)/byoc/tunnel/token"
            body = "grant_type: client_credentials; client_id: \(clients.joined(separator: " or ")); client_secret: the one that the settings name for it"
        }
        return [
            ("Authorization server URL", server), ("Authorization body", body), ("Header name of the token", "`\(token.header)`"),
            ("Prefix of the token", token.prefix.isEmpty ? "none" : "`\(token.prefix)`"),
        ]
    }
}
