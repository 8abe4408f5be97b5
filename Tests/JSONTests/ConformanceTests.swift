import JSON
import Testing

/// The grammar of RFC 8259 as two lists of texts: what must be taken and what must be refused, by the part of the grammar they try.
/// Categories and counts follow the public suite that `security.md` §4 names; the texts are our own.
@Suite struct ConformanceTests {
    static let valid: [(part: String, texts: [String])] = [
        ("bare values", ["null", "true", "false", "0", "-0", "7", "\"\"", "\"text\"", "[]", "{}", " 1 ", "\t\r\n1\n"]),
        ("arrays", [
            "[1]", "[[]]", "[ ]", "[\"\"]", "[1,2]", "[1 , 2]", "[1\n]", " [1]", "[2] ", "[null,1,\"1\",{}]", "[null,null,null]",
            "[[],[[]],{}]", "[false]", "[ 4 ]", "[true\t,\rfalse]",
        ]),
        ("objects", [
            #"{"a":1}"#, #"{"a":1,"b":2}"#, #"{"":0}"#, #"{"a":[]}"#, #"{"a":{"a":{"a":1}}}"#, #"{ "a" : "b" }"#, "{\n\"a\"\n:\n1\n}",
            #"{"a":"b","A":"b"}"#, #"{"\u0000x":1}"#, #"{"min":-1.0e+28,"max":1.0e+28}"#, #"{"x":[{"id":"x"}],"id":"x"}"#,
            #"{"é":1,"e\u0301":2}"#, #"{"a b":1}"#, #"{"title":"\u041f\u043e"}"#,
        ]),
        ("numbers", [
            "[123e65]", "[0e+1]", "[0e1]", "[ 4]", "[-0.0000001]", "[20e1]", "[-0]", "[-123]", "[-1]", "[1E22]", "[1E-2]", "[1E+2]",
            "[123e45]", "[123.456e78]", "[1e-2]", "[1e+2]", "[123]", "[123.456789]", "[0.0]", "[10]", "[-1.5E-300]",
            "[100000000000000000000]", "[-9223372036854775808]", "[1e400]", "[0.1e9999999999999999999]", "[1.00000000000000000000000001]",
        ]),
        ("strings", [
            #"["\u0060\u012a\u12AB"]"#, #"["\ud801\udc37"]"#, #"["\ud83d\ude39\ud83d\udc8d"]"#, #"["\"\\\/\b\f\n\r\t"]"#,
            #"["\\u0000"]"#, #"["\""]"#, #"["a/*b*/c/*d//e"]"#, #"["\\a"]"#, #"["\\n"]"#, #"["\u0012"]"#, #"["\uFFFF"]"#, #"["asd"]"#,
            #"[ "asd"]"#, #"["\uDBFF\uDFFF"]"#, #"["new\u00A0line"]"#, #"["\u0000"]"#, #"["\u002c"]"#, #"["\uD834\uDd1e"]"#,
            #"["\u0821"]"#, #"["\u0123"]"#, #"["\u0061\u30af\u30EA\u30b9"]"#, #"["\u0022"]"#, #"["\uA66D"]"#, #"["\u005C"]"#,
            #"["\u200B"]"#, #"["\u2064"]"#, #"["\uFDD0"]"#, #"["\uFFFE"]"#, #"["\uaBcD"]"#,
            "[\"\u{7F}\"]", "[\"\u{2028}\"]", "[\"\u{2029}\"]", "[\"\u{FEFF}\"]", "[\"\u{10FFFF}\"]", "[\"\u{1BFFF}\"]", "[\"π\"]", "[\"€𝄞\"]",
            "[\"\u{FFFF}\"]", "[\"a\u{301}\"]", "[\"\u{202E}\"]", "[\" \"]",
        ]),
    ]

