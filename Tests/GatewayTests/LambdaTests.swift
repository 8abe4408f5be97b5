import Gateway
import HTTP
import HTTPTypes
import JSON
import Testing

/// Sample events as `sam local generate-event` prints them, in `Events/`.
private func sample(_ name: String) throws -> [UInt8] {
    let path = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Events/\(name).json"
    return try readFile(path)
}

private func request(_ event: [UInt8], limits: GatewayLimits = .standard) throws -> Request? {
    try LambdaEvent(event)?.request(for: LambdaAPI.Invocation(id: "invocation-1", event: event), limits: limits)
}

@Test("P5: sample events become the neutral request", arguments: [
    ("apigateway-http-api-proxy", "POST /path/to/resource?parameter1=value1&parameter1=value2&parameter2=value", "192.168.0.1/32", "CERT_CONTENT", "id"),
    ("apigateway-aws-proxy", "POST /path/to/resource?foo=bar", "127.0.0.1", "-", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
    ("alb-request", "POST /path/to/resource?query=1234ABCD", "72.12.164.125", "-", "invocation-1"),
])
func sampleEvents(_ name: String, _ line: String, _ peer: String, _ certificate: String, _ id: String) throws {
    let request = try #require(try request(try sample(name)))
    #expect("\(request.method.rawValue) \(request.target)" == line)
    #expect(request.front.peer == peer)
    #expect((request.front.clientCertificate ?? "-") == certificate)
    #expect(request.front.requestID == id)
    #expect(request.body.text == "Hello from Lambda!" || !request.body.isEmpty)
}

private func v2(_ more: String, context: String = "") -> [UInt8] {
    [UInt8](#"{"version":"2.0","rawPath":"/x","requestContext":{\#(context)"http":{"method":"POST"}}\#(more)}"#)
}

@Test("Bodies of events: text, base64, none", arguments: [
    (#","body":"a\u00e4b""#, "aäb"), (#","body":"aGk=","isBase64Encoded":true"#, "hi"), (#","body":"aGk=","isBase64Encoded":false"#, "aGk="),
    (#","body":"\/w==","isBase64Encoded":true"#, "\u{FFFD}"), (#","body":null"#, ""), (#","body":"""#, ""), ("", ""),
])
func eventBodies(_ more: String, _ expected: String) throws {
    #expect(try request(v2(more))?.body.text == expected)
}

@Test("Events that cannot be served are refused, each with its status", arguments: [
    (#","body":"a","isBase64Encoded":true"#, 400), (#","body":"\#(String(repeating: "x", count: 1025))""#, 413), (#","headers":{"x":"a\nb"}"#, 400),
    (#","headers":{\#((0..<120).map { "\"x\($0)\":\"1\"" }.joined(separator: ","))}"#, 431), (#","rawQueryString":"\#(String(repeating: "q", count: 9000))""#, 414),
])
func refusedEvents(_ more: String, _ status: Int) {
    #expect { try request(v2(more), limits: GatewayLimits(body: 1024)) } throws: { ($0 as? Refusal)?.status == status }
}

@Test("Events that are no HTTP request are told apart", arguments: ["{}", "[]", "null", "x", "", #"{"time":"now","source":"aws.events"}"#, #"{"version":"2.0"}"#])
func otherEvents(_ text: String) { #expect(LambdaEvent([UInt8](text)) == nil) }

@Test("Targets: stage as prefix, odd octets encoded, query of each shape")
func eventTargets() throws {
    let staged = try #require(try request([UInt8](#"{"version":"2.0","rawPath":"/prod/a b/ä","rawQueryString":"q=1%202","requestContext":{"stage":"prod","http":{"method":"GET"}}}"#)))
    #expect(staged.target == "/prod/a%20b/%C3%A4?q=1%202" && staged.front.prefix == "/prod")
    let rest = try #require(try request([UInt8](#"{"httpMethod":"GET","resource":"/{p+}","path":"/a","multiValueQueryStringParameters":{"q":["a b","c&d"]}}"#)))
    #expect(rest.target == "/a?q=a%20b&q=c%26d")
    let balancer = try #require(try request([UInt8](#"{"httpMethod":"GET","path":"/a","queryStringParameters":{"q":"a%20b"},"requestContext":{"elb":{}},"headers":{"x-forwarded-for":"6.6.6.6, 10.0.0.1","x-forwarded-proto":"http","X-Amzn-Mtls-Clientcert-Leaf":"forged"}}"#)))
    #expect(balancer.target == "/a?q=a%20b" && balancer.front.peer == "10.0.0.1" && balancer.front.isSecure == false)
    #expect(balancer.front.clientCertificate == nil)
    let cookies = try #require(try request(v2(#","cookies":["a=1","b=2"],"headers":{"proxy":"evil","content-length":"9","x":"1"}"#)))
    #expect(cookies.fields.map { "\($0.name.canonicalName)=\($0.value)" } == ["x=1", "cookie=a=1; b=2"])
}

@Test("The deadline that Lambda announces is handed on")
func eventDeadline() throws {
    let event = v2("")
    let invocation = LambdaAPI.Invocation(id: "i", deadline: 0, event: event)
    let request = try #require(try LambdaEvent(event)?.request(for: invocation, limits: .standard))
    #expect(request.front.deadline.map { $0 < request.front.arrived } == true)
}

@Test("Answers take the shape of the event")
func results() throws {
    var fields: HTTPFields = [.contentType: "application/json; charset=utf-8"]
    fields.append(HTTPField(name: .setCookie, value: "a=1"))
    fields.append(HTTPField(name: .setCookie, value: "b=2"))
    let response = Response(status: .created, fields: fields, body: [UInt8](#"{"ä":1}"#))
    func encode(_ shape: LambdaEvent.Shape, _ response: Response, isHead: Bool = false) -> String { LambdaResult.encode(response, for: shape, isHead: isHead).text }
    #expect(encode(.http2, response) == #"{"statusCode":201,"headers":{"Content-Type":"application/json; charset=utf-8"},"cookies":["a=1","b=2"],"body":"{\"ä\":1}","isBase64Encoded":false}"#)
    #expect(encode(.rest1, response) == #"{"statusCode":201,"multiValueHeaders":{"Content-Type":["application/json; charset=utf-8"],"Set-Cookie":["a=1","b=2"]},"body":"{\"ä\":1}","isBase64Encoded":false}"#)
    #expect(encode(.balancer(listsHeaders: false), response).hasPrefix(#"{"statusCode":201,"statusDescription":"201 Created","headers":{"#))
    #expect(encode(.balancer(listsHeaders: true), response).contains(#""multiValueHeaders":{"#))
    #expect(encode(.http2, response, isHead: true).hasSuffix(#""body":"","isBase64Encoded":false}"#))
}

@Test("Bodies go out as base64 unless they are text in UTF-8", arguments: [
    ("text/plain", "a", #""body":"a","isBase64Encoded":false}"#), ("application/problem+json", "{}", #""body":"{}","isBase64Encoded":false}"#),
    ("text/plain; charset=iso-8859-1", "a", #""body":"YQ==","isBase64Encoded":true}"#), ("audio/wav", "a", #""body":"YQ==","isBase64Encoded":true}"#),
    ("text/html; charset=\"UTF-8\"", "a", #""body":"a","isBase64Encoded":false}"#),
])
func resultBodies(_ type: String, _ body: String, _ end: String) {
    let response = Response(status: .ok, fields: [.contentType: type], body: [UInt8](body))
    #expect(LambdaResult.encode(response, for: .http2, isHead: false).text.hasSuffix(end))
    let broken = Response(status: .ok, fields: [.contentType: "text/plain"], body: [0xFF])
    #expect(LambdaResult.encode(broken, for: .http2, isHead: false).text.hasSuffix(#""body":"/w==","isBase64Encoded":true}"#))
}

@Test("Answers of the runtime API are read in every framing, whole or octet by octet", arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLambda-Runtime-Aws-Request-Id: x\r\n\r\nhello", "200 hello x keep"),
    ("HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "202 hello - keep"),
    ("HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\nT: 1\r\n\r\n", "202  - close"),
    ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "200  - keep"),
    ("HTTP/1.1 200 OK\r\n\r\nhello", "200 hello - close"), ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "cut"),
    ("HTTP/2 200\r\n\r\n", "broken"), ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "broken"), ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", "broken"),
])
func runtimeAnswers(_ text: String, _ expected: String) {
    func read(_ pieces: [[UInt8]]) -> String {
        var reader = HTTPAnswerReader(limit: 1000)
        for piece in pieces {
            switch reader.take(piece[...]) {
            case .more: continue
            case .broken: return "broken"
            case .complete(let answer): return words(answer)
            }
        }
        return reader.end().map(words) ?? "cut"
    }
    func words(_ answer: HTTPAnswer) -> String {
        "\(answer.status) \(answer.body.text) \(answer["lambda-runtime-aws-request-id"] ?? "-") \(answer.keepsConnection ? "keep" : "close")"
    }
    #expect(read([[UInt8](text)]) == expected)
    #expect(read([UInt8](text).map { [$0] }) == expected)
}
