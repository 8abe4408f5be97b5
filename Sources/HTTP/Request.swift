package import HTTPTypes
package import Time

/// One request as any web server or platform handed it to us, neutral of CGI, FastCGI, Lambda and plain HTTP (`runtimes.md` §2).
package struct Request: Sendable {
    package var method: HTTPRequest.Method
    /// Path and query as the client sent them, percent-encoding kept: `/exchange/orders?x=%2F`. Always begins with `/`.
    package var target: String
    /// Header fields; a field that arrived twice is here twice. `Proxy`, and a second copy of length and type, never get here.
    package var fields: HTTPFields
    package var body: [UInt8]
    package var front: Front

    package init(
        method: HTTPRequest.Method, target: String, fields: HTTPFields = [:], body: [UInt8] = [], front: Front = Front()
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.front = front
    }

    /// The target up to `?`, still encoded.
    package var path: Substring { target.prefix { $0 != "?" } }
}

/// What the server in front of us vouches for. Nothing here comes from a header that a client can set.
package struct Front: Sendable {
    /// Where this function is mounted (`SCRIPT_NAME`, stage, route prefix): `/exchange`. Empty when the server did not say.
    package var prefix: String = ""
    /// Peer address without port, as text.
    package var peer: String?
    /// Whether the client's connection was TLS; `nil` when the server did not say.
    package var isSecure: Bool?
    /// The PEM or base64 text of a client certificate that the server verified.
    package var clientCertificate: String?
    /// Correlates log lines of server, function and agent.
    package var requestID: String = ""
    /// When the first octet was seen.
    package var arrived: Instant = Instant(nanoseconds: 0)
    /// When the platform will end us, if it said so (Lambda).
    package var deadline: Instant?

    package init() {}
}

/// The answer to a `Request`, and what the log line of the request shall say.
package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: [UInt8]
    /// The body of a success, instead of `body`, when it is not to stand in memory.
    package var stream: ResponseStream?
    /// Facts for the one log line that the gateway writes for each request. Never sent.
    package var notes: [Note]
    /// Whether a refusal belongs to normal traffic, such as a caller's first try without its token: told in the log, but not as a warning.
    package var isRoutine = false
    /// What the log says in place of the path, where that holds ids of people: `/2.0/channel/{}/outbound`.
    package var route: String?
    /// Called once when the answer has been handed on (`true`), or could not be because the caller had left. The process may end before it is called.
    package var afterwards: (@Sendable (_ wasWritten: Bool) async -> Void)?

    package init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: [UInt8] = [], notes: [Note] = []) {
        self.status = status
        self.fields = fields
        self.body = body
        self.notes = notes
    }

    /// A JSON body with its content type.
    package static func json(_ status: HTTPResponse.Status, _ body: [UInt8], notes: [Note] = []) -> Response {
        var fields = HTTPFields()
        fields.reserveCapacity(4)
        fields.append(HTTPField(name: .contentType, value: "application/json; charset=utf-8"))
        return Response(status: status, fields: fields, body: body, notes: notes)
    }
}

/// One fact in a log line. There is no case that a `Secret` fits, and texts are cut at 256 octets.
package struct Note: Sendable {
    package enum Value: Sendable {
        case text(String)
        case number(Int)
        case flag(Bool)
    }

    package let name: StaticString
    package let value: Value

    package init(_ name: StaticString, _ text: String) { self.init(name: name, value: .text(text)) }
    package init(_ name: StaticString, _ number: Int) { self.init(name: name, value: .number(number)) }
    package init(_ name: StaticString, _ flag: Bool) { self.init(name: name, value: .flag(flag)) }

    private init(name: StaticString, value: Value) {
        self.name = name
        self.value = value
    }
}

/// What a function is: total, stateless between requests, called concurrently. It never throws; every failure is an answer.
package protocol Handler: Sendable {
    func respond(to request: Request) async -> Response
}

/// A handler of a long-lived process with work beside its requests: it is done again and again until SIGTERM, with a pause in between; the one that
/// is under way is then let finish. Processes that serve one request and end do none of it, so whoever needs the work done there calls for it.
package struct AttendedHandler: Handler {
    package let handler: any Handler
    package let pauseMilliseconds: Int
    /// Total, bounded in time; several processes may do it at once.
    package let work: @Sendable () async -> Void

    package init(_ handler: any Handler, everyMilliseconds pause: Int, work: @escaping @Sendable () async -> Void) {
        self.handler = handler
        pauseMilliseconds = pause
        self.work = work
    }

    package func respond(to request: Request) async -> Response { await handler.respond(to: request) }
}
