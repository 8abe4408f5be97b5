/// One answer of the runtime API.
package struct HTTPAnswer: Equatable {
    package var status = 0
    /// Names in lower case.
    package var fields: [(name: String, value: String)] = []
    package var body: [UInt8] = []
    package var keepsConnection = true
    /// No answer: SIGTERM came while waiting for it.
    package var isStopped = false

    package static let stopped: HTTPAnswer = {
        var answer = HTTPAnswer()
        answer.isStopped = true
        return answer
    }()

    package subscript(name: String) -> String? { fields.last { $0.name == name }?.value }

    package static func == (left: HTTPAnswer, right: HTTPAnswer) -> Bool { left.status == right.status && left.body == right.body }
}

/// Reads one HTTP/1.1 answer, with a length, in chunks, or up to the connection's end: the real service sends lengths, its stand-ins often
/// chunks. Trusts the platform in what it does not need.
package struct HTTPAnswerReader {
    package enum Outcome { case more, complete(HTTPAnswer), broken }
    private enum Phase { case head, length(Int), chunkSize, chunk(Int), trailer, untilEnd }

    private let limit: Int
    private var phase = Phase.head
    private var answer = HTTPAnswer()
    private var line: [UInt8] = []
    private var hasStatus = false

    package init(limit: Int) { self.limit = limit }

    package mutating func take(_ octets: ArraySlice<UInt8>) -> Outcome {
        var rest = octets
        while !rest.isEmpty || isComplete {
            if isComplete { return .complete(answer) }
            switch phase {
            case .length(let left):
                let part = rest.prefix(left)
                answer.body += part
                rest = rest.dropFirst(part.count)
                phase = .length(left - part.count)
            case .chunk(let left):
                // The data's own line end goes with it.
                let part = rest.prefix(left)
                answer.body += part.prefix(max(0, left - 2))
                rest = rest.dropFirst(part.count)
                phase = left == part.count ? .chunkSize : .chunk(left - part.count)
            case .untilEnd:
                answer.body += rest
                rest = []
            case .head, .chunkSize, .trailer:
                guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                    line += rest
                    return line.count > 64 << 10 ? .broken : .more
                }
                line += rest[..<end]
                rest = rest[(end + 1)...]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                defer { line = [] }
                guard take(line: String(decoding: line, as: UTF8.self)) else { return .broken }
            }
            if answer.body.count > limit { return .broken }
        }
        return .more
    }

    /// The connection ended: an answer without length is complete now.
    package mutating func end() -> HTTPAnswer? {
        guard case .untilEnd = phase else { return nil }
        answer.keepsConnection = false
        return answer
    }

    private var isComplete: Bool {
        if case .length(0) = phase { return true }
        return false
    }

    private mutating func take(line: String) -> Bool {
        switch phase {
        case .head where !hasStatus:
            let parts = line.utf8.split(separator: UInt8(ascii: " "))
            guard parts.count >= 2, parts[0].starts(with: "HTTP/1.".utf8), let status = Int(Substring(parts[1])) else { return false }
            answer.status = status
            hasStatus = true
        case .head where !line.isEmpty:
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
            let value = line.utf8[colon...].dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
            answer.fields.append((line[..<colon].lowercased(), String(Substring(value))))
        case .head:
            answer.keepsConnection = answer["connection"]?.lowercased() != "close"
            if answer["transfer-encoding"]?.lowercased().contains("chunked") == true {
                phase = .chunkSize
            } else if let length = answer["content-length"] {
                guard let count = Decimal.parse(length.utf8), count <= limit else { return false }
                phase = .length(count)
            } else {
                phase = .untilEnd
            }
        case .chunkSize:
            guard let size = Int(line.prefix { $0 != ";" && $0 != " " }, radix: 16), size >= 0, size <= limit else { return false }
            phase = size == 0 ? .trailer : .chunk(size + 2)
        case .trailer:
            if line.isEmpty { phase = .length(0) }
        default: return false
        }
        return true
    }
}
