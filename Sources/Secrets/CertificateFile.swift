import CCrypto

/// Certificates in PEM files.
package enum CertificateFile {
    /// The earliest end of those in a file, in seconds since 1970; `nil` when it holds none or cannot be read.
    @Sendable package static func expiry(_ path: String) -> Int64? {
        var seconds: Int64 = 0
        return ccrypto_certificate_expiry(path, &seconds) == 1 ? seconds : nil
    }
}
