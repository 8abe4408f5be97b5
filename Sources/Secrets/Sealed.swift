import CCrypto

/// Encrypts what leaves the process for a shared store (`state.md` §12): `v1.<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`,
/// AES-256-GCM, bound to a context, so that a value cannot be moved to another key.
package struct Sealer: Sendable {
    private let keys: [(id: String, key: [UInt8])]

    /// The first key writes, all keys read. Keys of any length are accepted and digested to 256 bits; `nil` when there is none.
    package init?(keys: [Secret]) {
        guard !keys.isEmpty else { return nil }
        self.keys = keys.map { secret in
            let key = Digest.hmac(Array("causeway sealing key v1".utf8), key: secret)
            return (Digest.hex(Digest.sha256(key).prefix(4)), key)
        }
    }

    /// A digest that only who holds the first key can make.
    package func digest(_ data: [UInt8]) -> [UInt8] {
        Digest.hmac(data, key: Secret(bytes: (keys.first?.key ?? []) + Array("causeway naming key v1".utf8)))
    }

    package func seal(_ data: [UInt8], context: String) -> [UInt8]? {
        let nonce = Random.bytes(12)
        guard nonce.count == 12, let (id, key) = keys.first else { return nil }
        let context = Array(context.utf8)
        var tag = [UInt8](repeating: 0, count: 16)
        var ciphertext = [UInt8](repeating: 0, count: data.count)
        guard ccrypto_seal(key, nonce, context, context.count, data, data.count, &ciphertext, &tag) == 1 else { return nil }
        return Array("v1.\(id).".utf8) + Base64.encode(nonce + ciphertext + tag, .url)
    }

    /// The data, or `nil` when the value was not sealed by one of the keys for this very context.
    package func open(_ value: [UInt8], context: String) -> [UInt8]? {
        let parts = value.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual("v1".utf8),
            let (_, key) = keys.first(where: { parts[1].elementsEqual($0.id.utf8) }),
            let box = Base64.decode(parts[2], .url), box.count >= 28
        else { return nil }
        let context = Array(context.utf8)
        let ciphertext = Array(box[12..<(box.count - 16)])
        var data = [UInt8](repeating: 0, count: ciphertext.count)
        let done = ccrypto_open(
            key, Array(box[..<12]), context, context.count, ciphertext, ciphertext.count, Array(box.suffix(16)), &data)
        return done == 1 ? data : nil
    }
}
