import CCurl
import HTTP
import HTTPTypes
import Secrets
import Time

/// One call on one easy handle: the options that say what to send, and what has come back so far.
final class Transfer: @unchecked Sendable {
    // @unchecked: made, filled and finished on the loop's thread; a cancellation handler only carries it back there.
    let handle: EasyHandle
    /// Set while the call runs.
    var continuation: UnsafeContinuation<CurlEngine.Outcome, Never>?
    private let call: Call
    private let options: CurlOptions
    private var headerLines: UnsafeMutablePointer<curl_slist>?
    private var head = ResponseHead()
    private var body: [UInt8] = []
    /// Octets of the answer's body so far.
    private var received = 0
    /// Whether an address of the host was not one that the call may connect to.
    private var hasRefusedAddress = false
    /// Why we broke off the transfer ourselves.
    private var refusal: TransportError.Code?
    /// How often libcurl had a connection and was about to send.
    private var attempts = 0
    /// Whether the latest of those connections speaks HTTP/2.
    private var isMultiplexed = false
    /// libcurl wanted to send once more what may have arrived.
    private var hasRefusedRepeat = false

    init(_ call: Call, options: CurlOptions, handle: EasyHandle, engine: CurlEngine) throws(TransportError) {
        self.handle = handle
        self.call = call
        self.options = options
        try Transfer.check(call)
        let left = call.deadline.milliseconds(since: .now())
        guard left > 0 else { throw TransportError(.timedOut, mayHaveArrived: false, reason: "no time left for the call") }
        headerLines = Transfer.headerLines(call, userAgent: options.userAgent)
        let code = handle.configure(
            call, options: options, milliseconds: left, lines: headerLines, engine: engine,
            context: Unmanaged.passUnretained(self).toOpaque())
        guard code == CURLE_OK else { throw TransportError(refusedOption: code) }
    }

    deinit { curl_slist_free_all(headerLines) }

