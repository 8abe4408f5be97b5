/// Octets as a web server would send them, or as an attacker would.
enum FastCGIBytes {
    static func record(_ kind: UInt8, id: UInt16 = 1, _ content: [UInt8] = [], padding: UInt8 = 0, version: UInt8 = 1, length: Int? = nil) -> [UInt8] {
        let length = length ?? content.count
        return [version, kind, UInt8(id >> 8), UInt8(id & 255), UInt8(length >> 8 & 255), UInt8(length & 255), padding, 0] + content
            + [UInt8](repeating: 0xAA, count: Int(padding))
    }

    static func begin(id: UInt16 = 1, role: UInt16 = 1, flags: UInt8 = 1) -> [UInt8] {
        record(1, id: id, [UInt8(role >> 8), UInt8(role & 255), flags, 0, 0, 0, 0, 0])
    }

    static func length(_ count: Int) -> [UInt8] {
        count < 128 ? [UInt8(count)] : [UInt8(count >> 24 & 255) | 0x80, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
    }

    static func pair(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] { length(name.count) + length(value.count) + name + value }

    static func pairs(_ list: [(String, String)]) -> [UInt8] { list.flatMap { pair(Array($0.0.utf8), Array($0.1.utf8)) } }

    static func params(id: UInt16 = 1, _ content: [UInt8]) -> [UInt8] { stream(4, id: id, content) }
    static func input(id: UInt16 = 1, _ content: [UInt8], piece: Int = 32_768) -> [UInt8] { stream(5, id: id, content, piece: piece) }

    /// Records of at most `piece` octets, and the empty one.
    static func stream(_ kind: UInt8, id: UInt16, _ content: [UInt8], piece: Int = 65_535) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = content[...]
        while !rest.isEmpty {
            bytes += record(kind, id: id, Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
        return bytes + record(kind, id: id)
    }

    /// A whole request, kept connection.
    static func request(id: UInt16 = 1, _ list: [(String, String)], body: [UInt8] = [], flags: UInt8 = 1) -> [UInt8] {
        begin(id: id, flags: flags) + params(id: id, pairs(list)) + input(id: id, body)
    }
}

/// The application's records, taken apart again.
struct FastCGIAnswer {
    var output: [UInt8] = []
    /// Protocol status of END_REQUEST.
    var end: UInt8?
    var kinds: [UInt8] = []

    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 8 {
            let header = Array(rest.prefix(8))
            let length = Int(header[4]) << 8 | Int(header[5])
            let content = rest.dropFirst(8).prefix(length)
            rest = rest.dropFirst(8 + length + Int(header[6]))
            kinds.append(header[1])
            if header[1] == 6 { output += content }
            if header[1] == 3 { end = content.dropFirst(4).first }
        }
    }

    /// Octets up to the end of the first END_REQUEST record; `nil` when it is not there yet.
    static func length(of bytes: [UInt8]) -> Int? {
        var offset = 0
        while bytes.count - offset >= 8 {
            let length = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
            let next = offset + 8 + length + Int(bytes[offset + 6])
            if bytes[offset + 1] == 3 { return next <= bytes.count ? next : nil }
            offset = next
        }
        return nil
    }
}
