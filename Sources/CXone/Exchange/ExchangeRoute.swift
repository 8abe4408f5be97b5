import HTTP
import HTTPTypes

/// Which agent a request's path names: `/exchange` leaves it to the body, `/exchange/orders` names `orders`.
struct ExchangeRoute {
    /// Decoded; `nil` when the path names none.
    let agent: String?

    /// `nil` for a path that is not ours. The query is never looked at.
    init?(_ request: Request) {
        var rest = request.path
        let prefix = request.front.prefix
        if !prefix.isEmpty, rest == prefix || rest.hasPrefix(prefix + "/") { rest = rest.dropFirst(prefix.count) }
        // Where the mount point does not say it already, the function's own name may lead the path.
        if !prefix.hasSuffix(Self.name), rest == Self.name || rest.hasPrefix(Self.name + "/") { rest = rest.dropFirst(Self.name.count) }
        let segments = rest.split(separator: "/", omittingEmptySubsequences: true)
        guard segments.count <= 1 else { return nil }
        guard let segment = segments.first else {
            agent = nil
            return
        }
        guard let name = segment.utf8.contains(UInt8(ascii: "%")) ? PathSegment.decoded(segment) : String(segment) else { return nil }
        agent = name
    }

    private static let name = "/exchange"

    /// Whether the peer is on this machine. A Unix socket has no address.
    static func isLoopback(_ peer: String?) -> Bool {
        guard let peer, !peer.isEmpty else { return true }
        return peer.hasPrefix("127.") || peer == "::1" || peer.hasPrefix("::ffff:127.") || peer.hasPrefix("unix:")
    }
}

/// Requests that are no turns. The body is a small problem document (RFC 9457), constant for each kind.
enum ExchangeProblem: String {
    case methodNotAllowed, notFound, notSecure, repeatedCredential, wrongMediaType, encodedBody, tooLarge, notJSON, notAnObject, textAssist
    case tooManyAttempts, tooManyTurns, callerUndecided

    /// Media types of JSON with UTF-8 (§2); nothing packed.
    init?(mediaTypeOf request: Request) {
        if let encoding = request.fields.value(.contentEncoding), !encoding.equalsIgnoringCase("identity") {
            self = .encodedBody
        } else if !Self.isJSON(request.fields.value(.contentType) ?? "") {
            self = .wrongMediaType
        } else {
            return nil
        }
    }

    static func isJSON(_ field: String) -> Bool {
        // What nearly every request says.
        if field == "application/json" || field == "application/json; charset=utf-8" { return true }
        let parts = field.lowercased().split(separator: ";").map { $0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed() }
        guard let type = parts.first.map({ String($0) }) else { return false }
        guard type == "application/json" || type == "text/json"
            || (type.hasPrefix("application/") && type.hasSuffix("+json") && type.utf8.count > 17)
        else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            let text = String(parameter)
            guard text.hasPrefix("charset=") else { return true }
            return ["utf-8", "utf8", "\"utf-8\""].contains(String(text.dropFirst(8)))
        }
    }

    private var status: HTTPResponse.Status {
        switch self {
        case .methodNotAllowed: .methodNotAllowed
        case .notFound: .notFound
        case .notSecure: .forbidden
        case .wrongMediaType, .encodedBody: .unsupportedMediaType
        case .tooLarge: .contentTooLarge
        case .repeatedCredential, .notJSON, .notAnObject, .textAssist: .badRequest
        case .tooManyAttempts, .tooManyTurns: .tooManyRequests
        case .callerUndecided: .serviceUnavailable
        }
    }

    private var title: StaticString {
        switch self {
        case .methodNotAllowed: "Only POST is served here."
        case .notFound: "There is nothing here."
        case .notSecure: "The request must come over TLS."
        case .repeatedCredential: "A header that carries a credential came twice."
        case .wrongMediaType: "The body must be JSON in UTF-8."
        case .encodedBody: "The body must not be compressed."
        case .tooLarge: "The body is too large."
        case .notJSON: "The body is not valid JSON."
        case .notAnObject: "The body must be a JSON object."
        case .tooManyAttempts: "Too many wrong credentials; wait."
        case .tooManyTurns: "Too many turns at once; wait."
        case .callerUndecided: "The caller cannot be checked now; try again."
        case .textAssist: "This is a text-assist message, not a turn; check the webhook URL in CXone."
        }
    }

    var response: Response { response(with: nil) }

    /// - Parameter milliseconds: After which the caller may come again.
    func response(waiting milliseconds: Int) -> Response {
        var response = response
        response.fields[.retryAfter] = String(max(1, (milliseconds + 999) / 1000))
        return response
    }

    func response(with note: Note?) -> Response {
        let body = #"{"type":"urn:causeway:problem:\#(rawValue)","title":"\#(title)","status":\#(status.code)}"#
        return Response(
            status: status, fields: [.contentType: "application/problem+json"], body: Array(body.utf8),
            notes: [Note("outcome", rawValue)] + (note.map { [$0] } ?? []))
    }
}
