import JSON
import Testing

/// The scanners work eight octets a step, so every place within a word and every word boundary counts.
@Suite("Scanning of strings")
struct ScanTests {
    /// Sequences around the borders of RFC 3629 §4, good and bad.
    static let sequences: [[UInt8]] = [
        [0x7E], [0x80], [0xC1, 0x80], [0xC2, 0x80], [0xC2], [0xC2, 0x41], [0xDF, 0xBF], [0xE0, 0x9F, 0x80], [0xE0, 0xA0, 0x80], [0xE2, 0x82],
        [0xE2, 0x82, 0xAC], [0xED, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80],
        [0xF0, 0x9F, 0x98], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
    ]

    @Test("Exactly the texts that the standard library takes for UTF-8 are taken, at every place in a word")
    func agreesOnUTF8() {
        for sequence in ScanTests.sequences {
            for before in 0..<17 {
                for after in [0, 1, 2, 7, 9] {
                    let content = [UInt8](repeating: 0x61, count: before) + sequence + [UInt8](repeating: 0x62, count: after)
                    let text = [UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")]
                    let expected = String(validating: content, as: UTF8.self)
                    #expect((try? JSON(parsing: text))?.string == expected, "\(sequence) behind \(before), before \(after)")
                }
            }
        }
    }

    @Test("The place of a broken sequence is told")
    func placesBrokenUTF8() {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: Array("{\"name\": \"é".utf8) + [0xC3, 0x28] + Array("\"}".utf8)) }
        #expect(error?.code == .badUTF8)
        #expect(error?.position == JSONPosition(line: 1, column: 13))
    }

    @Test("Octets that end or need an escape are found at every place in a word, and survive writing and reading", arguments: 0..<128)
    func roundTrips(octet: Int) throws {
        let scalar = try #require(Unicode.Scalar(octet))
        for before in 0..<17 {
            for after in [0, 3, 8] {
                let text = String(repeating: "x", count: before) + String(scalar) + String(repeating: "é", count: after)
                let written = RawJSON.string(text)
                #expect(written.bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
                #expect(written.parsed()?.string == text)
                let raw = [UInt8(ascii: "\"")] + Array(text.utf8) + [UInt8(ascii: "\"")]
                let isPlain = octet >= 0x20 && scalar != "\"" && scalar != "\\"
                #expect(((try? JSON(parsing: raw)) != nil) == isPlain)
            }
        }
    }

    @Test("A name that stands twice is refused in small and large objects, escaped or not", arguments: [2, 5, 16, 17, 40])
    func refusesDuplicates(count: Int) throws {
        let names = (0..<count).map { "\"name\($0)\": \($0)" }
        _ = try JSON(parsing: Array("{\(names.joined(separator: ","))}".utf8))
        for again in ["\"name0\": 1", "\"n\\u0061me1\": [2]"] {
            let error = #expect(throws: JSONError.self) { try JSON(parsing: Array("{\((names + [again]).joined(separator: ","))}".utf8)) }
            #expect(error?.code == .duplicateName)
        }
    }
}
