import Synchronization

/// Correlates the log lines of server, function and agent.
package enum RequestID {
    /// The server's id, when it can stand in a log line and in a header field as it is.
    package static func accepted(_ octets: ArraySlice<UInt8>?) -> String? {
        guard let octets, !octets.isEmpty, octets.count <= 128, octets.allSatisfy(isPlain) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: "="), UInt8(ascii: ";"),
            UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "+"): true
        default: false
        }
    }

    /// 32 hexadecimal digits: 64 random bits of the process, then a count that starts at random.
    package static func make() -> String {
        let count = next.wrappingAdd(1, ordering: .relaxed).newValue
        return String(unsafeUninitializedCapacity: 32) { text in
            for (index, word) in [process, count].enumerated() {
                for digit in 0..<16 {
                    let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
                    text[index * 16 + digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
                }
            }
            return 32
        }
    }

    private static let process = UInt64.random(in: 0 ... .max)
    private static let next = Atomic<UInt64>(UInt64.random(in: 0 ... .max))
}
