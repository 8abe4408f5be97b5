import Gateway
import HTTP
import HTTPTypes
import Testing

/// What the reader says about some octets: `POST /x keep hello`, `continue`, `refused 400`.
func httpTrace(_ pieces: [[UInt8]], limits: GatewayLimits = GatewayLimits(body: 1000)) -> [String] {
    var reader = HTTPReader(limits: limits)
    var words: [String] = []
    for piece in pieces {
        var offset = 0
        while let event = reader.next(piece.span, at: &offset) {
            switch event {
            case .request(let request, let keeps): words.append("\(request.method.rawValue) \(request.target) \(keeps ? "keep" : "close") \(request.body.text)")
            case .wantsContinue: words.append("continue")
            case .refused(let refusal, _): words.append("refused \(refusal.status)")
            }
        }
    }
    return words
}

struct WireCase: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let expected: [String]
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ expected: String...) { (self.name, self.text, self.expected) = (name, text, expected) }

    private static func post(_ fields: String, _ body: String = "") -> String { "POST /x HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(body)" }
    private static let chunked = "Transfer-Encoding: chunked\r\n"
    private static let next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"

    static let accepted: [WireCase] = [
        WireCase("no body", post(""), "POST /x keep "),
        WireCase("length", post("Content-Length: 5\r\n", "hello"), "POST /x keep hello"),
        WireCase("length with blanks around", post("Content-Length: \t5 \r\n", "hello"), "POST /x keep hello"),
        WireCase("length zero", post("Content-Length: 0\r\n"), "POST /x keep "),
        WireCase("pipelined", post("Content-Length: 5\r\n", "hello") + next, "POST /x keep hello", "GET /next keep "),
        WireCase("chunks", post(chunked, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n") + next, "POST /x keep hello", "GET /next keep "),
        WireCase("chunk sizes in hexadecimal, with zeros", post(chunked, "00A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), "POST /x keep 01234567890123456789"),
        WireCase("chunk extensions are ignored", post(chunked, "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n"), "POST /x keep hello"),
        WireCase("trailers are read and dropped", post(chunked, "5\r\nhello\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n") + next, "POST /x keep hello", "GET /next keep "),
        WireCase("coding in capitals", post("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"), "POST /x keep "),
        WireCase("one empty line ahead", "\r\n" + next, "GET /next keep "),
        WireCase("close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", "GET / close "),
        WireCase("1.0 closes", "GET / HTTP/1.0\r\n\r\n", "GET / close "),
        WireCase("1.0 keeps on wish", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / keep "),
        WireCase("absolute form", "GET http://h:1/p?q HTTP/1.1\r\nHost: h\r\n\r\n", "GET /p?q keep "),
        WireCase("empty field value", "GET / HTTP/1.1\r\nHost:\r\nX:\r\n\r\n", "GET / keep "),
        WireCase("waits for leave to send", post("Content-Length: 5\r\nExpect: 100-Continue\r\n"), "continue"),
        WireCase("leave is not asked for once the body comes along", post("Content-Length: 5\r\nExpect: 100-continue\r\n", "hello"), "POST /x keep hello"),
    ]

    /// Where two readers could disagree, and what is no HTTP at all.
    static let refused: [WireCase] = [
        WireCase("length and coding", post("Content-Length: 5\r\n" + chunked, "0\r\n\r\n"), "refused 400"),
        WireCase("coding and length", post(chunked + "Content-Length: 5\r\n", "0\r\n\r\n"), "refused 400"),
        WireCase("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), "refused 400"),
        WireCase("two equal lengths", post("Content-Length: 5\r\ncontent-length: 5\r\n", "hello"), "refused 400"),
        WireCase("list of lengths", post("Content-Length: 5, 5\r\n", "hello"), "refused 400"),
        WireCase("sign", post("Content-Length: +5\r\n", "hello"), "refused 400"),
        WireCase("negative", post("Content-Length: -5\r\n", "hello"), "refused 400"),
        WireCase("hexadecimal length", post("Content-Length: 0x5\r\n", "hello"), "refused 400"),
        WireCase("length with a tail", post("Content-Length: 5a\r\n", "hello"), "refused 400"),
        WireCase("length with a blank inside", post("Content-Length: 1 0\r\n", "hello"), "refused 400"),
        WireCase("empty length", post("Content-Length:\r\n"), "refused 400"),
        WireCase("2^63", post("Content-Length: 9223372036854775808\r\n"), "refused 400"),
        WireCase("2^64 + 5", post("Content-Length: 18446744073709551621\r\n"), "refused 400"),
        WireCase("decimal point", post("Content-Length: 5.0\r\n"), "refused 400"),
        WireCase("length over the limit", post("Content-Length: 1001\r\n"), "refused 413"),
        WireCase("two codings", post(chunked + chunked), "refused 400"),
        WireCase("list of codings", post("Transfer-Encoding: gzip, chunked\r\n"), "refused 501"),
        WireCase("chunked twice in one field", post("Transfer-Encoding: chunked, chunked\r\n"), "refused 501"),
        WireCase("identity", post("Transfer-Encoding: identity\r\n"), "refused 501"),
        WireCase("coding with a tab inside", post("Transfer-Encoding: chun\tked\r\n"), "refused 501"),
        WireCase("coding with a vertical tab", post("Transfer-Encoding: \u{0B}chunked\r\n"), "refused 400"),
        WireCase("empty coding", post("Transfer-Encoding:\r\n"), "refused 501"),
        WireCase("quoted coding", post("Transfer-Encoding: \"chunked\"\r\n"), "refused 501"),
        WireCase("coding in 1.0", "POST / HTTP/1.0\r\nHost: h\r\n\(chunked)\r\n0\r\n\r\n", "refused 400"),
        WireCase("space before the colon", post("Content-Length : 5\r\n", "hello"), "refused 400"),
        WireCase("tab before the colon", post("Transfer-Encoding\t: chunked\r\n"), "refused 400"),
        WireCase("folded field", post("X: a\r\n b\r\n"), "refused 400"),
        WireCase("field folded by a tab", post("Transfer-Encoding:\r\n\tchunked\r\n"), "refused 400"),
        WireCase("first line folded", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", "refused 400"),
        WireCase("bare line feed in the head", "GET / HTTP/1.1\nHost: h\r\n\r\n", "refused 400"),
        WireCase("bare line feed at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", "refused 400"),
        WireCase("bare line feeds only", "GET / HTTP/1.1\nHost: h\n\n", "refused 400"),
        WireCase("bare return in a value", post("X: a\rb\r\n"), "refused 400"),
        WireCase("bare return before the end", "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", "refused 400"),
        WireCase("NUL in a value", post("X: a\0b\r\n"), "refused 400"),
        WireCase("NUL in a name", post("X\0: a\r\n"), "refused 400"),
        WireCase("control in a value", post("X: \u{1B}[31m\r\n"), "refused 400"),
        WireCase("DEL in a value", post("X: \u{7F}\r\n"), "refused 400"),
        WireCase("empty name", post(": a\r\n"), "refused 400"),
        WireCase("no colon", post("hello\r\n"), "refused 400"),
        WireCase("name with a bracket", post("X(y): a\r\n"), "refused 400"),
        WireCase("name beyond ASCII", post("Contént-Length: 5\r\n"), "refused 400"),
        WireCase("no host", "GET / HTTP/1.1\r\n\r\n", "refused 400"),
        WireCase("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "refused 400"),
        WireCase("version 2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "refused 505"),
        WireCase("version 0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", "refused 505"),
        WireCase("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refused 400"),
        WireCase("version in small letters", "GET / http/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("version with a tail", "GET / HTTP/1.1x\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("version 1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("no version", "GET /\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("tab for a space", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("space at the end of the line", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("space ahead of the line", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("method with a bracket", "G{T / HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("target with a control", "GET /\u{01} HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "refused 400"),
        WireCase("target too long", "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: h\r\n\r\n", "refused 414"),
        WireCase("field too large", post("X: \(String(repeating: "a", count: 9000))\r\n"), "refused 431"),
        WireCase("too many fields", post((0..<101).map { "X\($0): 1\r\n" }.joined()), "refused 431"),
        WireCase("head without end", post((0..<90).map { "X\($0): \(String(repeating: "a", count: 1000))\r\n" }.joined()), "refused 431"),
        WireCase("chunk size with a sign", post(chunked, "+5\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("negative chunk", post(chunked, "-5\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("chunk size with 0x", post(chunked, "0x5\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("empty chunk size", post(chunked, "\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("chunk size that overflows", post(chunked, "FFFFFFFFFFFFFFFF1\r\nx"), "refused 400"),
        WireCase("chunk size of nine digits", post(chunked, "000000005\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("space before the chunk size", post(chunked, " 5\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("space behind the chunk size", post(chunked, "5 \r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("chunk size with a bare line feed", post(chunked, "5\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("bare return in an extension", post(chunked, "5;a\rb\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("endless extension", post(chunked, "5;" + String(repeating: "a", count: 600) + "\r\nhello"), "refused 400"),
        WireCase("chunk longer than told", post(chunked, "4\r\nhello\r\n0\r\n\r\n"), "refused 400"),
        WireCase("chunk without its line end", post(chunked, "5\r\nhello0\r\n\r\n"), "refused 400"),
        WireCase("chunk ended by a bare line feed", post(chunked, "5\r\nhello\n0\r\n\r\n"), "refused 400"),
        WireCase("chunks over the limit together", post(chunked, String(repeating: "1\r\nx\r\n", count: 1000) + "1\r\n"), "refused 413"),
        WireCase("one chunk over the limit", post(chunked, "3e9\r\n"), "refused 413"),
        WireCase("malformed trailer", post(chunked, "0\r\nbad trailer\r\n\r\n"), "refused 400"),
        WireCase("folded trailer", post(chunked, "0\r\nX: a\r\n b\r\n\r\n"), "refused 400"),
        WireCase("trailers over the limit", post(chunked, "0\r\n" + String(repeating: "X: \(String(repeating: "a", count: 990))\r\n", count: 9)), "refused 431"),
        WireCase("unknown expectation", post("Expect: the-best\r\n"), "refused 417"),
    ]
}

@Test("HTTP/1.1 requests are taken apart, whole or octet by octet", arguments: WireCase.accepted)
func acceptedWire(_ example: WireCase) {
    let bytes = [UInt8](example.text)
    #expect(httpTrace([bytes]) == example.expected)
    // Octet by octet the body is never there yet, so that leave to send it is asked for.
    #expect(httpTrace(bytes.map { [$0] }).filter { $0 != "continue" } == example.expected.filter { $0 != "continue" })
}

@Test("What two readers could take for different requests is refused, and nothing behind it is read", arguments: WireCase.refused)
func refusedWire(_ example: WireCase) {
    let bytes = [UInt8](example.text + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(httpTrace([bytes]) == example.expected)
    #expect(httpTrace(bytes.map { [$0] }) == example.expected)
}

@Test("There are at least sixty cases for smuggling")
func enoughWire() { #expect(WireCase.refused.count >= 60) }

@Test("Fields that could pass for others, or that are the transport's, do not reach handlers")
func wireFields() {
    var reader = HTTPReader(limits: .standard)
    var offset = 0
    let text = [UInt8]("POST / HTTP/1.1\r\nHost: h\r\nProxy: http://evil\r\nX_A: 1\r\nX-A: 2\r\nContent-Length: 0\r\nX-A: 3\r\n\r\n")
    guard case .request(let request, _) = reader.next(text.span, at: &offset) else {
        Issue.record("no request")
        return
    }
    #expect(request.fields.map { "\($0.name.canonicalName)=\($0.value)" } == ["host=h", "x-a=2", "x-a=3"])
}
