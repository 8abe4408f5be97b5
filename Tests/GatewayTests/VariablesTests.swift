import Gateway
import HTTP
import HTTPTypes
import Testing

struct HeadCase: Sendable, CustomTestStringConvertible {
    let name: String
    let pairs: [(String, String)]
    let see: @Sendable (Request) -> String
    let expected: String
    var testDescription: String { name }

    init(_ name: String, _ pairs: [(String, String)], _ see: @escaping @Sendable (Request) -> String, _ expected: String) {
        (self.name, self.pairs, self.see, self.expected) = (name, pairs, see, expected)
    }

    private static func fields(_ request: Request) -> String { request.fields.map { "\($0.name.canonicalName)=\($0.value)" }.joined(separator: "|") }
    private static func certificate(_ request: Request) -> String { request.front.clientCertificate ?? "-" }
    private static func secure(_ request: Request) -> String { request.front.isSecure.map { "\($0)" } ?? "-" }

    /// RFC 3875 §4.1 and the traps of `runtimes.md` §5.
    static let all: [HeadCase] = [
        HeadCase("path and query stay raw", request([("PATH_INFO", "/a b")], uri: "/fn/a%20b%2Fc//d;e/../f?x=%41+1"), { $0.target }, "/fn/a%20b%2Fc//d;e/../f?x=%41+1"),
        HeadCase("path without query", request([], uri: "/fn?a"), { String($0.path) }, "/fn"),
        HeadCase("absolute form under Apache", request([], uri: "http://h:99/p?q"), { $0.target }, "/p?q"),
        HeadCase("absolute form in capitals", request([], uri: "HTTPS://H/p"), { $0.target }, "/p"),
        HeadCase("absolute form without path", request([], uri: "http://h?q=1"), { $0.target }, "/?q=1"),
        HeadCase("absolute form of a bare host", request([], uri: "http://h"), { $0.target }, "/"),
        HeadCase("double slash is no authority", request([], uri: "//h/p"), { $0.target }, "//h/p"),
        HeadCase("%00 passes as text", request([], uri: "/a%00b"), { $0.target }, "/a%00b"),
        HeadCase("query without equals sign", request([("QUERY_STRING", "-s+--help")], uri: "/fn?-s+--help"), { $0.target }, "/fn?-s+--help"),
        HeadCase("no raw target: parts", [("REQUEST_METHOD", "GET"), ("SCRIPT_NAME", "/fn"), ("PATH_INFO", "/a"), ("QUERY_STRING", "q=1")], { $0.target }, "/fn/a?q=1"),
        HeadCase("nothing at all about the target", [("REQUEST_METHOD", "GET")], { $0.target }, "/"),
        HeadCase("last of doubles wins", request([("SCRIPT_NAME", "/token/p"), ("SCRIPT_NAME", "/token")]), { $0.front.prefix }, "/token"),
        HeadCase("empty script name", request([("SCRIPT_NAME", "")]), { $0.front.prefix }, ""),
        HeadCase("IPv6 peer", request([("REMOTE_ADDR", "2001:db8::1")]), { $0.front.peer ?? "-" }, "2001:db8::1"),
        HeadCase("forwarded-for is no peer", request([("REMOTE_ADDR", "10.0.0.1"), ("HTTP_X_FORWARDED_FOR", "6.6.6.6")]), { $0.front.peer ?? "-" }, "10.0.0.1"),
        HeadCase("unknown method passes", request([], method: "FOO"), { $0.method.rawValue }, "FOO"),
        HeadCase("field twice stays twice", request([("HTTP_X_Y", "1"), ("HTTP_X_Y", "2")]), fields, "x-y=1|x-y=2"),
        HeadCase("credential twice stays twice", request([("HTTP_AUTHORIZATION", "a"), ("HTTP_AUTHORIZATION", "b")]), fields, "authorization=a|authorization=b"),
        HeadCase("cookies are joined", request([("HTTP_COOKIE", "a=1"), ("HTTP_COOKIE", "b=2")]), fields, "cookie=a=1; b=2"),
        HeadCase("httpoxy", request([("HTTP_PROXY", "http://evil"), ("HTTP_X", "1")]), fields, "x=1"),
        HeadCase("client's copies of length and type", request([("HTTP_CONTENT_LENGTH", "9"), ("HTTP_CONTENT_TYPE", "evil/type"), ("CONTENT_TYPE", "text/plain")]), fields, "content-type=text/plain"),
        HeadCase("empty content type is none", request([("CONTENT_TYPE", "")]), fields, ""),
        HeadCase("empty field stays", request([("HTTP_ACCEPT", "")]), fields, "accept="),
        HeadCase("name outside the table", request([("HTTP_X_CUSTOM_THING", "v")]), fields, "x-custom-thing=v"),
        HeadCase("name that no field can have", request([("HTTP_A B", "v"), ("HTTP_", "w"), ("HTTP_Ä", "z")]), fields, ""),
        HeadCase("other variables are no fields", request([("AUTHORIZATION", "x"), ("FCGI_ROLE", "RESPONDER"), ("HTTPX", "y")]), fields, ""),
        HeadCase("UTF-8 value", request([("HTTP_X", "grüß")]), fields, "x=grüß"),
        HeadCase("TLS by HTTPS=on", request([("HTTPS", "on")]), secure, "true"),
        HeadCase("HTTPS=off is none", request([("HTTPS", "off")]), secure, "false"),
        HeadCase("TLS by scheme", request([("REQUEST_SCHEME", "https")]), secure, "true"),
        HeadCase("clear by scheme", request([("REQUEST_SCHEME", "http")]), secure, "false"),
        HeadCase("nothing said about TLS", request([("HTTP_X_FORWARDED_PROTO", "https"), ("HTTPS", "")]), secure, "-"),
        HeadCase("verified certificate", request([("SSL_CLIENT_VERIFY", "SUCCESS"), ("SSL_CLIENT_CERT", "PEM")]), certificate, "PEM"),
        HeadCase("no certificate", request([("SSL_CLIENT_VERIFY", "NONE"), ("SSL_CLIENT_CERT", "PEM")]), certificate, "-"),
        HeadCase("certificate that failed under lighttpd", request([("SSL_CLIENT_VERIFY", "FAILED:expired"), ("SSL_CLIENT_CERT", "PEM")]), certificate, "-"),
        HeadCase("verification in other letters", request([("SSL_CLIENT_VERIFY", "success"), ("SSL_CLIENT_CERT", "PEM")]), certificate, "-"),
        HeadCase("verification with a tail", request([("SSL_CLIENT_VERIFY", "SUCCESS "), ("SSL_CLIENT_CERT", "PEM")]), certificate, "-"),
        HeadCase("forged verification", request([("HTTP_SSL_CLIENT_VERIFY", "SUCCESS"), ("HTTP_SSL_CLIENT_CERT", "PEM"), ("SSL_CLIENT_CERT", "PEM")]), certificate, "-"),
        HeadCase("nginx's request id", request([("REQUEST_ID", "abc123"), ("UNIQUE_ID", "u")]), { $0.front.requestID }, "abc123"),
        HeadCase("Apache's request id", request([("UNIQUE_ID", "Zz@-_9")]), { $0.front.requestID }, "Zz@-_9"),
        HeadCase("id with a line feed is replaced", request([("REQUEST_ID", "a\nb")]), { "\($0.front.requestID.count)" }, "32"),
        HeadCase("client's id is not the server's", request([("HTTP_REQUEST_ID", "evil")]), { "\($0.front.requestID.count)" }, "32"),
    ]
}

