/// Which files pass, by what they are rather than what they are called (`security.md` §5).
enum ChatFileType {
    /// Media types that are taken and given. Nothing that a browser would run or render with scripts: no HTML, no SVG.
    static let allowed: [String] = [
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "application/pdf", "text/plain", "text/csv", "application/zip",
        "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
        "audio/mpeg", "audio/ogg", "audio/wav", "audio/mp4", "audio/webm", "video/mp4", "video/webm", "video/quicktime",
    ]

    /// The media type under which a file passes: the announced one when it is allowed and the octets do not tell otherwise, else what the octets
    /// tell. `nil` when it does not pass.
    static func checked(_ announced: String?, _ octets: [UInt8]) -> String? {
        let announced = (announced ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard let seen = seen(octets) else {
            // No signature: a text, or a kind that has none.
            guard allowed.contains(announced), !hasSignature(announced) else { return nil }
            return announced.hasPrefix("text/") && String(validating: octets, as: UTF8.self) == nil ? nil : announced
        }
        if allowed.contains(announced), family(of: seen) == family(of: announced) { return announced }
        return allowed.contains(seen) ? seen : nil
    }

    /// Types that begin with known octets: to be called so without them is a lie.
    private static func hasSignature(_ type: String) -> Bool {
        type.hasPrefix("image/") || ["application/pdf", "application/zip"].contains(type) || type.hasPrefix("application/vnd.o")
    }

    /// Types that share a signature.
    private static func family(of type: String) -> String {
        if type == "application/zip" || type.hasPrefix("application/vnd.o") { return "zip" }
        if ["video/mp4", "audio/mp4", "video/quicktime", "image/heic"].contains(type) { return "mp4" }
        if type.hasSuffix("/webm") { return "webm" }
        if type == "application/msword" || type.hasPrefix("application/vnd.ms-") { return "ole" }
        return type
    }

    private static func seen(_ octets: [UInt8]) -> String? {
        func begins(_ signature: [UInt8], at offset: Int = 0) -> Bool { octets.dropFirst(offset).starts(with: signature) }
        if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
        if begins([0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if begins(Array("GIF8".utf8)) { return "image/gif" }
        if begins(Array("RIFF".utf8)) { return begins(Array("WEBP".utf8), at: 8) ? "image/webp" : "audio/wav" }
        if begins(Array("%PDF-".utf8)) { return "application/pdf" }
        if begins([0x50, 0x4B, 0x03, 0x04]) { return "application/zip" }
        if begins(Array("ftyp".utf8), at: 4) { return "video/mp4" }
        if begins(Array("OggS".utf8)) { return "audio/ogg" }
        if begins(Array("ID3".utf8)) || begins([0xFF, 0xFB]) { return "audio/mpeg" }
        if begins([0x1A, 0x45, 0xDF, 0xA3]) { return "video/webm" }
        if begins([0xD0, 0xCF, 0x11, 0xE0]) { return "application/msword" }
        if begins([0x4D, 0x5A]) || begins([0x7F, 0x45, 0x4C, 0x46]) { return "application/x-executable" }
        let start = octets.prefix(64).drop { $0 <= 0x20 }
        if start.first == UInt8(ascii: "<") { return "text/html" }
        return nil
    }
}
