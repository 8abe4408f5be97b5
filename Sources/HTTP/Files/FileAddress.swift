/// A URL that somebody else named, checked before anything is connected to (`security.md` §5). Only one spelling of a host is understood: a plain
/// lower- or upper-case name. Whatever could be read in two ways is refused.
package struct FileAddress: Sendable, Equatable {
    /// As it will be called.
    package let url: String
    package let host: String
    package let port: Int

    package struct Rules: Sendable {
        /// Ends of host names with their leading dot (`.example.com`), or whole names.
        package var hosts: [String]
        package var ports: Set<Int> = [443]
        /// Unencrypted calls, any port, and this machine's own addresses: for tests and the desk.
        package var allowsLoopback = false

        package init(hosts: [String], ports: Set<Int> = [443], allowsLoopback: Bool = false) {
            self.hosts = hosts.map { $0.lowercased() }
            self.ports = ports
            self.allowsLoopback = allowsLoopback
        }
    }

    /// Octets of the longest URL; signed ones are long.
    private static let longest = 4096

    package init?(_ url: String, _ rules: Rules) {
        guard (1...Self.longest).contains(url.utf8.count), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\\\"<>^`{|}#".utf8.contains($0) }),
            let colon = url.firstRange(of: "://")
        else { return nil }
        let scheme = url[..<colon.lowerBound].lowercased()
        let authority = url[colon.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard let (host, told) = Self.split(authority) else { return nil }
        let isLocal = rules.allowsLoopback && ["127.0.0.1", "localhost"].contains(host)
        guard scheme == "https" || scheme == "http" && isLocal else { return nil }
        let port = told ?? (scheme == "https" ? 443 : 80)
        guard rules.ports.contains(port) || isLocal, isLocal || Self.isName(host) && Self.isListed(host, rules.hosts) else { return nil }
        self.host = host
        self.port = port
        self.url = scheme + "://" + host + (told.map { ":\($0)" } ?? "") + url[authority.endIndex...]
    }

    /// Lower-case host and the port, if one is told. No user, no brackets, no escapes.
    private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first?.lowercased(), (1...253).contains(host.utf8.count), parts.count <= 2,
            host.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E })
        else { return nil }
        guard parts.count == 2 else { return (host, nil) }
        let digits = parts[1]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.utf8.first != 0x30,
            let port = Int(digits), port <= 65_535
        else { return nil }
        return (host, port)
    }

    /// A name of at least two labels whose last one is no number in any notation: resolvers read `1`, `0x7f` and `017` as addresses.
    private static func isName(_ host: String) -> Bool {
        let labels = host.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy({ (1...63).contains($0.count) && $0.first != 0x2D && $0.last != 0x2D }), let last = labels.last,
            let first = last.first
        else { return false }
        return (0x61...0x7A).contains(first)
    }

    private static func isListed(_ host: String, _ ends: [String]) -> Bool {
        ends.contains { end in end.hasPrefix(".") ? host.hasSuffix(end) && host.utf8.count > end.utf8.count : host == end }
    }

    /// Where a redirect leads.
    func followed(to location: String, _ rules: Rules) -> FileAddress? {
        guard location.hasPrefix("/"), !location.hasPrefix("//") else { return FileAddress(location, rules) }
        guard let start = url.firstRange(of: "://"), let slash = url[start.upperBound...].firstIndex(where: { $0 == "/" || $0 == "?" }) else {
            return FileAddress(url + location, rules)
        }
        return FileAddress(url[..<slash] + location, rules)
    }
}
