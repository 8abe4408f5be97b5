import CXone
import ChannelCatalog
import CurlTransport
import EventLoop
import Gateway
import Settings
import Time

/// An agent types: `POST /byoc/1.0/channel/{id}/thread/{thread}/sender-action`.
@main
enum Function {
    static func main() {
        Gateway.serve("byoc-sender-action", limits: GatewayLimits(body: CallbackHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.callbacks(serving: [.senderAction], over: transport, time: SystemTime(), sleep: EventLoop.sleep)
        }
    }
}
