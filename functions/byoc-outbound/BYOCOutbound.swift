import CXone
import ChannelCatalog
import CurlTransport
import EventLoop
import Gateway
import Settings
import Time

/// What agents write: `POST /byoc/2.0/channel/{id}/outbound`, its alias, the legacy `/byoc/1.0/posts/{id}/messages`, and every path below
/// `/byoc` that no other function serves.
@main
enum Function {
    static func main() {
        Gateway.serve("byoc-outbound", limits: GatewayLimits(body: CallbackHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.callbacks(
                serving: [.outbound, .unknown], over: transport, isLongLived: Gateway.isLongLived, time: SystemTime(), sleep: EventLoop.sleep)
        }
    }
}
