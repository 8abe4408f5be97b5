/// An absolute `http` or `https` URL, taken apart as far as routing needs it.
package struct WebAddress: Sendable, Equatable {
    /// `https`.
    package let scheme: String
    /// `api-de-na1.niceincontact.com`, with the port where one is named; lower case.
    package let host: String
    /// Path and query, percent-encoding kept; begins with `/`.
    package let target: String

    package init?(_ text: String) {
        guard let colon = text.firstRange(of: "://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        host = rest[..<end].lowercased()
        guard !host.isEmpty, !host.contains("@") else { return nil }
        let target = rest[end...].prefix { $0 != "#" }
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// `https://host`.
    package var origin: String { "\(scheme)://\(host)" }
}

/// Percent-encoding of single path segments and of queries.
package enum Percent {
    package static func encode(_ text: String) -> String {
        var result = ""
        for octet in text.utf8 {
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: result.unicodeScalars.append(Unicode.Scalar(octet))
            case _ where "-._~".utf8.contains(octet): result.unicodeScalars.append(Unicode.Scalar(octet))
            default: result += "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// `nil` when an escape is broken or the octets are no UTF-8.
    package static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        var octets: [UInt8] = []
        var input = text.utf8.makeIterator()
        func digit(_ octet: UInt8?) -> UInt8? {
            octet.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map { UInt8($0) }
        }
        while let octet = input.next() {
            if octet == UInt8(ascii: "%") {
                guard let high = digit(input.next()), let low = digit(input.next()) else { return nil }
                octets.append(high << 4 | low)
            } else {
                octets.append(plusIsSpace && octet == UInt8(ascii: "+") ? 0x20 : octet)
            }
        }
        return String(validating: octets, as: UTF8.self)
    }

    /// The pairs of a query or a form, in order; `nil` when one cannot be decoded.
    package static func pairs(_ text: Substring) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: "&") {
            let name = part.prefix { $0 != "=" }
            guard let decodedName = decode(name, plusIsSpace: true),
                let value = decode(part.dropFirst(name.count + 1), plusIsSpace: true)
            else { return nil }
            pairs.append((decodedName, value))
        }
        return pairs
    }
}
