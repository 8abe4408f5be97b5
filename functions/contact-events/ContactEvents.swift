import CXone
import ChannelCatalog
import CurlTransport
import EventLoop
import Gateway
import Settings
import Time

/// What an automation tells of contacts, `POST /events/contact`, and work that is due, `POST /events/tick`; a process that lives on does that by
/// itself.
@main
enum Function {
    static func main() {
        Gateway.serve("contact-events", limits: GatewayLimits(body: ContactEventsHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(MessagingSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            return settings.contactEvents(over: transport, time: SystemTime(), sleep: EventLoop.sleep, warn: { Gateway.warn($0) })
        }
    }
}
