import Gateway
import Testing

typealias B = FastCGIBytes

/// What the reader says about some octets, as words: `request 1 keep 10/5` (octets of variables and body, `-` beyond the limit), `violation` …
/// A request counts as answered at once, unless the case says that it runs on.
func trace(_ pieces: [[UInt8]], answersAtOnce: Bool = true, paramsLimit: Int = 70_000, bodyLimit: Int = 100_000) -> [String] {
    var reader = FastCGIReader(paramsLimit: paramsLimit, bodyLimit: bodyLimit)
    var words: [String] = []
    for piece in pieces {
        var offset = 0
        while let event = reader.next(piece.span, at: &offset) {
            switch event {
            case .request(let request):
                let sizes = [request.params, request.body].map { $0.map { "\($0.count)" } ?? "-" }.joined(separator: "/")
                words.append("request \(request.id) \(request.keepsConnection ? "keep" : "close") \(sizes)")
                if answersAtOnce { reader.finish() }
            case .abort(let id): words.append("abort \(id)")
            case .getValues(let names): words.append("values \(names.count)")
            case .unknownType(let type): words.append("unknown \(type)")
            case .unknownRole(let id, let keeps): words.append("role \(id) \(keeps ? "keep" : "close")")
            case .cannotMultiplex(let id): words.append("busy \(id)")
            case .violation: words.append("violation")
            }
        }
    }
    return words
}

struct RecordCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let expected: [String]
    let answersAtOnce: Bool
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ expected: String..., runsOn: Bool = false) {
        (self.name, self.bytes, self.expected, answersAtOnce) = (name, bytes, expected, !runsOn)
    }

    private static let plain = B.begin() + B.params([1, 1, 0x41, 0x42]) + B.input([])
    private static let done = "request 1 keep 4/0"

    /// `runtimes.md` §15, FastCGI.
    static let wellFormed: [RecordCase] = [
        RecordCase("one request", plain, done),
        RecordCase("two requests one after the other", plain + plain, done, done),
        RecordCase("connection not kept", B.begin(flags: 0) + B.params([]) + B.input([]), "request 1 close 0/0"),
        RecordCase("unknown flag bits are ignored", B.begin(flags: 0xFE) + B.params([]) + B.input([]), "request 1 close 0/0"),
        RecordCase("highest id", B.begin(id: 65_535) + B.params(id: 65_535, []) + B.input(id: 65_535, []), "request 65535 keep 0/0"),
        RecordCase("body of 66,000 octets", B.begin() + B.params([]) + B.input([UInt8](repeating: 1, count: 66_000)), "request 1 keep 0/66000"),
        RecordCase("body in records of one octet", B.begin() + B.params([]) + B.input([1, 2, 3], piece: 1), "request 1 keep 0/3"),
        RecordCase("PARAMS over 64 KB", B.begin() + B.params([UInt8](repeating: 0, count: 66_000)) + B.input([]), "request 1 keep 66000/0"),
        RecordCase("pair across two records", B.begin() + B.record(4, [1, 1, 0x41]) + B.record(4, [0x42]) + B.record(4) + B.input([]), done),
        RecordCase("padding of 255", B.begin() + B.record(4, [1, 1, 0x41, 0x42], padding: 255) + B.record(4, padding: 255) + B.record(5, padding: 255), done),
        RecordCase("reserved octet is ignored", [1, 1, 0, 1, 0, 8, 0, 99, 0, 1, 1, 0, 0, 0, 0, 0] + B.params([]) + B.input([]), "request 1 keep 0/0"),
        RecordCase("DATA records are ignored", B.begin() + B.record(8, [9]) + B.params([]) + B.record(8) + B.input([]), "request 1 keep 0/0"),
        RecordCase("GET_VALUES, then a request", B.record(9, id: 0, [1, 0, 0x41]) + plain, "values 3", done),
        RecordCase("GET_VALUES twice", B.record(9, id: 0) + B.record(9, id: 0), "values 0", "values 0"),
        RecordCase("GET_VALUES within a request", B.begin() + B.record(9, id: 0) + B.params([]) + B.input([]), "values 0", "request 1 keep 0/0"),
        RecordCase("ABORT while it runs", plain + B.record(2), done, "abort 1", runsOn: true),
        RecordCase("ABORT while variables arrive, then another", B.begin() + B.record(2) + plain, "abort 1", done),
        RecordCase("ABORT in the body, whose rest is ignored", B.begin() + B.params([]) + B.record(5, [1]) + B.record(2) + B.record(5, [1]) + B.record(5) + plain, "abort 1", done),
        RecordCase("ABORT of what is answered", plain + B.record(2) + plain, done, done),
    ]

    static let malformed: [RecordCase] =
        [0, 2, 3, 127, 255].map { RecordCase("version \($0)", B.record(1, [0, 1, 1, 0, 0, 0, 0, 0], version: $0), "violation") }
        + [0, 2, 4, 5, 6, 7, 8, 10, 11, 12, 100, 255].map {
            RecordCase("type \($0) with id 0", B.record($0, id: 0, [1, 2]) + plain, "unknown \($0)", done)
        }
        + [0, 3, 6, 7, 9, 10, 11, 12, 128, 255].map { RecordCase("type \($0) with id 1", B.begin() + B.record($0, [1]), "violation") }
        + [0, 1, 7, 9, 16, 65_535].map { RecordCase("BEGIN of \($0) octets", B.record(1, [UInt8](repeating: 0, count: $0)), "violation") }
        + [0, 2, 3, 4, 256, 257, 65_535].map { RecordCase("role \($0)", B.begin(role: $0) + plain, "role 1 keep", done) }
        + [1, 4, 7].map { RecordCase("cut in the header after \($0) octets", Array(plain.prefix($0))) }
        + [9, 15, 17, 24, 30].map { RecordCase("cut after \($0) octets", Array(plain.prefix($0))) }
        + [
            RecordCase("BEGIN with id 0", B.begin(id: 0), "unknown 1"),
            RecordCase("unknown role on a closing connection", B.begin(role: 2, flags: 0), "role 1 close"),
            RecordCase("stream records of a refused role", B.begin(role: 2) + B.params([1]) + B.input([1]) + plain, "role 1 keep", done),
            RecordCase("STDIN before the end of PARAMS", B.begin() + B.record(4, [1]) + B.record(5, [1]), "violation"),
            RecordCase("empty STDIN before the end of PARAMS", B.begin() + B.record(5), "violation"),
            RecordCase("PARAMS after their end", B.begin() + B.params([]) + B.record(4, [1]), "violation"),
            RecordCase("end of PARAMS twice", B.begin() + B.params([]) + B.record(4), "violation"),
            RecordCase("second BEGIN with the same id", B.begin() + B.begin(), "violation"),
            RecordCase("second BEGIN with the same id in the body", B.begin() + B.params([]) + B.begin(), "violation"),
            RecordCase("second BEGIN with the same id while it runs", plain + B.begin(), done, "violation", runsOn: true),
            RecordCase("second BEGIN with another id", B.begin() + B.begin(id: 2) + B.params([]) + B.input([]), "busy 2", "request 1 keep 0/0"),
            RecordCase("another id while one runs", plain + B.begin(id: 2) + B.params(id: 2, []) + B.input(id: 2, []), done, "busy 2", runsOn: true),
            RecordCase("records of an id that never began", B.record(4, id: 9, [1]) + B.record(5, id: 9, [1]) + B.record(2, id: 9) + plain, done),
            RecordCase("records of another id within a request", B.begin() + B.record(4, id: 9, [1, 2]) + B.record(5, id: 9) + B.params([]) + B.input([]), "request 1 keep 0/0"),
            RecordCase("STDIN after the end of STDIN", plain + B.record(5, [1, 2, 3]), done, runsOn: true),
            RecordCase("nothing after a violation counts", B.record(1, [1]) + plain, "violation"),
            RecordCase("text", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), "violation"),
            RecordCase("TLS client hello", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], "violation"),
            RecordCase("length beyond the content", B.begin() + B.record(4, [1], length: 65_535)),
            RecordCase("PARAMS beyond the limit are remembered as too many", B.begin() + B.params([UInt8](repeating: 0, count: 70_001)) + B.input([]), "request 1 keep -/0"),
            RecordCase("body beyond the limit is read to its end", B.begin() + B.params([]) + B.input([UInt8](repeating: 0, count: 100_001)) + plain, "request 1 keep 0/-", done),
            RecordCase("body at the limit", B.begin() + B.params([]) + B.input([UInt8](repeating: 0, count: 100_000)), "request 1 keep 0/100000"),
            RecordCase("GET_VALUES of nonsense is handed on", B.record(9, id: 0, [200]), "values 1"),
            RecordCase("GET_VALUES with an id", B.record(9, id: 5, [1, 0, 0x41]), "violation"),
            RecordCase("zeros", [UInt8](repeating: 0, count: 64), "violation"),
        ]
}

