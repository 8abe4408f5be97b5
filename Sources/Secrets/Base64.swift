/// Base64 of RFC 4648 §4 (standard alphabet, padded, no white space) and §5 (URL-safe, unpadded). Strict: anything else is `nil`.
package enum Base64 {
    package enum Alphabet: Sendable { case standard, url }

    package static func encode(_ bytes: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8] {
        let symbols = alphabet == .standard ? standardSymbols : urlSymbols
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var held: UInt32 = 0
        var heldCount = 0
        for octet in bytes {
            held = held << 8 | UInt32(octet)
            heldCount += 1
            guard heldCount == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { out.append(symbols[Int(held >> shift & 63)]) }
            held = 0
            heldCount = 0
        }
        if heldCount > 0 {
            held <<= UInt32(8 * (3 - heldCount))
            for index in 0...heldCount { out.append(symbols[Int(held >> UInt32(18 - 6 * index) & 63)]) }
            if alphabet == .standard { for _ in heldCount..<3 { out.append(UInt8(ascii: "=")) } }
        }
        return out
    }

    package static func encodeText(_ bytes: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> String {
        String(decoding: encode(bytes, alphabet), as: UTF8.self)
    }

    package static func decode(_ text: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var symbols = Array(text)
        if alphabet == .standard {
            guard symbols.count % 4 == 0 else { return nil }
            for _ in 0..<2 where symbols.last == UInt8(ascii: "=") { symbols.removeLast() }
        }
        guard symbols.count % 4 != 1 else { return nil }
        let values = alphabet == .standard ? standardValues : urlValues
        var out: [UInt8] = []
        out.reserveCapacity(symbols.count / 4 * 3 + 2)
        var held: UInt32 = 0
        var bits: UInt32 = 0
        for symbol in symbols {
            let value = values[Int(symbol)]
            guard value < 64 else { return nil }
            held = held << 6 | UInt32(value)
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            out.append(UInt8(truncatingIfNeeded: held >> bits))
        }
        // Bits that no octet takes must be zero, else two texts would decode to one value.
        guard held & ((1 << bits) - 1) == 0 else { return nil }
        return out
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
