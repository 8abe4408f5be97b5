import EventLoop
import Gateway
import HTTP
import HTTPTypes
import Synchronization
import Testing

struct CGICase: Sendable, CustomTestStringConvertible {
    let name: String
    var pairs: [(String, String)] = []
    var input = ""
    var method = "POST"
    let status: String
    var body: String?
    var testDescription: String { name }

    /// RFC 3875 §4.1.2, §4.2, §4.3; `runtimes.md` §3.
    static let all: [CGICase] = [
        CGICase(name: "length and body agree", pairs: [("CONTENT_LENGTH", "5")], input: "hello", status: "200 OK", body: "hello"),
        CGICase(name: "length absent: no body", input: "", status: "200 OK", body: ""),
        CGICase(name: "length empty (nginx)", pairs: [("CONTENT_LENGTH", "")], status: "200 OK", body: ""),
        CGICase(name: "length zero (lighttpd)", pairs: [("CONTENT_LENGTH", "0")], status: "200 OK", body: ""),
        CGICase(name: "body shorter than told", pairs: [("CONTENT_LENGTH", "6")], input: "hello", status: "400 Bad Request"),
        CGICase(name: "body longer than told", pairs: [("CONTENT_LENGTH", "4")], input: "hello", status: "400 Bad Request"),
        CGICase(name: "zero told, something sent", pairs: [("CONTENT_LENGTH", "0")], input: "x", status: "400 Bad Request"),
        CGICase(name: "negative", pairs: [("CONTENT_LENGTH", "-1")], input: "x", status: "400 Bad Request"),
        CGICase(name: "sign", pairs: [("CONTENT_LENGTH", "+5")], input: "hello", status: "400 Bad Request"),
        CGICase(name: "list", pairs: [("CONTENT_LENGTH", "5, 5")], input: "hello", status: "400 Bad Request"),
        CGICase(name: "hexadecimal", pairs: [("CONTENT_LENGTH", "0x5")], input: "hello", status: "400 Bad Request"),
        CGICase(name: "unit", pairs: [("CONTENT_LENGTH", "5x")], input: "hello", status: "400 Bad Request"),
        CGICase(name: "beyond 63 bits", pairs: [("CONTENT_LENGTH", "9223372036854775808")], input: "x", status: "400 Bad Request"),
        CGICase(name: "over the limit", pairs: [("CONTENT_LENGTH", "1025")], input: String(repeating: "x", count: 1025), status: "413 Content Too Large"),
        CGICase(name: "at the limit", pairs: [("CONTENT_LENGTH", "1024")], input: String(repeating: "x", count: 1024), status: "200 OK"),
        CGICase(name: "chunked, taken apart by Apache", pairs: [("HTTP_TRANSFER_ENCODING", "chunked")], input: "hello", status: "200 OK", body: "hello"),
        CGICase(name: "chunked and over the limit", pairs: [("HTTP_TRANSFER_ENCODING", "chunked")], input: String(repeating: "x", count: 5000), status: "413 Content Too Large"),
        CGICase(name: "length wins over chunked", pairs: [("CONTENT_LENGTH", "5"), ("HTTP_TRANSFER_ENCODING", "chunked")], input: "hello", status: "200 OK", body: "hello"),
        CGICase(name: "compressed", pairs: [("HTTP_CONTENT_ENCODING", "gzip"), ("CONTENT_LENGTH", "1")], input: "x", status: "415 Unsupported Media Type"),
        CGICase(name: "identity is not compressed", pairs: [("HTTP_CONTENT_ENCODING", "identity"), ("CONTENT_LENGTH", "1")], input: "x", status: "200 OK"),
        CGICase(name: "Authorization twice", pairs: [("HTTP_AUTHORIZATION", "a"), ("HTTP_AUTHORIZATION", "a")], status: "400 Bad Request"),
        CGICase(name: "unknown method reaches the handler", method: "FOO", status: "200 OK"),
        CGICase(name: "no method at all", method: "", status: "400 Bad Request"),
    ]
}