@Test("P4: FastCGI records become requests, whole or octet by octet", arguments: RecordCase.wellFormed + RecordCase.malformed)
func records(_ example: RecordCase) {
    #expect(trace([example.bytes], answersAtOnce: example.answersAtOnce) == example.expected)
    #expect(trace(example.bytes.map { [$0] }, answersAtOnce: example.answersAtOnce) == example.expected)
}

@Test("There are at least sixty malformed cases")
func enoughRecords() { #expect(RecordCase.malformed.count >= 60) }

@Test("An answer is STDOUT, one empty STDOUT at its end, END_REQUEST; every record padded to eight octets", arguments: [0, 1, 8, 65_528, 65_529, 200_000])
func answerRecords(_ count: Int) {
    let bytes = FastCGIRecord.answer(id: 258, [UInt8](repeating: 7, count: count))
    let answer = FastCGIAnswer(bytes)
    #expect(answer.output.count == count && answer.end == 0 && bytes.count % 8 == 0)
    #expect(answer.kinds == [UInt8](repeating: 6, count: (count + 65_527) / 65_528 + 1) + [3])
    #expect(Array(bytes[2..<4]) == [1, 2])
}

@Test("GET_VALUES is answered with what we know, once each way it is asked")
func values() throws {
    let asked = try #require(Variables(fastCGI: B.pairs([("FCGI_MAX_CONNS", ""), ("FCGI_MPXS_CONNS", ""), ("OTHER", "")])))
    let bytes = FastCGIRecord.values(asked: asked, turns: 4096)
    #expect(Array(bytes.prefix(4)) == [1, 10, 0, 0])
    let length = Int(bytes[4]) << 8 | Int(bytes[5])
    let known = try #require(Variables(fastCGI: Array(bytes[8..<(8 + length)])))
    #expect(known.pairs.map { Array(known.bytes[$0.name]).text + "=" + Array(known.bytes[$0.value]).text } == ["FCGI_MAX_CONNS=4096", "FCGI_MPXS_CONNS=0"])
    let many = try #require(Variables(fastCGI: B.pairs([(String, String)](repeating: ("FCGI_MAX_REQS", ""), count: 4000))))
    #expect(FastCGIRecord.values(asked: many, turns: 4096).count < 1200)
}
