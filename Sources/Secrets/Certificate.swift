import CCrypto

/// A certificate (RFC 5280) that somebody else has verified, to be held against what the settings pin.
package struct Certificate: Sendable {
    package let der: [UInt8]
    /// RFC 2253, most specific part first: `CN=cxone,O=Acme`. UTF-8.
    package let subject: String
    /// Seconds since 1970.
    package let begin: Int64
    package let end: Int64

    private static let mostOctets = 32 << 10

    /// Takes PEM, PEM whose octets are percent-encoded (nginx), and base64 or plain DER; the first of several.
    package init?(_ text: [UInt8]) {
        guard text.count <= 3 * Self.mostOctets else { return nil }
        let plain = Self.unescaped(text)
        let candidate = plain.starts(with: "-----BEGIN".utf8) ? plain : Base64.decode(plain.filter { $0 > 0x20 }) ?? plain
        var der = [UInt8](repeating: 0, count: Self.mostOctets)
        var count = 0
        guard ccrypto_certificate_der(candidate, candidate.count, &der, der.count, &count) == 1 else { return nil }
        self.der = Array(der.prefix(count))
        var subject = [CChar](repeating: 0, count: 4096)
        var begin: Int64 = 0
        var end: Int64 = 0
        guard ccrypto_certificate_facts(self.der, count, &subject, subject.count, &begin, &end) == 1 else { return nil }
        self.subject = String(decoding: subject.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        (self.begin, self.end) = (begin, end)
    }

    /// SHA-256 over DER.
    package var fingerprint: [UInt8] { Digest.sha256(der) }

    /// Whether it names this host among its alternative names.
    package func hasName(_ name: String) -> Bool {
        let name = Array(name.utf8)
        return name.withUnsafeBytes { name in
            guard let start = name.baseAddress?.assumingMemoryBound(to: CChar.self) else { return false }
            return ccrypto_certificate_has_name(der, der.count, start, name.count) == 1
        }
    }

    /// Whether one of these authorities, in PEM, issued it for clients, directly or by way of others among them, and it holds at that second.
    package func isIssued(by authorities: [UInt8], at second: Int64) -> Bool {
        ccrypto_certificate_issued(der, der.count, authorities, authorities.count, second) == 1
    }

    /// Percent-encoding taken off; `+` stands for itself, as nginx writes it.
    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return Array(text.drop { $0 <= 0x20 }) }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var rest = text[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "%"), let high = rest.first.flatMap(nibble), let low = rest.dropFirst().first.flatMap(nibble) {
                out.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                out.append(octet)
            }
        }
        return out
    }

    private static func nibble(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x37
        case 0x61...0x66: octet - 0x57
        default: nil
        }
    }
}
