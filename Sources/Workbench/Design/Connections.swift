import CXone
import Catalog
import ChannelCatalog
import Conversation
import HTTP
import Settings
import Store

/// One way on which requests travel, to us or from us, as the settings make it (B12).
package struct Connection: Sendable, Equatable {
    package enum Direction: String, Sendable {
        /// Somebody calls us.
        case served = "in"
        /// We call somebody.
        case called = "out"
    }

    package let direction: Direction
    /// The system at the other end.
    package let party: String
    package let methods: String
    package let url: String
    /// What proves who calls. Names only; values never.
    package let proof: String
    package let purpose: String
}

/// Every URL that is served or called with these settings, both sides.
package enum Connections {
    package static func all(of settings: WholeSettings) -> [Connection] {
        served(settings) + calledByTurns(settings.turns) + calledByChannels(settings.messaging)
    }

    // MARK: Served

    private static func served(_ settings: WholeSettings) -> [Connection] {
        let root = settings.messaging.publicURL ?? "https://your-server.example"
        return Endpoint.all.flatMap { endpoint -> [Connection] in
            guard isUsed(endpoint, settings), let (party, proof) = caller(of: endpoint, settings) else { return [] }
            return endpoint.routes.map { route in
                Connection(
                    direction: .served, party: party, methods: endpoint.methods.joined(separator: ", "), url: root + route.pattern, proof: proof,
                    purpose: endpoint.summary)
            }
        }
    }

    private static func isUsed(_ endpoint: Endpoint, _ settings: WholeSettings) -> Bool {
        switch endpoint.name {
        case "exchange": !settings.turns.agents.isEmpty
        case "byoc-token": !settings.messaging.channels.isEmpty || settings.authorization != nil
        case "token-cache": (settings.messaging.store ?? settings.turns.store)?.cache != nil
        case "health": true
        case "webchat": settings.messaging.channels.contains { $0.group.platform?.key == .webChat }
        case "webhook": settings.messaging.channels.contains { $0.group.platform.map { $0.key != .webChat } ?? false }
        default: !settings.messaging.channels.isEmpty
        }
    }

    private static func caller(of endpoint: Endpoint, _ settings: WholeSettings) -> (party: String, proof: String)? {
        switch endpoint.name {
        case "exchange":
            let proofs = Set(settings.turns.agents.map { $0.group.exchange.caller.summary }).sorted()
            return ("CXone Virtual Agent Hub", proofs.joined(separator: "; "))
        case "byoc-token":
            let clients = (settings.messaging.byoc?.clients.map(\.name) ?? []) + (settings.authorization?.clients.map(\.name) ?? [])
            let party = settings.messaging.channels.isEmpty ? "CXone Virtual Agent Hub" : "CXone Digital Experience"
            return (party + (settings.authorization == nil || settings.messaging.channels.isEmpty ? "" : ", Virtual Agent Hub"),
                "client id and secret: " + clients.joined(separator: ", "))
        case "byoc-outbound", "byoc-recipients", "byoc-sender-action": return ("CXone Digital Experience", "Bearer token from our own token endpoint")
        case "webhook":
            let platforms = Set(settings.messaging.channels.compactMap { $0.group.platform?.key }).filter { $0 != .webChat }
            return (platforms.map(\.rawValue).sorted().joined(separator: ", "), "the platform's signature or token")
        case "channel-pages": return ("administrator's browser, sent by CXone", "one-time token, then a session cookie")
        case "contact-events": return ("CXone workflow automation", "configured header")
        case "attachments": return ("CXone, agents' browsers", "signed link that expires")
        case "webchat": return ("contacts' browsers", "signed session token, allowed origins")
        case "token-cache": return ("the other functions", "Bearer secret, this machine only")
        case "health": return ("monitoring", "none; details to this machine only")
        default: return ("–", "–")
        }
    }

    // MARK: Called

    private static func calledByTurns(_ settings: CausewaySettings) -> [Connection] {
        var found: [Connection] = []
        for (name, agent) in settings.agents {
            found += asked(about: agent.exchange.caller, of: name)
            guard let url = agent.provider.endpoint else { continue }
            var proofs = agent.connection.map { $0.headers.map { "header \($0.name)" } } ?? []
            if agent.connection?.oauth != nil { proofs.append("OAuth token") }
            if agent.connection?.options.certificateFile != nil { proofs.append("client certificate") }
            found.append(Connection(
                direction: .called, party: "virtual agent \(name)", methods: "POST", url: url,
                proof: proofs.isEmpty ? "the provider's own settings" : proofs.joined(separator: ", "), purpose: "one call for each turn"))
            if let oauth = agent.connection?.oauth {
                found.append(Connection(
                    direction: .called, party: "authorization server of \(name)", methods: "POST", url: oauth.url, proof: "client credentials",
                    purpose: "access token, kept until it expires"))
            }
        }
        return found + store(settings.store)
    }

    /// Whom a caller's token is checked with.
    private static func asked(about caller: TunnelCallerSettings, of agent: String) -> [Connection] {
        if let url = caller.token?.jwt?.keysURL {
            return [Connection(
                direction: .called, party: "issuer of \(agent)'s callers", methods: "GET", url: url, proof: "none; the keys are public",
                purpose: "keys that sign CXone's tokens, kept for a while")]
        }
        guard let introspection = caller.token?.introspection else { return [] }
        return [Connection(
            direction: .called, party: "authorization server of \(agent)'s callers", methods: "POST", url: introspection.url,
            proof: introspection.clientID == nil ? "configured header" : "client id and secret", purpose: "whether a token is good, believed for a while")]
    }

    private static func calledByChannels(_ settings: MessagingSettings) -> [Connection] {
        var found: [Connection] = []
        for (name, tenant) in settings.tenants where settings.channels.contains(where: { $0.group.tenant == name }) {
            let api = (tenant.apiURL ?? "https://api-de-{area}.{domain}") + "/dfo/3.0"
            found.append(Connection(
                direction: .called, party: "CXone sign-in (\(name))", methods: "GET, POST", url: tenant.issuer + "/.well-known/…, token endpoint",
                proof: "client id and secret, access key", purpose: "discovery, access token"))
            found += operations.map { operation in
                Connection(
                    direction: .called, party: "CXone Digital Experience (\(name))", methods: operation.method, url: api + operation.path,
                    proof: "Bearer token of the sign-in", purpose: operation.purpose)
            }
        }
        for (name, channel) in settings.channels {
            guard let platform = channel.platform, let url = platform.endpoint else { continue }
            found.append(Connection(
                direction: .called, party: "\(platform.key.rawValue) (\(name))", methods: "POST, PUT, GET", url: url,
                proof: "the platform's token or our signature", purpose: "agents' messages, files, typing, endings"))
        }
        return found
    }

    private static func store(_ settings: StoreSettings?) -> [Connection] {
        if let etcd = settings?.etcd {
            return etcd.urls.map {
                Connection(
                    direction: .called, party: "etcd", methods: "POST", url: $0, proof: etcd.user == nil ? "none or client certificate" : "user, password",
                    purpose: "state, sealed")
            }
        }
        guard let cache = settings?.cache else { return [] }
        return [Connection(
            direction: .called, party: "token cache", methods: "GET, PUT, DELETE", url: cache.url + "/{key}", proof: "Bearer secret", purpose: "state, sealed")]
    }

    /// What is used of the Digital Engagement API (`byoc.md` §6).
    private static let operations: [(method: String, path: String, purpose: String)] = [
        ("GET, POST", "/channels", "list, create and change channels"),
        ("DELETE", "/channels/{channelId}", "delete a channel"),
        ("POST", "/channels/{channelId}/messages", "a contact's message"),
        ("PUT", "/channels/{channelId}/messages/{messageIdOnExternalPlatform}/status", "delivered, seen, failed"),
        ("PUT", "/channels/{channelId}/threads/{threadIdOnExternalPlatform}", "the contact ended a thread"),
        ("POST", "/channels/{channelId}/threads/{threadIdOnExternalPlatform}/sender-actions", "the contact types"),
        ("GET", "/messages", "look-up after a create whose outcome is unknown"),
        ("GET", "/contacts", "contacts that agents closed"),
        ("GET, PUT", "/contacts/{contactNumber}/…", "status, custom fields"),
        ("PUT", "/customers/{customerId}/custom-fields", "custom fields of a person"),
        ("POST", "/attachments/temporary", "a contact's file, where it is uploaded"),
        ("POST", "/one-time-token/verification", "an administrator arrives at the channel pages"),
    ]
}