    static let invalid: [(part: String, texts: [String])] = [
        ("nothing there", ["", " ", "\n", "\u{FEFF}", "\u{0C}", "\u{2060}", "\u{A0}1", "\0"]),
        ("bare words", [
            "nul", "tru", "fals", "nulL", "True", "TRUE", "FALSE", "NULL", "undefined", "NaN", "Infinity", "-Infinity", "nil", "a", "å", "*",
            "'a'", "truefalse", "true1", "nulltrue", "<null>", "<.>", "#", "@", "$", "`a`", "(1)", "/**/1", "//x\n1", "1/**/", "1//x",
            "\\u000A\"\"", "abc",
        ]),
        ("arrays", [
            "[1 true]", "[a", "[a]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]", "[\"x\"", "[x", "[3[4]]",
            "[1:2]", "[,]", "[-]", "[   , \"\"]", "[1,", "[1,]", "[1,,]", "[\"a\",\n4\n,1,", "[1\n,1\n,1", "[{}", "[*]", "[", "]", "[]]", "[[",
            "[1]x", "[1][2]", "[1],[2]", "[1}", "[\"a", "[\"\u{B}a\"\\f]", "[\\u0020]", "[ false, nul", "[ true, fals", "[ false, tru", "[\"a\"\"b\"]",
            "[1;2]", "[1\u{A0}]", "[\u{0C}]", "[1\0]", "[\u{FEFF}1]",
        ]),
        ("objects", [
            #"["x", truth]"#, #"{[: "x"}"#, #"{"x", null}"#, #"{"x"::"b"}"#, #"{"a":"a" 123}"#, "{key: 'value'}", #"{"a" b}"#, #"{:"b"}"#,
            #"{"a":}"#, #"{"a":"#, #"{"a""#, #"{"a":1,}"#, #"{"a":1,,"b":2}"#, "{1:1}", "{9999E9999:1}", "{null:null,null:null}",
            #"{"id":0,,,,,}"#, "{'a':0}", #"{"id":0,}"#, #"{"a":"b"}/**/"#, #"{"a":"b"}/**//"#, #"{"a":"b"}//"#, #"{"a":"b"}/"#, "{a: \"b\"}",
            #"{"a":"a"#, #"{ "foo" : "bar", "a" }"#, #"{"a":"b"}#"#, "{", "}", "{]", "{\"a\"}", "{,}", "{\"a\":1]", #"{"a":true} "x""#, "{{}}", "{{",
            #"{"a" 1}"#, #"{"a"=1}"#, #"{"a":1;"b":2}"#, #"{"a":1 "b":2}"#, #"{true:1}"#, "{[]:1}", #"{"a":1}}"#, "{\"a\\u00\":1}", "{\"a\"\0:1}",
            #"{"a":[}"#, #"{"a":{]}"#, #"{"asd":"asd""#, "{\"a\":1,\u{A0}\"b\":2}",
        ]),
        ("repeated names", [
            #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"":2}"#, #"{"/":1,"\/":2}"#, #"{"😀":1,"\ud83d\ude00":2}"#,
            #"[{"x":{"a":null,"a":null}}]"#, #"{"\n":1,"\u000A":2}"#,
        ]),
        ("numbers", [
            "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]",
            "[0E+]", "[0E]", "[0e+]", "[0e]", "[1.0e+]", "[1.0e-]", "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]",
            "[Inf]", "[NaN]", "[１]", "[1+2]", "[0x1]", "[0x42]", "[Infinity]", "[0e+-1]", "[-123.123foo]", "[-Infinity]", "[-foo]", "[- 1]",
            "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1.]", "[.123]", "[1.2a-3]", "[1.8011670033376514H-308]", "[012]", "-", "01", "00", "1.", "1e",
            "1e+", ".5", "+5", "-a", "[-2.", "[1e1.5]", "[1_000]", "[0b1]", "[1f]", "[1L]", "[00.0]", "[-00e0]", "[1,000]x",
        ]),
        ("strings", [
            #"["\uD800\"]"#, #"["\uD800\u"]"#, #"["\uD800\u1"]"#, #"["\uD800\u1x"]"#, "[é]", "[\"\\\0\"]", #"["\x00"]"#, #"["\\\"]"#, "[\"\\\t\"]",
            "[\"\\🌀\"]", #"["\"]"#, #"["\u00A"]"#, #"["\uD834\uDd"]"#, #"["\uD800\uD800\x"]"#, #"["\a"]"#, #"["\uqqqq"]"#, "[\\n]", "\"",
            "['single quote']", "abc", "[\"\\", "[\"a\0a\"]", "[\"new\nline\"]", "[\"\t\"]", "[\"\u{1F}\"]", #""\UA66D""#, #"""x"#, #"["\012"]"#, #"["\u{41}"]"#,
            #"["\u 041"]"#, #"["\u+041"]"#, #"["\u-041"]"#, #"["\'"]"#, #"["\v"]"#, #"["\0"]"#, "[\"a", "[\"\\u", "[\"\\ud83d\\",
        ]),
        ("half surrogates", [
            #"["\uDADA"]"#, #"["\uDd1e\uD834"]"#, #"["\uD800\n"]"#, #"["\uD800abc"]"#, #"["\ud800\ud800"]"#, #"["\uDFAA"]"#, #"["\uD888\u1234"]"#,
            #"["\ud83dx\ude00"]"#, #"{"\udc00":1}"#,
        ]),
    ]

