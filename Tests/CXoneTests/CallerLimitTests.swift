import CXone
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import TestSupport
import Testing

@Suite("Guessing and flooding")
struct CallerLimitTests {
    private static let headers = #"{"headers":[{"name":"Authorization","values":[{"env":"ONE"}]}]}"#
    private static let right = Shown(fields: [("Authorization", CallerBench.one)])
    private static func wrong(_ peer: String?) -> Shown { Shown(fields: [("Authorization", "Basic guessed-guessed-guessed")], peer: peer) }

    @Test("an address may fail twenty times at once and then once a second; others are not held up; a right one is not heard meanwhile")
    func guessing() async throws {
        let bench = try CallerBench(Self.headers)
        for _ in 0..<20 { #expect(await bench.status(Self.wrong("192.0.2.66")) == 401) }
        let response = await bench.post(Self.wrong("192.0.2.66"))
        #expect(response.status.code == 429 && response.fields[.retryAfter] == "1")
        var guessed = Self.right
        guessed.peer = "192.0.2.66"
        #expect(await bench.status(guessed) == 429)
        #expect(await bench.status(Self.right) == 200)
        bench.time.advance(milliseconds: 1000)
        #expect(await bench.status(Self.wrong("192.0.2.66")) == 401)
        #expect(await bench.status(Self.wrong("192.0.2.66")) == 429)
    }

    @Test("an address that was right within the hour is heard whatever others behind it do; and a failure takes no trust away")
    func trusted() async throws {
        let bench = try CallerBench(Self.headers)
        #expect(await bench.status(Self.right) == 200)
        for _ in 0..<200 { #expect(await bench.status(Self.wrong(Self.right.peer)) == 401) }
        #expect(await bench.status(Self.right) == 200)
        bench.time.advance(milliseconds: 3_600_001)
        for _ in 0..<20 { _ = await bench.status(Self.wrong(Self.right.peer)) }
        #expect(await bench.status(Self.right) == 429)
    }

    @Test("no credential, and a token that has run out, are no guesses: that is how a caller finds out that it needs a new one")
    func normal() async throws {
        let keys = try CallerKeys.shared.get()
        let bench = try CallerBench(#"{"token":{"jwt":{"issuer":"https://login.example/","audience":["tunnel"],"keyFiles":["\#(keys.folder)/P-256.pub"]}}}"#)
        let old = keys.token(claims: claims(now: CallerBench.now, exp: "\(CallerBench.now / 1000 - 60)"))
        for _ in 0..<100 {
            #expect(await bench.status(Shown()) == 401)
            #expect(await bench.status(Shown(fields: [("Authorization", "Bearer " + old)])) == 401)
        }
        #expect(await bench.post(Shown(fields: [("Authorization", "Bearer " + old)])).caller == "expired")
        let fresh = keys.token(claims: claims(now: CallerBench.now))
        #expect(await bench.status(Shown(fields: [("Authorization", "Bearer " + fresh)])) == 200)
        // Forged ones are.
        let forged = keys.token("other.pem", claims: claims(now: CallerBench.now))
        var last = 0
        for _ in 0..<21 { last = await bench.status(Shown(fields: [("Authorization", "Bearer " + forged)], peer: "198.51.100.7")) }
        #expect(last == 429)
    }

    @Test("of IPv6 a network of 64 bits is one address, and IPv4 in its coat is IPv4", arguments: [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false), ("::ffff:192.0.2.7", "192.0.2.7", true), ("not::an::address", "another", false),
    ])
    func networks(first: String, second: String, isOne: Bool) async throws {
        let bench = try CallerBench(Self.headers)
        for _ in 0..<20 { _ = await bench.status(Self.wrong(first)) }
        #expect(await bench.status(Self.wrong(second)) == (isOne ? 429 : 401))
    }

    @Test("ten thousand addresses leave the process as it was, and trusted ones are still heard")
    func addresses() async throws {
        let bench = try CallerBench(Self.headers)
        #expect(await bench.status(Self.right) == 200)
        for number in 0..<10_000 { _ = await bench.status(Self.wrong("10.\(number / 65536).\(number / 256 % 256).\(number % 256)")) }
        #expect(await bench.status(Self.right) == 200)
    }

    @Test("a caller's turns in a second are bounded where the settings say so, and only its own")
    func rate() async throws {
        let bench = try CallerBench(#"{"headers":[{"name":"Authorization","values":[{"env":"ONE"}]}],"turnsPerSecond":5}"#)
        for _ in 0..<10 { #expect(await bench.status(Self.right) == 200) }
        let response = await bench.post(Self.right)
        #expect(response.status.code == 429 && response.fields[.retryAfter] == "1" && bench.agent.turns.count == 10)
        for _ in 0..<5 { #expect(await bench.status(Self.wrong(nil)) == 401) }
        for _ in 0..<20 {
            bench.time.advance(milliseconds: 200)
            #expect(await bench.status(Self.right) == 200)
            #expect(await bench.status(Self.right) == 429)
        }
    }
}

@Suite("Callers' settings")
struct CallerSettingsTests {
    private static let jwt = #""issuer":"i","audience":["a"],"keysURL":"https://login.example/keys""#

    @Test("V63–V68, V84–V87: what cannot be is told with its fix", arguments: [
        ("3.0.0", "{}", "no caller authentication is configured"), ("1.0.0", "{}", "no caller authentication is configured"),
        ("3.0.0", #"{"certificate":{"mode":"optional","subjects":["CN=x"]}}"#, "an optional certificate alone lets anybody in"),
        ("3.0.0", #"{"certificate":{"mode":"off","subjects":["CN=x"]}}"#, "no caller authentication is configured"),
        ("3.0.0", #"{"certificate":{}}"#, "names nothing to hold the certificate against"), ("3.0.0", #"{"certificate":{"subjects":["cxone"]}}"#, "must look like"),
        ("3.0.0", #"{"certificate":{"fingerprints":["AB:CD"]}}"#, "64 hex digits"),
        ("3.0.0", #"{"certificate":{"fingerprints":["da39a3ee5e6b4b0d3255bfef95601890afd80709"]}}"#, "SHA-1"),
        ("3.0.0", #"{"certificate":{"authorityFiles":["/nonexistent.pem"]}}"#, "holds no certificate"), ("3.0.0", #"{"certificate":{"mode":"sometimes","subjects":["CN=x"]}}"#, "\"required\""),
        ("2.0.0", #"{"certificate":{"subjects":["CN=x"]}}"#, "shows no client certificate"), ("1.0.0", #"{"certificate":{"subjects":["CN=x"]}}"#, "select 3.0.0 in the app"),
        ("1.0.0", #"{"token":{"jwt":{\#(jwt)}}}"#, "let the script do it and name the place"), ("1.0.0", #"{"headers":[{"name":"X-Key","values":[{"env":"ONE"}]}]}"#, "exactly one header"),
        ("2.0.0", #"{"token":{"sessionState":"t","jwt":{\#(jwt)}}}"#, "fetches tokens itself"), ("3.0.0", #"{"token":{"customPayload":"t","values":[{"env":"ONE"}]}}"#, "fetches tokens itself"),
        ("3.0.0", #"{"token":{}}"#, "exactly one way"), ("3.0.0", #"{"token":{"values":[{"env":"ONE"}]}}"#, "caller.headers"),
        ("3.0.0", #"{"token":{"jwt":{\#(jwt)},"introspection":{"url":"https://x.example/","headers":{"X":"y"}}}}"#, "jwt and introspection"),
        ("1.0.0", #"{"token":{"sessionState":"t","header":"X","values":[{"env":"ONE"}]}}"#, "has no meaning for a token in the body"),
        ("1.0.0", #"{"token":{"sessionState":"a..b","values":[{"env":"ONE"}]}}"#, "must name a member"), ("1.0.0", #"{"token":{"customPayload":"","values":[{"env":"ONE"}]}}"#, "must name a member"),
        ("3.0.0", #"{"token":{"prefix":"Bearer ","jwt":{\#(jwt)}}}"#, "hold no space"), ("3.0.0", #"{"token":{"header":"X Y","jwt":{\#(jwt)}}}"#, "must be a header name"),
        ("3.0.0", #"{"token":{"jwt":{"issuer":"i","audience":["a"]}}}"#, "exactly one of \"keysURL\" and \"keyFiles\""),
        ("3.0.0", #"{"token":{"jwt":{"issuer":"i","audience":["a"],"keysURL":"https://x/","keyFiles":["/x"]}}}"#, "exactly one of"),
        ("3.0.0", #"{"token":{"jwt":{"issuer":"i","audience":["a"],"keyFiles":["/nonexistent.pem"]}}}"#, "no key that can be used"),
        ("3.0.0", #"{"token":{"jwt":{"issuer":"i","audience":["a"],"keysURL":"http://login.example/keys"}}}"#, "must be an https URL"),
        ("3.0.0", #"{"token":{"jwt":{"issuer":"i","audience":["a"],"keysURL":"http://127.0.0.1.evil.example/keys"}}}"#, "must be an https URL"),
        ("3.0.0", #"{"token":{"jwt":{"issuer":"i","audience":[],"keysURL":"https://login.example/keys"}}}"#, "at least one audience"),
        ("3.0.0", #"{"token":{"jwt":{"audience":["a"],"keysURL":"https://login.example/keys"}}}"#, "\"issuer\" is missing"),
        ("3.0.0", #"{"token":{"jwt":{\#(jwt),"algorithms":["none"]}}}"#, "never accepted"), ("3.0.0", #"{"token":{"jwt":{\#(jwt),"algorithms":["HS256","ES256"]}}}"#, "never accepted"),
        ("3.0.0", #"{"token":{"jwt":{\#(jwt),"algorithms":[]}}}"#, "must name some of"), ("3.0.0", #"{"token":{"jwt":{\#(jwt),"skewSeconds":61}}}"#, "from 0 to 60"),
        ("3.0.0", #"{"token":{"introspection":{"url":"https://x.example/"}}}"#, "known callers only"), ("3.0.0", #"{"token":{"introspection":{"url":"http://x.example/","headers":{"X":"y"}}}}"#, "https"),
        ("3.0.0", #"{"token":{"introspection":{"url":"https://x.example/","clientID":"c"}}}"#, "both"), ("3.0.0", #"{"tokn":{}}"#, "did you mean \"token\"?"),
        ("3.0.0", #"{"headers":[{"name":"A","values":[{"env":"ONE"}]}],"turnsPerSecond":0}"#, "from 1 to"),
    ])
    func errors(version: String, caller: String, part: String) throws {
        let error = #expect(throws: SettingsError.self) { try CallerBench.settings(caller, version: version) }
        #expect(error?.description.contains(part) ?? false, "\(String(describing: error))")
    }

    @Test("V81: a header that the token replaces is told, and the mechanism can be said in words")
    func words() throws {
        let read = try CallerBench.read(
            #"{"headers":[{"name":"authorization","values":[{"env":"ONE"}]},{"name":"X-Key","values":[{"env":"TWO"}]}],"token":{"jwt":{\#(Self.jwt)}},"certificate":{"subjects":["CN=x"]}}"#)
        #expect(read.warnings.contains { $0.message.contains("replaces by the token") })
        #expect(read.settings.caller.summary == "header X-Key, JWT of i in header Authorization, client certificate (required)")
    }
}
