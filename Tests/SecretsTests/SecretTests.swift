import Secrets
import Testing
import Time

@Suite struct SecretTests {
    private struct Holder { let name = "name"; let secret: Secret; let list: [Secret]; let maybe: Secret? }

    private static let text = "canary-d41d8cd98f00"
    private let secret = Secret(SecretTests.text)

    /// The canary in every form in which it may show: as text, hex, base64, decimal octets.
    private func shows(_ output: String) -> Bool {
        let octets = Array(Self.text.utf8)
        return [
            Self.text, Digest.hex(octets), Base64.encodeText(octets), Base64.encodeText(octets, .url),
            octets.map { "\($0)" }.joined(separator: ", "),
        ].contains { output.contains($0) || output.lowercased().contains($0.lowercased()) }
    }

    @Test("No way of printing a secret prints it, alone or inside something")
    func redacted() {
        let holder = Holder(secret: secret, list: [secret], maybe: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        var printed = ""
        print(secret, holder, [secret], ["k": secret], Optional(secret) as Any, to: &printed)
        var debugged = ""
        debugPrint(secret, holder, [secret], to: &debugged)
        let outputs = [
            "\(secret)", "\(holder)", String(describing: secret), String(reflecting: secret), String(reflecting: holder), dumped, printed,
            debugged, "\(secret as Any)", "\(Mirror(reflecting: secret).children.map { "\($0)" })", secret.description,
            "\(Result<Secret, Never>.success(secret))", "\((secret, 1))",
        ]
        for output in outputs { #expect(!shows(output)) }
        #expect("\(secret)" == "[redacted]")
        #expect(dumped.contains("[redacted]"))
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("The octets come out through the one door, whatever they are")
    func reveals() {
        #expect(secret.revealText() == Self.text)
        #expect(secret.byteCount == Self.text.utf8.count)
        let odd: [UInt8] = [0, 0xFF, 0x80, 10]
        #expect(Secret(bytes: odd).reveal() == odd)
    }

    @Test("Matching is exact")
    func matches() {
        #expect(secret.matches(Self.text.utf8))
        for wrong in ["", " ", Self.text + " ", String(Self.text.dropLast()), Self.text.uppercased()] {
            #expect(!secret.matches(wrong.utf8))
        }
        #expect(Secret("").matches([]))
    }

    /// Not a timed test of a bound, but of a relation with a wide margin: an early exit would make the first case a hundred times faster.
    @Test("Comparing takes no hint from where the difference is")
    func constantTime() {
        let size = 1 << 20
        let secret = Secret(bytes: Array(repeating: 7, count: size))
        func time(_ place: Int) -> UInt64 {
            var candidate = [UInt8](repeating: 7, count: size)
            candidate[place] = 8
            return (0..<5).map { _ in
                let start = Instant.now()
                #expect(!secret.matches(candidate))
                return Instant.now().nanoseconds - start.nanoseconds
            }.min() ?? 0
        }
        let (early, late) = (time(0), time(size - 1))
        #expect(early * 4 > late, "first octet \(early) ns, last octet \(late) ns")
        #expect(late * 4 > early, "first octet \(early) ns, last octet \(late) ns")
    }
}
