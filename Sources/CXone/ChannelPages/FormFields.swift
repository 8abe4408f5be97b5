import HTTP

/// Names and values of a query or of a form (`application/x-www-form-urlencoded`).
struct FormFields: Sendable {
    private let pairs: [(name: String, value: String)]

    /// `nil` when an escape is broken, an octet is not UTF-8, or there are more than a hundred fields.
    init?(_ text: some Collection<UInt8>) {
        var pairs: [(String, String)] = []
        for pair in text.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < 100 else { return nil }
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap(Self.decoded), let value = parts.count > 1 ? Self.decoded(parts[1]) : "" else { return nil }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The value of a field that came once; `nil` when it is missing or came twice.
    subscript(name: String) -> String? {
        var found: String?
        for pair in pairs where pair.name == name {
            guard found == nil else { return nil }
            found = pair.value
        }
        return found
    }

    func contains(_ name: String) -> Bool { pairs.contains { $0.name == name } }

    /// As a path's segment, but `+` is a space.
    private static func decoded(_ octets: some Collection<UInt8>) -> String? {
        String(validating: octets.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }, as: UTF8.self).flatMap { PathSegment.decoded($0) }
    }
}
