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
