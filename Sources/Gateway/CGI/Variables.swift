/// The variables of one request, from a process's environment or from a FastCGI PARAMS stream: ranges of one buffer, in order of
/// arrival, doubles kept (`runtimes.md` §3, "Duplicate names").
package struct Variables {
    package struct Pair {
        package let name: Range<Int>
        package let value: Range<Int>
    }

    package private(set) var bytes: [UInt8]
    package private(set) var pairs: [Pair] = []

    package init() { bytes = [] }

    /// A list of pairs: CGI's environment, and tests.
    package init(_ list: some Sequence<(name: [UInt8], value: [UInt8])>) {
        self.init()
        for (name, value) in list { append(name: name, value: value) }
    }

    mutating func reserveCapacity(octets: Int, pairs count: Int) {
        bytes.reserveCapacity(octets)
        pairs.reserveCapacity(count)
    }

    package mutating func append(name: some Sequence<UInt8>, value: some Sequence<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        let middle = bytes.count
        bytes.append(contentsOf: value)
        pairs.append(Pair(name: start..<middle, value: middle..<bytes.count))
    }

    /// Decodes a whole PARAMS stream (FastCGI §3.4): lengths of one octet below 128, else four with the top bit set. `nil` when a
    /// length points past the end.
    package init?(fastCGI stream: [UInt8]) {
        bytes = stream
        pairs.reserveCapacity(48)
        var offset = 0
        while offset < stream.count {
            guard let nameLength = Variables.length(in: stream, at: &offset),
                let valueLength = Variables.length(in: stream, at: &offset),
                nameLength <= stream.count - offset, valueLength <= stream.count - offset - nameLength
            else { return nil }
            let middle = offset + nameLength
            pairs.append(Pair(name: offset..<middle, value: middle..<(middle + valueLength)))
            offset = middle + valueLength
        }
    }

    package static func length(in stream: [UInt8], at offset: inout Int) -> Int? {
        guard offset < stream.count else { return nil }
        let first = stream[offset]
        guard first >= 0x80 else {
            offset += 1
            return Int(first)
        }
        guard stream.count - offset >= 4 else { return nil }
        defer { offset += 4 }
        return Int(first & 0x7F) << 24 | Int(stream[offset + 1]) << 16 | Int(stream[offset + 2]) << 8 | Int(stream[offset + 3])
    }
}
