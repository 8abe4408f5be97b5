package import Catalog
import CXone
package import Settings
package import Simulator

/// The agents of a settings file as apps of the Virtual Agent Hub that the desk plays: each by phone and by chat, proving itself as the settings want it.
package enum HubApps {
    /// - Parameter front: Where the functions are reached.
    package static func all(of settings: CausewaySettings, front: String) -> [HubApp] {
        settings.agents.flatMap { name, group in
            [("\(name)-phone", StudioAction.voicebotExchange), ("\(name)-chat", .textbotExchange)].map { title, action in
                app(title, action, agent: name, group.exchange, front: front)
            }
        }
    }

    private static func app(_ name: String, _ action: StudioAction, agent: String, _ settings: ExchangeSettings, front: String) -> HubApp {
        var app = HubApp(name: name, agent: settings.virtualAgentIds.first ?? agent, url: "\(front)/exchange/\(agent)", action: action)
        app.version = HubVersion(rawValue: settings.integrationVersion.rawValue) ?? .v3
        app.welcome = settings.intents.welcome.first ?? app.welcome
        for header in settings.caller.headers {
            guard let value = header.values.first else { continue }
            if app.version == .v1 { app.authorizationHeader = value } else { app.headers.append(HubApp.Pair(header.name, value)) }
        }
        return app
    }

    /// Reads them from a file. What is wrong with it is thrown; the desk can do without.
    package static func read(_ path: String, environment: [String: String], front: String) throws(SettingsError) -> [HubApp] {
        all(of: try SettingsFile.read(CausewaySettings.self, at: path, environment: environment).settings, front: front)
    }
}
