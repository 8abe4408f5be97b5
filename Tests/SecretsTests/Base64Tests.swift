import Secrets
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("RFC 4648 §10", arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func vectors(plain: String, coded: String) {
        #expect(Base64.encodeText(plain.utf8) == coded)
        #expect(Base64.decode(coded.utf8) == Array(plain.utf8))
        let unpadded = coded.prefix { $0 != "=" }
        #expect(Base64.encodeText(plain.utf8, .url) == unpadded)
        #expect(Base64.decode(unpadded.utf8, .url) == Array(plain.utf8))
    }

    @Test("Nothing else is taken: padding, symbols, white space, and bits that no octet takes", arguments: [
        "Z", "Zg", "Zg=", "Zg===", "====", "=", "A===", "Zh==", "Zm9=", "Zm9v=", "Zm9v ", "Zm9v\n===", "Zm-_", "Zm9vZg==Zg==", "Zm9vé", "Z=g=",
    ])
    func refuses(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test("Every octet at every place survives both alphabets")
    func roundTrips() {
        for count in 0..<70 {
            for seed in 0..<256 {
                let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ seed) }
                #expect(Base64.decode(Base64.encode(octets)) == octets)
                #expect(Base64.decode(Base64.encode(octets, .url)[...], .url) == octets)
            }
        }
    }
}
