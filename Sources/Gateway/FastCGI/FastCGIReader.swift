/// Takes a connection's octets apart into requests, incrementally and without I/O. One request at a time: the four servers never
/// multiplex, and FCGI_MPXS_CONNS says that we do not (`runtimes.md` §4.2).
///
/// What it holds is bounded by its two limits and one small record, whatever comes.
package struct FastCGIReader {
    package enum Event: Equatable {
        /// A request is complete. Until `finish`, another one is refused by `cannotMultiplex`.
        case request(Received)
        /// The server gave up the request that is running; or the one that is still arriving, which then ends here.
        case abort(id: UInt16)
        case getValues([UInt8])
        case unknownType(UInt8)
        case unknownRole(id: UInt16, keepsConnection: Bool)
        case cannotMultiplex(id: UInt16)
        /// Nothing that follows can be understood: the connection must end.
        case violation(String)
    }

    package struct Received: Equatable {
        package var id: UInt16
        package var keepsConnection: Bool
        /// The whole PARAMS stream; `nil` when it was longer than the limit.
        package var params: [UInt8]?
        /// The whole STDIN stream; `nil` when it was longer than the limit.
        package var body: [UInt8]?
    }

    private enum Phase { case none, params, body, running }
    /// Where the content of the record at hand goes.
    private enum Sink { case nowhere, params, body, small }

    private let paramsLimit: Int
    private let bodyLimit: Int

    private var header = InlineArray<8, UInt8>(repeating: 0)
    private var headerCount = 0
    private var kind: UInt8 = 0
    private var contentLength = 0
    private var contentLeft = 0
    private var paddingLeft = 0
    private var isInContent = false
    private var sink = Sink.nowhere
    private var small: [UInt8] = []

    private var phase = Phase.none
    private var id: UInt16 = 0
    private var keepsConnection = false
    private var params: [UInt8]? = []
    private var body: [UInt8]? = []
    private var isBroken = false

    package init(paramsLimit: Int, bodyLimit: Int) {
        self.paramsLimit = paramsLimit
        self.bodyLimit = bodyLimit
    }

    /// Whether a request has begun and is not complete.
    package var isReceiving: Bool { phase == .params || phase == .body }
    /// Whether the last octet ended a record.
    package var isBetweenRecords: Bool { !isInContent && headerCount == 0 && paddingLeft == 0 }

    /// The running request was answered.
    package mutating func finish() {
        if phase == .running { phase = .none }
    }

    /// The next event in `input` from `offset` on, which moves behind what was used; `nil` when more octets are needed.
    package mutating func next(_ input: Span<UInt8>, at offset: inout Int) -> Event? {
        while !isBroken, offset < input.count {
            if isInContent {
                let count = min(contentLeft, input.count - offset)
                keep(input.extracting(offset..<(offset + count)))
                offset += count
                contentLeft -= count
                guard contentLeft == 0 else { return nil }
                isInContent = false
                if let event = endOfContent() { return event }
            } else if paddingLeft > 0 {
                let count = min(paddingLeft, input.count - offset)
                offset += count
                paddingLeft -= count
            } else {
                header[headerCount] = input[offset]
                headerCount += 1
                offset += 1
                guard headerCount == FastCGIRecord.headerSize else { continue }
                headerCount = 0
                if let event = startOfRecord() { return event }
            }
        }
        return nil
    }

    private mutating func violate(_ reason: String) -> Event {
        isBroken = true
        params = nil
        body = nil
        small = []
        return .violation(reason)
    }

    /// The header is complete: decides where the content goes.
    private mutating func startOfRecord() -> Event? {
        guard header[0] == FastCGIRecord.version else { return violate("version") }
        kind = header[1]
        let recordID = UInt16(header[2]) << 8 | UInt16(header[3])
        contentLength = Int(header[4]) << 8 | Int(header[5])
        contentLeft = contentLength
        paddingLeft = Int(header[6])
        sink = .nowhere
        isInContent = contentLength > 0

        guard recordID != 0 else {
            if kind == FastCGIRecord.Kind.getValues.rawValue { sink = .small }
            return isInContent ? nil : endOfContent(id: 0)
        }
        switch FastCGIRecord.Kind(rawValue: kind) {
        case .begin:
            guard contentLength == 8 else { return violate("BEGIN_REQUEST length") }
            if phase != .none, recordID == id { return violate("BEGIN_REQUEST twice") }
            sink = .small
        case .params where recordID == id && phase == .params: sink = .params
        case .params where recordID == id && phase == .body: return violate("PARAMS after their end")
        case .input where recordID == id && phase == .body: sink = .body
        case .input where recordID == id && phase == .params: return violate("STDIN before the end of PARAMS")
        // Streams of a request that is answered, aborted or refused go on for a while.
        case .params, .input, .abort, .data: break
        default: return violate("record type")
        }
        return isInContent ? nil : endOfContent(id: recordID)
    }

    private mutating func keep(_ octets: Span<UInt8>) {
        switch sink {
        case .nowhere: break
        case .small: octets.append(to: &small)
        case .params:
            guard let held = params?.count else { break }
            if held + octets.count > paramsLimit { params = nil } else { octets.append(to: &params) }
        case .body:
            guard let held = body?.count else { break }
            if held + octets.count > bodyLimit { body = nil } else { octets.append(to: &body) }
        }
    }

    private mutating func endOfContent() -> Event? { endOfContent(id: UInt16(header[2]) << 8 | UInt16(header[3])) }

    private mutating func endOfContent(id recordID: UInt16) -> Event? {
        guard recordID != 0 else {
            guard kind == FastCGIRecord.Kind.getValues.rawValue else { return .unknownType(kind) }
            defer { small = [] }
            return .getValues(small)
        }
        switch FastCGIRecord.Kind(rawValue: kind) {
        case .begin: return begin(recordID)
        case .abort where recordID == id && phase != .none:
            if phase != .running { phase = .none }
            return .abort(id: recordID)
        case .params where sink == .params && contentLength == 0: phase = .body
        case .input where sink == .body && contentLength == 0:
            phase = .running
            defer { (params, body) = ([], []) }
            return .request(Received(id: id, keepsConnection: keepsConnection, params: params, body: body))
        default: break
        }
        return nil
    }

    private mutating func begin(_ recordID: UInt16) -> Event? {
        defer { small.removeAll(keepingCapacity: true) }
        guard small.count == 8 else { return violate("BEGIN_REQUEST length") }
        let keeps = small[2] & 1 == 1
        guard phase == .none else { return .cannotMultiplex(id: recordID) }
        guard UInt16(small[0]) << 8 | UInt16(small[1]) == FastCGIRecord.responder else {
            return .unknownRole(id: recordID, keepsConnection: keeps)
        }
        (id, keepsConnection, phase) = (recordID, keeps, .params)
        (params, body) = ([], [])
        return nil
    }
}

extension Span<UInt8> {
    package func append(to bytes: inout [UInt8]) { withUnsafeBufferPointer { bytes.append(contentsOf: $0) } }
    package func append(to bytes: inout [UInt8]?) { withUnsafeBufferPointer { bytes?.append(contentsOf: $0) } }
}
