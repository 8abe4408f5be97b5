import Glibc
import JSON
import Synchronization
import Testing

@Suite struct ReaderTests {
    @Test("Depth is counted, not climbed: a million open brackets are refused on a small stack, and as many are taken where allowed")
    func boundsDepth() throws {
        let results = Mutex<[String]>([])
        try onSmallStack {
            for depth in [1, 63, 64, 65, 1000, 100_000, 1_000_000] {
                for (opener, closer) in [("[", "]"), ("{\"a\":", "}")] {
                    let text = Array((String(repeating: opener, count: depth) + "1" + String(repeating: closer, count: depth)).utf8)
                    var outcome = "taken"
                    do throws(JSONError) { _ = try JSON(parsing: text) } catch { outcome = error.code.rawValue }
                    let deep = JSONLimits(depth: 2_000_000, values: 3_000_000)
                    let taken = (try? JSON(parsing: text, limits: deep)).map { $0.raw.count == text.count } ?? false
                    let open = (try? JSON(parsing: Array(repeating: UInt8(ascii: "["), count: depth), limits: deep)) == nil
                    results.withLock { $0.append("\(depth) \(outcome) \(taken) \(open)") }
                }
            }
        }
        let expected = [1, 63, 64, 65, 1000, 100_000, 1_000_000].flatMap { depth in
            [String](repeating: "\(depth) \(depth <= 64 ? "taken" : "tooDeep") true true", count: 2)
        }
        #expect(results.withLock { $0 } == expected)
    }

    /// Runs `body` on a thread with 512 KiB of stack.
    private func onSmallStack(_ body: @escaping @Sendable () -> Void) throws {
        final class Box: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 512 << 10)
        var thread = pthread_t()
        let status = pthread_create(&thread, &attributes, { context in
            guard let context else { return nil }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
        try #require(status == 0)
        pthread_join(thread, nil)
    }

    @Test("Values are counted, names are not")
    func boundsValues() {
        let limits = JSONLimits(depth: 4, values: 5)
        for (text, isTaken) in [("[1,2,3,4]", true), ("[1,2,3,4,5]", false), (#"{"a":1,"b":2,"c":3,"d":4}"#, true), ("[[],[],[],[],[]]", false)] {
            #expect(((try? JSON(parsing: Array(text.utf8), limits: limits)) != nil) == isTaken, "\(text)")
        }
        let many = Array(("[" + String(repeating: "0,", count: 99_998) + "0]").utf8)
        #expect((try? JSON(parsing: many)) != nil)
        #expect(throws: JSONError.self) { try JSON(parsing: Array(("[" + String(repeating: "0,", count: 99_999) + "0]").utf8)) }
    }

    @Test("A name stands once in an object, however it is spelled and however many there are", arguments: [2, 8, 16, 17, 40, 3000])
    func refusesRepeatedNames(count: Int) throws {
        let names = (0..<count).map { "\"n\($0)\":0" }
        _ = try JSON(parsing: Array("{\(names.joined(separator: ","))}".utf8))
        for spelling in ["n0", "\\u006e0", "n\\u0030"] {
            let error = #expect(throws: JSONError.self) {
                try JSON(parsing: Array("{\(names.joined(separator: ",")),\"\(spelling)\":1}".utf8))
            }
            #expect(error?.code == .duplicateName)
        }
        // The same name in another object is another matter.
        _ = try JSON(parsing: Array("{\(names.joined(separator: ",")),\"x\":{\"n0\":1}}".utf8))
    }

    /// Text, and where the fault lies.
    static let faults: [(text: String, message: String)] = [
        ("", "the text is empty at line 1, column 1"),
        ("\n\n  nul", "the text ends too early at line 3, column 6"),
        ("{\n  \"a\": 1,\n  \"a\": 2\n}", "the object names this member twice at line 3, column 3"),
        ("[1,\n2,\n  x]", "unexpected character at line 3, column 3"),
        ("[\"é\", x]", "unexpected character at line 1, column 8"),
        ("[1] 2", "something follows the value at line 1, column 5"),
        ("[\"a\nb\"]", "unescaped control character in a string at line 1, column 4"),
        ("[1.]", "malformed number at line 1, column 4"),
        ("[\"\\q\"]", "unknown escape in a string at line 1, column 3"),
        ("[1,]", "unexpected character at line 1, column 4"),
    ]

    @Test("A message names the fault and its place, and quotes nothing")
    func namesPlaces() {
        for (text, message) in ReaderTests.faults {
            let error = #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
            #expect(error?.description == message, "\(text)")
        }
    }

    @Test("Values and members know their place")
    func knowsPositions() throws {
        let json = try JSON(parsing: Array("{\n  \"a\": [1,\n 22]\n}".utf8))
        #expect(json.position == JSONPosition(line: 1, column: 1))
        #expect(json["a"]?.elements.map(\.position).last == JSONPosition(line: 3, column: 2))
        #expect(json.members.map(\.position) == [JSONPosition(line: 2, column: 3)])
    }

    @Test("Settings files may hold comments and one comma too many; nothing else may")
    func readsCommented() throws {
        let text = "// first\n{ /* a */ \"a\" /**/ : // b\n [1, /* * / ** */ 2,], \"b\": \"// no /* comment */\",\n}// end"
        let json = try JSON(parsing: Array(text.utf8), dialect: .commented)
        #expect(json["a"]?.count == 2 && json["b"]?.string == "// no /* comment */")
        #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
        for bad in ["[,]", "[1,,]", "{,}", "[1]/", "[1]/*", "/* [1]", "/", "[1 /* ]", "[1,/]", "/*/ 1", "'a'", "[1,] 2", "{a:1}", "[+1]", "// only"] {
            #expect(throws: JSONError.self, "\(bad)") { try JSON(parsing: Array(bad.utf8), dialect: .commented) }
        }
    }

    @Test("Reading is by kind: what is not of the kind asked for is nil")
    func readsByKind() throws {
        let json = try JSON(parsing: Array(
            #"{"i":12,"n":-9223372036854775808,"o":9223372036854775808,"d":1.0,"e":1e2,"h":1e999,"s":"12","x":"a\n","t":true,"z":null}"#.utf8))
        #expect(json["i"]?.integer == 12 && json["n"]?.integer == .min && json["o"]?.integer == nil && json["d"]?.integer == nil)
        #expect(json["e"]?.integer == nil && json["e"]?.double == 100 && json["h"]?.double == nil && json["h"]?.numberLiteral == "1e999")
        #expect(json["s"]?.integer == nil && json["s"]?.string == "12" && json["s"]?.bool == nil && json["t"]?.bool == true)
        #expect(json["s"]?.plainBytes.map { Array($0) } == Array("12".utf8) && json["x"]?.plainBytes == nil && json["x"]?.string == "a\n")
        #expect(json["z"]?.isNull == true && json["none"] == nil && json["i"]?["a"] == nil && json["t"]?.elements.next == nil)
    }
}

extension JSON.Elements {
    fileprivate var next: JSON? { first { _ in true } }
}
