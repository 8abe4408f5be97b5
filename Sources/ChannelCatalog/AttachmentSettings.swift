package import CXone
package import Conversation
package import Delivery
package import HTTP
package import Secrets
package import Settings
package import Store
package import Time

/// `attachments`: files both ways (`byoc.md` §9).
package struct AttachmentSettings: SettingsGroup {
    package let keys: [Secret]?
    package let way: SharedLinks.Way
    package let lifeHours: Int
    package let maximumMegabytes: Int
    package let hosts: [String]
    package let allowLoopback: Bool

    package init(from reader: SettingsReader) {
        keys = reader.optional("keys", .secrets,
            "Seal the links to contacts' files; the first one seals, all of them open. Without them the store's keys do.")
        way = reader.value("way", .choice(), default: .link,
            "How agents get contacts' files: by a link to this middleware, which fetches the file when it is followed, or by an upload to CXone.")
        lifeHours = reader.value("lifeHours", .integer(1...8760), default: 168, "How long such a link can be followed.")
        maximumMegabytes = reader.value("maximumMegabytes", .integer(1...100), default: 40, "The largest file that is passed on, either way.")
        hosts = reader.value("hosts", .texts, default: [],
            "Hosts, beside the tenants' own, from which files are fetched: whole names, or ends such as `.example.com`. "
                + "What contacts' files lie open there is handed out by us; open files elsewhere are linked as they are.")
        allowLoopback = reader.value("allowLoopback", .flag, default: false, "Fetch files from this machine, unencrypted too: for the desk and tests.")
    }

    package static let standard = AttachmentSettings()

    private init() {
        keys = nil
        (way, lifeHours, maximumMegabytes, hosts, allowLoopback) = (.link, 168, 40, [], false)
    }
}

extension MessagingSettings {
    private var limit: Int { (attachments ?? .standard).maximumMegabytes << 20 }
    private var sealer: Sealer? { Sealer(keys: attachments?.keys ?? store?.keys ?? []) }

    /// Fetches agents' files from CXone, and whatever else the settings allow.
    package func fileFetcher(over transport: any HTTPTransport) -> FileFetcher {
        let options = attachments ?? .standard
        let rules = FileAddress.Rules(hosts: tenants.flatMap(\.group.hosts) + options.hosts, allowsLoopback: options.allowLoopback)
        return FileFetcher(over: transport, rules, limit: limit)
    }

    /// Fetches contacts' files that lie open on a platform.
    private func openFileFetcher(over transport: any HTTPTransport) -> FileFetcher {
        let options = attachments ?? .standard
        return FileFetcher(over: transport, FileAddress.Rules(hosts: options.hosts, allowsLoopback: options.allowLoopback), limit: limit)
    }

    /// How contacts' files reach agents; `nil` without keys or a public URL.
    package func fileSharing(
        over transport: any HTTPTransport, centres: [String: any ContactCentre], time: any TimeSource
    ) -> (any FileSharing)? {
        guard let sealer, let publicURL else { return nil }
        let options = attachments ?? .standard
        return SharedLinks(
            root: publicURL, sealer: sealer, life: options.lifeHours * 3_600_000, way: options.way, centres: centres,
            fetcher: openFileFetcher(over: transport), time: time)
    }

    /// What serves `/attachments`, or a handler that has nothing when the settings name no channel.
    package func attachmentLinks(over transport: any HTTPTransport, time: any TimeSource) -> any Handler {
        guard let store, let sealer, !channels.isEmpty else { return UnconfiguredHandler() }
        let channels = channels(over: transport, store: store.open(over: transport, time: time), time: time)
        return AttachmentHandler(channels: channels, sealer: sealer, fetcher: openFileFetcher(over: transport), time: time)
    }
}
