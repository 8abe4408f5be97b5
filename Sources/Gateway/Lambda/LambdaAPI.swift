import CLinux
import Glibc

/// The Lambda runtime API (`runtimes.md` §9.1) over one kept, blocking connection: the loop has one invocation at a time, and waits for it
/// in the kernel.
package final class LambdaAPI {
    package struct Invocation {
        /// `Lambda-Runtime-Aws-Request-Id`.
        var id: String
        /// `Lambda-Runtime-Deadline-Ms`, milliseconds since 1970.
        var deadline: Int64?
        /// `Lambda-Runtime-Trace-Id`.
        var trace: String?
        var event: [UInt8]

        package init(id: String, deadline: Int64? = nil, trace: String? = nil, event: [UInt8]) {
            self.id = id
            self.deadline = deadline
            self.trace = trace
            self.event = event
        }
    }

    /// The API cannot be reached or does not speak as documented.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let host: String
    private let port: String
    private let address: String
    /// Readable once SIGTERM came.
    private let signals: Int32
    private var descriptor: Int32 = -1
    private var input: [UInt8] = []

    /// `api`: `host:port`.
    init(_ api: String, signals: Int32) {
        address = api
        self.signals = signals
        let colon = api.lastIndex(of: ":") ?? api.endIndex
        host = String(api[..<colon])
        port = colon == api.endIndex ? "80" : String(api[api.index(after: colon)...])
    }

    /// Waits without limit. `nil` when SIGTERM came first.
    func next() throws(Failure) -> Invocation? {
        guard let answer = try call("GET", "invocation/next", [], type: nil, stopsOnSignal: true) else { return nil }
        guard answer.status == 200, let id = answer["lambda-runtime-aws-request-id"], RequestID.accepted(Array(id.utf8)[...]) != nil else {
            throw Failure(description: "runtime API: next answered \(answer.status)")
        }
        return Invocation(
            id: id, deadline: answer["lambda-runtime-deadline-ms"].flatMap { Int64($0) }, trace: answer["lambda-runtime-trace-id"],
            event: answer.body)
    }

    func respond(to id: String, _ result: [UInt8]) throws(Failure) {
        try expectAccepted(try call("POST", "invocation/\(id)/response", result, type: nil), "response")
    }

    /// `type`: `Category.Reason`.
    func fail(_ id: String, type: StaticString, message: StaticString) throws(Failure) {
        try expectAccepted(try call("POST", "invocation/\(id)/error", LambdaAPI.error(type, message), type: type), "error")
    }

    func failInit(type: StaticString, message: StaticString) throws(Failure) {
        try expectAccepted(try call("POST", "init/error", LambdaAPI.error(type, message), type: type), "init error")
    }

    private static func error(_ type: StaticString, _ message: StaticString) -> [UInt8] {
        Array("{\"errorMessage\":\"\(message)\",\"errorType\":\"\(type)\",\"stackTrace\":[]}".utf8)
    }

    /// 400 and 403 mean that the invocation is over for the platform (time-out, second answer): the next one decides.
    private func expectAccepted(_ answer: HTTPAnswer?, _ what: String) throws(Failure) {
        guard let answer else { return }
        guard answer.status == 202 || answer.status == 400 || answer.status == 403 || answer.status == 413 else {
            throw Failure(description: "runtime API: \(what) answered \(answer.status)")
        }
    }

    // MARK: The connection

    private func call(
        _ method: String, _ path: String, _ body: [UInt8], type: StaticString?, stopsOnSignal: Bool = false
    ) throws(Failure) -> HTTPAnswer? {
        var head = "\(method) /2018-06-01/runtime/\(path) HTTP/1.1\r\nHost: \(address)\r\nUser-Agent: causeway\r\n"
        if method == "POST" { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        if let type { head += "Lambda-Runtime-Function-Error-Type: \(type)\r\n" }
        let request = Array((head + "\r\n").utf8) + body

        let isReused = descriptor >= 0
        if !isReused { try connect() }
        if let answer = try exchange(request, stopsOnSignal: stopsOnSignal) { return answer.isStopped ? nil : answer }
        // A kept connection may have been ended meanwhile: once more on a new one.
        guard isReused else { throw Failure(description: "runtime API: the connection ended") }
        try connect()
        guard let answer = try exchange(request, stopsOnSignal: stopsOnSignal) else {
            throw Failure(description: "runtime API: the connection ended")
        }
        return answer.isStopped ? nil : answer
    }

    /// `nil` when the connection ended without an answer.
    private func exchange(_ request: [UInt8], stopsOnSignal: Bool) throws(Failure) -> HTTPAnswer? {
        guard Descriptor.writeAll(descriptor, request) else {
            disconnect()
            return nil
        }
        var reader = HTTPAnswerReader(limit: 64 << 20)
        input.removeAll(keepingCapacity: true)
        while true {
            if stopsOnSignal, input.isEmpty, !waitForAnswer() { return .stopped }
            let start = input.count
            let count = Descriptor.read(descriptor, into: &input, 65_536)
            guard count > 0 else {
                disconnect()
                if let answer = reader.end() { return answer }
                if start == 0 { return nil }
                throw Failure(description: "runtime API: the answer was cut off")
            }
            switch reader.take(input[start...]) {
            case .more: continue
            case .broken: throw Failure(description: "runtime API: the answer is malformed")
            case .complete(let answer):
                if !answer.keepsConnection { disconnect() }
                return answer
            }
        }
    }

    /// False when SIGTERM came first.
    private func waitForAnswer() -> Bool {
        while true {
            var entries = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&entries, nfds_t(entries.count), -1)
            if count < 0 { continue }
            if entries[1].revents & Int16(POLLIN) != 0 { return false }
            return true
        }
    }

    private func connect() throws(Failure) {
        disconnect()
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0, let target = found else {
            throw Failure(description: "runtime API: its address is unknown")
        }
        defer { freeaddrinfo(found) }
        let socket = Glibc.socket(target.pointee.ai_family, target.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0, Glibc.connect(socket, target.pointee.ai_addr, target.pointee.ai_addrlen) == 0 else {
            if socket >= 0 { close(socket) }
            throw Failure(description: "runtime API: cannot connect")
        }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        descriptor = socket
    }

    private func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
