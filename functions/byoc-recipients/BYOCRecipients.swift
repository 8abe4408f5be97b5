import CXone
import ChannelCatalog
import CurlTransport
import EventLoop
import Gateway
import Settings
import Time

/// Whether agents may write to these people: `POST /byoc/1.0/channel/{id}/recipients/validation`.
@main
enum Function {
    static func main() {
        Gateway.serve("byoc-recipients", limits: GatewayLimits(body: CallbackHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.callbacks(serving: [.recipients], over: transport, time: SystemTime(), sleep: EventLoop.sleep)
        }
    }
}
