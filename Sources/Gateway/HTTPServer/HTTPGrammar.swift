import HTTP
import HTTPTypes
import Time

/// The grammar of RFC 9112, each rule refusing what it does not know.
enum HTTPGrammar {
    enum Framing: Equatable { case none, length(Int), chunked }

    struct Head {
        var request: Request
        var framing: Framing
        var keepsConnection: Bool
        var wantsContinue: Bool
    }

    /// `text`: request line and field lines, each ended by CRLF, without the empty line.
    static func head(_ text: [UInt8], limits: GatewayLimits) throws(Refusal) -> Head {
        var lines = text.dropLast(2).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst() else { throw .malformed }
        let (method, target, isOld) = try requestLine(withoutReturn(first, isLast: lines.isEmpty), limits: limits)

        var fields = HTTPFields()
        var framing = FramingFields()
        while let line = lines.popFirst() {
            guard fields.count < limits.fields, line.count <= limits.field else { throw .fieldsTooLarge }
            guard let field = try self.field(withoutReturn(line, isLast: lines.isEmpty)) else { continue }
            if !framing.take(field) { fields.append(field) }
        }
        // Two hosts, or none in 1.1, could be routed differently by two readers (RFC 9112 §3.2).
        guard framing.hosts == 1 || framing.hosts == 0 && isOld else { throw .malformed }
        if let expectation = framing.expectation, expectation != "100-continue" { throw .expectation }

        var front = Front()
        front.requestID = RequestID.accepted(framing.requestID.map { Array($0.utf8)[...] }) ?? RequestID.make()
        front.arrived = .now()
        return Head(
            request: Request(method: method, target: target, fields: fields, front: front), framing: try framing.framing(isOld: isOld),
            keepsConnection: isOld ? framing.connection.contains("keep-alive") : !framing.connection.contains("close"),
            wantsContinue: framing.expectation != nil && !isOld)
    }

    /// The last line lost its return together with its feed.
    private static func withoutReturn(_ line: ArraySlice<UInt8>, isLast: Bool) throws(Refusal) -> ArraySlice<UInt8> {
        if isLast { return line }
        guard line.last == UInt8(ascii: "\r") else { throw .malformed }
        return line.dropLast()
    }

    private static func requestLine(
        _ line: ArraySlice<UInt8>, limits: GatewayLimits
    ) throws(Refusal) -> (method: HTTPRequest.Method, target: String, isOld: Bool) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, let method = HTTPRequest.Method(String(decoding: parts[0], as: UTF8.self)) else { throw .malformed }
        guard parts[1].count <= limits.target else { throw .targetTooLong }
        guard let target = Target.text(Target.originForm(parts[1])) else { throw .malformed }
        let version = parts[2]
        guard version.count == 8, version.starts(with: "HTTP/".utf8) else { throw .malformed }
        switch String(decoding: version.suffix(3), as: UTF8.self) {
        case "1.1": return (method, target, false)
        case "1.0": return (method, target, true)
        case let other where other.utf8.enumerated().allSatisfy({ $0 == 1 ? $1 == UInt8(ascii: ".") : $1 >= 0x30 && $1 <= 0x39 }):
            throw .versionUnknown
        default: throw .malformed
        }
    }

    /// One field line. `nil` for a name with an underscore: behind some servers it could pass for another one, so that nginx drops it too.
    static func field(_ line: ArraySlice<UInt8>) throws(Refusal) -> HTTPField? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
        else { throw .malformed }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard !value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { throw .malformed }
        return line[..<colon].contains(UInt8(ascii: "_")) ? nil : HTTPField(name: name, value: value)
    }

    /// Hexadecimal digits, and extensions, which are ignored (RFC 9112 §7.1.1).
    static func chunkSize(_ line: ArraySlice<UInt8>) throws(Refusal) -> Int {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        guard !digits.isEmpty, digits.count <= 8, !line.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw .malformed }
        var size = 0
        for octet in digits {
            let value: UInt8
            switch octet {
            case 0x30...0x39: value = octet - 0x30
            case 0x41...0x46: value = octet - 0x37
            case 0x61...0x66: value = octet - 0x57
            default: throw .malformed
            }
            size = size << 4 | Int(value)
        }
        return size
    }

    /// The fields that decide where the request ends, and what becomes of the connection.
    private struct FramingFields {
        var hosts = 0
        var connection: Set<String> = []
        var expectation: String?
        var requestID: String?
        private var lengths: [String] = []
        private var codings: [String] = []

        init() {}

        /// True when handlers shall not see the field.
        mutating func take(_ field: HTTPField) -> Bool {
            switch field.name.canonicalName {
            case "content-length":
                lengths.append(field.value)
                return true
            case "proxy": return true
            case "transfer-encoding": codings.append(field.value.lowercased())
            case "host": hosts += 1
            case "expect": expectation = field.value.lowercased()
            case "x-request-id": requestID = field.value
            case "connection":
                for option in field.value.lowercased().split(separator: ",") {
                    connection.insert(option.trimmingBlanks())
                }
            default: break
            }
            return false
        }

        func framing(isOld: Bool) throws(Refusal) -> Framing {
            if let coding = codings.first {
                guard codings.count == 1, lengths.isEmpty, !isOld else { throw .malformed }
                guard coding == "chunked" else { throw .codingUnknown }
                return .chunked
            }
            guard let length = lengths.first else { return .none }
            guard lengths.count == 1, let count = Decimal.parse(length.utf8) else { throw .malformed }
            return .length(count)
        }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
