import CCrypto

/// SHA-256 and HMAC-SHA-256 (RFC 2104), by OpenSSL's libcrypto.
package enum Digest {
    package static func sha256(_ data: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { out, count in
            count = out.baseAddress.map { ccrypto_sha256(data, data.count, $0) } == 1 ? 32 : 0
        }
    }

    package static func hmac(_ data: [UInt8], key: Secret) -> [UInt8] {
        let key = key.reveal()
        return [UInt8](unsafeUninitializedCapacity: 32) { out, count in
            count = out.baseAddress.map { ccrypto_hmac_sha256(key, key.count, data, data.count, $0) } == 1 ? 32 : 0
        }
    }

    /// Constant-time for equal lengths, which digests have; false for different or empty ones.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        !left.isEmpty && left.count == right.count && ccrypto_equal(left, right, left.count) == 1
    }

    package static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// Unpredictable octets from the operating system.
package enum Random {
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { out, filled in
            filled = out.baseAddress.map { ccrypto_random($0, count) } == 1 ? count : 0
        }
    }
}
