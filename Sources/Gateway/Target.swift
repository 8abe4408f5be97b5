/// The request target as text.
enum Target {
    /// Path and query of an absolute-form target (`http://host:99/p?q`), or the octets as they are.
    static func originForm(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for scheme in ["http://", "https://"] where target.count >= scheme.utf8.count {
            guard zip(target, scheme.utf8).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 }) else { continue }
            let rest = target.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            if end < rest.endIndex, rest[end] == UInt8(ascii: "/") { return rest[end...] }
            return ([UInt8(ascii: "/")] + rest[end...])[...]
        }
        return target
    }

    /// `nil` unless it begins with `/` and holds neither white space nor control characters.
    static func text(_ octets: ArraySlice<UInt8>) -> String? {
        guard octets.first == UInt8(ascii: "/"), !octets.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }
}

/// A length as protocols write it.
enum Decimal {
    /// Digits only: no sign, no space, no list; `nil` beyond 63 bits.
    static func parse(_ digits: some Collection<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value = 0
        for octet in digits {
            guard octet >= 0x30, octet <= 0x39 else { return nil }
            value = value * 10 + Int(octet - 0x30)
        }
        return value
    }
}