    /// Octets that are no UTF-8, each inside a string: `["` … `"]`.
    static let badUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0xAF], [0xE0, 0xFF], [0xE2, 0x82], [0xE5],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF], [0xFE], [0xFF], [0x81, 0x81],
        [0xE9], [0x61, 0xE9, 0x62], [0xF0, 0x28, 0x8C, 0xBC],
    ]

    @Test("What the grammar allows is taken, and its octets are kept")
    func takesValid() throws {
        var count = 0
        for (part, texts) in ConformanceTests.valid {
            for text in texts {
                count += 1
                let json = try? JSON(parsing: Array(text.utf8))
                let trimmed = text.drop { " \t\r\n".contains($0) || $0 == "\r\n" }
                #expect(json.map { trimmed.utf8.starts(with: $0.raw) } == true, "\(part): \(text)")
            }
        }
        #expect(count >= 95)
    }

    @Test("What the grammar does not allow is refused, whatever follows or surrounds it")
    func refusesInvalid() {
        var count = 0
        for (part, texts) in ConformanceTests.invalid {
            for text in texts {
                count += 1
                #expect(throws: JSONError.self, "\(part): \(text)") { try JSON(parsing: Array(text.utf8)) }
                // The same inside a document that is otherwise good; what lies outside of any value may be good there.
                if part == "numbers" || part == "strings" || part == "half surrogates" {
                    #expect(throws: JSONError.self, "\(part): \(text)") { try JSON(parsing: Array("{\"a\":[1,\(text),2]}".utf8)) }
                }
            }
        }
        #expect(count >= 188)
    }

    @Test("Octets that are no UTF-8 are refused where they stand, in strings short and long")
    func refusesBadUTF8() {
        for octets in ConformanceTests.badUTF8 {
            for padding in [0, 1, 6, 7, 8, 9, 40] {
                let before = Array("[\"".utf8) + [UInt8](repeating: 0x61, count: padding)
                let text = before + octets + Array("\"]".utf8)
                let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
                #expect(error?.code == .badUTF8, "\(octets) after \(padding)")
            }
        }
        for wide in [[0xFF, 0xFE, 0x5B, 0, 0x5D, 0], [0xFE, 0xFF, 0, 0x5B, 0, 0x5D], [0x5B, 0, 0x5D, 0], [0, 0x5B, 0, 0x5D]] as [[UInt8]] {
            #expect(throws: JSONError.self, "UTF-16") { try JSON(parsing: wide) }
        }
    }

    @Test("What RFC 8259 leaves open is decided: one byte-order mark is skipped, numbers have no bounds, depth has")
    func decidesOpenCases() {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect((try? JSON(parsing: mark + Array("{}".utf8)))?.raw.elementsEqual("{}".utf8) == true)
        #expect(throws: JSONError.self) { try JSON(parsing: mark + mark + Array("{}".utf8)) }
        for number in ["123.456e-789", "0.4e00669999999999999999999", "-1e+9999", "-123123123123123123123123123123", "1e-10000000"] {
            #expect((try? JSON(parsing: Array(number.utf8)))?.numberLiteral == number)
        }
        #expect(throws: JSONError.self) { try JSON(parsing: Array((String(repeating: "[", count: 500) + String(repeating: "]", count: 500)).utf8)) }
    }

    @Test("Every text of a valid document that is cut short is refused")
    func refusesCut() throws {
        let text = Array(#"{"a":[1.5e-3,{"b":"x\u00e9\ud83d\ude00y"},true,null],"c":{"d":false}}"#.utf8)
        _ = try JSON(parsing: text)
        for length in 0..<text.count {
            #expect(throws: JSONError.self, "\(length)") { try JSON(parsing: Array(text[..<length])) }
        }
    }

    @Test("One octet that is wrong never makes another document of a valid one without being well-formed itself")
    func survivesEveryOctet() throws {
        let text = Array(#"{"k":[-1.0,"\"\u12aF"],"m":{"n":true}}"#.utf8)
        for place in text.indices {
            for octet in UInt8.min...UInt8.max {
                var changed = text
                changed[place] = octet
                guard let json = try? JSON(parsing: changed) else { continue }
                // What is taken must read the same after it was written anew.
                let again = try JSON(parsing: rewritten(json))
                #expect(canonical(json) == canonical(again), "\(place) \(octet)")
            }
        }
    }
}

/// The document as a writer would have made it: strings unescaped and escaped again, numbers as they stood.
func rewritten(_ json: JSON) -> [UInt8] {
    func write(_ json: JSON, to writer: inout JSONWriter) {
        switch json.kind {
        case .object: writer.object { writer in for member in json.members { writer.name(member.name); write(member.value, to: &writer) } }
        case .array: writer.array { writer in for element in json.elements { write(element, to: &writer) } }
        case .string: writer.value(json.string ?? "?")
        default: writer.value(json)
        }
    }
    var writer = JSONWriter()
    write(json, to: &writer)
    return writer.bytes
}

/// A text that is equal for equal documents, order of members included.
func canonical(_ json: JSON) -> String {
    switch json.kind {
    case .object: "{" + json.members.map { "\($0.name.debugDescription):\(canonical($0.value))" }.joined(separator: ",") + "}"
    case .array: "[" + json.elements.map(canonical).joined(separator: ",") + "]"
    case .string: (json.string ?? "?").debugDescription
    default: String(decoding: json.raw, as: UTF8.self)
    }
}
