package import Secrets
package import Settings

/// `byoc`: what holds for everything that CXone's Digital Experience asks of us (`byoc.md` §3).
package struct BringYourOwnChannelSettings: SettingsGroup {
    package let clients: [(name: String, group: Client)]
    package let tokenKeys: [Secret]
    package let tokenLifetimeSeconds: Int
    package let allowPlainHTTP: Bool

    /// One client id of an integration form with its secrets.
    package struct Client: SettingsGroup {
        package let secrets: [Secret]
        package let channels: [String]

        package init(from reader: SettingsReader) {
            secrets = reader.required("secrets", .secrets, "Client secrets that are accepted; two while one replaces the other.")
            channels = reader.value("channels", .texts, default: [],
                "Names of the channels that this client may use; without any, all.")
        }
    }

    package init(from reader: SettingsReader) {
        clients = reader.named("clients", Client.self,
            "Who may fetch a token: each name is a client id as entered in CXone's integration form.", isRequired: true)
        tokenKeys = reader.required("tokenKeys", .secrets, "Sign the access tokens that CXone gets; the first signs, all verify.")
        tokenLifetimeSeconds = reader.value("tokenLifetimeSeconds", .integer(30...86_400), default: 3600, "How long such a token is valid.")
        allowPlainHTTP = reader.value("allowPlainHTTP", .flag, default: false, "Serve unencrypted requests from this machine.")
    }
}
