/// Writes JSON into one growing buffer. Commas and escapes are its business; well-formedness of names and nesting follows
/// from the closures.
///
///     var writer = JSONWriter()
///     writer.object { turn in
///         turn.field("branchName", branch.rawValue)
///         turn.field("botSessionState", state)      // a nil value leaves the member out
///     }
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(reservingCapacity capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    package mutating func object(_ body: (inout JSONWriter) -> Void) { enclose("{", "}", body) }
    package mutating func array(_ body: (inout JSONWriter) -> Void) { enclose("[", "]", body) }

    private mutating func enclose(_ opener: Unicode.Scalar, _ closer: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: opener))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: closer))
        needsComma = true
    }

    /// A member's name; exactly one value must follow.
    package mutating func name(_ name: String) {
        value(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func null() { literal("null") }
    package mutating func value(_ value: Bool) { literal(value ? "true" : "false") }

    package mutating func value(_ value: Int) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
    }

    /// Non-finite numbers, which JSON cannot express, are written as `null`.
    package mutating func value(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: (Int(exactly: value).map { "\($0).0" } ?? "\(value)").utf8)
        needsComma = true
    }

    package mutating func value(_ value: RawJSON) { splice(value.bytes) }
    package mutating func value(_ value: JSON) { splice(value.raw) }

    private mutating func splice(_ valid: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: valid)
        needsComma = true
    }

    package mutating func value(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { escape($0) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A string of octets that are known to be ASCII without quote, backslash or control characters, such as base64.
    package mutating func plainString(_ ascii: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: ascii)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    package mutating func field(_ key: String, _ text: String?) { if let text { name(key); value(text) } }
    package mutating func field(_ key: String, _ number: Int?) { if let number { name(key); value(number) } }
    package mutating func field(_ key: String, _ number: Double?) { if let number { name(key); value(number) } }
    package mutating func field(_ key: String, _ flag: Bool?) { if let flag { name(key); value(flag) } }
    package mutating func field(_ key: String, _ raw: RawJSON?) { if let raw { name(key); value(raw) } }
    package mutating func field(_ key: String, object body: (inout JSONWriter) -> Void) { name(key); object(body) }
    package mutating func field(_ key: String, array body: (inout JSONWriter) -> Void) { name(key); array(body) }

    private mutating func literal(_ word: StaticString) {
        separate()
        word.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        let octets = UnsafeRawBufferPointer(text)
        var start = 0
        var index = 0
        while index < octets.count {
            if index + 8 <= octets.count {
                let word = octets.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
                let stops = JSONText.stops(in: word) | JSONText.deletes(in: word)
                index += stops.trailingZeroBitCount / 8
                if stops == 0 { continue }
            }
            let octet = octets[index]
            index += 1
            guard octet < 0x20 || octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") || octet == 0x7F else { continue }
            bytes.append(contentsOf: octets[start..<(index - 1)])
            start = index
            bytes.append(UInt8(ascii: "\\"))
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(octet)
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            default:
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(JSONWriter.hexDigits[Int(octet >> 4)])
                bytes.append(JSONWriter.hexDigits[Int(octet & 0x0F)])
            }
        }
        bytes.append(contentsOf: octets[start...])
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
