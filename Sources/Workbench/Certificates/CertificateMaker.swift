import CTrust
import Glibc
package import Secrets

/// Makes an authority of our own, and certificates that it signs, in the shapes that CXone's forms and web servers take (B22, B26–B28, V85).
package struct CertificateMaker: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case authority, server, client }
    /// ECDSA on P-256 is fast and short. RSA is for callers that offer DHE-RSA or ECDHE-RSA suites only.
    package enum Algorithm: String, Sendable, CaseIterable { case ecdsa, rsa }

    package struct Wish: Sendable {
        package var kind: Kind
        package var name: String
        package var organization: String?
        /// Host names and addresses of a server.
        package var hosts: [String] = []
        package var algorithm = Algorithm.ecdsa
        package var days = 397
        package var password: Secret?
        /// The PEM form of before PKCS#8, for a form that takes no other.
        package var isOlderForm = false

        package init(_ kind: Kind, name: String) { (self.kind, self.name) = (kind, name) }
    }

    package struct Made: Sendable {
        package let certificate: String
        package let key: Secret
    }

    package struct Issuer: Sendable {
        package let certificate: String
        package let key: Secret
        package let password: Secret?

        package init(certificate: String, key: Secret, password: Secret?) { (self.certificate, self.key, self.password) = (certificate, key, password) }
    }

    /// - Parameters:
    ///   - issuer: Who signs; the certificate itself when `nil`.
    ///   - now: Seconds since 1970. It is valid from an hour before, for clocks that are slow.
    package static func make(_ wish: Wish, issuer: Issuer?, now: Int64) throws(SystemFailure) -> Made {
        guard !wish.name.isEmpty, wish.name.utf8.count <= 64 else { throw SystemFailure(saying: "the name must have 1 to 64 characters") }
        for host in wish.hosts where !isHost(host) { throw SystemFailure(saying: "\(host) is neither a host name nor an address") }
        let alternatives = wish.hosts.map { ($0.contains(":") || isAddress($0) ? "IP:" : "DNS:") + $0 }.joined(separator: ",")
        var certificate: UnsafeMutablePointer<CChar>?
        var key: UnsafeMutablePointer<CChar>?
        let texts: [String?] = [
            wish.name, wish.organization, alternatives.isEmpty ? nil : alternatives, wish.password?.revealText(), issuer?.certificate,
            issuer?.key.revealText(), issuer?.password?.revealText(),
        ]
        // The copies hold secrets, so they are wiped before they are given back.
        let copies = texts.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { if let copy { explicit_bzero(copy, strlen(copy)); free(copy) } } }
        var raw = ctrust_wish(
            common_name: copies[0], organization: copies[1], names: copies[2], kind: wish.kind == .authority ? 0 : wish.kind == .server ? 1 : 2,
            rsa_bits: wish.algorithm == .rsa ? (wish.kind == .authority ? 3072 : 2048) : 0, begins: now - 3600,
            ends: now + Int64(wish.days) * 86_400, password: copies[3], is_older_form: wish.isOlderForm ? 1 : 0, issuer: copies[4],
            issuer_key: copies[5], issuer_password: copies[6])
        let isMade = ctrust_make(&raw, &certificate, &key) == 1
        let (text, secret) = (CText.taken(certificate), CText.taken(key).map { Secret($0) })
        guard isMade, let text, let secret else {
            throw SystemFailure(saying: issuer == nil ? "OpenSSL made no certificate"
                : "OpenSSL made no certificate: does the authority's key belong to it, and is its password right?")
        }
        return Made(certificate: text, key: secret)
    }

    /// A name of letters, digits, `-`, `.` and a leading `*.`, or an address. Nothing that OpenSSL's notation could read otherwise.
    private static func isHost(_ text: String) -> Bool {
        if isAddress(text) || text.contains(":") { return text.utf8.allSatisfy { $0 == 0x3A || $0 == 0x2E || ($0 as UInt8).isHexDigit } }
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        return !name.isEmpty && name.utf8.count <= 253 && name.utf8.allSatisfy { octet in
            (0x61...0x7A).contains(octet) || (0x41...0x5A).contains(octet) || (0x30...0x39).contains(octet) || octet == 0x2D || octet == 0x2E
        }
    }

    private static func isAddress(_ text: String) -> Bool { text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E } }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
}
