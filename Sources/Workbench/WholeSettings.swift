package import CXone
package import Catalog
package import ChannelCatalog
package import Health
package import Settings

/// The whole of `causeway.jsonc`, for checking, for the schema and for the reference. Each function reads only its part.
package struct WholeSettings: SettingsGroup {
    package let turns: CausewaySettings
    package let messaging: MessagingSettings
    package let health: HealthSettings
    package let authorization: TunnelAuthorizationSettings?

    package init(from reader: SettingsReader) {
        turns = CausewaySettings(from: reader)
        messaging = MessagingSettings(from: reader)
        health = HealthSettings(from: reader)
        authorization = reader.optionalGroup("authorization", TunnelAuthorizationSettings.self,
            "Causeway as the authorization server of the tunnel: signed tokens for the apps in Virtual Agent Hub.")
    }
}
