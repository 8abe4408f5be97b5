package import HTTP
import HTTPTypes
import JSON

/// Why a request never reached the handler. Becomes a problem document (RFC 9457) whose `type` and `title` are constant.
package struct Refusal: Error, Equatable {
    package let status: Int
    /// Last part of the problem's `type`, and the log line's `refused`.
    package let code: StaticString
    package let title: StaticString

    package static func == (left: Refusal, right: Refusal) -> Bool { left.status == right.status && left.code.description == right.code.description }

    package static let malformed = Refusal(status: 400, code: "malformed-request", title: "The request is malformed.")
    package static let badLength = Refusal(status: 400, code: "body-length", title: "The body is not as long as announced.")
    package static let repeatedCredential = Refusal(status: 400, code: "repeated-field", title: "Authorization was sent more than once.")
    package static let tooSlow = Refusal(status: 408, code: "too-slow", title: "The request did not arrive in time.")
    package static let bodyTooLarge = Refusal(status: 413, code: "body-too-large", title: "The body is too large.")
    package static let targetTooLong = Refusal(status: 414, code: "target-too-long", title: "The request target is too long.")
    package static let encoded = Refusal(status: 415, code: "content-encoding", title: "Encoded bodies are not accepted.")
    package static let expectation = Refusal(status: 417, code: "expectation", title: "Only 100-continue can be expected.")
    package static let fieldsTooLarge = Refusal(status: 431, code: "fields-too-large", title: "The header fields are too large.")
    package static let notStarted = Refusal(status: 500, code: "not-configured", title: "The function could not start.")
    package static let answerTooLarge = Refusal(status: 500, code: "answer-too-large", title: "The answer is larger than the platform carries.")
    package static let answerBroken = Refusal(status: 502, code: "answer-broken", title: "The file could not be read to its end.")
    package static let codingUnknown = Refusal(status: 501, code: "transfer-coding", title: "The transfer coding is not known.")
    package static let notHTTP = Refusal(status: 502, code: "not-http", title: "The invocation does not carry an HTTP request.")
    package static let overloaded = Refusal(status: 503, code: "overloaded", title: "Too many requests are running.")
    package static let versionUnknown = Refusal(status: 505, code: "http-version", title: "The HTTP version is not known.")

    package func response(requestID: String) -> Response {
        var writer = JSONWriter(reservingCapacity: 192)
        writer.object { problem in
            problem.field("type", "urn:causeway:problem:\(code)")
            problem.field("title", title.description)
            problem.field("status", status)
            problem.field("instance", "urn:causeway:request:\(requestID)")
        }
        var fields: HTTPFields = [.contentType: "application/problem+json"]
        if status == 503 { fields[.retryAfter] = "1" }
        if status == 415 { fields[.acceptEncoding] = "identity" }
        return Response(
            status: HTTPResponse.Status(code: status), fields: fields, body: writer.bytes,
            notes: [Note("refused", code.description)])
    }
}
