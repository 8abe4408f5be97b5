package import Secrets

extension MatrixChannelSettings {
    /// The registration file (YAML) that the homeserver's administrator installs (specification, Application Service API §2.1). Holds both tokens.
    ///
    /// - Parameters:
    ///   - channel: Name of the channel in the settings.
    ///   - publicURL: Where the homeserver reaches us.
    package func registration(channel: String, publicURL: String) -> Secret {
        registration(channel: channel, publicURL: publicURL, asToken: asToken.revealText(), hsToken: hsTokens.first?.revealText() ?? "")
    }

    /// The same to look at, without the tokens.
    package func redactedRegistration(channel: String, publicURL: String) -> String {
        registration(channel: channel, publicURL: publicURL, asToken: "[redacted]", hsToken: "[redacted]").revealText()
    }

    private func registration(channel: String, publicURL: String, asToken: String, hsToken: String) -> Secret {
        let names = Self.escaped(prefix) + ".*:" + Self.escaped(serverName)
        return Secret("""
            # Matrix application service: list this file under app_service_config_files of the homeserver, and restart it.
            id: \(Self.quoted("causeway-" + channel))
            url: \(Self.quoted("\(publicURL)/webhook/\(channel)"))
            as_token: \(Self.quoted(asToken))
            hs_token: \(Self.quoted(hsToken))
            sender_localpart: \(Self.quoted(senderLocalpart))
            rate_limited: false
            receive_ephemeral: true
            namespaces:
              users:
                - exclusive: true
                  regex: \(Self.quoted("@" + names))
              aliases:
                - exclusive: true
                  regex: \(Self.quoted("#" + names))
              rooms: []

            """)
    }

    /// A YAML scalar in single quotes.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { $0 += ".+*?()[]{}|^$\\".contains($1) ? "\\\($1)" : String($1) }
    }
}
