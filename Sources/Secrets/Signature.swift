import CCrypto

/// How a JSON Web Token is signed (RFC 7518 §3.1): the ones with a public key only, so that nobody can take a public key for a shared one.
package enum SignatureAlgorithm: String, CaseIterable, Sendable {
    case rs256 = "RS256", rs384 = "RS384", rs512 = "RS512", ps256 = "PS256", es256 = "ES256", es384 = "ES384"

    fileprivate var code: Int32 {
        switch self {
        case .rs256: Int32(CCRYPTO_RS256)
        case .rs384: Int32(CCRYPTO_RS384)
        case .rs512: Int32(CCRYPTO_RS512)
        case .ps256: Int32(CCRYPTO_PS256)
        case .es256: Int32(CCRYPTO_ES256)
        case .es384: Int32(CCRYPTO_ES384)
        }
    }
}

/// A key of RSA or of the curves P-256 and P-384 that checks signatures; with its private part it makes them too. Thread-safe.
package final class SignatureKey: @unchecked Sendable {
    // @unchecked: libcrypto counts references to a key atomically, and nothing changes it once it is made.
    private let key: UnsafeMutableRawPointer
    package let kind: Kind
    package let isPrivate: Bool

    package enum Kind: Sendable, Equatable { case rsa, p256, p384 }

    /// Bits of an RSA modulus: fewer can be factored, and more cost a caller nothing but us a lot.
    private static let bits = 2048...8192
    /// Octets of any part, and of a signature.
    private static let room = 1024

    private init?(_ key: UnsafeMutableRawPointer?, isPrivate: Bool) {
        guard let key else { return nil }
        var bits: Int32 = 0
        let code = ccrypto_key_kind(key, &bits)
        let kind: Kind? = switch Int(code) {
        case CCRYPTO_RSA where Self.bits.contains(Int(bits)): .rsa
        case CCRYPTO_P256: .p256
        case CCRYPTO_P384: .p384
        default: nil
        }
        guard let kind else {
            ccrypto_key_free(key)
            return nil
        }
        self.key = key
        self.kind = kind
        self.isPrivate = isPrivate
    }

    deinit { ccrypto_key_free(key) }

    /// - Parameters:
    ///   - modulus: Big-endian, 2048 to 8192 bits.
    ///   - exponent: Odd, at most 64 bits.
    package convenience init?(modulus: [UInt8], exponent: [UInt8]) {
        self.init(ccrypto_key_rsa(modulus, modulus.count, exponent, exponent.count), isPrivate: false)
    }

    /// A point of the curve; both parts have the curve's full width.
    package convenience init?(_ kind: Kind, x: [UInt8], y: [UInt8]) {
        let code: Int32 = switch kind {
        case .rsa: 0
        case .p256: Int32(CCRYPTO_P256)
        case .p384: Int32(CCRYPTO_P384)
        }
        self.init(ccrypto_key_ec(code, x, x.count, y, y.count), isPrivate: false)
    }

    /// The public key in PEM, or that of a certificate.
    package convenience init?(publicPEM pem: [UInt8]) { self.init(ccrypto_key_public_pem(pem, pem.count), isPrivate: false) }

    /// The private key in PEM, without a password.
    package convenience init?(privatePEM pem: Secret) {
        let pem = pem.reveal()
        self.init(ccrypto_key_private_pem(pem, pem.count), isPrivate: true)
    }

    /// The public parts: modulus and exponent, or x and y at full width.
    package var parts: (first: [UInt8], second: [UInt8])? {
        var first = [UInt8](repeating: 0, count: Self.room)
        var second = first
        var counts = (0, 0)
        guard ccrypto_key_parts(key, &first, &counts.0, &second, &counts.1) == 1 else { return nil }
        return (Array(first.prefix(counts.0)), Array(second.prefix(counts.1)))
    }

    /// What the key signs with unless told otherwise.
    package var algorithm: SignatureAlgorithm {
        switch kind {
        case .rsa: .rs256
        case .p256: .es256
        case .p384: .es384
        }
    }

    /// Whether the signature is this key's. False too for an algorithm of another kind of key.
    package func verifies(_ signature: [UInt8], of data: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        signature.count <= Self.room && ccrypto_verify(key, algorithm.code, data, data.count, signature, signature.count) == 1
    }

    /// As RFC 7518 §3 writes signatures; `nil` without the private part.
    package func signature(of data: [UInt8], by algorithm: SignatureAlgorithm) -> [UInt8]? {
        guard isPrivate else { return nil }
        var signature = [UInt8](repeating: 0, count: Self.room)
        var count = 0
        guard ccrypto_sign(key, algorithm.code, data, data.count, &signature, &count) == 1 else { return nil }
        return Array(signature.prefix(count))
    }
}