/// Runs one request as CGI does; the octets for standard output, and whether standard input was read to its end.
func runCGI(_ pairs: [(String, String)], input: String, limits: GatewayLimits = .standard, handler: any Handler = Mirror()) throws -> (output: [UInt8], isDrained: Bool) {
    var rest = Array(input.utf8)[...]
    let output = Mutex<[UInt8]>([])
    let service = Service(function: "test", mode: "cgi", limits: limits, handler: handler)
    CGI.serve(
        service, loop: try EventLoop(), environment: variables(pairs),
        input: { bytes, count in
            // In small pieces, as a pipe may give them.
            let piece = rest.prefix(min(count, 3000))
            bytes += piece
            rest = rest.dropFirst(piece.count)
            return piece.count
        },
        write: { octets in
            output.withLock { $0 += octets }
            return true
        })
    return (output.withLock { $0 }, rest.isEmpty)
}

@Test("P3: CGI takes exactly the announced body, drains the rest, and answers", arguments: CGICase.all)
func cgi(_ example: CGICase) throws {
    let (output, isDrained) = try runCGI(request(example.pairs, method: example.method), input: example.input, limits: GatewayLimits(body: 1024))
    #expect(output.text.hasPrefix("Status: \(example.status)\r\n"))
    #expect(output.text.contains("\r\nCache-Control: no-store\r\n"))
    #expect(output.text.contains("\r\nX-Content-Type-Options: nosniff\r\n"))
    #expect(!output.text.lowercased().contains("content-length"))
    #expect(isDrained)
    if let body = example.body { #expect(output.text.hasSuffix("body=\(body)")) }
}

@Test("HEAD is answered without a body")
func cgiHead() throws {
    let (output, _) = try runCGI(request([], method: "HEAD"), input: "")
    #expect(output.text.hasPrefix("Status: 200 OK\r\n") && output.text.hasSuffix("\r\n\r\n"))
}

@Test("A refusal is a problem document with a stable type and the request's id")
func problem() throws {
    let (output, _) = try runCGI(request([("CONTENT_LENGTH", "x"), ("REQUEST_ID", "r-1")]), input: "")
    let expected = #"{"type":"urn:causeway:problem:body-length","title":"The body is not as long as announced.","status":400,"instance":"urn:causeway:request:r-1"}"#
    #expect(output.text.hasSuffix("\r\n\r\n" + expected))
    #expect(output.text.contains("\r\nContent-Type: application/problem+json\r\n"))
}

/// Answers what it is told.
struct Fixed: Handler {
    let response: Response
    func respond(to request: Request) async -> Response { response }
}

@Test("What a handler answers cannot break the answer")
func handlerAnswers() throws {
    func output(_ response: Response) throws -> String { try runCGI(request([]), input: "", handler: Fixed(response: response)).output.text }
    // Fields that belong to the transport, and a Status that would be read as the answer's.
    var fields: HTTPFields = [.contentType: "text/plain", .contentLength: "99", .connection: "close", .transferEncoding: "chunked"]
    if let status = HTTPField.Name("Status") { fields[status] = "500" }
    let told = try output(Response(status: .ok, fields: fields, body: [UInt8]("x")))
    #expect(told == "Status: 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\nx")
    // A value cannot start another line.
    let injected = try output(Response(status: .ok, fields: [.contentType: "a\r\nSet-Cookie: b"]))
    #expect(!injected.contains("\r\nSet-Cookie"))
    // 1xx would become the final answer; 204 has no body; the handler's own cache rule stays; an unknown code has a phrase.
    #expect(try output(Response(status: .init(code: 103))).hasPrefix("Status: 500 "))
    #expect(try output(Response(status: .noContent, body: [UInt8]("x"))).hasSuffix("\r\n\r\n"))
    #expect(try output(Response(status: .ok, fields: [.cacheControl: "max-age=60"])).contains("Cache-Control: max-age=60\r\nX-"))
    #expect(try output(Response(status: .init(code: 499))).hasPrefix("Status: 499 Client Error\r\n"))
    // Two cookies stay two lines; a head of more than 4 KB stays whole.
    var cookies = HTTPFields()
    cookies.append(HTTPField(name: .setCookie, value: "a=1"))
    cookies.append(HTTPField(name: .setCookie, value: String(repeating: "b", count: 5000)))
    let two = try output(Response(status: .ok, fields: cookies))
    #expect(two.contains("Set-Cookie: a=1\r\nSet-Cookie: bbbb"))
}
