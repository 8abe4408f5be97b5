/// RFC 3339 as the Fn platform writes deadlines: `2026-11-20T20:00:00.123Z`, `…+02:00`.
package enum Timestamp {
    package static func epochMilliseconds(_ text: String) -> Int64? {
        let octets = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            guard start + count <= octets.count else { return nil }
            return Decimal.parse(octets[start..<(start + count)]).map { Int64($0) }
        }
        func holds(_ offset: Int, _ scalar: Unicode.Scalar) -> Bool { offset < octets.count && octets[offset] | 0x20 == UInt8(ascii: scalar) | 0x20 }
        guard let year = number(0, 4), holds(4, "-"), let month = number(5, 2), holds(7, "-"), let day = number(8, 2), holds(10, "T"),
            let hour = number(11, 2), holds(13, ":"), let minute = number(14, 2), holds(16, ":"), let second = number(17, 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var offset = 19
        var milliseconds: Int64 = 0
        if holds(offset, ".") {
            let digits = octets[(offset + 1)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            guard !digits.isEmpty else { return nil }
            offset += 1 + digits.count
            milliseconds = Decimal.parse((digits.prefix(3) + [0x30, 0x30, 0x30]).prefix(3)).map { Int64($0) } ?? 0
        }
        var zone: Int64 = 0
        if !holds(offset, "Z") || offset + 1 != octets.count {
            guard offset + 6 == octets.count, let hours = number(offset + 1, 2), holds(offset + 3, ":"), let minutes = number(offset + 4, 2),
                octets[offset] == UInt8(ascii: "+") || octets[offset] == UInt8(ascii: "-")
            else { return nil }
            zone = (hours * 60 + minutes) * (octets[offset] == UInt8(ascii: "-") ? -1 : 1)
        }
        // Days from civil, years beginning in March.
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return (((days * 24 + hour) * 60 + minute - zone) * 60 + second) * 1000 + milliseconds
    }
}

/// The date of RFC 9110 §5.6.7: `Fri, 20 Nov 2026 20:00:00 GMT`.
package enum HTTPDate {
    package static func append(_ epochMilliseconds: Int64, to bytes: inout [UInt8]) {
        var text: [UInt8] = []
        LogLine.appendTime(epochMilliseconds, to: &text)
        let days = max(0, epochMilliseconds) / 86_400_000
        let month = Int(text[5] - 0x30) * 10 + Int(text[6] - 0x30)
        bytes.append(contentsOf: weekdays[Int((days + 4) % 7)].utf8)
        bytes.append(contentsOf: ", ".utf8)
        bytes.append(contentsOf: text[8..<10])
        bytes.append(contentsOf: " \(months[month - 1]) ".utf8)
        bytes.append(contentsOf: text[0..<4])
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: text[11..<19])
        bytes.append(contentsOf: " GMT".utf8)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
