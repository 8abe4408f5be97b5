import CLinux
package import HTTP
import HTTPTypes
import Time

/// What a platform puts into its HTTP calls.
package enum HTTPDialect: Equatable, Sendable {
    /// The client's own request.
    case plain
    /// Fn: the client's request in fields of a `POST /call`, and the answer likewise (`runtimes.md` §13).
    case fn
    /// A simulator of the desk: an answer with status 444 is not sent, the connection just ends, as nginx means by that number.
    case desk

    private static let prefix = "fn-http-h-"

    package func inward(_ outer: Request) throws(Refusal) -> Request {
        guard self == .fn else { return outer }
        func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { outer.fields[$0] } }
        guard value("fn-intent")?.lowercased() == "httprequest",
            let method = value("fn-http-method").flatMap({ HTTPRequest.Method($0) }),
            let url = value("fn-http-request-url"), let target = Target.text(Target.originForm(Array(url.utf8)[...]))
        else { throw .notHTTP }
        var fields = HTTPFields()
        for field in outer.fields {
            if field.name == .contentType {
                fields.append(field)
            } else if field.name.canonicalName.hasPrefix(HTTPDialect.prefix) {
                let name = field.name.canonicalName.dropFirst(HTTPDialect.prefix.count)
                guard !["proxy", "content-length", "content-type"].contains(name), let name = HTTPField.Name(String(name)) else { continue }
                fields.append(HTTPField(name: name, value: field.value))
            }
        }
        var request = Request(method: method, target: target, fields: fields, body: outer.body, front: outer.front)
        if let call = RequestID.accepted(value("fn-call-id").map { Array($0.utf8)[...] }) { request.front.requestID = call }
        if let end = value("fn-deadline").flatMap({ Timestamp.epochMilliseconds($0) }) {
            request.front.deadline = .now().advanced(byMilliseconds: Int(clamping: end - clinux_epoch_milliseconds()))
        }
        return request
    }

    package func outward(_ inner: Response) -> Response {
        guard self == .fn else { return inner }
        var fields = HTTPFields()
        func append(_ name: String, _ value: String) {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        append("Fn-Http-Status", String(inner.status.code))
        for field in inner.fields {
            if field.name == .contentType { fields.append(field) }
            append("Fn-Http-H-" + field.name.rawName, field.value)
        }
        var outer = Response(status: .ok, fields: fields, body: inner.body, notes: inner.notes + [Note("answer_status", inner.status.code)])
        outer.stream = inner.stream
        outer.afterwards = inner.afterwards
        (outer.isRoutine, outer.route) = (inner.isRoutine, inner.route)
        return outer
    }
}
