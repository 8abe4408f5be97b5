/// One segment of a URL's path.
package enum PathSegment {
    /// Everything but unreserved characters becomes `%XX`, so that an id with `/`, `+`, `:` or `%` stays one segment and nothing else.
    package static func encoded(_ id: String) -> String {
        // A lone dot or two would be taken for the folder or its parent.
        if id == "." { return "%2E" }
        if id == ".." { return "%2E%2E" }
        var out: [UInt8] = []
        for octet in id.utf8 {
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(octet)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                out += [UInt8(ascii: "%"), digits[Int(octet >> 4)], digits[Int(octet & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
