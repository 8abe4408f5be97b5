import CTrust

/// What is wrong with a chain of certificates, in words and with a remedy.
package enum ChainFault: Sendable, Equatable {
    case ended, notYetValid, otherName, selfSigned, unknownAuthority, incomplete, wrongPurpose, weak
    /// OpenSSL's number of anything else.
    case other(Int)

    /// Everything that is wrong with a chain, its own certificate first.
    ///
    /// - Parameters:
    ///   - authorities: PEM text of those to trust; `nil` for the system's.
    ///   - name: Host name or address that the certificate must be for; `nil` where there is none, as for clients.
    ///   - at: Seconds since 1970.
    /// - Returns: `nil` when one of the texts holds no certificate.
    package static func all(of chain: [UInt8], authorities: [UInt8]?, name: String?, isClient: Bool = false, at: Int64) -> [ChainFault]? {
        var errors = [Int32](repeating: 0, count: 16)
        let count = chain.withUnsafeBytes { chain in
            (authorities ?? []).withUnsafeBytes { trusted in
                ctrust_verify(
                    chain.baseAddress?.assumingMemoryBound(to: CChar.self), chain.count,
                    authorities == nil ? nil : trusted.baseAddress?.assumingMemoryBound(to: CChar.self), trusted.count, name, isClient ? 1 : 0, at,
                    &errors)
            }
        }
        guard count >= 0 else { return nil }
        var faults: [ChainFault] = []
        for fault in errors.prefix(Int(count)).map({ ChainFault(code: Int($0)) }) where !faults.contains(fault) { faults.append(fault) }
        // OpenSSL tells the same lack at each certificate above it.
        if faults.contains(.incomplete) { faults.removeAll { $0 == .unknownAuthority } }
        return faults
    }

    /// X509_V_ERR_… of OpenSSL.
    private init(code: Int) {
        self = switch code {
        case 9: .notYetValid
        case 10: .ended
        case 18: .selfSigned
        case 19: .unknownAuthority
        case 2, 20, 21: .incomplete
        case 26: .wrongPurpose
        case 62, 63, 64: .otherName
        case 66, 67, 68: .weak
        default: .other(code)
        }
    }

    package var words: String {
        switch self {
        case .ended: "a certificate of the chain has ended"
        case .notYetValid: "a certificate of the chain is not valid yet"
        case .otherName: "it is for another name"
        case .selfSigned: "it signs itself, and nobody knows it"
        case .unknownAuthority: "its authority is not trusted"
        case .incomplete: "the chain is incomplete: an intermediate certificate is missing, or its authority is not trusted"
        case .wrongPurpose: "it is not made for this purpose"
        case .weak: "its key or signature is too weak"
        case .other(let code): "OpenSSL refuses it (verify error \(code))"
        }
    }
}
