/// Points of the wall clock as text: RFC 3339, the profile of ISO 8601 that APIs write. In code they are milliseconds since 1970.
package enum Timestamp {
    /// `2026-03-04T09:15:27.481+00:00`: milliseconds and an offset, as CXone wants them (`byoc.md` §13). Years beyond 1970…9999 are cut to these.
    package static func text(_ epochMilliseconds: Int64) -> String {
        let moment = min(max(0, epochMilliseconds), 253_402_300_799_999)
        let (days, rest) = moment.quotientAndRemainder(dividingBy: 86_400_000)
        // Civil from days, years beginning in March.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fifth = (5 * dayOfYear + 2) / 153
        let month = fifth < 10 ? fifth + 3 : fifth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        var octets: [UInt8] = []
        octets.reserveCapacity(29)
        func append(_ number: Int64, _ digits: Int, _ behind: StaticString) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                octets.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
            behind.withUTF8Buffer { octets.append(contentsOf: $0) }
        }
        append(year, 4, "-")
        append(month, 2, "-")
        append(dayOfYear - (153 * fifth + 2) / 5 + 1, 2, "T")
        append(rest / 3_600_000, 2, ":")
        append(rest / 60_000 % 60, 2, ":")
        append(rest / 1000 % 60, 2, ".")
        append(rest % 1000, 3, "+00:00")
        return String(decoding: octets, as: UTF8.self)
    }

    package static func text(_ epochMilliseconds: Int) -> String { text(Int64(epochMilliseconds)) }

    /// Reads RFC 3339 with any offset, with or without a fraction: `2026-11-20T20:00:00.123Z`, `…+02:00`, and `+0200` as some write it.
    /// `nil` for anything else.
    package static func epochMilliseconds(_ text: String) -> Int64? {
        let octets = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            guard start >= 0, start + count <= octets.count else { return nil }
            var value: Int64 = 0
            for octet in octets[start..<(start + count)] {
                guard (0x30...0x39).contains(octet) else { return nil }
                value = value * 10 + Int64(octet - 0x30)
            }
            return value
        }
        func holds(_ offset: Int, _ scalar: Unicode.Scalar) -> Bool { offset < octets.count && octets[offset] | 0x20 == UInt8(ascii: scalar) | 0x20 }
        guard let year = number(0, 4), holds(4, "-"), let month = number(5, 2), holds(7, "-"), let day = number(8, 2),
            holds(10, "T") || octets.count > 10 && octets[10] == 0x20, let hour = number(11, 2), holds(13, ":"), let minute = number(14, 2), holds(16, ":"),
            let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var offset = 19
        var milliseconds: Int64 = 0
        if holds(offset, ".") {
            let digits = octets[(offset + 1)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            guard !digits.isEmpty else { return nil }
            offset += 1 + digits.count
            for place in 0..<3 { milliseconds = milliseconds * 10 + (place < digits.count ? Int64(digits[digits.startIndex + place] - 0x30) : 0) }
        }
        guard let zone = zone(octets[offset...], number: number, offset: offset) else { return nil }
        // Days from civil, years beginning in March.
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return (((days * 24 + hour) * 60 + minute - zone) * 60 + second) * 1000 + milliseconds
    }

    /// Minutes east of UTC.
    private static func zone(_ octets: ArraySlice<UInt8>, number: (Int, Int) -> Int64?, offset: Int) -> Int64? {
        guard let sign = octets.first else { return nil }
        if octets.count == 1, sign | 0x20 == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(offset + 1, 2) else { return nil }
        let minutes: Int64?
        switch octets.count {
        case 5: minutes = number(offset + 3, 2)
        case 6 where octets[offset + 3] == UInt8(ascii: ":"): minutes = number(offset + 4, 2)
        default: return nil
        }
        guard let minutes, hours < 24, minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
}
