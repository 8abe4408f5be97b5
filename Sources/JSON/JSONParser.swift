/// Bounds of what a JSON text may hold (`security.md` §9). Exceeding one is an error, never a truncation.
package struct JSONLimits: Sendable {
    /// Nested arrays and objects, the outermost counting 1.
    package var depth: Int
    /// Values of every kind, names not counted.
    package var values: Int

    package init(depth: Int = 64, values: Int = 100_000) {
        self.depth = depth
        self.values = values
    }

    package static let standard = JSONLimits()
}

/// What a text may hold beside RFC 8259. `commented` is for settings files only.
package enum JSONDialect: Sendable {
    case strict
    /// `//` and `/* */` comments and one trailing comma are allowed.
    case commented
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case empty, unexpectedCharacter, unexpectedEnd, badNumber, badEscape, loneSurrogate, controlCharacter, badUTF8
        case duplicateName, tooDeep, tooManyValues, tooLarge, trailingContent
    }

    package let code: Code
    package let position: JSONPosition

    package static func == (left: JSONError, right: JSONError) -> Bool { left.code == right.code }

    /// Never quotes the text itself: it may hold secrets.
    package var description: String { "\(code.text) at \(position)" }
}

extension JSONError.Code {
    package var text: String {
        switch self {
        case .empty: "the text is empty"
        case .unexpectedCharacter: "unexpected character"
        case .unexpectedEnd: "the text ends too early"
        case .badNumber: "malformed number"
        case .badEscape: "unknown escape in a string"
        case .loneSurrogate: "half of a surrogate pair in a string"
        case .controlCharacter: "unescaped control character in a string"
        case .badUTF8: "the text is not valid UTF-8"
        case .duplicateName: "the object names this member twice"
        case .tooDeep: "nested too deeply"
        case .tooManyValues: "too many values"
        case .tooLarge: "larger than 2 GiB"
        case .trailingContent: "something follows the value"
        }
    }
}

extension JSON {
    /// Reads one JSON text (RFC 8259, strictly): no duplicate names after unescaping, valid UTF-8, no lone surrogates, bounded
    /// depth by an explicit stack. One leading byte-order mark is skipped.
    package init(
        parsing bytes: [UInt8], limits: JSONLimits = .standard, dialect: JSONDialect = .strict
    ) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, limits: limits, dialect: dialect)
        try parser.run()
        self.init(document: JSONDocument(bytes: bytes, nodes: parser.nodes), index: 0)
    }
}

struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private let dialect: JSONDialect
    private(set) var nodes: [JSONDocument.Node] = []
    private var offset = 0
    private var values = 0
    /// Indices of the open containers' nodes, outermost first.
    private var open: [Int] = []

    init(bytes: [UInt8], limits: JSONLimits, dialect: JSONDialect) {
        self.bytes = bytes
        self.limits = limits
        self.dialect = dialect
    }

    mutating func run() throws(JSONError) {
        guard bytes.count < Int32.max else { throw error(.tooLarge) }
        let valid = JSONText.validUTF8Count(bytes)
        guard valid == bytes.count else { throw error(.badUTF8, at: valid) }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
        nodes.reserveCapacity(min(bytes.count / 12 + 8, limits.values))
        open.reserveCapacity(8)
        try skipSpace()
        guard offset < bytes.count else { throw error(.empty) }
        try parseTree()
        try skipSpace()
        guard offset == bytes.count else { throw error(.trailingContent) }
    }

    /// The whole value, iteratively: each round reads one value, then closes what ends behind it.
    private mutating func parseTree() throws(JSONError) {
        while true {
            values += 1
            guard values <= limits.values else { throw error(.tooManyValues) }
            guard offset < bytes.count else { throw error(.unexpectedEnd) }
            let octet = bytes[offset]
            if octet == UInt8(ascii: "{") || octet == UInt8(ascii: "[") {
                guard open.count < limits.depth else { throw error(.tooDeep) }
                open.append(nodes.count)
                append(octet == UInt8(ascii: "{") ? .object : .array, start: offset, end: offset)
                offset += 1
                try skipSpace()
                guard offset < bytes.count else { throw error(.unexpectedEnd) }
                if bytes[offset] != closer {
                    if octet == UInt8(ascii: "{") { try parseName() }
                    continue
                }
            } else {
                try parseScalar(octet)
            }
            if try closeFinished() { return }
        }
    }

    /// Behind a value: ends every container that ends here. True when the outermost value is complete.
    private mutating func closeFinished() throws(JSONError) -> Bool {
        while let container = open.last {
            try skipSpace()
            guard offset < bytes.count else { throw error(.unexpectedEnd) }
            if bytes[offset] == UInt8(ascii: ",") {
                offset += 1
                try skipSpace()
                guard offset < bytes.count else { throw error(.unexpectedEnd) }
                if bytes[offset] != closer {
                    if nodes[container].kind == .object { try parseName() }
                    return false
                }
                guard dialect == .commented else { throw error(.unexpectedCharacter) }
            }
            guard bytes[offset] == closer else { throw error(.unexpectedCharacter) }
            offset += 1
            nodes[container].end = UInt32(offset)
            nodes[container].next = UInt32(nodes.count)
            if nodes[container].kind == .object { try refuseDuplicates(container) }
            open.removeLast()
        }
        return true
    }

    private var closer: UInt8 {
        guard let container = open.last else { return 0 }
        return nodes[container].kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")
    }

    private mutating func parseName() throws(JSONError) {
        guard bytes[offset] == UInt8(ascii: "\"") else { throw error(.unexpectedCharacter) }
        try parseString()
        try skipSpace()
        guard offset < bytes.count else { throw error(.unexpectedEnd) }
        guard bytes[offset] == UInt8(ascii: ":") else { throw error(.unexpectedCharacter) }
        offset += 1
        try skipSpace()
    }

    private mutating func parseScalar(_ octet: UInt8) throws(JSONError) {
        switch octet {
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "t"): try parseWord("true", .true)
        case UInt8(ascii: "f"): try parseWord("false", .false)
        case UInt8(ascii: "n"): try parseWord("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: try parseNumber()
        default: throw error(.unexpectedCharacter)
        }
    }

    private mutating func parseWord(_ word: StaticString, _ kind: JSON.Kind) throws(JSONError) {
        let start = offset
        for index in 0..<word.utf8CodeUnitCount {
            guard offset < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[offset] == word.utf8Start[index] else { throw error(.unexpectedCharacter) }
            offset += 1
        }
        append(kind, start: start, end: offset)
    }

    private mutating func parseNumber() throws(JSONError) {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        guard offset < bytes.count else { throw error(.unexpectedEnd) }
        if bytes[offset] == UInt8(ascii: "0") {
            offset += 1
        } else {
            try parseDigits()
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            try parseDigits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
            try parseDigits()
        }
        append(.number, start: start, end: offset)
    }

    private mutating func parseDigits() throws(JSONError) {
        let start = offset
        while offset < bytes.count, bytes[offset] >= 0x30, bytes[offset] <= 0x39 { offset += 1 }
        guard offset > start else { throw error(offset < bytes.count ? .badNumber : .unexpectedEnd) }
    }

    private mutating func parseString() throws(JSONError) {
        let start = offset
        var isEscaped = false
        offset = plainRun(from: offset + 1)
        while true {
            guard offset < bytes.count else { throw error(.unexpectedEnd) }
            let octet = bytes[offset]
            if octet == UInt8(ascii: "\"") { break }
            guard octet == UInt8(ascii: "\\") else { throw error(.controlCharacter) }
            isEscaped = true
            try parseEscape()
            offset = plainRun(from: offset)
        }
        offset += 1
        append(.string, start: start, end: offset, isEscaped: isEscaped)
    }

    /// First octet from `start` on that ends a run of ordinary characters: a quote, a backslash, a control character, or the end.
    /// Eight octets a step while that many are left; audio payloads are megabytes of such runs.
    private func plainRun(from start: Int) -> Int {
        bytes.withUnsafeBytes { buffer in
            var index = start
            while index + 8 <= buffer.count {
                let marks = JSONText.stops(in: buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
                if marks != 0 { return index + marks.trailingZeroBitCount / 8 }
                index += 8
            }
            while index < buffer.count {
                let octet = buffer[index]
                if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") || octet < 0x20 { break }
                index += 1
            }
            return index
        }
    }

    private mutating func parseEscape() throws(JSONError) {
        guard offset + 1 < bytes.count else { throw error(.unexpectedEnd) }
        switch bytes[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 2
        case UInt8(ascii: "u"):
            guard let high = JSONText.hex4(bytes[...], at: offset + 2) else { throw error(.badEscape) }
            offset += 6
            guard (0xD800..<0xE000).contains(high) else { return }
            guard high < 0xDC00, offset + 6 <= bytes.count, bytes[offset] == UInt8(ascii: "\\"),
                bytes[offset + 1] == UInt8(ascii: "u"), let low = JSONText.hex4(bytes[...], at: offset + 2),
                (0xDC00..<0xE000).contains(low)
            else { throw error(.loneSurrogate) }
            offset += 6
        default: throw error(.badEscape)
        }
    }

    private mutating func append(_ kind: JSON.Kind, start: Int, end: Int, isEscaped: Bool = false) {
        nodes.append(.init(
            kind: kind, isEscaped: isEscaped, start: UInt32(start), end: UInt32(end), next: UInt32(nodes.count + 1)))
    }

    /// Pairwise for the few names an ordinary object has, by a set for large ones and where names are escaped.
    private func refuseDuplicates(_ container: Int) throws(JSONError) {
        var count = 0
        var isEscaped = false
        var name = container + 1
        while name < nodes.count {
            count += 1
            isEscaped = isEscaped || nodes[name].isEscaped
            name = nextName(name)
        }
        guard count <= 16, !isEscaped else { return try refuseDuplicatesBySet(container, count: count) }
        name = container + 1
        while name < nodes.count {
            var earlier = container + 1
            while earlier < name {
                if isSameName(earlier, name) { throw error(.duplicateName, at: Int(nodes[name].start)) }
                earlier = nextName(earlier)
            }
            name = nextName(name)
        }
    }

    private func refuseDuplicatesBySet(_ container: Int, count: Int) throws(JSONError) {
        var seen = Set<[UInt8]>(minimumCapacity: count)
        var name = container + 1
        while name < nodes.count {
            guard seen.insert(decodedName(name)).inserted else { throw error(.duplicateName, at: Int(nodes[name].start)) }
            name = nextName(name)
        }
    }

    /// The name behind `name` and its value, within an object that ends at the last node.
    private func nextName(_ name: Int) -> Int { Int(nodes[name + 1].next) }

    /// Whether two unescaped names are equal. Lengths and last octets differ nearly always, so these are looked at first.
    private func isSameName(_ left: Int, _ right: Int) -> Bool {
        let length = Int(nodes[left].end - nodes[left].start)
        guard length == Int(nodes[right].end - nodes[right].start) else { return false }
        let leftStart = Int(nodes[left].start)
        let rightStart = Int(nodes[right].start)
        var index = length - 1
        while index > 0 {
            if bytes[leftStart + index] != bytes[rightStart + index] { return false }
            index -= 1
        }
        return true
    }

    private func content(_ name: Int) -> ArraySlice<UInt8> {
        bytes[(Int(nodes[name].start) + 1)..<(Int(nodes[name].end) - 1)]
    }

    private func decodedName(_ name: Int) -> [UInt8] {
        nodes[name].isEscaped ? JSONText.unescaped(content(name)) : Array(content(name))
    }

    private mutating func skipSpace() throws(JSONError) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            case UInt8(ascii: "/") where dialect == .commented: try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(JSONError) {
        guard offset + 1 < bytes.count else { throw error(.unexpectedEnd) }
        switch bytes[offset + 1] {
        case UInt8(ascii: "/"):
            while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
        case UInt8(ascii: "*"):
            let start = offset
            offset += 2
            while offset + 1 < bytes.count, !(bytes[offset] == UInt8(ascii: "*") && bytes[offset + 1] == UInt8(ascii: "/")) {
                offset += 1
            }
            guard offset + 1 < bytes.count else { throw error(.unexpectedEnd, at: start) }
            offset += 2
        default: throw error(.unexpectedCharacter)
        }
    }

    private func error(_ code: JSONError.Code, at place: Int? = nil) -> JSONError {
        JSONError(code: code, position: JSONText.position(of: place ?? offset, in: bytes))
    }
}
