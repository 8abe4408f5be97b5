import CXone
import Glibc
import JSON
import Simulator

/// One line of a trace file: what a function was asked, which calls that brought about, what it answered. Masked when it was written.
struct TraceRecord: Sendable {
    struct Call: Sendable {
        let method: String
        let url: String
        /// Milliseconds from the beginning.
        let at: Int
        let milliseconds: Int
        let status: Int?
    }

    /// How an exchange belongs to a record.
    enum Place: Sendable, Equatable {
        /// It is what the function was asked.
        case whole
        /// It is one of the function's calls.
        case call(Int)
    }

    let json: JSON
    /// Milliseconds since 1970 when the request arrived.
    let began: Int64
    let milliseconds: Int
    let calls: [Call]

    /// Whether it is a turn of a virtual agent, not a request about a channel.
    var isTurn: Bool { json["function"] == nil }
    var function: String? { json["function"]?.string }
    /// Agent or channel.
    var name: String? {
        if let name = json["agent"]?.string ?? json["channel"]?.string { return name }
        guard function == "webchat" || function == "webhook" else { return nil }
        // `/chat/{channel}/messages`, `/webhook/{channel}`
        return json["path"]?.string?.split(separator: "/").dropFirst().first.map(String.init)
    }

    init?(_ line: [UInt8]) {
        guard let json = try? JSON(parsing: line), json["answer"] != nil, let time = json["time"]?.integer else { return nil }
        self.json = json
        milliseconds = max(0, json["milliseconds"]?.integer ?? 0)
        began = Int64(time) - Int64(milliseconds)
        calls = (json["calls"]?.elements.map { $0 } ?? []).map { call in
            Call(
                method: call["method"]?.string ?? "", url: call["url"]?.string ?? "", at: call["at"]?.integer ?? 0,
                milliseconds: call["milliseconds"]?.integer ?? 0, status: call["status"]?.integer)
        }
    }

    /// Whether the exchange, seen at CXone's side, is this record's own or one of its calls. Clocks are the same machine's; what differs is the
    /// way between.
    func place(of exchange: RecordedExchange) -> Place? {
        let slack: Int64 = 400
        if exchange.isFromCXone {
            guard isAskedByCXone, exchange.time <= began + slack, exchange.time + Int64(exchange.milliseconds) + slack >= began else { return nil }
            guard isTurn else {
                // The first attempt without a token and the second one differ in nothing but their answer.
                let isSame = json["path"]?.string == TraceMask().path(exchange.url.urlPath) && json["status"]?.integer == exchange.status
                return isSame && isSameBody(exchange) ? .whole : nil
            }
            return exchange.half == .virtualAgentHub && isSameBody(exchange) ? .whole : nil
        }
        guard exchange.half == .digitalExperience else { return nil }
        let path = TraceMask().path(exchange.url.urlPath)
        for (index, call) in calls.enumerated() where call.method == exchange.method && call.url.urlPath == path {
            let start = began + Int64(call.at)
            if exchange.time + slack >= start, exchange.time <= start + Int64(call.milliseconds) + slack { return .call(index) }
        }
        return nil
    }

    /// A platform's request comes to `webhook` or `webchat`.
    var isAskedByCXone: Bool { isTurn || function.map { $0.hasPrefix("byoc") || $0 == "contact-events" } == true }

    private func isSameBody(_ exchange: RecordedExchange) -> Bool {
        let body = try? JSON(parsing: exchange.requestBody)
        let masked = RawJSON { writer in
            if let body { TraceMask(for: body).write(body, to: &writer) } else { writer.value("\(exchange.requestBody.count) octets") }
        }
        return json["request"].map { RawJSON($0) == masked } ?? false
    }
}

extension String {
    /// The path of a URL, without query.
    var urlPath: String {
        guard let scheme = firstRange(of: "://") else { return String(prefix { $0 != "?" }) }
        let path = self[scheme.upperBound...].drop { $0 != "/" }.prefix { $0 != "?" }
        return path.isEmpty ? "/" : String(path)
    }

    /// `https://host:port`; empty for a path alone.
    var urlOrigin: String {
        guard let scheme = firstRange(of: "://") else { return "" }
        return String(self[..<(self[scheme.upperBound...].firstIndex(of: "/") ?? endIndex)])
    }
}

/// Reads what is appended to a file, whole lines, wherever and whenever it comes into being.
struct TraceTail: Sendable {
    private let file: String
    private var offset: Int
    private var inode: UInt
    private var rest: [UInt8] = []
    /// Octets read at once; what grew by more than this between two looks loses its beginning.
    private static let most = 32 << 20

    init(file: String) {
        self.file = file
        let facts = Self.facts(file)
        (offset, inode) = (facts?.size ?? 0, facts?.inode ?? 0)
    }

    mutating func grown() -> [[UInt8]] {
        guard let facts = Self.facts(file) else { return [] }
        // Another file of that name, or a shorter one, is read from its beginning.
        if facts.inode != inode || facts.size < offset { (offset, inode, rest) = (0, facts.inode, []) }
        guard facts.size > offset else { return [] }
        if facts.size - offset > Self.most { (offset, rest) = (facts.size - Self.most, []) }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: facts.size - offset)
        let count = octets.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard count > 0 else { return [] }
        offset += count
        rest += octets.prefix(count)
        guard let end = rest.lastIndex(of: 0x0A) else { return [] }
        let lines = rest[..<end].split(separator: 0x0A).map { Array($0) }
        rest = Array(rest[(end + 1)...])
        return lines
    }

    private static func facts(_ file: String) -> (size: Int, inode: UInt)? {
        var facts = stat()
        return stat(file, &facts) == 0 ? (Int(facts.st_size), UInt(facts.st_ino)) : nil
    }
}
