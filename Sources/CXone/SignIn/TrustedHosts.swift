/// Which hosts CXone may name in a request: a token goes to one, a browser is sent to another (`byoc.md` §4).
package struct TrustedHosts: Sendable {
    /// Ends of host names with their leading dot, or whole names.
    private let ends: [String]
    /// Scheme and authority of the configured API, trusted as it stands.
    private let configured: String?

    package init(_ settings: TenantSettings) { self.init(ends: settings.hosts, configured: settings.apiURL) }

    package init(ends: [String], configured: String?) {
        self.ends = ends.map { $0.lowercased() }
        self.configured = configured.map { Self.origin($0) ?? $0 }
    }

    /// `https://host` for a host as CXone names it, with scheme or without; `nil` for one that must not be called.
    package func root(of apiHost: String) -> String? {
        if let configured, apiHost == configured || configured.hasSuffix("://" + apiHost) { return configured }
        var host = apiHost.lowercased()
        if host.hasPrefix("https://") { host.removeFirst(8) }
        if host.hasSuffix("/") { host.removeLast() }
        return isTrusted(host) ? "https://" + host : nil
    }

    /// Whether a browser may be sent to this URL.
    package func allows(_ url: String) -> Bool {
        guard url.utf8.count <= 2048, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") }) else {
            return false
        }
        if let configured, url == configured || url.hasPrefix(configured + "/") { return true }
        guard url.hasPrefix("https://") else { return false }
        return isTrusted(url.dropFirst(8).prefix { !"/?#".contains($0) }.lowercased())
    }

    /// Letters, digits, dots and hyphens only: no port, user, address in brackets or escape, and an end that is ours at a dot.
    private func isTrusted(_ host: String) -> Bool {
        guard !host.isEmpty, host.utf8.count <= 253, !host.hasPrefix("."), !host.hasPrefix("-"), !host.contains("..") else { return false }
        let isName = host.utf8.allSatisfy { octet in
            (0x61...0x7A).contains(octet) || (0x30...0x39).contains(octet) || octet == UInt8(ascii: ".") || octet == UInt8(ascii: "-")
        }
        return isName && ends.contains { end in
            end.hasPrefix(".") ? host.hasSuffix(end) && host.utf8.count > end.utf8.count : host == end
        }
    }

    private static func origin(_ url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        return String(url[..<scheme.upperBound]) + url[scheme.upperBound...].prefix { !"/?#".contains($0) }
    }
}
