package import Conversation
import Delivery
package import HTTP
package import MatrixChannel
package import Secrets
package import Settings
package import Store
package import Time
package import WebChatChannel
package import WebhookChannel

/// Every channel adapter, once. A new one is a case here; the compiler then asks for it in the switches below.
package enum Platform: Sendable {
    case webChat(WebChatChannelSettings)
    case webhook(WebhookChannelSettings)
    case matrix(MatrixChannelSettings)

    /// The key under `channels.<name>` that chooses the platform and holds its settings.
    package enum Key: String, CaseIterable, Sendable {
        case webChat = "webchat"
        case webhook, matrix
    }

    package var key: Key {
        switch self {
        case .webChat: .webChat
        case .webhook: .webhook
        case .matrix: .matrix
        }
    }

    /// Where the platform is called; `nil` for one that is not.
    package var endpoint: String? {
        switch self {
        case .webChat: nil
        case .webhook(let settings): settings.url
        case .matrix(let settings): settings.homeserver
        }
    }

    /// How it is reached there.
    package var connection: ConnectionOptions {
        switch self {
        case .webChat: ConnectionOptions()
        case .webhook(let settings): settings.connection
        case .matrix(let settings): settings.connection
        }
    }

    private init?(_ key: Key, from reader: SettingsReader) {
        func group<Group: SettingsGroup>(_ type: Group.Type, _ description: String) -> Group? {
            reader.optionalGroup(key.rawValue, type, description)
        }
        switch key {
        case .webChat:
            guard let found = group(WebChatChannelSettings.self, "A chat window on your own web pages.") else { return nil }
            self = .webChat(found)
        case .webhook:
            guard let found = group(WebhookChannelSettings.self, "A messaging app of your own, in a small signed JSON contract.") else { return nil }
            self = .webhook(found)
        case .matrix:
            guard let found = group(MatrixChannelSettings.self, "A Matrix homeserver, joined as its application service.") else { return nil }
            self = .matrix(found)
        }
    }

    /// The one platform that the channel names. None, or more than one, is a mistake.
    static func read(from reader: SettingsReader) -> Platform? {
        let found = Key.allCases.compactMap { key in Platform(key, from: reader).map { (key, $0) } }
        let keys = Key.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        if found.isEmpty { reader.problem("names no platform; add exactly one of \(keys)") }
        for (key, _) in found.dropFirst() {
            reader.problem("is a second platform; a channel has exactly one of \(keys)", at: key.rawValue)
        }
        return found.first?.1
    }
}

extension Platform {
    /// What the platform can carry.
    package var capabilities: ChannelCapabilities {
        switch self {
        case .webChat(let settings): WebChat.capabilities(settings)
        case .webhook(let settings): settings.capabilities
        case .matrix: Matrix.capabilities
        }
    }

    /// Puts the adapter's abilities into a channel.
    ///
    /// - Parameter files: Fetches what agents attach, from hosts that the settings allow.
    package func equip(
        _ channel: inout Channel, over transport: any HTTPTransport, files: FileFetcher, store: any KeyValueStore, time: any TimeSource
    ) {
        switch self {
        case .webChat(let settings):
            let kept = FileStore(store: store, tenant: channel.tenant, life: ChatFiles.life, limit: settings.limits.fileOctets)
            let chat = WebChat(settings, channel: channel, fetcher: files, kept: kept, store: store, time: time)
            channel.outbound = chat
            channel.typing = chat
            channel.ending = chat
            channel.files = kept
        case .webhook(let settings):
            let app = WebhookApp(settings, over: transport, time: time)
            channel.inbound = app
            guard app.canSend else { return }
            channel.outbound = app
            if settings.capabilities.opensThreads { channel.opening = app }
            if settings.capabilities.showsTyping { channel.typing = app }
            channel.ending = app
        case .matrix(let settings):
            let matrix = Matrix(
                settings, channel: channel.name, tenant: channel.tenant, over: transport, store: store, fetcher: files, time: time)
            channel.inbound = matrix
            channel.outbound = matrix
            channel.opening = matrix
            channel.typing = matrix
            channel.ending = matrix
            channel.files = matrix
        }
    }
}

/// A file that the platform's administrator installs there, for a platform that knows us by one.
package struct Registration: Sendable {
    package let file: Secret
    /// The same without its secrets.
    package let redacted: String
}

extension Platform {
    package func registration(channel: String, publicURL: String) -> Registration? {
        guard case .matrix(let settings) = self else { return nil }
        return Registration(
            file: settings.registration(channel: channel, publicURL: publicURL),
            redacted: settings.redactedRegistration(channel: channel, publicURL: publicURL))
    }
}

extension MessagingSettings {
    /// The channels of the settings, with adapters over one transport and one store.
    package func channels(over transport: any HTTPTransport, store: any KeyValueStore, time: any TimeSource) -> [Channel] {
        let files = fileFetcher(over: transport)
        return channels.compactMap { name, settings in
            guard let platform = settings.platform else { return nil }
            var capabilities = platform.capabilities
            capabilities.receives = settings.directions != .outbound
            capabilities.sends = settings.directions != .inbound
            var channel = Channel(
                name: name, tenant: settings.tenant, pointsOfContact: settings.pointsOfContact, capabilities: capabilities,
                mode: settings.delivery)
            channel.showsAuthor = settings.showsAuthor
            channel.inboundOptions = settings.inbound.options
            platform.equip(&channel, over: transport, files: files, store: store, time: time)
            return channel
        }
    }
}
