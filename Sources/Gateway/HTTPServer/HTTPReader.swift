package import HTTP
import HTTPTypes
import Time

/// Takes the octets of a plain HTTP/1.1 connection apart into requests, incrementally and without I/O (RFC 9112). Strict where two readers
/// could disagree about where a request ends (`security.md` §4, request smuggling): such a connection is refused and ended.
package struct HTTPReader {
    package enum Event {
        /// A request is complete; whatever follows it in the input belongs to the next one.
        case request(Request, keepsConnection: Bool)
        /// The client waits for leave to send the body.
        case wantsContinue
        /// The connection must end after this answer.
        case refused(Refusal, Service.Record?)
    }

    private enum Phase { case head, body(left: Int), chunkSize, chunk(left: Int), chunkEnd, trailer, broken }

    private let limits: GatewayLimits
    private var phase = Phase.head
    /// The head so far, or the line of a chunk or a trailer.
    private var line: [UInt8] = []
    private var trailerLength = 0
    private var request: Request?
    private var keepsConnection = true
    private var body: [UInt8] = []

    package init(limits: GatewayLimits) { self.limits = limits }

    /// Whether a request has begun and is not complete.
    package var isReceiving: Bool {
        if case .head = phase { return !line.isEmpty }
        return true
    }

    /// The next event in `input` from `offset` on, which moves behind what was used; `nil` when more octets are needed.
    package mutating func next(_ input: Span<UInt8>, at offset: inout Int) -> Event? {
        while offset < input.count {
            do throws(Refusal) {
                if let event = try step(input, at: &offset) { return event }
            } catch {
                let record = request.map { Service.Record($0) }
                phase = .broken
                (line, body, request) = ([], [], nil)
                return .refused(error, record)
            }
        }
        return nil
    }

    private mutating func step(_ input: Span<UInt8>, at offset: inout Int) throws(Refusal) -> Event? {
        switch phase {
        case .head:
            guard try readHead(input, at: &offset) else { return nil }
            return try headIsComplete(hasMore: offset < input.count)
        case .body(let left):
            let count = min(left, input.count - offset)
            input.extracting(offset..<(offset + count)).append(to: &body)
            offset += count
            phase = .body(left: left - count)
            return count == left ? complete() : nil
        case .chunkSize:
            guard try readLine(input, at: &offset, limit: 512) else { return nil }
            let size = try HTTPGrammar.chunkSize(line[...])
            line = []
            guard size <= limits.body - body.count else { throw .bodyTooLarge }
            phase = size == 0 ? .trailer : .chunk(left: size)
        case .chunk(let left):
            let count = min(left, input.count - offset)
            input.extracting(offset..<(offset + count)).append(to: &body)
            offset += count
            phase = count == left ? .chunkEnd : .chunk(left: left - count)
        case .chunkEnd:
            guard try readLine(input, at: &offset, limit: 2) else { return nil }
            guard line.isEmpty else { throw .malformed }
            phase = .chunkSize
        case .trailer:
            guard try readLine(input, at: &offset, limit: limits.field) else { return nil }
            defer { line = [] }
            if line.isEmpty { return complete() }
            trailerLength += line.count
            guard trailerLength <= limits.field else { throw .fieldsTooLarge }
            _ = try HTTPGrammar.field(line[...])
        case .broken: offset = input.count
        }
        return nil
    }

    /// Gathers up to the empty line that ends the head. True when it is there; `line` then holds the head without it.
    private mutating func readHead(_ input: Span<UInt8>, at offset: inout Int) throws(Refusal) -> Bool {
        while offset < input.count {
            let octet = input[offset]
            offset += 1
            line.append(octet)
            guard octet == UInt8(ascii: "\n") else {
                guard line.count <= limits.head + limits.target else { throw .fieldsTooLarge }
                continue
            }
            guard line.count >= 2, line[line.count - 2] == UInt8(ascii: "\r") else { throw .malformed }
            if line.count == 2 {
                // One empty line before a request is forgiven (RFC 9112 §2.2).
                line = []
                continue
            }
            if line.count >= 4, line[line.count - 4] == UInt8(ascii: "\r"), line[line.count - 3] == UInt8(ascii: "\n") {
                line.removeLast(2)
                return true
            }
        }
        return false
    }

    /// Gathers one line up to CRLF, which is taken off.
    private mutating func readLine(_ input: Span<UInt8>, at offset: inout Int, limit: Int) throws(Refusal) -> Bool {
        while offset < input.count {
            let octet = input[offset]
            offset += 1
            if octet == UInt8(ascii: "\n") {
                guard line.last == UInt8(ascii: "\r") else { throw .malformed }
                line.removeLast()
                return true
            }
            line.append(octet)
            guard line.count <= limit else { throw .malformed }
        }
        return false
    }

    private mutating func headIsComplete(hasMore: Bool) throws(Refusal) -> Event? {
        let head = try HTTPGrammar.head(line, limits: limits)
        line = []
        request = head.request
        keepsConnection = head.keepsConnection
        body = []
        trailerLength = 0
        switch head.framing {
        case .none: return complete()
        case .length(let count):
            guard count <= limits.body else { throw .bodyTooLarge }
            guard count > 0 else { return complete() }
            body.reserveCapacity(count)
            phase = .body(left: count)
        case .chunked: phase = .chunkSize
        }
        return head.wantsContinue && !hasMore ? .wantsContinue : nil
    }

    private mutating func complete() -> Event? {
        phase = .head
        line = []
        guard var request else { return nil }
        self.request = nil
        request.body = body
        body = []
        return .request(request, keepsConnection: keepsConnection)
    }
}
