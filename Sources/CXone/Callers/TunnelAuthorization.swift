package import Secrets
package import Settings

/// `authorization`: Causeway as the authorization server of the tunnel, where the customer has none (V70, V74). Read by `byoc-token` alone; who
/// checks the tokens needs the published keys only.
package struct TunnelAuthorizationSettings: SettingsGroup {
    package let issuer: String
    package let keys: [SignatureKey]
    package let tokenLifetimeSeconds: Int
    package let allowPlainHTTP: Bool
    package let clients: [(name: String, group: Client)]

    /// A client of the token endpoint: an app in Virtual Agent Hub.
    package struct Client: SettingsGroup {
        package let secrets: [Secret]
        package let audience: [String]

        package init(from reader: SettingsReader) {
            secrets = reader.required("secrets", .secrets, "Client secrets that are accepted; two while one replaces the other.")
            audience = reader.required("audience", .texts,
                "`aud` of the tokens that it gets: what the agents that it may use ask for under \"caller.token.jwt.audience\".")
            if !reader.isDescribing, audience.isEmpty { reader.problem("must name at least one audience", at: "audience") }
        }
    }

    package init(from reader: SettingsReader) {
        issuer = reader.required("issuer", .rootURL,
            "`iss` of the tokens: the public URL under which this is served, such as `https://causeway.example/byoc/tunnel`.")
        let secrets = reader.required("keys", .secrets,
            "Private keys in PEM: P-256, P-384, or RSA of 2048 bits or more. The first signs, the public parts of all are published: "
                + "a new one is listed second until everybody has fetched it, and the old one until its last token has ended.")
        keys = secrets.compactMap { SignatureKey(privatePEM: $0) }
        tokenLifetimeSeconds = reader.value("tokenLifetimeSeconds", .integer(30...3600), default: 600, "How long a token is valid.")
        allowPlainHTTP = reader.value("allowPlainHTTP", .flag, default: false, "Serve unencrypted requests from this machine.")
        clients = reader.named("clients", Client.self,
            "Who may fetch a token: each name is a client id as entered in the app's authorization.", isRequired: true)
        guard !reader.isDescribing, keys.count == secrets.count else {
            if !reader.isDescribing {
                reader.problem("must be private keys in PEM without a password: P-256, P-384, or RSA of 2048 bits or more "
                    + "(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)", at: "keys")
            }
            return
        }
        if clients.isEmpty, reader.has("clients") { reader.problem("names no client", at: "clients") }
    }
}
