import Health
package import JSON
import Settings

/// One certificate in use: where it was found and how long it is good.
package struct WatchedCertificate: Sendable {
    /// The setting that names it.
    package let place: String
    /// File, or host and port.
    package let source: String
    package let subject: String
    /// Seconds since 1970; `nil` when it could not be read or reached.
    package let ends: Int64?
    package let days: Int?
    /// Why it could not.
    package let problem: String?

    package var level: CertificateLevel { days.map(CertificateLevel.init(days:)) ?? .unknown }
}

/// How urgent a certificate is; the number is the exit status of `causeway certs check` (B30).
package enum CertificateLevel: Int, Sendable, CaseIterable, Comparable {
    case good = 0
    case within60 = 10
    case within30 = 11
    case within14 = 12
    case within7 = 13
    case within2 = 14
    case ended = 15
    /// Cannot be read or reached: nobody knows.
    case unknown = 16

    package init(days: Int) {
        guard days >= 0 else {
            self = .ended
            return
        }
        self = switch CertificateDays.threshold(days) {
        case 60: .within60
        case 30: .within30
        case 14: .within14
        case 7: .within7
        case nil: .good
        default: .within2
        }
    }

    package var mark: String { self == .good ? "✓" : self < .within2 ? "!" : "✗" }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Every certificate that these settings use, files and remote ends.
package enum CertificateWatch {
    /// The certificates of one PEM file, each on its own: a chain ends with its earliest.
    package static func file(_ path: String, place: String, now: Int64) -> [WatchedCertificate] {
        func failure(_ text: String) -> [WatchedCertificate] {
            [WatchedCertificate(place: place, source: path, subject: "", ends: nil, days: nil, problem: text)]
        }
        guard let pem = FileBytes.read(path) else { return failure("the file cannot be read") }
        guard let found = CertificateFacts.all(in: pem) else { return failure("a certificate in the file is damaged") }
        guard !found.isEmpty else { return failure("the file holds no certificate") }
        return found.map { WatchedCertificate($0, place: place, source: path, now: now) }
    }

    /// What a remote end shows: every certificate that it sends.
    package static func remote(_ end: RemoteEnd, now: Int64, shake: (Handshake.Wish) -> Handshake, resolve: (String) -> [[UInt8]]) -> [WatchedCertificate] {
        func failure(_ text: String) -> [WatchedCertificate] {
            [WatchedCertificate(place: end.place, source: end.name, subject: "", ends: nil, days: nil, problem: text)]
        }
        guard let address = resolve(end.host).first else { return failure("the name leads nowhere") }
        let seen = shake(.init(name: end.isAddress ? nil : end.host, address: Addresses.text(address), port: end.port))
        guard let found = CertificateFacts.all(in: seen.chain), !found.isEmpty else {
            return failure(seen.reason.isEmpty ? "it showed no certificate" : seen.reason)
        }
        return found.map { WatchedCertificate($0, place: end.place, source: end.name, now: now) }
    }

    package static func table(_ certificates: [WatchedCertificate]) -> String {
        certificates.map { certificate in
            let end = certificate.ends.map { String(CertificateDate.text($0)) } ?? "–"
            let days = certificate.days.map { $0 < 0 ? "ended \(-$0) days ago" : "\($0) days" } ?? certificate.problem ?? "unknown"
            return "\(certificate.level.mark) \(end)  \(days)  \(certificate.place)  \(certificate.source)"
                + (certificate.subject.isEmpty ? "" : "  \(certificate.subject)")
        }.joined(separator: "\n")
    }

    package static func json(_ certificates: [WatchedCertificate]) -> RawJSON {
        RawJSON { $0.object { json in
            json.field("exitStatus", (certificates.map(\.level).max() ?? .good).rawValue)
            json.field("certificates", array: { list in
                for certificate in certificates {
                    list.object { json in
                        json.field("setting", certificate.place)
                        json.field("source", certificate.source)
                        json.field("subject", certificate.subject)
                        json.field("ends", certificate.ends.map { CertificateDate.text($0) })
                        json.field("daysLeft", certificate.days)
                        json.field("threshold", certificate.days.flatMap(CertificateDays.threshold))
                        json.field("problem", certificate.problem)
                    }
                }
            })
        } }
    }

    /// For Prometheus's collector of text files.
    package static func metrics(_ certificates: [WatchedCertificate]) -> String {
        func label(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") }
        let lines = certificates.map { certificate in
            let labels = "setting=\"\(label(certificate.place))\",source=\"\(label(certificate.source))\",subject=\"\(label(certificate.subject))\""
            return "causeway_certificate_days_left{\(labels)} \(certificate.days.map { "\($0)" } ?? "NaN")"
        }
        return "# HELP causeway_certificate_days_left Whole days until a certificate ends, negative behind its end, NaN when it cannot be read.\n"
            + "# TYPE causeway_certificate_days_left gauge\n" + lines.map { $0 + "\n" }.joined()
    }
}

extension WatchedCertificate {
    init(_ certificate: CertificateFacts, place: String, source: String, now: Int64) {
        self.init(
            place: place, source: source, subject: certificate.subject, ends: certificate.ends, days: certificate.daysLeft(now: now), problem: nil)
    }
}
