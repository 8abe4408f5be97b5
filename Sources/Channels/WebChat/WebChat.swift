package import Conversation
package import HTTP
import JSON
package import Store
package import Time

/// The chat in the browser as a channel: what agents write is appended to the conversation's log, where the browsers find it.
///
/// *Once*: an entry is known by the part's key, so that a repeat changes nothing.
package struct WebChat: OutboundChannel, TypingChannel, EndingChannel {
    package let log: ChatLog
    package let files: ChatFiles
    package let settings: WebChatChannelSettings
    private let fetcher: FileFetcher
    private let time: any TimeSource

    /// Milliseconds that one sign of typing is shown.
    static let typing = 10_000

    /// - Parameters:
    ///   - fetcher: For what agents attach.
    ///   - kept: Keeps files both ways for `ChatFiles.life`.
    package init(
        _ settings: WebChatChannelSettings, channel: Channel, fetcher: FileFetcher, kept: any FileKeeping, store: any KeyValueStore,
        time: any TimeSource
    ) {
        self.settings = settings
        self.fetcher = fetcher
        self.time = time
        log = ChatLog(store: store, time: time, tenant: channel.tenant, channel: channel.name)
        files = ChatFiles(store: store, kept: kept, tenant: channel.tenant, channel: channel.name)
    }

    package static func capabilities(_ settings: WebChatChannelSettings) -> ChannelCapabilities {
        var capabilities = ChannelCapabilities()
        capabilities.textLimit = 10_000
        capabilities.choices = 30
        capabilities.showsLinks = true
        capabilities.files = settings.limits.files
        capabilities.fileLimit = settings.limits.fileOctets
        capabilities.combinesTextAndFiles = true
        capabilities.reportsDelivered = true
        capabilities.reportsSeen = true
        capabilities.showsTyping = true
        capabilities.isLiveChat = true
        capabilities.deliveryClass = .once
        return capabilities
    }

    // MARK: Agent → contact

    package func send(_ part: OutboundPart) async throws(ChannelError) -> SentPart {
        let id = MessageID(part.thread.text + "." + part.key)
        let deadline = part.deadline
        let head = try await answered { () async throws(ChatLog.Failure) in try await log.head(of: part.thread, by: deadline) }
        let isKnown = try await answered { () async throws(ChatLog.Failure) in
            try await log.number(of: id.text, in: part.thread, by: deadline) != nil
        }
        let occurred = Int(time.epochMilliseconds())
        if !isKnown {
            guard head.ended == nil else { throw ChannelError(.threadGone, reason: "the conversation has ended", mayHaveArrived: false) }
            let kept = try await keep(part.files, of: part)
            let author = part.author
            _ = try await answered { () async throws(ChatLog.Failure) in
                try await log.append(key: id.text, to: part.thread, by: deadline) { number in
                    ChatEntry.agent(number, id: id, body: part.body, files: kept, author: author, occurred: occurred)
                }
            }
            // A message is the end of typing.
            _ = try? await log.change(part.thread, by: deadline) { $0.typingUntil = 0 }
        }
        return SentPart(id: id, occurred: occurred)
    }

    /// Fetches the agent's files, whose URLs are good for a while only, and keeps them with the conversation.
    private func keep(_ files: [OutboundFile], of part: OutboundPart) async throws(ChannelError) -> [ChatFile] {
        var kept: [ChatFile] = []
        for (index, file) in files.enumerated() {
            let found: (octets: [UInt8], head: FileFetcher.Head)
            do {
                found = try await fetcher.read(file.url, atMost: settings.limits.fileOctets, by: part.deadline)
            } catch {
                throw ChannelError(error)
            }
            guard let type = ChatFileType.checked(found.head.mediaType, found.octets) else {
                throw ChannelError(
                    .contentRefused, reason: "file: type", sentence: "This kind of file is not shown in the chat.", mayHaveArrived: false)
            }
            kept.append(try await self.files.keep(
                found.octets, id: ChatEntry.fileID(part.key, index), name: file.name, type: type, in: part.thread, by: part.deadline))
        }
        return kept
    }

    package func showTyping(_ isOn: Bool, in thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        let now = Int(time.epochMilliseconds())
        _ = try await answered { () async throws(ChatLog.Failure) in
            try await log.change(thread, by: deadline) { head in
                guard head.ended == nil else { return }
                head.typingUntil = isOn ? now + Self.typing : 0
            }
        }
    }

    package func end(_ thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        let occurred = Int(time.epochMilliseconds())
        let head = try await answered { () async throws(ChatLog.Failure) in try await log.head(of: thread, by: deadline) }
        guard head.ended == nil else { return }
        _ = try await answered { () async throws(ChatLog.Failure) in
            try await log.append(key: "end", to: thread, by: deadline, ending: .agent) { ChatEntry.end($0, by: .agent, occurred: occurred) }
        }
    }

    private func answered<Value>(_ body: () async throws(ChatLog.Failure) -> Value) async throws(ChannelError) -> Value {
        do {
            return try await body()
        } catch {
            switch error {
            case .gone:
                throw ChannelError(
                    .threadGone, reason: "no such conversation", sentence: "The conversation is over; the contact's window no longer shows it.")
            case .full: throw ChannelError(.rejected, reason: "the conversation is full", sentence: "The conversation has reached its greatest length.")
            case .store(let failure): throw ChannelError(failure == .timedOut ? .timedOut : .unreachable, reason: "store: \(failure.rawValue)")
            }
        }
    }
}
