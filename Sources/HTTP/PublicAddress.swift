/// Which addresses belong to the public Internet (IANA's special-purpose registries, RFC 6890). What CXone or a platform names must never lead us
/// into our own network (`security.md` §5).
package enum PublicAddress {
    /// - Parameter address: 4 or 16 octets in network order; of any other count nothing is public.
    package static func isPublic(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: isPublic4(address)
        case 16: isPublic6(address)
        default: false
        }
    }

    /// 127.0.0.0/8 and ::1, also as ::ffff:127.….
    package static func isLoopback(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: address[0] == 127
        case 16:
            address.dropLast().allSatisfy { $0 == 0 } && address[15] == 1
                || address.starts(with: mapped) && address[12] == 127
        default: false
        }
    }

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    private static func isPublic4(_ a: [UInt8]) -> Bool {
        switch (a[0], a[1], a[2]) {
        // This network, loopback, private, carrier-grade NAT, link-local with the metadata services.
        case (0, _, _), (10, _, _), (127, _, _), (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _): false
        // Protocol assignments, documentation, 6to4 relays, AS112, AMT, benchmarks.
        case (192, 0, 0), (192, 0, 2), (192, 31, 196), (192, 52, 193), (192, 88, 99), (192, 175, 48), (198, 18...19, _): false
        case (198, 51, 100), (203, 0, 113): false
        // Azure's metadata and wire server, which is reached from inside only.
        case (168, 63, 129): a[3] != 16
        // Multicast, reserved, broadcast.
        case (224..., _, _): false
        default: true
        }
    }

    private static func isPublic6(_ a: [UInt8]) -> Bool {
        // ::ffff:0:0/96, IPv4 in another coat.
        if a.starts(with: mapped) { return isPublic4(Array(a[12...])) }
        // 64:ff9b::/96, the same behind a translator; 64:ff9b:1::/48 is for private use.
        if a.starts(with: [0, 0x64, 0xFF, 0x9B]) { return a[4..<12].allSatisfy { $0 == 0 } && isPublic4(Array(a[12...])) }
        // 2002::/16 (6to4) carries the IPv4 address of its router.
        if a[0] == 0x20, a[1] == 0x02 { return isPublic4(Array(a[2..<6])) }
        // Only 2000::/3 is given out: no loopback, unspecified, IPv4-compatible, unique local, link-local, site-local, multicast.
        guard a[0] & 0xE0 == 0x20 else { return false }
        // 2001::/23 (Teredo, ORCHID, benchmarks and other protocols), documentation.
        if a[0] == 0x20, a[1] == 0x01, a[2] < 0x02 || a[2] == 0x0D && a[3] == 0xB8 { return false }
        return !(a[0] == 0x3F && a[1] == 0xFF && a[2] < 0x10)
    }
}
