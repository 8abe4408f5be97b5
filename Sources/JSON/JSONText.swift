/// Operations on the octets of JSON strings and texts that reader and writer share.
enum JSONText {
    /// Decodes escapes. `content` must have passed the parser: every escape is complete, surrogates come in pairs.
    static func unescaped(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(content.count)
        var index = content.startIndex
        while index < content.endIndex {
            let plain = plainRun(content, from: index)
            if plain > index {
                out.append(contentsOf: content[index..<plain])
                index = plain
            }
            guard index + 1 < content.endIndex else {
                out.append(contentsOf: content[index...])
                break
            }
            let escape = content[index + 1]
            index += 2
            switch escape {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = hex4(content, at: index) ?? 0xFFFD
                index += 4
                if (0xD800..<0xDC00).contains(scalar), let low = hex4(content, at: index + 2) {
                    scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low & 0x3FF)
                    index += 6
                }
                out.append(contentsOf: Unicode.Scalar(scalar).map { Array(String($0).utf8) } ?? [0xEF, 0xBF, 0xBD])
            default: out.append(escape)
            }
        }
        return out
    }

    /// The place of the next backslash from `start` on, or the end; eight octets a step. The parser let no other stop into a string.
    private static func plainRun(_ content: ArraySlice<UInt8>, from start: Int) -> Int {
        content.withUnsafeBytes { buffer in
            var offset = start - content.startIndex
            while offset + 8 <= buffer.count {
                let marks = stops(in: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
                if marks != 0 { return content.startIndex + offset + marks.trailingZeroBitCount / 8 }
                offset += 8
            }
            while offset < buffer.count, buffer[offset] != UInt8(ascii: "\\") { offset += 1 }
            return content.startIndex + offset
        }
    }

    /// Four hexadecimal digits at `index`, or `nil`.
    static func hex4(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt32? {
        guard index >= bytes.startIndex, index + 4 <= bytes.endIndex else { return nil }
        var value: UInt32 = 0
        for octet in bytes[index..<(index + 4)] {
            guard let digit = hexDigit(octet) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    static func hexDigit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet &- 0x30
        case 0x41...0x46: octet &- 0x37
        case 0x61...0x66: octet &- 0x57
        default: nil
        }
    }

    /// Marks the octets of a little-endian word that end a run of ordinary characters: quote, backslash, below 0x20. The top bit of
    /// the lowest such octet is set; marks above it may be wrong, because a subtraction borrows upwards.
    /// Plain integer arithmetic: the standard library's SIMD masks were measured to cost fifty times as much.
    @inline(__always)
    static func stops(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let found = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
        return found & (ones &* 0x80)
    }

    /// Marks the octets 0x7F of a little-endian word, as `stops` does.
    @inline(__always)
    static func deletes(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let deletes = word ^ (ones &* 0x7F)
        return (deletes &- ones) & ~deletes & (ones &* 0x80)
    }

    /// Number of octets up to the first that breaks UTF-8 (RFC 3629 §4); all of them in a valid text. Eight octets of ASCII a step.
    static func validUTF8Count(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var index = 0
            while index < buffer.count {
                if index + 8 <= buffer.count {
                    let high = buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian & 0x8080_8080_8080_8080
                    index += high.trailingZeroBitCount / 8
                    if high == 0 { continue }
                } else if buffer[index] < 0x80 {
                    index += 1
                    continue
                }
                let length = multibyteLength(buffer, at: index)
                guard length > 0 else { return index }
                index += length
            }
            return index
        }
    }

    /// Length of the well-formed sequence that begins with the non-ASCII octet at `index`; 0 for any other.
    private static func multibyteLength(_ buffer: UnsafeRawBufferPointer, at index: Int) -> Int {
        let lead = buffer[index]
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard lead >= 0xC2, lead <= 0xF4, index + length <= buffer.count else { return 0 }
        let second = buffer[index + 1]
        let allowed: ClosedRange<UInt8> =
            switch lead {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard allowed.contains(second) else { return 0 }
        for further in (index + 2)..<(index + length) where buffer[further] & 0xC0 != 0x80 { return 0 }
        return length
    }

    static func position(of offset: Int, in bytes: [UInt8]) -> JSONPosition {
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        return JSONPosition(line: line, column: offset - lineStart + 1)
    }
}
