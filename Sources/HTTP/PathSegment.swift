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

    /// What an encoded segment says; `nil` for a broken `%XX` or what is not UTF-8.
    package static func decoded(_ segment: some StringProtocol) -> String? {
        var out: [UInt8] = []
        var rest = Array(segment.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                out.append(octet)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
            out.append(high << 4 | low)
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x41 + 10
        case 0x61...0x66: octet - 0x61 + 10
        default: nil
        }
    }
}
