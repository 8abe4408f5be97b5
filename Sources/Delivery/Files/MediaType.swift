/// Which type a file is served as: what its first octets show, else what was said of it if that is harmless, else plain octets. Nothing that a
/// browser would run is ever named.
package enum MediaType {
    /// Octets that are looked at.
    package static let looked = 16

    package static func of(_ start: some Collection<UInt8>, told: String?) -> String {
        let start = Array(start.prefix(looked))
        if let seen = sniffed(start) {
            // Office documents are archives; what was said of them is the better name.
            if seen == "application/zip", let told = told?.lowercased(), archives.contains(where: told.hasPrefix) { return told }
            if seen == "audio/ogg", told?.lowercased() == "video/ogg" { return "video/ogg" }
            if seen == "video/mp4", told?.lowercased().hasPrefix("audio/") == true { return "audio/mp4" }
            return seen
        }
        let told = told?.prefix { $0 != ";" && $0 != " " }.lowercased() ?? ""
        return harmless.contains(told) ? told : unknown
    }

    package static let unknown = "application/octet-stream"

    private static let archives = ["application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.", "application/epub+zip"]
    private static let harmless: Set = [
        "text/plain", "text/csv", "text/calendar", "text/vcard", "application/json", "application/msword", "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint", "application/rtf", "audio/aac", "audio/amr", "image/heic", "image/heif", "image/avif",
    ]

    private static func sniffed(_ start: [UInt8]) -> String? {
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { start.count >= offset + $0.count && start[offset..<(offset + $0.count)].elementsEqual($0) }
        }
        func has(_ octets: [UInt8]) -> Bool { start.starts(with: octets) }
        if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
        if has([0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if has("GIF87a") || has("GIF89a") { return "image/gif" }
        if has("RIFF"), has("WEBP", at: 8) { return "image/webp" }
        if has("RIFF"), has("WAVE", at: 8) { return "audio/wav" }
        if has("%PDF-") { return "application/pdf" }
        if has("ftyp", at: 4) {
            if has("heic", at: 8) || has("heix", at: 8) { return "image/heic" }
            if has("avif", at: 8) { return "image/avif" }
            if has("M4A ", at: 8) { return "audio/mp4" }
            return has("qt  ", at: 8) ? "video/quicktime" : "video/mp4"
        }
        if has("OggS") { return "audio/ogg" }
        if has("ID3") || has([0xFF, 0xFB]) || has([0xFF, 0xF3]) || has([0xFF, 0xF2]) { return "audio/mpeg" }
        if has("fLaC") { return "audio/flac" }
        if has([0x1A, 0x45, 0xDF, 0xA3]) { return "video/webm" }
        if has([0x50, 0x4B, 0x03, 0x04]) { return "application/zip" }
        if has([0x1F, 0x8B]) { return "application/gzip" }
        return nil
    }
}
