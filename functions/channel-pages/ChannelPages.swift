import CXone
import ChannelCatalog
import CurlTransport
import Gateway
import Settings
import Time

/// The administrator's pages: `GET` and `POST` on `/channels/add`, `/channels/reconnect`, `/channels/remove`.
@main
enum Function {
    static func main() {
        Gateway.serve("channel-pages", limits: GatewayLimits(body: ChannelPagesHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let time = SystemTime()
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.channelPages(over: transport, time: time, report: Gateway.report)
        }
    }
}
