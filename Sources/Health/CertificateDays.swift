/// How near a certificate's end is: the one calculation behind `health`, `causeway certs` and `causeway doctor` (B30).
package enum CertificateDays {
    /// Days before the end from which on it is mentioned, each louder than the one before.
    package static let thresholds = [60, 30, 14, 7, 2]

    /// Whole days left, negative behind the end. Both in seconds since 1970.
    package static func left(until end: Int64, now: Int64) -> Int {
        let rest = end - now
        return Int(rest >= 0 ? rest / 86_400 : (rest - 86_399) / 86_400)
    }

    /// The lowest threshold that was reached; `nil` while there is time.
    package static func threshold(_ days: Int) -> Int? { thresholds.last { days <= $0 } }
}
