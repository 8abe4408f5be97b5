import CCrypto
import Secrets
import Testing

@Suite struct DigestTests {
    @Test("SHA-256 of FIPS 180-4's examples", arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func sha256(_ text: String, _ digest: String) {
        #expect(Digest.hex(Digest.sha256(Array(text.utf8))) == digest)
    }

    @Test("HMAC-SHA-256 of RFC 4231, test cases 1–4, 6 and 7", arguments: [
        (Array(repeating: 0x0b, count: 20), Array("Hi There".utf8), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (Array("Jefe".utf8), Array("what do ya want for nothing?".utf8), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (Array(repeating: 0xaa, count: 20), Array(repeating: 0xdd, count: 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (Array(0x01...0x19), Array(repeating: 0xcd, count: 50), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (Array(repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (Array(repeating: 0xaa, count: 131),
            Array("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.".utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ] as [([UInt8], [UInt8], String)])
    func hmac(_ key: [UInt8], _ data: [UInt8], _ digest: String) {
        #expect(Digest.hex(Digest.hmac(data, key: Secret(bytes: key))) == digest)
    }

    @Test("Digests are equal when every octet is, and an empty one equals nothing")
    func equal() {
        #expect(Digest.equal([1, 2, 3], [1, 2, 3]))
        #expect(!Digest.equal([1, 2, 3], [1, 2, 4]))
        #expect(!Digest.equal([0, 2, 3], [1, 2, 3]))
        #expect(!Digest.equal([1, 2], [1, 2, 3]))
        #expect(!Digest.equal([], []))
    }

    @Test("Random octets come in the number asked for and never twice")
    func random() {
        #expect(Random.bytes(0).isEmpty)
        #expect(Random.bytes(33).count == 33)
        #expect(Set((0..<1000).map { _ in Random.bytes(16) }).count == 1000)
        // Each of 80,000 bits is one about as often as zero: six standard deviations are 850.
        let ones = Random.bytes(10_000).reduce(0) { $0 + $1.nonzeroBitCount }
        #expect((39_150...40_850).contains(ones))
    }
}

@Suite struct SealerTests {
    private let old = Secret("an old key of some length")
    private let new = Secret("a new key of some length")

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap { $0.hexDigitValue.map { UInt8($0) } }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test("AES-256-GCM of the GCM specification, test cases 13, 14 and 16", arguments: [
        (String(repeating: "0", count: 64), "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (String(repeating: "0", count: 64), "000000000000000000000000", "", "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
        ("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b"),
    ])
    func vectors(_ key: String, _ nonce: String, _ context: String, _ plain: String, _ cipher: String, _ tag: String) {
        let (key, nonce, context, plain) = (bytes(key), bytes(nonce), bytes(context), bytes(plain))
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var made = [UInt8](repeating: 0, count: 16)
        #expect(ccrypto_seal(key, nonce, context, context.count, plain, plain.count, &sealed, &made) == 1)
        #expect(Digest.hex(sealed) == cipher)
        #expect(Digest.hex(made) == tag)
        var opened = [UInt8](repeating: 0, count: plain.count)
        #expect(ccrypto_open(key, nonce, context, context.count, sealed, sealed.count, made, &opened) == 1)
        #expect(opened == plain)
    }

    @Test("A value of an earlier release still opens")
    func fixedBox() {
        let value = "v1.044d9286.AAECAwQFBgcICQoLeY6nhVUBE8uVGkL72r8p-o3wDRS-xvNHBkribQ"
        #expect(Sealer(keys: [old])?.open(Array(value.utf8), context: "tests/fixed") == Array("a fixed text".utf8))
    }

    @Test("What was sealed opens for the same context only, and twice the same text never looks the same")
    func context() throws {
        let sealer = try #require(Sealer(keys: [old]))
        for plain in [[], [0], Array("text".utf8), Array(repeating: 0xFF, count: 70_000)] as [[UInt8]] {
            let box = try #require(sealer.seal(plain, context: "a/b/c"))
            let isSame = sealer.open(box, context: "a/b/c") == plain
            #expect(isSame)
            #expect(sealer.open(box, context: "a/b/d") == nil)
            #expect(sealer.seal(plain, context: "a/b/c") != box)
            #expect(plain.count < 4 || !box.contains(plain))
        }
    }

    @Test("Keys rotate: the first seals, all open, a removed one opens no more")
    func rotation() throws {
        let before = try #require(Sealer(keys: [old]))
        let during = try #require(Sealer(keys: [new, old]))
        let after = try #require(Sealer(keys: [new]))
        let sealedBefore = try #require(before.seal([1], context: "c"))
        let sealedDuring = try #require(during.seal([2], context: "c"))
        #expect(during.open(sealedBefore, context: "c") == [1])
        #expect(after.open(sealedDuring, context: "c") == [2])
        #expect(after.open(sealedBefore, context: "c") == nil)
        #expect(before.open(sealedDuring, context: "c") == nil)
        #expect(Sealer(keys: []) == nil)
    }

    @Test("Every changed, missing or added octet is noticed")
    func tampering() throws {
        let sealer = try #require(Sealer(keys: [old]))
        let box = try #require(sealer.seal(Array("a text".utf8), context: "c"))
        for index in box.indices {
            for change in [box[index] ^ 1, box[index] ^ 0x20, 0, UInt8(ascii: ".")] where change != box[index] {
                var changed = box
                changed[index] = change
                #expect(sealer.open(changed, context: "c") == nil, "octet \(index)")
            }
            #expect(sealer.open(Array(box[..<index]), context: "c") == nil)
        }
        #expect(sealer.open(box + [65], context: "c") == nil)
        for text in ["", ".", "..", "v1..", "v2" + String(decoding: box.dropFirst(2), as: UTF8.self)] {
            #expect(sealer.open(Array(text.utf8), context: "c") == nil)
        }
    }
}
