import CXone
import Catalog
import ChannelCatalog
import Glibc
package import HTTP
import Settings
import Store

/// One host that the settings lead to: somebody whom we call, or our own front as others see it.
package struct RemoteEnd: Sendable {
    /// Where it stands in the settings.
    package let place: String
    package let url: String
    package let host: String
    package let port: Int
    package let isTLS: Bool
    package let connection: ConnectionOptions

    /// `nil` for what is no http or https URL.
    package init?(place: String, url: String, connection: ConnectionOptions = ConnectionOptions()) {
        guard let colon = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        let authority = url[colon.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var host = authority
        var port = scheme == "https" ? 443 : 80
        let afterBracket = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.startIndex
        if let last = authority[afterBracket...].lastIndex(of: ":") {
            guard let told = Int(authority[authority.index(after: last)...]), (1...65_535).contains(told) else { return nil }
            (host, port) = (authority[..<last], told)
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.place = place
        self.url = url
        self.host = host.lowercased()
        self.port = port
        self.connection = connection
        isTLS = scheme == "https"
    }

    package var name: String { "\(host):\(port)" }
    package var hasProxy: Bool { connection.proxy != nil }
    /// Address in digits: no name to resolve, none to ask for.
    package var isAddress: Bool { Addresses.octets(host) != nil }
    package var isLoopback: Bool { host == "localhost" || Addresses.octets(host).map(PublicAddress.isLoopback) == true }

    /// Whom these settings call, each once.
    package static func called(by settings: WholeSettings) -> [RemoteEnd] {
        var ends: [RemoteEnd?] = []
        for (name, agent) in settings.turns.agents {
            let place = "agents.\(name)"
            let connection = agent.connection
            if let url = agent.provider.endpoint { ends.append(RemoteEnd(place: place, url: url, connection: connection?.options ?? .init())) }
            if let oauth = connection?.oauth { ends.append(RemoteEnd(place: place + ".connection.oauth", url: oauth.url, connection: oauth.options)) }
        }
        let messaging = settings.messaging
        for (name, tenant) in messaging.tenants where messaging.channels.contains(where: { $0.group.tenant == name }) {
            for url in [tenant.accessKeyURL ?? tenant.issuer, tenant.apiURL].compactMap(\.self) {
                ends.append(RemoteEnd(place: "tenants.\(name)", url: url, connection: tenant.connection))
            }
        }
        for (name, channel) in messaging.channels {
            guard let platform = channel.platform, let url = platform.endpoint else { continue }
            ends.append(RemoteEnd(place: "channels.\(name)", url: url, connection: platform.connection))
        }
        let store = messaging.store ?? settings.turns.store
        if let cache = store?.cache { ends.append(RemoteEnd(place: "store.cache", url: cache.url, connection: cache.connection)) }
        for url in store?.etcd?.urls ?? [] { ends.append(RemoteEnd(place: "store.etcd", url: url, connection: store?.etcd?.connection ?? .init())) }
        var seen: Set<String> = []
        return ends.compactMap(\.self).filter { seen.insert("\($0.isTLS) \($0.name) \($0.connection.authorityFile ?? "")").inserted }
    }
}

/// Addresses in digits and the system's resolver.
package enum Addresses {
    /// 4 or 16 octets of an address in digits; `nil` for a name.
    package static func octets(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
        return nil
    }

    /// The address in digits.
    package static func text(_ octets: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = octets.count == 4 ? AF_INET : AF_INET6
        _ = octets.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(INET6_ADDRSTRLEN)) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What a host name leads to, by the system's resolver; empty when it leads nowhere. Blocks.
    package static func of(_ host: String) -> [[UInt8]] {
        if let octets = octets(host) { return [octets] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [[UInt8]] = []
        var entry = first
        while let info = entry?.pointee {
            var text = [CChar](repeating: 0, count: 64)
            if getnameinfo(info.ai_addr, info.ai_addrlen, &text, 64, nil, 0, NI_NUMERICHOST) == 0,
                let octets = octets(String(decoding: text.prefix { $0 != 0 && $0 != 37 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)),
                !found.contains(octets)
            { found.append(octets) }
            entry = info.ai_next
        }
        return found
    }
}
