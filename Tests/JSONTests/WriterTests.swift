import JSON
import Testing

/// Seeded, so that a failure repeats (xorshift64*).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed | 1 }
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

@Suite struct WriterTests {
    /// Texts that break careless writers: controls, quotes, bidirectional marks, combining piles, markup, format strings, huge code points.
    static let naughty = [
        "", "\"", "\\", "\\\"", "\0", "\u{1}\u{1F}\u{7F}\u{80}\u{9F}", "\n\r\t\u{8}\u{C}", "</script>", "${jndi:ldap://x}", "%s%n%x", "' OR 1=1 --",
        "\u{202E}gnirts\u{2066}", "\u{FEFF}", "\u{2028}\u{2029}", "Z̮̞̠͙͔ͅA͎L", "👩‍👩‍👧‍👦🏳️‍🌈", "田中さん", "مُنَاقَشَةُ", "\u{FFFF}\u{10FFFF}", "\u{E000}", "ﷺ", "1e999", "null",
        "\u{200B}\u{200D}", "a\u{300}\u{301}", "\r\n", "C:\\dir\\u0041", "\u{D7FF}\u{E000}",
    ]

    @Test("Every text comes back as it was, in one line of plain characters and valid escapes")
    func escapesTexts() throws {
        for text in WriterTests.naughty + (0..<0x300).compactMap({ Unicode.Scalar($0).map { "\($0)x\($0)" } }) {
            let raw = RawJSON { $0.object { $0.field(text, text) } }
            let json = try JSON(parsing: Array(raw.bytes))
            #expect(json[text]?.string.map { Array($0.utf8) } == Array(text.utf8), "\(text.debugDescription)")
            #expect(raw.bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
    }

    @Test("Commas, nesting and left out members")
    func writesStructure() {
        let raw = RawJSON {
            $0.object {
                $0.field("a", 1)
                $0.field("none", String?.none)
                $0.field("b", array: { $0.value(true); $0.null(); $0.array { _ in }; $0.object { _ in }; $0.value("x") })
                $0.field("c", RawJSON.emptyObject)
                $0.field("d", 0.5)
                $0.field("e", Double.nan)
                $0.field("f", Int.min)
                $0.name("g")
                $0.plainString(Array("QUJD".utf8))
            }
        }
        #expect(raw.text == #"{"a":1,"b":[true,null,[],{},"x"],"c":{},"d":0.5,"e":null,"f":-9223372036854775808,"g":"QUJD"}"#)
    }

    @Test("Numbers keep their value", arguments: [0.0, 1, -1, 0.1, 1e300, 5e-324, 123456789.125, -2.5e-8, 9007199254740993])
    func writesDoubles(number: Double) throws {
        let raw = RawJSON { $0.value(number) }
        #expect(try JSON(parsing: Array(raw.bytes)).double == number)
    }

    @Test("Opaque parts are passed through octet for octet")
    func passesThrough() throws {
        let opaque = #"{ "big":12345678901234567890 , "exact": 1.10,"e":1E+2,"k":["\u0061",{"z":1,"a":2}] }"#
        let json = try JSON(parsing: Array("{\"state\": \(opaque) ,\"x\":1}".utf8))
        let state = try #require(json["state"])
        let out = RawJSON { $0.object { $0.field("state", RawJSON(state)); $0.field("y", 2) } }
        #expect(out.text == "{\"state\":\(opaque),\"y\":2}")
        #expect(RawJSON(state).parsed()?["big"]?.numberLiteral == "12345678901234567890")
        #expect(throws: JSONError.self) { try RawJSON(parsing: Array("{\"a\":1} x".utf8)) }
    }

    @Test("10,000 random documents are read, written and read again without a change")
    func roundTrips() throws {
        var numbers = SeededNumbers(seed: 20_260_101)
        for round in 0..<10_000 {
            let text = document(&numbers, depth: 0)
            let json = try JSON(parsing: Array(text.utf8))
            let again = try JSON(parsing: rewritten(json))
            #expect(canonical(json) == canonical(again), "round \(round): \(text)")
            #expect(RawJSON { $0.value(json) }.text == String(decoding: json.raw, as: UTF8.self))
        }
    }

    /// A random document with odd spacing, escapes, numbers beyond what any type holds, and names that nearly repeat.
    private func document(_ numbers: inout SeededNumbers, depth: Int) -> String {
        func space(_ numbers: inout SeededNumbers) -> String { ["", "", "", " ", "\n", "\t ", "\r\n"].randomElement(using: &numbers) ?? "" }
        func text(_ numbers: inout SeededNumbers) -> String {
            let pieces = ["a", "Zz", " ", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "é", "😀", "\\u0000", "0123456789abcdef", "\u{2028}"]
            return (0..<Int.random(in: 0..<6, using: &numbers)).map { _ in pieces.randomElement(using: &numbers) ?? "" }.joined()
        }
        let before = space(&numbers)
        let value: String
        switch Int.random(in: 0..<(depth < 5 ? 10 : 6), using: &numbers) {
        case 0: value = ["null", "true", "false"].randomElement(using: &numbers) ?? "null"
        case 1: value = "\(Int.random(in: .min ... .max, using: &numbers))"
        case 2: value = "\(Double(bitPattern: numbers.next() & 0x7FDF_FFFF_FFFF_FFFF))"
        case 3: value = "-\(numbers.next())\(numbers.next()).\(numbers.next())E-\(Int.random(in: 0..<999, using: &numbers))"
        case 4, 5: value = "\"\(text(&numbers))\""
        case 6, 7:
            let elements = (0..<Int.random(in: 0..<5, using: &numbers)).map { _ in document(&numbers, depth: depth + 1) }
            value = "[" + elements.joined(separator: ",") + space(&numbers) + "]"
        default:
            let members = (0..<Int.random(in: 0..<20, using: &numbers)).map { index in
                "\(space(&numbers))\"\(text(&numbers))\(index)\"\(space(&numbers)):" + document(&numbers, depth: depth + 3)
            }
            value = "{" + members.joined(separator: ",") + space(&numbers) + "}"
        }
        return before + value + space(&numbers)
    }
}
