import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// The homeserver's client API, called with the application service's token.
struct Homeserver: Sendable {
    let settings: MatrixChannelSettings
    let transport: any HTTPTransport

    /// One call. Every part of `path` is one segment, encoded here.
    ///
    /// - Parameter user: The account in whose name it is done; the sender's when `nil`.
    func call(
        _ method: HTTPRequest.Method, _ path: [String], under root: String = "/_matrix/client/v3", as user: String? = nil,
        query: [(String, String)] = [], body: RawJSON? = nil, by deadline: Instant
    ) async throws(MatrixFailure) -> JSON {
        let octets = body.map { Array($0.bytes) } ?? (method == .get ? [] : Array("{}".utf8))
        return try await send(method, root + Self.path(path), as: user, query: query, type: "application/json", octets, by: deadline)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, as user: String?, query: [(String, String)], type: String, _ octets: [UInt8],
        by deadline: Instant
    ) async throws(MatrixFailure) -> JSON {
        var fields: HTTPFields = [.accept: "application/json"]
        if !octets.isEmpty { fields[.contentType] = type }
        return try await answer(request(method, path, as: user, query: query, fields, octets, by: deadline))
    }

    /// The object that a call is answered with.
    func answer(_ call: Call) async throws(MatrixFailure) -> JSON {
        let response: Response
        do {
            response = try await transport.send(call)
        } catch {
            throw .unreached(error)
        }
        let answer = response.holdsJSON ? try? JSON(parsing: response.body) : nil
        guard response.status.code == 200 || response.status.code == 201 else { throw MatrixFailure(response, answer) }
        guard let answer, answer.kind == .object else { throw .malformed }
        return answer
    }

    /// The request with its credential, which only ever goes to the homeserver of the settings.
    func request(
        _ method: HTTPRequest.Method, _ path: String, as user: String?, query: [(String, String)], _ fields: HTTPFields, _ octets: [UInt8] = [],
        by deadline: Instant
    ) -> Call {
        var fields = fields
        fields[.authorization] = "Bearer " + settings.asToken.revealText()
        let pairs = (user.map { [("user_id", $0)] } ?? []) + query
        let suffix = pairs.map { $0.0 + "=" + PathSegment.encoded($0.1) }.joined(separator: "&")
        return Call(
            method: method, url: settings.homeserver + path + (suffix.isEmpty ? "" : "?" + suffix), fields: fields, body: octets,
            deadline: deadline, connection: settings.connection)
    }

    static func path(_ parts: [String]) -> String { parts.map { "/" + PathSegment.encoded($0) }.joined() }
}

/// What the homeserver, or the way to it, said instead of yes (specification, Client-Server API §2.2).
enum MatrixFailure: Error {
    case refused(status: Int, code: String, retryAfterMilliseconds: Int?)
    case unreached(TransportError)
    case malformed

    init(_ response: Response, _ answer: JSON?) {
        let wait = answer?["retry_after_ms"]?.integer.flatMap { (0...86_400_000).contains($0) ? $0 : nil }
        let code = answer?["errcode"]?.string ?? ""
        self = .refused(
            status: response.status.code, code: String(code.prefix(64)), retryAfterMilliseconds: response.retryAfterMilliseconds ?? wait)
    }

    /// The `errcode`, or nothing.
    var code: String { if case .refused(_, let code, _) = self { code } else { "" } }

    var status: Int { if case .refused(let status, _, _) = self { status } else { 0 } }

    /// Whether the homeserver may answer otherwise in a moment: it is starting, or asks for patience.
    var isMomentary: Bool {
        switch self {
        case .refused(let status, _, _): status == 429 || status == 503
        case .unreached(let error): error.code != .timedOut
        case .malformed: false
        }
    }
}

extension ChannelError {
    /// What a failure means for a message to a room, or, with `isAsking`, for a question about a person.
    init(_ failure: MatrixFailure, isAsking: Bool = false) {
        switch failure {
        case .unreached(let error): self.init(error)
        case .malformed: self.init(.malformed, reason: "the homeserver's answer cannot be read")
        case .refused(let status, let errcode, let wait):
            let (code, sentence) = Self.meaning(status, errcode, isAsking: isAsking, isPatient: wait != nil)
            self.init(
                code, reason: "status \(status) \(Self.isName(errcode) ? errcode : "")", sentence: sentence, retryAfterMilliseconds: wait,
                mayHaveArrived: status >= 500)
        }
    }

    /// - Parameter isPatient: Whether the homeserver said when to come again.
    private static func meaning(_ status: Int, _ errcode: String, isAsking: Bool, isPatient: Bool) -> (Code, String?) {
        switch (status, errcode) {
        case (401, _), (_, "M_UNKNOWN_TOKEN"), (_, "M_MISSING_TOKEN"): return (.unauthorized, "The homeserver does not accept our token.")
        case (_, "M_TOO_LARGE"), (413, _): return (.tooLarge, "The message or file is larger than the contact's homeserver takes.")
        case (429, _), (_, "M_LIMIT_EXCEEDED"): return (.throttled, nil)
        case (503, _) where isPatient: return (.throttled, nil)
        case (_, "M_RESOURCE_LIMIT_EXCEEDED"), (_, "M_CONSENT_NOT_GIVEN"), (_, "M_EXCLUSIVE"):
            return (.rejected, "The homeserver does not let us write; its administrator can tell why.")
        // Synapse tells an unknown person by 404 M_UNKNOWN; M_UNRECOGNIZED is a call that the homeserver does not know.
        case (403, _), (404, "M_NOT_FOUND"), (404, "M_UNKNOWN"):
            return isAsking
                ? (.recipientRefused, "Nobody who can be written to is known under this Matrix address.")
                : (.threadGone, "The contact's room can no longer be written to.")
        case (500..., _): return (.failed, nil)
        default: return (.rejected, nil)
        }
    }

    private static func isName(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }
}
