import ChannelCatalog
import CurlTransport
import Delivery
import Gateway
import Settings
import Time

/// What messaging platforms tell: any method on `/webhook/{channel}` and below.
@main
enum Function {
    static func main() {
        Gateway.serve("webhook", limits: GatewayLimits(body: WebhookHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.webhooks(over: transport, time: SystemTime())
        }
    }
}
