import Time

package enum CertificateDate {
    /// `2027-03-04`, in UTC, of seconds since 1970.
    package static func text(_ seconds: Int64) -> String { String(Timestamp.text(seconds.multipliedReportingOverflow(by: 1000).partialValue).prefix(10)) }

    /// Seconds since 1970 of an HTTP date, `Sat, 21 Nov 2026 16:48:19 GMT` (RFC 9110 §5.6.7); `nil` for anything else.
    package static func seconds(http text: String) -> Int64? {
        let parts = text.split(separator: " ").map(String.init)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]) else { return nil }
        let number = month + 1
        return Timestamp.epochMilliseconds("\(parts[3])-\(number < 10 ? "0" : "")\(number)-\(parts[1])T\(parts[4])Z").map { $0 / 1000 }
    }
}
