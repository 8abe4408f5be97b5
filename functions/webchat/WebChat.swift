import ChannelCatalog
import CurlTransport
import Gateway
import Settings
import Time

/// The chat in the browser: its page, the script for other sites, and what they ask for, below `/chat`.
@main
enum Function {
    static func main() {
        Gateway.serve("webchat", limits: GatewayLimits(body: 20 << 20)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.webChat(over: transport, time: SystemTime(), canHold: Gateway.isLongLived)
        }
    }
}
