/// Names of files as people and platforms give them, made fit to be shown and saved.
package enum FileName {
    /// Characters of a clean name.
    private static let longest = 100

    /// The last part of a path, without control characters, direction marks and what file systems give a meaning; never empty, never hidden, never
    /// of two meanings: dots before the last one go.
    package static func clean(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        var scalars = String.UnicodeScalarView()
        for scalar in last.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: continue
            default: scalars.append("<>:\"|?*;%".unicodeScalars.contains(scalar) ? "_" : scalar)
            }
        }
        var text = trimmed(Substring(String(scalars)))
        var end = ""
        if let dot = text.lastIndex(of: ".") {
            let kind = text[text.index(after: dot)...]
            if (1...10).contains(kind.count), kind.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) {
                end = "." + kind
                text = trimmed(text[..<dot])
            }
        }
        let stem = trimmed(text.map { $0 == "." ? "_" : String($0) }.joined()[...].prefix(longest - end.count))
        return (stem.isEmpty ? "file" : String(stem)) + end
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == "." || $0.isWhitespace }
        while let last = text.last, last == "." || last.isWhitespace { text = text.dropLast() }
        return text
    }

    /// `attachment` with the name in both forms of RFC 6266: quoted ASCII, and UTF-8 percent-encoded.
    package static func disposition(_ name: String) -> String {
        let plain = String(name.map { $0.isASCII && $0 != "\"" && $0 != "\\" && $0 >= " " && $0 != "\u{7F}" ? $0 : "_" })
        let digits = Array("0123456789ABCDEF".utf8)
        let encoded = name.utf8.flatMap { octet -> [UInt8] in
            let isPlain = (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || "-._~".utf8.contains(octet)
            return isPlain ? [octet] : [UInt8(ascii: "%"), digits[Int(octet >> 4)], digits[Int(octet & 15)]]
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(String(decoding: encoded, as: UTF8.self))"
    }
}
