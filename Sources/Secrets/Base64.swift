/// Base64 of RFC 4648 §4 (standard alphabet, padded, no white space) and §5 (URL-safe, unpadded). Strict: anything else is `nil`.
package enum Base64 {
    package enum Alphabet: Sendable { case standard, url }

    package static func encode(_ bytes: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8] {
        bytes.withContiguousStorageIfAvailable { encode($0, alphabet) } ?? Array(bytes).withUnsafeBufferPointer { encode($0, alphabet) }
    }

    private static func encode(_ bytes: UnsafeBufferPointer<UInt8>, _ alphabet: Alphabet) -> [UInt8] {
        let rest = bytes.count % 3
        let padding = alphabet == .standard && rest > 0 ? 3 - rest : 0
        let size = bytes.count / 3 * 4 + (rest > 0 ? rest + 1 : 0) + padding
        return [UInt8](unsafeUninitializedCapacity: size) { out, filled in
            (alphabet == .standard ? standardSymbols : urlSymbols).withUnsafeBufferPointer { symbols in
                func put(_ bits: UInt32, _ count: Int) {
                    for place in 0..<count {
                        out[filled] = symbols[Int(bits >> UInt32(18 - 6 * place) & 63)]
                        filled += 1
                    }
                }
                var index = 0
                while index + 3 <= bytes.count {
                    put(UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]), 4)
                    index += 3
                }
                if rest == 1 { put(UInt32(bytes[index]) << 16, 2) }
                if rest == 2 { put(UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8, 3) }
                for _ in 0..<padding {
                    out[filled] = UInt8(ascii: "=")
                    filled += 1
                }
            }
        }
    }

    package static func encodeText(_ bytes: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> String {
        String(decoding: encode(bytes, alphabet), as: UTF8.self)
    }

    package static func decode(_ text: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        text.withContiguousStorageIfAvailable { decode($0, alphabet) } ?? Array(text).withUnsafeBufferPointer { decode($0, alphabet) }
    }

    /// Four symbols a step, of which the table makes 24 bits; recordings are megabytes.
    private static func decode(_ text: UnsafeBufferPointer<UInt8>, _ alphabet: Alphabet) -> [UInt8]? {
        var count = text.count
        if alphabet == .standard {
            guard count % 4 == 0 else { return nil }
            for _ in 0..<2 where count > 0 && text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        }
        let rest = count % 4
        guard rest != 1 else { return nil }
        let size = count / 4 * 3 + max(0, rest - 1)
        var isValid = true
        let out = [UInt8](unsafeUninitializedCapacity: size) { out, filled in
            (alphabet == .standard ? standardValues : urlValues).withUnsafeBufferPointer { values in
                var index = 0
                // A value beyond 63 says that the symbol is none; together they are looked at once, behind the loop.
                var seen: UInt8 = 0
                while index + 4 <= count {
                    let (a, b) = (values[Int(text[index])], values[Int(text[index + 1])])
                    let (c, d) = (values[Int(text[index + 2])], values[Int(text[index + 3])])
                    seen |= a | b | c | d
                    out[filled] = a << 2 | b >> 4
                    out[filled + 1] = b << 4 | c >> 2
                    out[filled + 2] = c << 6 | d
                    index += 4
                    filled += 3
                }
                var held: UInt32 = 0
                for symbol in text[index..<count] {
                    seen |= values[Int(symbol)]
                    held = held << 6 | UInt32(values[Int(symbol)] & 63)
                }
                // Bits that no octet takes must be zero, else two texts would decode to one value.
                switch rest {
                case 2:
                    isValid = held & 15 == 0
                    out[filled] = UInt8(truncatingIfNeeded: held >> 4)
                    filled += 1
                case 3:
                    isValid = held & 3 == 0
                    out[filled] = UInt8(truncatingIfNeeded: held >> 10)
                    out[filled + 1] = UInt8(truncatingIfNeeded: held >> 2)
                    filled += 2
                default: break
                }
                isValid = isValid && seen < 64
            }
        }
        return isValid ? out : nil
    }

    private static let standardSymbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSymbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let standardValues = values(of: standardSymbols)
    private static let urlValues = values(of: urlSymbols)

    private static func values(of symbols: [UInt8]) -> [UInt8] {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, symbol) in symbols.enumerated() { table[Int(symbol)] = UInt8(value) }
        return table
    }
}
