import Gateway
import Testing
import Time

@Test("Times of log lines are RFC 3339 in UTC with milliseconds", arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (1_709_251_199_001, "2024-02-29T23:59:59.001Z"), (1_735_689_599_000, "2024-12-31T23:59:59.000Z"), (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
] as [(Int64, String)])
func logTime(_ milliseconds: Int64, _ expected: String) {
    var bytes: [UInt8] = []
    LogLine.appendTime(milliseconds, to: &bytes)
    #expect(bytes.text == expected)
    #expect(Timestamp.epochMilliseconds(expected) == milliseconds)
}

@Test("Deadlines of Fn in other zones and precisions", arguments: [
    ("1970-01-01T00:00:01Z", 1000), ("1970-01-01T01:00:01.5+01:00", 1500), ("1969-12-31T23:00:00.123456789-01:00", 123), ("1970-01-01t00:00:00z", 0),
    ("", nil), ("1970-01-01", nil), ("1970-01-01T00:00:00", nil), ("1970-13-01T00:00:00Z", nil), ("1970-01-01T24:00:00Z", nil), ("1970-01-01T00:00:00.Z", nil),
    ("1970-01-01T00:00:00+1:00", nil), ("1970-01-01T00:00:00Zx", nil),
] as [(String, Int64?)])
func fnDeadline(_ text: String, _ expected: Int64?) { #expect(Timestamp.epochMilliseconds(text) == expected) }

@Test("Texts in log lines are escaped: nothing ends the line, moves the cursor or turns its direction", arguments: [
    ("a\"b\\c", #"a\"b\\c"#), ("a\r\nb", #"a\u000d\u000ab"#), ("\u{1B}[31m", #"\u001b[31m"#), ("\u{7F}\u{9B}", #"\u007f\u009b"#),
    ("\u{2028}\u{202E}\u{2066}", #"\u2028\u202e\u2066"#), ("grüß 🎉", "grüß 🎉"), ("\0", #"\u0000"#),
])
func logText(_ text: String, _ expected: String) {
    var line = LogLine(epochMilliseconds: 0, level: "info")
    line.field("text", text)
    #expect(line.text.hasSuffix(#","text":"\#(expected)""#))
}

@Test("A line never grows beyond 8 KiB and stays one object, however many long texts it gets")
func logLimit() {
    var line = LogLine(epochMilliseconds: 0, level: "info")
    for _ in 0..<500 { line.field("text", String(repeating: "\u{1}", count: 5000)) }
    #expect(line.text.utf8.count <= 8190)
    #expect(line.text.hasSuffix("\""))
    var short = LogLine(epochMilliseconds: 0, level: "info")
    short.field("text", String(repeating: "é", count: 300))
    #expect(short.text.hasSuffix(String(repeating: "é", count: 128) + "\""))
}
