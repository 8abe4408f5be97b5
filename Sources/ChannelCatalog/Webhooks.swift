import CXone
import Delivery
import EventLoop
package import HTTP
import Store
package import Time

extension MessagingSettings {
    /// What serves `/webhook`, or a handler that has nothing when the settings name no channel.
    ///
    package func webhooks(over transport: any HTTPTransport, time: any TimeSource) -> any Handler {
        guard let settings = store, !channels.isEmpty else { return UnconfiguredHandler() }
        let store = settings.open(over: transport, time: time)
        let way = traced(transport)
        let centres = contactCentres(over: way, store: store, time: time, sleep: EventLoop.sleep)
        let inbox = InboundDelivery(
            centres: centres, store: store, files: fileSharing(over: way, centres: centres, time: time), time: time, sleep: EventLoop.sleep)
        let handler = WebhookHandler(
            channels: channels(over: way, store: store, time: time), inbox: inbox, store: store, time: time,
            allowsPlainHTTP: byoc?.allowPlainHTTP ?? false)
        return traced(handler, as: "webhook", time: time)
    }
}
