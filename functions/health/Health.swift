import Catalog
import ChannelCatalog
import CurlTransport
import Gateway
import Health
import Settings
import Time

/// Whether this installation is ready: `GET /health`.
@main
enum Function {
    static func main() {
        Gateway.serve("health") {
            // All of the file is read, so that a mistake in any part of it shows here.
            _ = try SettingsFile.load(CausewaySettings.self)
            _ = try SettingsFile.load(MessagingSettings.self)
            let settings = try SettingsFile.load(HealthSettings.self).settings
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.handler(over: transport, time: SystemTime())
        }
    }
}
