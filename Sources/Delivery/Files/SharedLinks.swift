package import Conversation
package import HTTP
package import Secrets
package import Time

/// Shares contacts' files by links of our own (`/attachments/…`), or lets the contact centre keep them.
package struct SharedLinks: FileSharing {
    package enum Way: String, Sendable, CaseIterable {
        /// The file stays where it is until somebody follows the link.
        case link
        /// The file is uploaded to CXone with the message.
        case upload
    }

    private let root: String
    private let sealer: Sealer
    private let life: Int
    private let way: Way
    private let centres: [String: any ContactCentre]
    private let fetcher: FileFetcher
    private let time: any TimeSource

    /// - Parameters:
    ///   - root: Where this middleware is reached from outside, without a path's slash at its end.
    ///   - life: Milliseconds of a link.
    ///   - centres: By tenant; needed for `upload` only.
    ///   - fetcher: For files that lie open on the platform.
    package init(
        root: String, sealer: Sealer, life: Int, way: Way = .link, centres: [String: any ContactCentre] = [:], fetcher: FileFetcher,
        time: any TimeSource
    ) {
        self.root = root
        self.sealer = sealer
        self.life = life
        self.way = way
        self.centres = centres
        self.fetcher = fetcher
        self.time = time
    }

    package func link(to file: InboundFile, in channel: Channel, by deadline: Instant) async -> SharedFile? {
        let name = FileName.clean(file.name)
        guard file.size ?? 0 <= fetcher.limit else { return nil }
        if way == .upload, let url = await upload(file, of: channel, by: deadline) { return SharedFile(name: name, url: url) }
        let place: AttachmentLink.Place
        switch file.place {
        case .platform(let reference):
            guard channel.files != nil else { return nil }
            place = .platform(reference)
        case .open(let url):
            // What anybody may fetch needs no detour, as long as it is a web address at all.
            guard FileAddress(url, fetcher.rules) != nil else { return Self.isWebAddress(url) ? SharedFile(name: name, url: url) : nil }
            place = .open(url)
        }
        let link = AttachmentLink(
            channel: channel.name, place: place, name: name, mediaType: file.mediaType, expires: Int(time.epochMilliseconds()) + life)
        return link.sealed(by: sealer).map { SharedFile(name: name, url: root + "/attachments/" + $0) }
    }

    private static func isWebAddress(_ url: String) -> Bool {
        url.hasPrefix("https://") && url.utf8.count <= 4096 && url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            && !url.dropFirst(8).prefix { $0 != "/" }.contains("@")
    }

    private func upload(_ file: InboundFile, of channel: Channel, by deadline: Instant) async -> String? {
        guard let centre = centres[channel.tenant] else { return nil }
        let whole = WholeFile(limit: fetcher.limit)
        do {
            switch file.place {
            case .platform(let reference):
                guard let source = channel.files else { return nil }
                try await source.read(reference, by: deadline, into: whole)
            case .open(let url):
                try await fetcher.fetch(url, by: deadline) { octets in whole.take(octets) }
            }
            return try await centre.keep(whole.octets, mediaType: MediaType.of(whole.octets, told: file.mediaType), by: deadline)
        } catch {
            return nil
        }
    }
}

/// A file gathered in memory, for an upload that needs it in one piece.
final class WholeFile: FileSink, @unchecked Sendable {
    // @unchecked: filled by one task, read behind it.
    private let limit: Int
    private(set) var octets: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    func begin(mediaType: String?, size: Int?) async throws(ChannelError) {
        guard size ?? 0 <= limit else { throw ChannelError(.tooLarge, reason: "more than \(limit) octets") }
    }

    func write(_ octets: [UInt8]) async throws(ChannelError) {
        guard take(octets) else { throw ChannelError(.tooLarge, reason: "more than \(limit) octets") }
    }

    func take(_ octets: [UInt8]) -> Bool {
        guard octets.count <= limit - self.octets.count else { return false }
        self.octets += octets
        return true
    }
}
