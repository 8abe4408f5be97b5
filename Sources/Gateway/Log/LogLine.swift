/// One line under construction: `{"time":…,"level":…` and then whatever is appended, cut at the longest line.
package struct LogLine {
    private var bytes: [UInt8] = []
    /// Lines lost before this one, which says so.
    private let lost: Int

    package init(epochMilliseconds: Int64, level: StaticString) {
        bytes.reserveCapacity(512)
        lost = LogWriter.takeLost()
        append("{\"time\":\"")
        LogLine.appendTime(epochMilliseconds, to: &bytes)
        append("\",\"level\":\"")
        append(level)
        append("\"")
        if lost > 0 { field("lines_lost", lost) }
    }

    package mutating func field(_ name: StaticString, _ number: Int) {
        guard begin(name) else { return }
        LogLine.append(decimal: number, to: &bytes)
    }

    package mutating func field(_ name: StaticString, _ flag: Bool) {
        guard begin(name) else { return }
        append(flag ? "true" : "false")
    }

    /// Milliseconds with three decimals, from microseconds.
    package mutating func field(_ name: StaticString, microseconds: Int) {
        guard begin(name) else { return }
        LogLine.append(decimal: microseconds / 1000, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        let rest = microseconds % 1000
        for unit in [100, 10, 1] { bytes.append(UInt8(0x30 + rest / unit % 10)) }
    }

    /// Escaped, and cut at `limit` octets.
    package mutating func field(_ name: StaticString, _ text: some StringProtocol, limit: Int = 256) {
        guard begin(name) else { return }
        appendText(text, limit: limit)
    }

    package mutating func field(named name: String, _ text: String, limit: Int = 256) {
        guard hasRoom else { return }
        append(",")
        appendText(name, limit: 64)
        append(":")
        appendText(text, limit: limit)
    }

    /// What it says so far, without the brace that ends it.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The finished line. One that grew too long ends early, yet stays one JSON object.
    package mutating func write() {
        append("}\n")
        LogWriter.write(bytes, lost: lost)
    }

    /// Whether one more name and a number fit; texts are cut to what is left.
    private var hasRoom: Bool { bytes.count < LogWriter.longest - 512 }

    /// False when the line is full: the field is left out.
    private mutating func begin(_ name: StaticString) -> Bool {
        guard hasRoom else { return false }
        append(",\"")
        append(name)
        append("\":")
        return true
    }

    private mutating func append(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }

    private mutating func appendText(_ text: some StringProtocol, limit: Int) {
        // Each octet takes at most six; two more end text and object.
        let limit = min(limit, max(0, (LogWriter.longest - bytes.count - 64) / 6))
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            return bytes.append(contentsOf: text.utf8)
        }
        var count = 0
        for scalar in text.unicodeScalars {
            let width = UTF8.width(scalar)
            guard count + width <= limit else { break }
            count += width
            switch scalar {
            case "\"", "\\":
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(scalar.value))
            // Line and direction controls could forge or hide lines in a terminal.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                append("\\u")
                for shift in [12, 8, 4, 0] as [UInt32] { bytes.append(LogLine.hexDigits[Int(scalar.value >> shift & 15)]) }
            default:
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    package static func append(decimal number: Int, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(0x30 + rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-20T20:00:00.123Z`.
    package static func appendTime(_ epochMilliseconds: Int64, to bytes: inout [UInt8]) {
        let milliseconds = max(0, epochMilliseconds)
        let (days, inDay) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        // Howard Hinnant's civil-from-days: years begin in March, eras have 146,097 days.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
        func put(_ value: Int64, _ digits: Int64, _ separator: Unicode.Scalar) {
            var unit: Int64 = digits == 4 ? 1000 : digits == 3 ? 100 : 10
            while unit > 0 {
                bytes.append(UInt8(0x30 + value / unit % 10))
                unit /= 10
            }
            bytes.append(UInt8(ascii: separator))
        }
        put(year, 4, "-")
        put(calendarMonth, 2, "-")
        put(day, 2, "T")
        put(inDay / 3_600_000, 2, ":")
        put(inDay / 60_000 % 60, 2, ":")
        put(inDay / 1000 % 60, 2, ".")
        put(inDay % 1000, 3, "Z")
    }
}
