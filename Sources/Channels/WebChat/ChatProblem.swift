import HTTP
import HTTPTypes
import JSON
import Store

/// Why a browser's request is not served. The answer is a problem document (RFC 9457) whose `type` is what the script goes by.
enum ChatProblem: String, Error {
    case notFound, methodNotAllowed, notSecure, originRefused, unauthenticated, expired, malformed, tooLong, wrongMediaType, wrongFileType,
        ended, gone, full, tooMany, notNow

    var status: HTTPResponse.Status {
        switch self {
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notSecure, .originRefused: .forbidden
        case .unauthenticated, .expired: .unauthorized
        case .malformed: .badRequest
        case .tooLong: .contentTooLarge
        case .wrongMediaType, .wrongFileType: .unsupportedMediaType
        case .ended, .full: .conflict
        case .gone: .gone
        case .tooMany: .tooManyRequests
        case .notNow: .serviceUnavailable
        }
    }

    private var title: StaticString {
        switch self {
        case .notFound: "There is nothing here."
        case .methodNotAllowed: "This method is not served here."
        case .notSecure: "The request must come over TLS."
        case .originRefused: "This site may not show the chat; it must stand under \"origins\" in the settings."
        case .unauthenticated: "A session token is missing or not ours."
        case .expired: "The session token has expired; renew it."
        case .malformed: "The request cannot be read."
        case .tooLong: "The message or file is larger than allowed."
        case .wrongMediaType: "The body must be JSON in UTF-8."
        case .wrongFileType: "This kind of file is not taken."
        case .ended: "The conversation has ended; begin a new one."
        case .gone: "The conversation is no longer remembered; begin a new one."
        case .full: "The conversation has reached its greatest length; begin a new one."
        case .tooMany: "Too many requests; wait."
        case .notNow: "The message cannot be taken at the moment; send it again with the same id."
        }
    }

    /// - Parameter place: Where the fault lies in the body, such as `text`.
    func response(retryAfterMilliseconds: Int? = nil, place: String? = nil, reason: String? = nil) -> Response {
        var writer = JSONWriter(reservingCapacity: 192)
        writer.object { json in
            json.field("type", "urn:causeway:problem:\(rawValue)")
            json.field("title", title.description)
            json.field("status", status.code)
            json.field("at", place)
        }
        var fields: HTTPFields = [.contentType: "application/problem+json"]
        if let wait = retryAfterMilliseconds { fields[.retryAfter] = String(max(1, (min(wait, 3_600_000) + 999) / 1000)) }
        if status == .unauthorized { fields[.wwwAuthenticate] = "Bearer" }
        return Response(
            status: status, fields: fields, body: writer.bytes,
            notes: [Note("outcome", rawValue)] + (reason.map { [Note("reason", $0)] } ?? []))
    }
}

/// Ends the serving of a request with an answer.
struct ChatRefusal: Error {
    let response: Response
    init(_ response: Response) { self.response = response }
    init(_ problem: ChatProblem, place: String? = nil) { response = problem.response(place: place) }

    init(_ failure: ChatLog.Failure) {
        switch failure {
        case .gone: self.init(ChatProblem.gone)
        case .full: self.init(ChatProblem.full)
        case .store(let failure): self.init(ChatProblem.notNow.response(retryAfterMilliseconds: 2000, reason: "store: \(failure.rawValue)"))
        }
    }
}
