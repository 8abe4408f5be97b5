import CTrust
import Health
package import Secrets

/// What stands in one X.509 certificate.
package struct CertificateFacts: Sendable {
    /// Seconds since 1970.
    package let begins: Int64
    package let ends: Int64
    package let subject: String
    package let issuer: String
    /// `DNS:a.example`, `IP:192.0.2.1`.
    package let names: [String]
    /// `RSA`, `EC prime256v1` …
    package let keyKind: String
    package let keyBits: Int
    package let isAuthority: Bool
    package let isSelfIssued: Bool
    package let isForServers: Bool
    package let isForClients: Bool
    package let isWeaklySigned: Bool
    /// SHA-256 in lower-case hex: of the certificate, and of its public key.
    package let fingerprint: String
    package let keyFingerprint: String

    /// Whole days left, negative behind the end.
    package func daysLeft(now: Int64) -> Int { CertificateDays.left(until: ends, now: now) }

    /// The certificates of a PEM text in their order; `nil` when it is damaged. Other blocks are passed over.
    package static func all(in pem: [UInt8]) -> [CertificateFacts]? {
        var found: [CertificateFacts] = []
        while true {
            var raw = ctrust_certificate()
            let result = pem.withUnsafeBytes { ctrust_certificate($0.baseAddress?.assumingMemoryBound(to: CChar.self), pem.count, found.count, &raw) }
            guard result == 1 else { return result == 0 ? found : nil }
            found.append(CertificateFacts(taking: raw))
        }
    }

    private init(taking raw: ctrust_certificate) {
        begins = raw.begins
        ends = raw.ends
        subject = CText.taken(raw.subject) ?? ""
        issuer = CText.taken(raw.issuer) ?? ""
        names = (CText.taken(raw.names) ?? "").split(separator: "\n").map(String.init)
        keyKind = CText.taken(raw.key_kind) ?? ""
        keyBits = Int(raw.key_bits)
        isAuthority = raw.is_authority != 0
        isSelfIssued = raw.is_self_issued != 0
        isForServers = raw.is_for_servers != 0
        isForClients = raw.is_for_clients != 0
        isWeaklySigned = raw.is_weakly_signed != 0
        fingerprint = CText.taken(raw.fingerprint) ?? ""
        keyFingerprint = CText.taken(raw.key_fingerprint) ?? ""
    }
}

/// The private key in a PEM text.
package struct PrivateKey: Sendable {
    package enum State: Sendable, Equatable {
        case good
        /// No block of a private key.
        case absent
        case needsPassword, wrongPassword, damaged
    }

    package let state: State
    package let isEncrypted: Bool
    package let kind: String
    package let bits: Int
    /// SHA-256 of the public key, as a certificate has it.
    package let fingerprint: String

    package init(pem: [UInt8], password: Secret?) {
        var raw = ctrust_key()
        let result = pem.withUnsafeBytes { pem in
            ctrust_key(pem.baseAddress?.assumingMemoryBound(to: CChar.self), pem.count, password?.revealText(), &raw)
        }
        state = switch result {
        case ctrust_key_good: .good
        case ctrust_key_absent: .absent
        case ctrust_key_needs_password: .needsPassword
        case ctrust_key_wrong_password: .wrongPassword
        default: .damaged
        }
        isEncrypted = raw.is_encrypted != 0
        kind = CText.taken(raw.kind) ?? ""
        bits = Int(raw.bits)
        fingerprint = CText.taken(raw.fingerprint) ?? ""
    }
}

/// Texts that C made for us.
enum CText {
    /// The text, which is released.
    static func taken(_ pointer: UnsafeMutablePointer<CChar>?) -> String? {
        guard let pointer else { return nil }
        defer { ctrust_free(pointer) }
        return String(cString: pointer)
    }
}