    static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// libcurl guesses protocols from host names, cuts texts at NUL and takes passwords from URLs; none of that is wanted.
    private static func check(_ call: Call) throws(TransportError) {
        guard let scheme = call.url.firstIndex(of: ":").map({ call.url[..<$0].lowercased() }),
            scheme == "http" || scheme == "https", call.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw TransportError(.badURL, mayHaveArrived: false, reason: "not an absolute http or https URL") }
        for field in call.fields {
            switch field.name.canonicalName {
            case "content-length", "transfer-encoding", "connection", "expect", "upgrade", "trailer", "te":
                throw TransportError(
                    .misconfigured, mayHaveArrived: false, reason: "\(field.name.canonicalName) is the transport's own header")
            case let name where name.hasPrefix(":"):
                throw TransportError(.misconfigured, mayHaveArrived: false, reason: "a pseudo header field")
            default: break
            }
        }
        if let proxy = call.connection.proxy, !proxy.hasPrefix("http://") || proxy.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
            throw TransportError(.misconfigured, mayHaveArrived: false, reason: "the proxy is not an http:// URL")
        }
    }

    /// As libcurl wants them. `HTTPField` admits no CR, LF or NUL in a value and only tokens as names.
    private static func headerLines(_ call: Call, userAgent: String) -> UnsafeMutablePointer<curl_slist>? {
        // Nothing asks for "100 Continue" first.
        var list = curl_slist_append(nil, "Expect:")
        var line: [CChar] = []
        line.reserveCapacity(256)
        var hasType = false
        var hasUserAgent = false
        for field in call.fields {
            if field.name == .contentType { hasType = true }
            if field.name == .userAgent { hasUserAgent = true }
            line.removeAll(keepingCapacity: true)
            for octet in field.name.rawName.utf8 { line.append(CChar(bitPattern: octet)) }
            field.withUnsafeBytesOfValue { value in
                // libcurl's way to say that there is a field without a value.
                line.append(CChar(bitPattern: UInt8(ascii: value.isEmpty ? ";" : ":")))
                if !value.isEmpty { line.append(CChar(bitPattern: UInt8(ascii: " "))) }
                for octet in value { line.append(CChar(bitPattern: octet)) }
            }
            line.append(0)
            list = curl_slist_append(list, line)
        }
        // No form is pretended where the caller named no type.
        if !hasType { list = curl_slist_append(list, "Content-Type:") }
        if let upload = call.upload, upload.length == nil { list = curl_slist_append(list, "Transfer-Encoding: chunked") }
        // As a line of its own: libcurl would print its option anew for each call.
        if !hasUserAgent { list = curl_slist_append(list, "User-Agent: " + userAgent) }
        return list
    }

    // MARK: Receiving

    func receiveHead(_ octets: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let octets else { return 0 }
        head.take(UnsafeRawBufferPointer(start: octets, count: count))
        guard head.count <= options.headerCount, head.octets <= options.headerOctets else {
            refusal = .tooLarge
            return 0
        }
        return count
    }

    func receiveBody(_ octets: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let octets, count > 0 else { return 0 }
        guard count <= call.responseLimit - received else {
            refusal = .tooLarge
            return 0
        }
        let piece = UnsafeRawBufferPointer(start: octets, count: count)
        if let pipe = call.download, head.status.kind == .successful {
            if received == 0 { pipe.begin(Response(status: head.status, fields: head.fields)) }
            // libcurl keeps a piece that was not taken and hands it over again when the transfer goes on.
            guard pipe.offer(Array(piece)) else { return pipe.isCancelled ? 0 : Int(CURL_WRITEFUNC_PAUSE) }
            received += count
            return count
        }
        received += count
        body.append(contentsOf: piece)
        if let receive = call.receive, head.status.kind == .successful { receive(Array(piece)) }
        return count
    }

    // MARK: Pipes

    /// Tells the pipes how to wake this transfer, which waits for room or for octets.
    func connect(_ wake: (@Sendable () -> Void)?) {
        call.download?.setWake(wake)
        call.upload?.pipe.setWake(wake)
    }

    var hasPipe: Bool { call.download != nil || call.upload != nil }

    /// The transfer is over, however it ended: nobody shall wait for it.
    func disconnect() {
        connect(nil)
        call.download?.finish(isComplete: false)
        call.upload?.pipe.cancel()
    }

    func fill(_ octets: UnsafeMutablePointer<CChar>?, _ limit: Int) -> Int {
        guard let octets, let pipe = call.upload?.pipe else { return Int(CURL_READFUNC_ABORT) }
        switch pipe.take(atMost: limit) {
        case .octets(let piece):
            UnsafeMutableRawBufferPointer(start: octets, count: limit).copyBytes(from: piece)
            return piece.count
        case .later: return Int(CURL_READFUNC_PAUSE)
        case .end: return 0
        case .broken: return Int(CURL_READFUNC_ABORT)
        }
    }

    func admits(_ address: [UInt8]) -> Bool {
        let isAdmitted = PublicAddress.isPublic(address) || call.reach == .publicOrLoopback && PublicAddress.isLoopback(address)
        if !isAdmitted { hasRefusedAddress = true }
        return isAdmitted
    }

    /// Whether the request may go out. When a kept connection ends before an octet of the answer, libcurl sends once more by itself, and never
    /// tells; a request that must not be carried out twice is kept back then, unless nothing of it had left or the other side says that it has not
    /// looked at it. Servers do when they end an HTTP/2 connection after so many requests, which meets those that are on their way. libcurl repeats
    /// those as it does others, but without a word in its error text, which every other end of an HTTP/2 stream has.
    func maySend() -> Bool {
        defer { attempts += 1 }
        guard !call.isIdempotent else { return true }
        hasRefusedRepeat = mayHaveArrived && (!isMultiplexed || handle.hasError)
        isMultiplexed = ccurl_speaks_http2(handle.easy)
        return !hasRefusedRepeat
    }

    // MARK: Outcome

    /// Whether libcurl got past connecting, TLS and a proxy's tunnel, and wrote octets of the request itself.
    var mayHaveArrived: Bool { attempts > 0 && ccurl_get_long(handle.easy, CURLINFO_REQUEST_SIZE) > 0 }

    /// The answer, or the error that the transfer's result stands for.
    func outcome(_ code: CURLcode) -> CurlEngine.Outcome {
        let outcome = judged(code)
        if let pipe = call.download {
            if case .success(let response) = outcome, response.status.kind == .successful { pipe.begin(response) }
            if case .success = outcome { pipe.finish() }
        }
        return outcome
    }

    private func judged(_ code: CURLcode) -> CurlEngine.Outcome {
        guard code == CURLE_OK else {
            if hasRefusedRepeat { return .failure(.lostConnection) }
            if code == CURLE_COULDNT_CONNECT, hasRefusedAddress {
                return .failure(TransportError(.badURL, mayHaveArrived: false, reason: "the host's address is not public"))
            }
            return .failure(TransportError(code, easy: handle.easy, refusal: refusal, mayHaveArrived: mayHaveArrived, call: call))
        }
        guard head.status.code >= 200 else {
            return .failure(TransportError(.protocolViolated, mayHaveArrived: true, reason: "an answer without a final status"))
        }
        return .success(Response(status: head.status, fields: head.fields, body: body))
    }
}

/// Status and fields of the answer, as libcurl hands them over: line by line, interim answers and trailers included.
struct ResponseHead {
    private(set) var status = HTTPResponse.Status(code: 0)
    private(set) var fields = HTTPFields()
    /// Lines and octets of everything so far, interim answers and trailers too.
    private(set) var count = 0
    private(set) var octets = 0
    private var isComplete = false

    mutating func take(_ line: UnsafeRawBufferPointer) {
        octets += line.count
        var line = line[...]
        while let last = line.last, last == 0x0A || last == 0x0D || last == 0x20 || last == 0x09 { line = line.dropLast() }
        if line.starts(with: "HTTP/".utf8) {
            // A new answer begins: the one before was interim (1xx).
            let digits = line.drop { $0 != 0x20 }.drop { $0 == 0x20 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
            status = HTTPResponse.Status(code: Int(String(decoding: digits, as: UTF8.self)) ?? 0)
            fields = HTTPFields()
            isComplete = false
        } else if line.isEmpty {
            isComplete = true
        } else {
            count += 1
            // Trailers are not read: nothing that we speak uses them.
            guard !isComplete, let colon = line.firstIndex(of: UInt8(ascii: ":")),
                let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
            else { return }
            let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            fields.append(HTTPField(name: name, lenientValue: value))
        }
    }
}