@Test("P2: variables become the neutral request", arguments: HeadCase.all)
func head(_ example: HeadCase) throws {
    let head = try variables(example.pairs).head(limits: .standard)
    #expect(example.see(head.request) == example.expected)
}

struct RefusalCase: Sendable, CustomTestStringConvertible {
    let name: String
    let pairs: [(String, String)]
    let status: Int
    var testDescription: String { name }

    static let all: [RefusalCase] = [
        RefusalCase(name: "no method", pairs: [("REQUEST_URI", "/")], status: 400),
        RefusalCase(name: "method with a space", pairs: request([], method: "GE T"), status: 400),
        RefusalCase(name: "empty method", pairs: request([], method: ""), status: 400),
        RefusalCase(name: "target with a space", pairs: request([], uri: "/a b"), status: 400),
        RefusalCase(name: "target with a line feed", pairs: request([], uri: "/a\nb"), status: 400),
        RefusalCase(name: "target without a slash", pairs: request([], uri: "a"), status: 400),
        RefusalCase(name: "asterisk", pairs: request([], method: "OPTIONS", uri: "*"), status: 400),
        RefusalCase(name: "target too long", pairs: request([], uri: "/" + String(repeating: "a", count: 8192)), status: 414),
        RefusalCase(name: "field with a line feed", pairs: request([("HTTP_X", "a\r\nSet-Cookie: b")]), status: 400),
        RefusalCase(name: "field with a NUL", pairs: request([("HTTP_X", "a\0b")]), status: 400),
        RefusalCase(name: "one field too large", pairs: request([("HTTP_X", String(repeating: "a", count: 8192))]), status: 431),
        RefusalCase(name: "fields too large together", pairs: request((0..<9).map { ("HTTP_X\($0)", String(repeating: "a", count: 8000)) }), status: 431),
        RefusalCase(name: "too many fields", pairs: request((0..<101).map { ("HTTP_X\($0)", "1") }), status: 431),
    ]
}

@Test("P2: variables that make no request are refused", arguments: RefusalCase.all)
func refusedHead(_ example: RefusalCase) {
    #expect { try variables(example.pairs).head(limits: .standard) } throws: { ($0 as? Refusal)?.status == example.status }
}

@Test("FastCGI lengths of names and values: one octet below 128, else four", arguments: [0, 1, 127, 128, 1000, 65_535, 100_000])
func pairLengths(_ count: Int) throws {
    let value = [UInt8](repeating: 0x61, count: count)
    let stream = FastCGIBytes.pair([UInt8]("N"), value) + FastCGIBytes.pair(value, [UInt8]("v"))
    let decoded = try #require(Variables(fastCGI: stream))
    #expect(decoded.pairs.map { $0.value.count } == [count, 1])
    #expect(decoded.pairs.map { $0.name.count } == [1, count])
}

@Test("Broken FastCGI pairs are no variables", arguments: [
    [1], [5, 0], [0x80], [0x80, 0, 0], [0x80, 0, 0, 1], [0x80, 0, 0, 1, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0], [0, 0xFF, 0xFF, 0xFF, 0xFF],
    [1, 1, 0x41], [0x82, 0, 0, 0, 0x82, 0, 0, 0, 0x41], [0, 0, 7],
] as [[UInt8]])
func brokenPairs(_ stream: [UInt8]) {
    #expect(Variables(fastCGI: stream) == nil)
}
