/// The wire of FastCGI 1.0 (§3, §8 of its specification; `runtimes.md` §4.1).
package enum FastCGIRecord {
    package static let headerSize = 8
    package static let version: UInt8 = 1
    /// The longest content whose length is a multiple of eight.
    package static let longestContent = 65_528

    package enum Kind: UInt8 {
        case begin = 1, abort, end, params, input, output, errors, data, getValues, getValuesResult, unknownType
    }

    package enum ProtocolStatus: UInt8 {
        case complete = 0, cannotMultiplex, overloaded, unknownRole
    }

    package static let responder: UInt16 = 1

    /// One record; the content is padded to eight octets.
    package static func append(_ kind: Kind, id: UInt16, _ content: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let padding = (8 - content.count % 8) % 8
        appendHeader(kind, id: id, length: content.count, padding: padding, to: &bytes)
        bytes.append(contentsOf: content)
        for _ in 0..<padding { bytes.append(0) }
    }

    private static func appendHeader(_ kind: Kind, id: UInt16, length: Int, padding: Int, to bytes: inout [UInt8]) {
        bytes.append(version)
        bytes.append(kind.rawValue)
        bytes.append(UInt8(id >> 8))
        bytes.append(UInt8(id & 0xFF))
        bytes.append(UInt8(truncatingIfNeeded: length >> 8))
        bytes.append(UInt8(truncatingIfNeeded: length))
        bytes.append(UInt8(padding))
        bytes.append(0)
    }

    /// The whole answer to one request: output in as few records as it takes, the empty record that ends it, END_REQUEST.
    package static func answer(id: UInt16, _ output: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(output.count + (output.count / longestContent + 1) * 16 + 32)
        appendOutput(output, id: id, to: &bytes)
        append(.output, id: id, [], to: &bytes)
        appendEnd(id: id, .complete, to: &bytes)
        return bytes
    }

    /// A part of an answer.
    package static func appendOutput(_ output: [UInt8], id: UInt16, to bytes: inout [UInt8]) {
        var start = 0
        while start < output.count {
            let end = min(start + longestContent, output.count)
            append(.output, id: id, output[start..<end], to: &bytes)
            start = end
        }
    }

    package static func appendEnd(id: UInt16, _ status: ProtocolStatus, to bytes: inout [UInt8]) {
        append(.end, id: id, [0, 0, 0, 0, status.rawValue, 0, 0, 0], to: &bytes)
    }

    package static func unknownType(_ type: UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        append(.unknownType, id: 0, [type, 0, 0, 0, 0, 0, 0, 0], to: &bytes)
        return bytes
    }

    /// The answer to GET_VALUES: of the names asked for, those that we know.
    package static func values(asked: Variables, turns: Int) -> [UInt8] {
        var content: [UInt8] = []
        for pair in asked.pairs {
            let name = String(decoding: asked.bytes[pair.name], as: UTF8.self)
            let value: String
            switch name {
            case "FCGI_MAX_CONNS", "FCGI_MAX_REQS": value = String(turns)
            case "FCGI_MPXS_CONNS": value = "0"
            default: continue
            }
            content += [UInt8(name.utf8.count), UInt8(value.utf8.count)] + name.utf8 + value.utf8
            // Nobody needs more, and a question that repeats a name thousands of times shall not double in size.
            if content.count > 1024 { break }
        }
        var bytes: [UInt8] = []
        append(.getValuesResult, id: 0, content, to: &bytes)
        return bytes
    }
}
