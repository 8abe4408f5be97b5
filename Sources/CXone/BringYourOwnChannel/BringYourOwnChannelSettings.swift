package import Secrets
package import Settings

/// `byoc`: what holds for everything that CXone's Digital Experience asks of us (`byoc.md` §3).
package struct BringYourOwnChannelSettings: SettingsGroup {
    package let clients: [(name: String, group: Client)]
    package let tokenKeys: [Secret]
    package let tokenLifetimeSeconds: Int
    package let allowPlainHTTP: Bool
    package let callbacks: [CallbackSettings]

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
        callbacks = reader.list("callbacks", CallbackSettings.self,
            "Calls of CXone at paths that are documented nowhere, once they were seen in the log: what each of them means.")
    }
}

/// `byoc.callbacks[]`: what a call at one path means (`byoc.md` §3.6).
package struct CallbackSettings: SettingsGroup {
    package enum Method: String, CaseIterable, Sendable { case post = "POST", put = "PUT", delete = "DELETE", patch = "PATCH", get = "GET" }

    package enum Action: String, CaseIterable, Sendable {
        case outbound, legacy, recipients, senderAction, token
        /// Acknowledged, and nothing done.
        case ignore
        /// What CXone's agents may want of a platform, and no channel can do so far: refused in words.
        case delete, hide, like, share
    }

    package let method: Method
    package let path: String
    package let action: Action
    package let status: Int

    package init(from reader: SettingsReader) {
        method = reader.value("method", .choice(), default: .post, "How it is called.")
        path = reader.required("path", .text,
            "Path below the Integration Box URL, ids in braces: `/1.0/channel/{channel}/messages/{message}/removal`. "
                + "`{channel}`, `{thread}` and `{post}` say which id is which.")
        action = reader.required("action", .choice(), "What is done: one of the known calls, a fixed answer, or an action that is refused in words.")
        status = reader.value("status", .integer(200...299), default: 204, "The answer's status for `ignore`.")
        if !reader.isDescribing, !path.hasPrefix("/") { reader.problem("must begin with /", at: "path") }
    }
}

/// What the token endpoint reads of the settings file, so that no other secret need be at hand where it runs.
package struct TokenEndpointSettings: SettingsGroup {
    package let byoc: BringYourOwnChannelSettings?
    package let authorization: TunnelAuthorizationSettings?

    package init(from reader: SettingsReader) {
        byoc = reader.optionalGroup("byoc", BringYourOwnChannelSettings.self, "What holds for CXone's calls about channels.")
        authorization = reader.optionalGroup("authorization", TunnelAuthorizationSettings.self,
            "Causeway as the authorization server of the tunnel: signed tokens for the apps in Virtual Agent Hub.")
        reader.leaveRest()
    }
}
