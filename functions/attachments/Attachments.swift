import ChannelCatalog
import CurlTransport
import Gateway
import Settings
import Time

/// Files of contacts, for agents: `GET` and `HEAD` on `/attachments/{signed}`.
@main
enum Function {
    static func main() {
        Gateway.serve("attachments") {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.attachmentLinks(over: transport, time: SystemTime())
        }
    }
}
