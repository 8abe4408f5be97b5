import HTTP
import HTTPTypes
import JSON

/// A callback that is not served, in the one shape that is known to reach agents (`byoc.md` §3.4).
struct CallbackProblem: Error {
    let status: HTTPResponse.Status
    /// Stable, for programs.
    let code: String
    /// One plain sentence for the agent.
    let sentence: String
    /// Where in the body the fault lies, and what it is; never a value of the body.
    var faults: [(path: [String], message: String)] = []
    var retryAfterMilliseconds: Int?
    var notes: [Note] = []

    init(
        _ status: HTTPResponse.Status, _ code: String, _ sentence: String, faults: [(path: [String], message: String)] = [],
        retryAfterMilliseconds: Int? = nil, notes: [Note] = []
    ) {
        self.status = status
        self.code = code
        self.sentence = sentence
        self.faults = faults
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.notes = notes
    }

    var response: Response {
        var writer = JSONWriter(reservingCapacity: 192)
        writer.object { json in
            json.field("displayErrorMessage", sentence)
            json.field("errorCode", code)
            json.field("errors", array: { list in
                for fault in faults {
                    list.object { json in
                        json.field("path", array: { path in for part in fault.path { path.value(part) } })
                        json.field("message", fault.message)
                    }
                }
            })
        }
        var response = Response.json(status, writer.bytes, notes: [Note("outcome", code)] + notes)
        if let retryAfterMilliseconds { response.fields[.retryAfter] = String(max(1, (retryAfterMilliseconds + 999) / 1000)) }
        switch status {
        case .unauthorized:
            response.fields[.wwwAuthenticate] = "Bearer"
            response.isRoutine = true
        case .methodNotAllowed: response.fields[.allow] = "POST"
        default: break
        }
        return response
    }

    /// CXone calls without a token, is refused, fetches one and calls again (`byoc.md` §3.1): this is normal traffic.
    static let unauthorized = CallbackProblem(.unauthorized, "unauthorized", "An access token is needed.")
    static let repeatedCredential = CallbackProblem(.badRequest, "repeatedCredential", "The request carries more than one credential.")
    static let notSecure = CallbackProblem(.forbidden, "notSecure", "The request must come over TLS.")
    static let methodNotAllowed = CallbackProblem(.methodNotAllowed, "methodNotAllowed", "Only POST is served here.")
    static let notFound = CallbackProblem(.notFound, "notFound", "There is nothing here.")
    static let unknownChannel = CallbackProblem(.notFound, "unknownChannel", "This channel is not connected.")
    static let tooLarge = CallbackProblem(.contentTooLarge, "tooLarge", "The message is too large.")
    static let wrongMediaType = CallbackProblem(.unsupportedMediaType, "wrongMediaType", "The body must be JSON in UTF-8.")

    /// The body of a request as one JSON object, or why it is none.
    static func object(_ request: Request) throws(CallbackProblem) -> JSON {
        switch ExchangeProblem(mediaTypeOf: request) {
        case nil: break
        default: throw .wrongMediaType
        }
        let json: JSON
        do {
            json = try JSON(parsing: request.body)
        } catch {
            throw malformed([], "is not valid JSON: \(error)")
        }
        guard json.kind == .object else { throw malformed([], "must be an object") }
        return json
    }

    static func malformed(_ path: [String], _ message: String) -> CallbackProblem {
        CallbackProblem(
            .badRequest, "malformed", "The message could not be read.", faults: [(path, message)],
            notes: [Note("fault", path.joined(separator: ".") + " " + message)])
    }
}
