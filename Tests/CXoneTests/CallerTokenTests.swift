import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import TestSupport
import Testing

private let now = CallerBench.now
private let byURL = #"{"token":{"jwt":{"issuer":"https://login.example/","audience":["tunnel"],"keysURL":"https://login.example/keys"}}}"#
private let asked = #"{"token":{"introspection":{"url":"https://login.example/introspect","clientID":"causeway","clientSecret":{"env":"TWO"}}}}"#

private func bearer(_ token: String) -> Shown { Shown(fields: [("Authorization", "Bearer " + token)]) }

@Suite("Fetched keys")
struct KeySourceTests {
    @Test("V71: keys are fetched once for a thousand turns, and again when they are due")
    func cached() async throws {
        let keys = try CallerKeys.shared.get()
        let issuer = FakeIssuer(keys: keys.set([("one", "P-256.pem")]))
        let bench = try CallerBench(byURL, issuer: issuer)
        let token = keys.token(claims: claims(now: now, exp: "\(now / 1000 + 3000)"))
        for _ in 0..<1000 { #expect(await bench.status(bearer(token)) == 200) }
        #expect(issuer.calls.count == 1 && issuer.calls.first?.method == .get)
        bench.time.advance(milliseconds: 600_000)
        #expect(await bench.status(bearer(token)) == 200)
        #expect(issuer.calls.count == 2)
    }

    @Test("V88: a new key is found when its first token comes; unknown names have the keys fetched every ten seconds at most")
    func rotation() async throws {
        let keys = try CallerKeys.shared.get()
        let issuer = FakeIssuer(keys: keys.set([("one", "P-256.pem")]))
        let bench = try CallerBench(byURL, issuer: issuer)
        let old = keys.token(claims: claims(now: now, exp: "\(now / 1000 + 3000)"))
        let new = keys.token("other.pem", kid: "next", claims: claims(now: now, exp: "\(now / 1000 + 3000)"))
        #expect(await bench.status(bearer(old)) == 200)
        bench.time.advance(milliseconds: 10_000)
        issuer.publish(keys.set([("one", "P-256.pem"), ("next", "other.pem")]))
        #expect(await bench.status(bearer(new)) == 200)
        #expect(await bench.status(bearer(old)) == 200)
        #expect(issuer.calls.count == 2)
        for number in 0..<100 {
            let unknown = keys.token("other.pem", kid: "unknown-\(number)", claims: claims(now: now, exp: "\(now / 1000 + 3000)"))
            #expect(await bench.status(Shown(fields: [("Authorization", "Bearer " + unknown)], peer: "192.0.2.\(number)")) == 401)
            bench.time.advance(milliseconds: 200)
        }
        #expect((3...4).contains(issuer.calls.count), "\(issuer.calls.count)")
        // A key that is withdrawn ends its tokens when the keys are fetched next, remembered or not.
        issuer.publish(keys.set([("next", "other.pem")]))
        bench.time.advance(milliseconds: 600_000)
        #expect(await bench.status(bearer(new)) == 200)
        #expect(await bench.status(bearer(old)) == 401)
    }

    @Test("while the issuer is away its last keys hold for a day; without any nobody is let in, and it is asked now and then")
    func away() async throws {
        let keys = try CallerKeys.shared.get()
        let issuer = FakeIssuer(keys: keys.set([("one", "P-256.pem")]))
        let bench = try CallerBench(byURL, issuer: issuer)
        let token = keys.token(claims: claims(now: now, exp: "\(now / 1000 + 200_000)"))
        for status in [nil, 500, 404, 302] {
            issuer.setStatus(status)
            let response = await bench.post(bearer(token))
            #expect(response.status.code == 503 && response.fields[.retryAfter] == "1", "\(String(describing: status))")
            bench.time.advance(milliseconds: 2_000)
        }
        issuer.setStatus(200)
        for text in ["", "{}", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
            issuer.publish(text)
            #expect(await bench.status(bearer(token)) == 503, "\(text)")
            bench.time.advance(milliseconds: 2_000)
        }
        issuer.publish(keys.set([("one", "P-256.pem")]))
        #expect(await bench.status(bearer(token)) == 200)
        issuer.setStatus(nil)
        let calls = issuer.calls.count
        for _ in 0..<23 {
            bench.time.advance(milliseconds: 3_600_000)
            for _ in 0..<5 { #expect(await bench.status(bearer(token)) == 200) }
        }
        #expect(issuer.calls.count == calls + 23)
        bench.time.advance(milliseconds: 3_600_000)
        #expect(await bench.status(bearer(token)) == 503)
    }

    @Test("processes share what one of them fetched, and a tampered entry is not believed")
    func shared() async throws {
        let keys = try CallerKeys.shared.get()
        let issuer = FakeIssuer(keys: keys.set([("one", "P-256.pem")]))
        let first = try CallerBench(byURL, issuer: issuer)
        let store = MemoryStore(time: first.time)
        let token = keys.token(claims: claims(now: now))
        for _ in 0..<50 { #expect(try await CallerBench(byURL, issuer: issuer, store: store).status(bearer(token)) == 200) }
        #expect(issuer.calls.count == 1)
        for key in store.keys() { _ = await store.put(key, Array("nonsense".utf8), life: 60_000) }
        #expect(try await CallerBench(byURL, issuer: issuer, store: store).status(bearer(token)) == 200)
        #expect(issuer.calls.count == 2)
        store.setFault { _, _ in .notReached }
        #expect(try await CallerBench(byURL, issuer: issuer, store: store).status(bearer(token)) == 200)
    }

    @Test("many turns at once have the keys fetched once")
    func single() async throws {
        let keys = try CallerKeys.shared.get()
        let issuer = FakeIssuer(keys: keys.set([("one", "P-256.pem")]))
        let bench = try CallerBench(byURL, issuer: issuer)
        let token = keys.token(claims: claims(now: now))
        let served = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { await bench.status(bearer(token)) } }
            return await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
        }
        #expect(served == 50 && issuer.calls.count == 1)
    }
}

@Suite("Introspection")
struct IntrospectionTests {
    @Test("the request is RFC 7662's: a form, our client's credentials, the token in the body only")
    func request() async throws {
        let issuer = FakeIssuer(answers: ["tok": #"{"active":true}"#])
        let bench = try CallerBench(asked, issuer: issuer)
        #expect(await bench.status(bearer("tok")) == 200)
        let call = try #require(issuer.calls.first)
        #expect(String(decoding: call.body, as: UTF8.self) == "token=tok&token_type_hint=access_token" && call.url == "https://login.example/introspect")
        #expect(call.fields[.authorization] == "Basic " + Base64.encodeText(Array("causeway:\(CallerBench.two.replacing(" ", with: "+"))".utf8)))
    }

    @Test("a good answer is believed for a while, never past the token's end; a bad one is asked again soon")
    func cached() async throws {
        let issuer = FakeIssuer(answers: ["short": #"{"active":true,"exp":\#(now / 1000 + 10)}"#, "long": #"{"active":true}"#])
        let bench = try CallerBench(asked, issuer: issuer)
        for _ in 0..<100 { #expect(await bench.status(bearer("long")) == 200) }
        #expect(issuer.calls.count == 1)
        issuer.set(#"{"active":false}"#, for: "long")
        bench.time.advance(milliseconds: 59_000)
        #expect(await bench.status(bearer("long")) == 200)
        bench.time.advance(milliseconds: 1_000)
        #expect(await bench.status(bearer("long")) == 401)
        #expect(await bench.status(bearer("long")) == 401)
        #expect(issuer.calls.count == 2)
        issuer.set(#"{"active":true}"#, for: "long")
        bench.time.advance(milliseconds: 5_000)
        #expect(await bench.status(bearer("long")) == 200)
        issuer.set(#"{"active":true,"exp":\#(now / 1000 + 70)}"#, for: "short")
        #expect(await bench.status(bearer("short")) == 200)
        issuer.set(#"{"active":false}"#, for: "short")
        bench.time.advance(milliseconds: 36_000)
        #expect(await bench.status(bearer("short")) == 401)
    }

    @Test("what is no answer lets nobody in and is no refusal either", arguments: [
        (nil, "", 503), (500, "", 503), (401, "", 503), (200, "", 503), (200, "[]", 503), (200, #"{"active":"true"}"#, 503), (200, #"{"active":1}"#, 503), (200, "{}", 503),
        (200, #"{"active":null}"#, 503), (200, #"{"active":false}"#, 401), (200, #"{"active":true,"exp":1}"#, 401), (200, #"{"active":true,"exp":"soon"}"#, 401),
        (200, #"{"active":true,"nbf":99999999999}"#, 401), (200, #"{"active":true,"active":false}"#, 503), (200, #"{"active":true}"#, 200),
    ] as [(Int?, String, Int)])
    func answers(status: Int?, body: String, expected: Int) async throws {
        let issuer = FakeIssuer(answers: ["tok": body])
        issuer.setStatus(status)
        #expect(try await CallerBench(asked, issuer: issuer).status(bearer("tok")) == expected)
    }

    @Test("what can be no token is not asked about; the store shares good answers and holds no token")
    func shared() async throws {
        let issuer = FakeIssuer(answers: ["a-token-of-some-length": #"{"active":true}"#])
        let bench = try CallerBench(asked, issuer: issuer)
        for token in ["", "two words", String(repeating: "x", count: 9000), "tab\tbed"] { #expect(await bench.status(bearer(token)) == 401) }
        #expect(issuer.calls.isEmpty)
        let store = MemoryStore(time: bench.time)
        for _ in 0..<20 { #expect(try await CallerBench(asked, issuer: issuer, store: store).status(bearer("a-token-of-some-length")) == 200) }
        #expect(issuer.calls.count == 1 && store.keys("caller-token").count == 1)
        for key in store.keys() {
            #expect(!key.text.contains("a-token") && !String(decoding: store.octets(key) ?? [], as: UTF8.self).contains("token"))
        }
    }
}

@Suite("Tokens in the body")
struct CarriedTokenTests {
    private static let canary = CallerBench.three

    @Test("V82, V83: wherever the script puts it, the token reaches neither agent, trace, log nor answer", arguments: [
        (#"{"sessionState":"access_token"}"#, #"{"access_token":"TOKEN"}"#, "null"), (#"{"sessionState":"access_token"}"#, #""{\"access_token\":\"TOKEN\"}""#, "null"),
        (#"{"sessionState":"a.b"}"#, #"{"a":{"b":"TOKEN","c":1}}"#, #"{"plain":"1"}"#), (#"{"sessionState":"a.b"}"#, #"{"a.b":"TOKEN"}"#, "null"),
        (#"{"sessionState":"a.b"}"#, #"{"a":"{\"b\":\"TOKEN\"}"}"#, "null"), (#"{"customPayload":"token"}"#, "null", #"{"token":"TOKEN","plain":"1"}"#),
        (#"{"customPayload":"token"}"#, "null", #"{"customPayload":{"token":"TOKEN","plain":"1"}}"#),
        (#"{"customPayload":"token"}"#, "null", #""{\"token\":\"TOKEN\",\"plain\":\"1\"}""#),
        (#"{"customPayload":"token","sessionState":"token"}"#, #"{"token":"TOKEN"}"#, #"{"token":"another TOKEN","plain":"1"}"#),
        (#"{"customPayload":"context.parameters.token"}"#, "null", #"{"context":{"parameters":{"token":"TOKEN"},"id":"c"},"plain":"1"}"#),
        (#"{"customPayload":"t\u00f6ken"}"#, "null", #"{"t\u00f6ken":"\u0054OKEN","plain":"1"}"#),
    ])
    func stripped(places: String, state: String, payload: String) async throws {
        let folder = try temporaryFolder()
        let bench = try CallerBench(
            #"{"token":{"values":[{"env":"THREE"}],\#(places.dropFirst().dropLast())}}"#, version: "1.0.0", members: #""carry":["*"]"#,
            traceFile: "\(folder)/trace")
        func filled(_ text: String) -> String { text.replacing("\\u0054OKEN", with: "\\u0074" + Self.canary.dropFirst()).replacing("TOKEN", with: Self.canary) }
        let response = await bench.post(Shown(state: filled(state), payload: filled(payload)))
        #expect(response.status == .ok)
        let turn = try #require(bench.agent.turns.first)
        #expect(turn.number == 1)
        var everything = turn.facts.map { "\($0.name)=\(String(decoding: $0.value.bytes, as: UTF8.self))" }.joined(separator: " ")
        if payload.contains("plain") { #expect(everything.contains("plain")) }
        everything += String(decoding: response.body, as: UTF8.self) + "\(response.notes)" + String(decoding: FileBytes.read("\(folder)/trace") ?? [], as: UTF8.self)
        #expect(everything.contains("plain") || !payload.contains("plain"))
        for form in [Self.canary, Base64.encodeText(Array(Self.canary.utf8)), Digest.hex(Array(Self.canary.utf8)), String(Self.canary.dropFirst(2))] {
            #expect(!everything.contains(form))
        }
    }

    @Test("a first turn with nothing but a token is a first turn, and the state that we gave comes back beside the next one")
    func conversation() async throws {
        let bench = try CallerBench(#"{"token":{"sessionState":"access_token","values":[{"env":"THREE"}]}}"#, version: "1.0.0")
        let first = await bench.post(Shown(), body: """
            {"virtualAgentId":"orders","userInput":"","userInputType":0,"executionInfo":{"contactId":1,"busNo":4600001},"botSessionState":{"access_token":"\(Self.canary)"}}
            """)
        #expect(bench.agent.turns.first?.input == .start(event: "WELCOME"))
        let state = try #require(JSON(parsing: first.body)["botSessionState"])
        let next = String(decoding: state.raw, as: UTF8.self).dropLast() + #","access_token":"\#(Self.canary)"}"#
        #expect(await bench.status(Shown(state: String(next))) == 200)
        #expect(bench.agent.turns.last?.number == 2)
        // The state alone proves nobody.
        #expect(await bench.status(Shown(state: String(decoding: state.raw, as: UTF8.self))) == 401)
    }

    @Test("a body that is no turn is refused as ever, and what is not asked for stays", arguments: [
        ("not json", 400), ("[]", 401), ("{}", 401), (#"{"botSessionState":{"access_token":"x"},"botSessionState":{}}"#, 400),
    ])
    func nonsense(body: String, status: Int) async throws {
        let bench = try CallerBench(#"{"token":{"sessionState":"access_token","values":[{"env":"THREE"}]}}"#, version: "1.0.0")
        #expect([400, 401].contains(await bench.post(Shown(), body: body).status.code))
        #expect(bench.agent.turns.isEmpty)
        _ = status
    }
}
