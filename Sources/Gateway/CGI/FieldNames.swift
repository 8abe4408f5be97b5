import HTTPTypes

/// From the variable of a header field to its name: `HTTP_USER_AGENT` → `User-Agent`. The names that occur all day come from a table,
/// so that a request makes no strings for them.
enum FieldNames {
    /// `variable` is what follows `HTTP_`. `nil` when no field has such a name.
    static func name(for variable: ArraySlice<UInt8>) -> HTTPField.Name? {
        var slot = hash(variable) & (table.count - 1)
        while let entry = table[slot] {
            if entry.variable.elementsEqual(variable) { return entry.name }
            slot = (slot + 1) & (table.count - 1)
        }
        return made(from: variable)
    }

    /// The same without the table, which is not worth filling for one request.
    static func made(from variable: ArraySlice<UInt8>) -> HTTPField.Name? {
        HTTPField.Name(String(unsafeUninitializedCapacity: variable.count) { text in
            for (index, octet) in variable.enumerated() {
                text[index] =
                    switch octet {
                    case UInt8(ascii: "_"): UInt8(ascii: "-")
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"): octet | 0x20
                    default: octet
                    }
            }
            return variable.count
        })
    }

    private struct Entry {
        let variable: [UInt8]
        let name: HTTPField.Name
    }

    /// Open addressing, a power of two of slots, at most a quarter full.
    private static let table: [Entry?] = {
        var table = [Entry?](repeating: nil, count: 256)
        for known in known {
            guard let name = HTTPField.Name(known) else { continue }
            let variable = known.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 & ~(($0 & 0x40) >> 1) }
            var slot = hash(variable[...]) & (table.count - 1)
            while table[slot] != nil { slot = (slot + 1) & (table.count - 1) }
            table[slot] = Entry(variable: variable, name: name)
        }
        return table
    }()

    private static func hash(_ octets: ArraySlice<UInt8>) -> Int {
        var value: UInt32 = 2_166_136_261
        for octet in octets { value = (value ^ UInt32(octet)) &* 16_777_619 }
        return Int(value ^ value >> 15)
    }

    private static let known = [
        "accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cache-control", "connection",
        "content-encoding", "content-language", "cookie", "date", "dnt", "expect", "forwarded", "from", "host", "if-match",
        "if-modified-since", "if-none-match", "if-unmodified-since", "keep-alive", "origin", "pragma", "prefer", "priority", "range",
        "referer", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "te", "traceparent", "tracestate", "transfer-encoding",
        "upgrade", "user-agent", "via", "x-amzn-trace-id", "x-api-key", "x-correlation-id", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-port", "x-forwarded-proto", "x-hub-signature-256", "x-real-ip", "x-request-id", "x-requested-with",
    ]
}
