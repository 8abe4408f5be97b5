import Secrets
package import Settings

/// `caller.certificate`: mutual TLS, 3.0.0. The web server verifies the certificate and hands it on; this says whose it must be.
package final class CallerCertificateSettings: SettingsGroup {
    package enum Mode: String, CaseIterable, Sendable {
        case off
        /// Looked at when it is shown; for the time of a switch-over.
        case optional
        case required
    }

    package let mode: Mode
    package let authorityFiles: [String]
    package let subjects: [String]
    package let fingerprints: [String]
    /// The authorities' certificates in PEM, one text for each file.
    let authorities: [[UInt8]]
    /// The fingerprints' octets.
    let digests: [[UInt8]]

    package init(from reader: SettingsReader) {
        mode = reader.value("mode", .choice(), default: .required,
            "`off`; `optional`: a certificate that is shown must fit, and none may be shown while both sides are being switched over; `required`.")
        authorityFiles = reader.value("authorityFiles", .paths, default: [],
            "PEM files of authorities, one of which must have issued it; two while one replaces the other.")
        subjects = reader.value("subjects", .texts, default: [],
            "Whose it may be: subjects as RFC 2253 writes them, `CN=cxone,O=Acme`, or alternative names, `DNS:cxone.acme.example`.")
        fingerprints = reader.value("fingerprints", .texts, default: [],
            "SHA-256 of certificates that may be shown, in hex, with colons or without: `openssl x509 -noout -fingerprint -sha256`.")
        digests = fingerprints.compactMap(Self.digest)
        var authorities: [[UInt8]] = []
        if !reader.isDescribing {
            for file in authorityFiles {
                if let pem = FileBytes.read(file), Certificate(pem) != nil { authorities.append(pem) } else {
                    reader.problem("names \(file), which holds no certificate that can be read", at: "authorityFiles")
                }
            }
        }
        self.authorities = authorities
        guard !reader.isDescribing else { return }
        if digests.count != fingerprints.count {
            reader.problem("must be SHA-256 fingerprints, 64 hex digits each; 40 digits are SHA-1, which is not enough", at: "fingerprints")
        }
        if subjects.contains(where: { !$0.contains("=") && !$0.hasPrefix("DNS:") || $0 == "DNS:" }) {
            reader.problem("must look like \"CN=cxone,O=Acme\" or \"DNS:cxone.acme.example\"", at: "subjects")
        }
        if mode != .off, authorityFiles.isEmpty, subjects.isEmpty, fingerprints.isEmpty {
            reader.problem("names nothing to hold the certificate against; add \"authorityFiles\", \"subjects\" or \"fingerprints\"")
        }
    }

    private static func digest(_ text: String) -> [UInt8]? {
        let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }
        guard digits.count == 64 else { return nil }
        var octets: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard digits[index...(index + 1)].allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let octet = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }
}

/// Holds a certificate that the web server has verified against the settings' pins: each kind of pin that is named must fit by one of its values.
struct CertificateCheck: Sendable {
    enum Finding: Equatable {
        case fits
        case absent
        /// Not what is pinned, and why.
        case refused(String)
    }

    private let settings: CallerCertificateSettings

    init(_ settings: CallerCertificateSettings) { self.settings = settings }

    var isRequired: Bool { settings.mode == .required }

    /// - Parameters:
    ///   - text: What the server vouches for (`Front.clientCertificate`), never a header field.
    ///   - now: Seconds since 1970.
    func finding(_ text: String?, now: Int64) -> Finding {
        guard let text, !text.isEmpty else { return .absent }
        guard let certificate = Certificate(Array(text.utf8)) else { return .refused("certificateUnreadable") }
        // The server looked too, but its clock, or a process that outlives the connection, may differ.
        guard certificate.begin <= now else { return .refused("certificateNotYetValid") }
        guard now < certificate.end else { return .refused("certificateExpired") }
        if !settings.digests.isEmpty {
            let fingerprint = certificate.fingerprint
            var isPinned = false
            for digest in settings.digests where Digest.equal(digest, fingerprint) { isPinned = true }
            guard isPinned else { return .refused("certificateFingerprint") }
        }
        if !settings.subjects.isEmpty, !settings.subjects.contains(where: { isSubject($0, certificate) }) { return .refused("certificateSubject") }
        if !settings.authorityFiles.isEmpty, !settings.authorities.contains(where: { certificate.isIssued(by: $0, at: now) }) {
            return .refused("certificateAuthority")
        }
        return .fits
    }

    private func isSubject(_ pin: String, _ certificate: Certificate) -> Bool {
        if pin.hasPrefix("DNS:") { return certificate.hasName(String(pin.dropFirst(4))) }
        return isSame(Self.folded(pin), Self.folded(certificate.subject))
    }

    /// Without the spaces that some tools put behind the commas between parts.
    private static func folded(_ subject: String) -> String {
        var out: [UInt8] = []
        var isBehindComma = true
        var isEscaped = false
        for octet in subject.utf8 {
            if isBehindComma, octet == UInt8(ascii: " ") { continue }
            isBehindComma = octet == UInt8(ascii: ",") && !isEscaped
            isEscaped = octet == UInt8(ascii: "\\") && !isEscaped
            out.append(octet)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
