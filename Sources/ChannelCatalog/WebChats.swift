import CXone
package import Conversation
import Delivery
import EventLoop
package import HTTP
import Store
package import Time
import WebChatChannel

extension MessagingSettings {
    /// What serves `/chat`, or a handler that has nothing when no channel is a web chat.
    /// - Parameter canHold: Whether a waiting request costs next to nothing, so that browsers may wait for messages in it for long.
    package func webChat(over transport: any HTTPTransport, time: any TimeSource, canHold: Bool) -> any Handler {
        guard let settings = store else { return UnconfiguredHandler() }
        let store = settings.open(over: transport, time: time)
        let way = traced(transport)
        let centres = contactCentres(over: way, store: store, time: time, sleep: EventLoop.sleep)
        let inbox = InboundDelivery(
            centres: centres, store: store, files: fileSharing(over: way, centres: centres, time: time), time: time, sleep: EventLoop.sleep)
        let handler = webChat(
            channels(over: way, store: store, time: time), inbox: inbox, canHold: canHold, time: time, sleep: EventLoop.sleep)
        return handler.map { traced($0, as: "webchat", time: time) } ?? UnconfiguredHandler()
    }

    /// The same with channels and inbox as given; `nil` when no channel is a web chat.
    package func webChat(
        _ all: [Channel], inbox: any Inbox, canHold: Bool, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void
    ) -> (any Handler)? {
        guard let publicURL else { return nil }
        let places = channels.compactMap { name, group -> WebChatPlace? in
            guard case .webChat = group.platform, let channel = all.first(where: { $0.name == name }), let chat = channel.outbound as? WebChat else {
                return nil
            }
            return WebChatPlace(channel: channel, chat: chat)
        }
        guard !places.isEmpty else { return nil }
        return WebChatHandler(
            places: places, inbox: inbox, publicURL: publicURL, hold: canHold ? 25_000 : 4000, allowsPlainHTTP: byoc?.allowPlainHTTP ?? false,
            time: time, sleep: sleep)
    }
}
