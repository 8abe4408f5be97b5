import CXone
import HTTP
import HTTPTypes
import JSON
import Secrets
import TestSupport
import Testing

private let jwt = #""issuer":"https://login.example/","audience":["tunnel"]"#
private let now = CallerBench.now

private func segment(_ text: String) -> String { Base64.encodeText(Array(text.utf8), .url) }

/// Tokens that somebody without the issuer's key may send, and tokens of the issuer that are not for us; none may be taken. The issuer signs with
/// `P-256.pem` (key one) and `rsa2048.pem` (key two).
private func forgeries(_ keys: CallerKeys) -> [(String, String)] {
    let seconds = now / 1000
    let good = keys.token(claims: claims(now: now))
    let parts = good.split(separator: ".").map(String.init)
    let right = claims(now: now)
    let publicKey = Secret(keys.text("rsa2048.pub"))
    func hmac(_ key: Secret, _ header: String) -> String {
        let signed = segment(header) + "." + segment(right)
        return signed + "." + Base64.encodeText(Digest.hmac(Array(signed.utf8), key: key), .url)
    }
    func header(_ text: String) -> String { keys.token(header: text, claims: right) }
    func body(_ text: String) -> String { keys.token(claims: text) }
    func other(_ header: String) -> String { keys.token("other.pem", header: header, claims: right) }
    let jwk = keys.set([("one", "other.pem")]).dropFirst(9).dropLast(2)
    var found: [(String, String)] = []
    // No signature, or none that counts.
    for name in ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "ES256 ", "es256", "RS1", "EdDSA", "ES512", "RSA-OAEP", "dir"] {
        found.append(("alg \(name), unsigned", segment(#"{"alg":"\#(name)","typ":"JWT"}"#) + "." + segment(right) + "."))
        found.append(("alg \(name), the good signature", segment(#"{"alg":"\#(name)","kid":"one"}"#) + "." + segment(right) + "." + parts[2]))
    }
    found += [
        ("alg missing", header(#"{"typ":"JWT","kid":"one"}"#)), ("alg null", header(#"{"alg":null,"kid":"one"}"#)),
        ("alg a list", header(#"{"alg":["ES256"],"kid":"one"}"#)), ("alg a number", header(#"{"alg":256,"kid":"one"}"#)),
        ("alg twice", header(#"{"alg":"ES256","alg":"none","kid":"one"}"#)), ("alg twice, escaped", header(#"{"alg":"ES256","\u0061lg":"none","kid":"one"}"#)),
        ("HS256 with the public key in PEM", hmac(publicKey, #"{"alg":"HS256","kid":"two"}"#)),
        ("HS256 with the public key, called RS256", hmac(publicKey, #"{"alg":"RS256","kid":"two"}"#)),
        ("HS256 with nothing", hmac(Secret(""), #"{"alg":"HS256","kid":"two"}"#)),
        ("HS256 with the modulus", hmac(Secret(bytes: keys.key("rsa2048.pem")?.parts?.first ?? []), #"{"alg":"HS256","kid":"two"}"#)),
    ]
    // Keys of the sender's choice.
    found += [
        ("another key", other(#"{"alg":"ES256","kid":"one"}"#)), ("another key, no kid", other(#"{"alg":"ES256"}"#)),
        ("another key, its own kid", other(#"{"alg":"ES256","kid":"mine"}"#)), ("jwk inside", other(#"{"alg":"ES256","jwk":\#(jwk)}"#)),
        ("jwk inside, signed right", header(#"{"alg":"ES256","kid":"one","jwk":\#(jwk)}"#)),
        ("jku", other(#"{"alg":"ES256","jku":"https://evil.example/keys","kid":"one"}"#)), ("x5u", other(#"{"alg":"ES256","x5u":"https://evil.example/c"}"#)),
        ("x5c", other(#"{"alg":"ES256","x5c":["AAAA"]}"#)), ("kid a path", other(#"{"alg":"ES256","kid":"../../../../dev/null"}"#)),
        ("kid an injection", other(#"{"alg":"ES256","kid":"one' UNION SELECT 'x"}"#)), ("kid a command", other(#"{"alg":"ES256","kid":"/bin/true|"}"#)),
        ("kid a URL", other(#"{"alg":"ES256","kid":"https://evil.example/key"}"#)), ("kid empty", other(#"{"alg":"ES256","kid":""}"#)),
        ("kid a number", header(#"{"alg":"ES256","kid":1}"#)), ("kid a list", header(#"{"alg":"ES256","kid":["one"]}"#)),
        ("kid null", header(#"{"alg":"ES256","kid":null}"#)), ("kid of the RSA key", header(#"{"alg":"ES256","kid":"two"}"#)),
        ("kid with a NUL", other(#"{"alg":"ES256","kid":"one\u0000"}"#)), ("kid huge", header(#"{"alg":"ES256","kid":"\#(String(repeating: "k", count: 300))"}"#)),
        ("RS256 said of an EC signature", keys.token(header: #"{"alg":"RS256","kid":"one"}"#, claims: right)),
        ("crit", header(#"{"alg":"ES256","kid":"one","crit":["exp"]}"#)), ("b64 false", header(#"{"alg":"ES256","kid":"one","b64":false,"crit":["b64"]}"#)),
        ("zip", header(#"{"alg":"ES256","kid":"one","zip":"DEF"}"#)), ("enc", header(#"{"alg":"ES256","kid":"one","enc":"A256GCM"}"#)),
        ("nested", header(#"{"alg":"ES256","kid":"one","cty":"JWT"}"#)), ("typ of a key binding", header(#"{"alg":"ES256","kid":"one","typ":"dpop+jwt"}"#)),
        ("typ of an event", header(#"{"alg":"ES256","kid":"one","typ":"secevent+jwt"}"#)), ("typ a number", header(#"{"alg":"ES256","kid":"one","typ":1}"#)),
    ]
    // Signatures bent.
    let raw = Base64.decode(Array((parts.last ?? "").utf8), .url) ?? []
    func signed(_ signature: [UInt8]) -> String { parts[0] + "." + parts[1] + "." + Base64.encodeText(signature, .url) }
    found += [
        ("zero signature", signed([UInt8](repeating: 0, count: 64))), ("signature of 1 and 1", signed([UInt8](repeating: 0, count: 31) + [1] + [UInt8](repeating: 0, count: 31) + [1])),
        ("all ones", signed([UInt8](repeating: 255, count: 64))), ("half a signature", signed(Array(raw.prefix(32)))), ("signature with a tail", signed(raw + [0])),
        ("r and s changed over", signed(Array(raw.suffix(32) + raw.prefix(32)))), ("signature as DER", signed([0x30, 0x44, 0x02, 0x20] + raw.prefix(32) + [0x02, 0x20] + raw.suffix(32))),
        ("one bit of it", signed(raw.enumerated().map { $0.offset == 5 ? $0.element ^ 1 : $0.element })), ("one huge signature", signed([UInt8](repeating: 7, count: 2000))),
        ("another token's signature", parts[0] + "." + segment(claims(now: now, more: #""sub":"admin""#)) + "." + (parts.last ?? "")),
        ("other claims, PS256 said", keys.token("rsa2048.pem", .rs256, header: #"{"alg":"PS256","kid":"two"}"#, claims: right)),
    ]
    // The form.
    let last = parts.last ?? ""
    found += [
        ("cut in the middle", String(good.prefix(good.count / 2))), ("two parts", parts[0] + "." + parts[1]), ("four parts", good + ".x"), ("five parts", good + "..x"),
        ("no claims", parts[0] + ".." + last), ("no header", "." + parts[1] + "." + last), ("dots", ".."), ("one dot", "."), ("padded", good + "="), ("padded twice", good + "=="),
        ("standard alphabet", parts[0] + "." + parts[1] + "." + Base64.encodeText(raw)), ("a space inside", parts[0] + "." + parts[1] + ". " + last),
        ("a space in front", " " + good), ("a comma joined", good + "," + good),
        ("base64 that is not canonical", String(good.dropLast()) + nudged(good.last ?? "A")), ("percent-encoded dot", good.replacing(".", with: "%2E")),
        ("in quotes", "\"" + good + "\""), ("huge", segment(#"{"alg":"ES256","kid":"one"}"#) + "." + segment(claims(now: now, more: #""x":"\#(String(repeating: "y", count: 9000))""#)) + "." + last),
        ("deep", body(claims(now: now, more: #""x":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)))), ("header a list", header("[]")), ("header a text", header(#""ES256""#)),
        ("claims a list", body("[]")), ("claims no JSON", body("exp=1")), ("claims with a tail", body(right + "{}")), ("claims with a comma too many", body(right.dropLast() + ",}")),
        ("JSON serialisation", #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(last)"}"#),
    ]
    // The claims: signed by the issuer, and yet not for us or not now.
    let no: String?? = .some(nil)
    found += [
        ("no exp", body(claims(now: now, exp: no))), ("exp past", body(claims(now: now, exp: "\(seconds - 31)"))), ("exp zero", body(claims(now: now, exp: "0"))),
        ("exp negative", body(claims(now: now, exp: "-1"))), ("exp a text", body(claims(now: now, exp: #""\#(seconds + 60)""#))), ("exp null", body(claims(now: now, exp: "null"))),
        ("exp a list", body(claims(now: now, exp: "[\(seconds + 60)]"))), ("exp true", body(claims(now: now, exp: "true"))), ("exp huge", body(claims(now: now, exp: "1e400"))),
        ("exp in milliseconds", body(claims(now: now, exp: "\(now + 60_000)"))), ("exp twice", body(claims(now: now, more: #""exp":\#(seconds + 9999)"#))),
        ("nbf ahead", body(claims(now: now, nbf: "\(seconds + 31)"))), ("nbf a text", body(claims(now: now, nbf: #""0""#))), ("iat ahead", body(claims(now: now, iat: "\(seconds + 31)"))),
        ("no iss", body(claims(now: now, iss: nil))), ("another iss", body(claims(now: now, iss: #""https://evil.example/""#))), ("iss without its slash", body(claims(now: now, iss: #""https://login.example""#))),
        ("iss in other letters", body(claims(now: now, iss: #""HTTPS://login.example/""#))), ("iss a list", body(claims(now: now, iss: #"["https://login.example/"]"#))),
        ("iss with a tail", body(claims(now: now, iss: #""https://login.example/.evil""#))), ("no aud", body(claims(now: now, aud: nil))), ("another aud", body(claims(now: now, aud: #""tunnel2""#))),
        ("aud empty", body(claims(now: now, aud: "[]"))), ("aud an object", body(claims(now: now, aud: #"{"tunnel":true}"#))), ("aud in other letters", body(claims(now: now, aud: #""Tunnel""#))),
        ("aud decomposed", body(claims(now: now, aud: #""tunnel\u0301""#))), ("aud a list in a list", body(claims(now: now, aud: #"[["tunnel"]]"#))),
    ]
    return found
}

/// The neighbour of the last letter, which stands for the same octets to a lax decoder.
private func nudged(_ letter: Character) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return letters.firstIndex(of: letter).map { String(letters[$0 ^ 1]) } ?? "B"
}

@Suite("Forged tokens")
struct ForgedTokenTests {
    @Test("not one of them is taken, by keys in files or fetched; the true ones are", arguments: ["keyFiles", "keysURL"])
    func forged(source: String) async throws {
        let keys = try CallerKeys.shared.get()
        let from = source == "keyFiles" ? #""keyFiles":["\#(keys.folder)/P-256.pub","\#(keys.folder)/rsa2048.pub"]"# : #""keysURL":"https://login.example/keys""#
        let issuer = FakeIssuer(keys: keys.set([("one", "P-256.pem"), ("two", "rsa2048.pem")]))
        let bench = try CallerBench(#"{"token":{"jwt":{\#(jwt),\#(from)}}}"#, issuer: issuer, isShortLived: true)
        let forged = forgeries(keys)
        #expect(forged.count >= 60, "\(forged.count)")
        for (name, token) in forged {
            // Where keys have no names, whatever name a token gives, the keys are tried; the token is then the issuer's own.
            if source == "keyFiles", name == "kid of the RSA key" { continue }
            let response = await bench.post(Shown(fields: [("Authorization", "Bearer " + token)]))
            #expect([400, 401].contains(response.status.code), "\(name): \(response.status)")
        }
        #expect(bench.agent.turns.isEmpty)
        for (file, algorithm, kid) in [("P-256.pem", SignatureAlgorithm.es256, "one"), ("rsa2048.pem", .rs256, "two"), ("rsa2048.pem", .ps256, "two")] {
            for _ in 0..<2 {
                let token = keys.token(file, algorithm, kid: kid, claims: claims(now: now, nbf: "\(now / 1000)", iat: "\(now / 1000 - 5)"))
                #expect(await bench.status(Shown(fields: [("Authorization", "Bearer " + token)])) == 200, "\(algorithm)")
            }
        }
        // Not one of all those had the keys fetched more than the first time and, for the unknown names, once.
        #expect(issuer.calls.count == (source == "keyFiles" ? 0 : 1), "\(issuer.calls.count)")
    }

    @Test("each algorithm by its own key only; others are not in the list", arguments: SignatureAlgorithm.allCases)
    func algorithms(algorithm: SignatureAlgorithm) async throws {
        let keys = try CallerKeys.shared.get()
        let file = ["ES256": "P-256", "ES384": "P-384"][algorithm.rawValue] ?? "rsa2048"
        let bench = try CallerBench(
            #"{"token":{"jwt":{\#(jwt),"algorithms":["\#(algorithm.rawValue)"],"keyFiles":["\#(keys.folder)/\#(file).pub"]}}}"#)
        for other in SignatureAlgorithm.allCases {
            let signer = ["ES256": "P-256", "ES384": "P-384"][other.rawValue] ?? "rsa2048"
            let token = keys.token("\(signer).pem", other, claims: claims(now: now))
            #expect(await bench.status(Shown(fields: [("Authorization", "Bearer " + token)])) == (other == algorithm ? 200 : 401))
        }
    }

    @Test("keys that are too weak, of other kinds, locked, or for something else make no key")
    func weakKeys() throws {
        let keys = try CallerKeys.shared.get()
        for file in ["rsa1024", "P-521", "ed25519"] {
            #expect(SignatureKey(publicPEM: Array(keys.text("\(file).pub").utf8)) == nil, "\(file)")
            #expect(keys.key("\(file).pem") == nil, "\(file)")
        }
        #expect(keys.key("locked.pem") == nil && SignatureKey(publicPEM: []) == nil && keys.key("ca.crt") == nil)
        let signer = try #require(SignatureKey(publicPEM: Array(keys.text("P-256.pub").utf8)))
        #expect(signer.signature(of: [1], by: .es256) == nil)
        // A point beside the curve.
        let parts = try #require(signer.parts)
        #expect(SignatureKey(.p256, x: parts.first, y: parts.second) != nil)
        #expect(SignatureKey(.p256, x: parts.second, y: parts.first) == nil && SignatureKey(.p256, x: parts.first, y: Array(parts.second.dropLast())) == nil)
        #expect(SignatureKey(modulus: [UInt8](repeating: 0xFF, count: 256), exponent: [1]) == nil && SignatureKey(modulus: [UInt8](repeating: 0xFF, count: 256), exponent: [2]) == nil)
    }

    @Test("a published key that is for something else is not used", arguments: [#""use":"enc""#, #""key_ops":["sign"]"#, #""alg":"HS256""#, #""alg":"ES384""#])
    func purposes(member: String) async throws {
        let keys = try CallerKeys.shared.get()
        let set = keys.set([("one", "P-256.pem"), ("two", "rsa2048.pem")]).replacing(#""kid":"one""#, with: #""kid":"one",\#(member)"#)
        let bench = try CallerBench(#"{"token":{"jwt":{\#(jwt),"keysURL":"https://login.example/keys"}}}"#, issuer: FakeIssuer(keys: set))
        #expect(await bench.status(Shown(fields: [("Authorization", "Bearer " + keys.token(claims: claims(now: now)))])) == 401)
    }
}
