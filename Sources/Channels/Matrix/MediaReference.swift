/// `mxc://server/id`: a file on a homeserver (specification, Client-Server API §11.7).
struct MediaReference {
    let server: String
    let id: String

    init?(_ text: String) {
        guard text.hasPrefix("mxc://"), text.utf8.count <= 512 else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let server = parts.first, let id = parts.last, !server.isEmpty, !id.isEmpty,
            server.utf8.allSatisfy({ Self.isPlain($0) || ".:[]".utf8.contains($0) }), id.utf8.allSatisfy(Self.isPlain)
        else { return nil }
        self.server = String(server)
        self.id = String(id)
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || "_-".utf8.contains(octet)
    }
}
