package import HTTP
package import Secrets
package import Settings
package import Store
package import Time

/// What the `health` function reads of `causeway.jsonc`: its own group, the store, and the certificate files of all groups.
package struct HealthSettings: SettingsGroup {
    package let store: StoreSettings?
    package let secrets: [Secret]
    /// Where each file stands in the settings, and the file.
    package let certificates: [(place: String, path: String)]

    package init(from reader: SettingsReader) {
        store = reader.optionalGroup("store", StoreSettings.self,
            "State outside the process: access tokens, claims, threads. Channels need it; turns do not.")
        let group = reader.optionalGroup("health", Group.self, "Who sees more of the state than whether it is good.")
        secrets = group?.secrets ?? []
        certificates = reader.paths(named: "certificateFile") + reader.paths(named: "authorityFile") + reader.paths(named: "authorityFiles")
            + (group?.certificateFiles ?? []).enumerated().map { ("health.certificateFiles[\($0.offset)]", $0.element) }
        reader.leave("exchange", "agents", "publicURL", "byoc", "events", "attachments", "tenants", "channels", "trace", "authorization")
    }

    struct Group: SettingsGroup {
        let secrets: [Secret]?
        let certificateFiles: [String]

        init(from reader: SettingsReader) {
            secrets = reader.optional("secrets", .secrets,
                "Bearer secrets that show the details to callers from elsewhere; from this machine they are shown to everybody.")
            certificateFiles = reader.value("certificateFiles", .paths, default: [],
                "Further PEM files whose end is watched, such as the web server's own certificate.")
        }
    }

    package func handler(over transport: any HTTPTransport, time: any TimeSource) -> HealthHandler {
        HealthHandler(
            store: store?.open(over: transport, time: time), certificates: certificates, secrets: secrets, time: time,
            expiry: CertificateFile.expiry)
    }
}
