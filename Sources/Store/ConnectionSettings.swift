package import HTTP
package import Secrets
package import Settings

/// `agents.<name>.connection`: how an agent's endpoint is reached and what proves who we are (`virtual-agent.md` §6).
package struct ConnectionSettings: SettingsGroup {
    package let headers: [SettingPair]
    package let oauth: OAuthSettings?
    package let options: ConnectionOptions

    package init(from reader: SettingsReader) {
        headers = reader.optional(
            "headers", .headers, "Headers sent with every call, such as `{\"X-Api-Key\": {\"env\": \"AGENT_KEY\"}}`.") ?? []
        oauth = reader.optionalGroup("oauth", OAuthSettings.self, "A token from an authorization server, by client credentials.")
        options = ConnectionOptions(from: reader)
        for name in Set(headers.map { $0.name.lowercased() }) where headers.filter({ $0.name.lowercased() == name }).count > 1 {
            reader.problem("holds \"\(name)\" twice in different spellings", at: "headers")
        }
        if let oauth, headers.contains(where: { $0.name.lowercased() == oauth.header.lowercased() }) {
            reader.warning("holds \"\(oauth.header)\", which the token of \"oauth\" replaces", at: "headers")
        }
    }
}

/// `connection.oauth`: the token request (RFC 6749 §4.4), what its answer looks like, and where the token goes.
package struct OAuthSettings: SettingsGroup {
    package enum Authentication: String, CaseIterable, Sendable { case basic, body }
    package enum Format: String, CaseIterable, Sendable { case form, json }

    package let url: String
    package let clientID: String?
    package let clientSecret: Secret?
    package let authentication: Authentication
    package let format: Format
    package let parameters: [SettingPair]
    package let headers: [SettingPair]
    package let tokenKey: String
    package let lifetimeKey: String
    package let typeKey: String
    package let lifetimeSeconds: Int?
    package let header: String
    package let prefix: String
    package let options: ConnectionOptions

    package init(from reader: SettingsReader) {
        url = reader.required("url", .url, "Token endpoint of the authorization server.")
        clientID = reader.optional("clientID", .text, "Client identifier.")
        clientSecret = reader.optional("clientSecret", .secret, "Client secret.")
        authentication = reader.value(
            "authentication", .choice(), default: .basic,
            "Where identifier and secret go: `basic` sends an Authorization header, `body` the fields client_id and client_secret.")
        format = reader.value("format", .choice(), default: .form, "How the request's body is written.")
        parameters = reader.optional(
            "parameters", .pairs,
            "Further fields of the body, such as `{\"scope\": \"bot\"}`. `grant_type` is `client_credentials` unless it stands here.") ?? []
        headers = reader.optional("headers", .headers, "Headers of the token request.") ?? []
        tokenKey = reader.value(
            "tokenKey", .text, default: "access_token", "Where the answer holds the token; dots lead into objects: `data.token`.")
        lifetimeKey = reader.value("lifetimeKey", .text, default: "expires_in", "Where the answer holds the lifetime in seconds.")
        typeKey = reader.value("typeKey", .text, default: "token_type", "Where the answer holds the token's type.")
        lifetimeSeconds = reader.optional(
            "lifetimeSeconds", .integer(1...31_536_000), "Lifetime when the answer tells none; without it 3600.")
        header = reader.value("header", .headerName, default: "Authorization", "Header that carries the token to the agent.")
        prefix = reader.value("prefix", .text, default: "Bearer", "What stands before the token there; may be empty.")
        options = ConnectionOptions(from: reader)
        if clientSecret != nil, clientID == nil { reader.problem("needs \"clientID\" too", at: "clientSecret") }
    }
}
