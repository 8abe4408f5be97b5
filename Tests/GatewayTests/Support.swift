import EventLoop
import Gateway
import HTTP
import HTTPTypes
import Testing

/// Text of what a handler was given, so that tables can say it in a line.
struct Mirror: Handler {
    func respond(to request: Request) async -> Response {
        let fields = request.fields.map { "\($0.name.canonicalName)=\($0.value)" }.joined(separator: "|")
        let front = request.front
        let text = [
            "\(request.method.rawValue) \(request.target)", "prefix=\(front.prefix)", "peer=\(front.peer ?? "-")",
            "secure=\(front.isSecure.map { "\($0)" } ?? "-")", "certificate=\(front.clientCertificate ?? "-")", "id=\(front.requestID)",
            "fields=\(fields)", "body=\(String(decoding: request.body, as: UTF8.self))",
        ].joined(separator: "\n")
        return Response(status: .ok, fields: [.contentType: "text/plain"], body: Array(text.utf8))
    }
}

func variables(_ pairs: [(String, String)]) -> Variables { Variables(pairs.map { (Array($0.0.utf8), Array($0.1.utf8)) }) }

/// The least that a server sends, then `more`.
func request(_ more: [(String, String)], method: String = "POST", uri: String = "/x") -> [(String, String)] {
    [("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", method), ("REQUEST_URI", uri)] + more
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
    var text: String { String(decoding: self, as: UTF8.self) }
}
