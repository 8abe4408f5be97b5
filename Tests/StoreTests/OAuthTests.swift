import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import TestSupport
import Testing
import Time

/// Settings of `agents.x.connection`, as the file would give them.
func connection(_ text: String) throws -> ConnectionSettings {
    let environment = [
        "CLIENT": "client secret, äöü & 16", "API": "api key of the bot ...", "STATIC": "Basic c3RhdGljOnN0YXRpYw==", "ASSERTION": "assertion+/= of some length",
    ]
    return try SettingsFile.read(ConnectionSettings.self, text: Array(text.utf8), path: "test", environment: environment).settings
}

private func json(_ text: String, _ status: HTTPResponse.Status = .ok, _ fields: HTTPFields = [:]) -> Result<Response, TransportError> {
    .success(Response(status: status, fields: fields, body: Array(text.utf8)))
}

@Suite struct OAuthTests {
    private let time = ManualTime()

    private func fetch(
        _ oauth: String, _ answer: Result<Response, TransportError>
    ) async throws -> (call: Call, result: Result<TokenGrant, TokenFailure>) {
        let transport = FakeTransport([answer])
        let settings = try #require(try connection(#"{"oauth": {"url": "https://login.test/token"\#(oauth)}}"#).oauth)
        let source = OAuthTokenSource(settings, tenant: "t", over: transport, tokens: TokenCache(store: nil, time: time), time: time)
        let result = await source.fetch(by: time.now().advanced(byMilliseconds: 1000))
        return (try #require(transport.calls.first), result)
    }

    @Test("V74: form and JSON bodies, arbitrary pairs and headers, both ways of client authentication", arguments: [
        ("", "application/x-www-form-urlencoded", "grant_type=client_credentials", nil),
        (#", "clientID": "a b:c", "clientSecret": {"env": "CLIENT"}"#, "application/x-www-form-urlencoded", "grant_type=client_credentials",
            "Basic YStiJTNBYzpjbGllbnQrc2VjcmV0JTJDKyVDMyVBNCVDMyVCNiVDMyVCQyslMjYrMTY="),
        (#", "clientID": "id", "clientSecret": {"env": "CLIENT"}, "authentication": "body", "parameters": {"scope": "a b", "x[]": "1&2=3"}"#,
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials&scope=a+b&x%5B%5D=1%262%3D3&client_id=id&client_secret=client+secret%2C+%C3%A4%C3%B6%C3%BC+%26+16", nil),
        (#", "format": "json", "parameters": {"grant_type": "api_key", "apiKey": {"env": "API"}, "q\"": "ü"}"#, "application/json",
            #"{"grant_type":"api_key","apiKey":"api key of the bot ...","q\"":"ü"}"#, nil),
        (#", "headers": {"Authorization": {"env": "STATIC"}, "X-Other": "plain"}"#, "application/x-www-form-urlencoded",
            "grant_type=client_credentials", "Basic c3RhdGljOnN0YXRpYw=="),
    ])
    func request(_ oauth: String, _ type: String, _ body: String, _ authorization: String?) async throws {
        let (call, _) = try await fetch(oauth, json("{}"))
        #expect(call.method == .post)
        #expect(call.url == "https://login.test/token")
        #expect(call.fields[.contentType] == type)
        #expect(call.fields[.accept] == "application/json")
        #expect(String(decoding: call.body, as: UTF8.self) == body)
        #expect(call.fields[.authorization] == authorization)
        #expect(call.deadline == time.now().advanced(byMilliseconds: 1000))
        if oauth.contains("X-Other") { #expect(call.fields[try #require(HTTPField.Name("X-Other"))] == "plain") }
    }

    @Test("V76–V78: the lifetime comes from the answer, else from the setting, else it is 3600 s", arguments: [
        ("100", "200", 100_000), ("", "200", 200_000), ("", "", 3_600_000), ("null", "200", 200_000),
        (#""100""#, "200", 100_000), ("100.0", "200", 100_000), ("99.5", "200", 99_500), ("1e2", "200", 100_000), ("0.5", "", 500),
        ("0", "200", 0), (#""0""#, "", 0), ("-1", "200", 200_000), ("-1", "", 3_600_000), (#""-5""#, "", 3_600_000),
        ("31536000", "", 31_536_000_000), ("31536001", "200", 200_000), ("1763668800", "", 3_600_000), ("1e308", "200", 200_000),
        ("1e999", "200", 200_000), (#""soon""#, "200", 200_000), (#""""#, "200", 200_000), (#""nan""#, "", 3_600_000), (#""inf""#, "", 3_600_000),
        ("true", "200", 200_000), ("[60]", "200", 200_000), (#"{"s":60}"#, "", 3_600_000), ("99999999999999999999", "200", 200_000),
    ])
    func lifetime(_ told: String, _ setting: String, _ milliseconds: Int) async throws {
        let (_, result) = try await fetch(
            setting.isEmpty ? "" : #", "lifetimeSeconds": \#(setting)"#,
            json(#"{"access_token": "t", "token_type": "Bearer"\#(told.isEmpty ? "" : #", "expires_in": \#(told)"#)}"#))
        #expect(try result.get().life == milliseconds)
    }

    @Test("V75: the answer's keys can be named, also inside objects", arguments: [
        ("", #"{"access_token": "T", "expires_in": 60, "token_type": "Bearer"}"#),
        (#", "tokenKey": "jwt", "lifetimeKey": "ttl", "typeKey": "kind""#, #"{"jwt": "T", "ttl": 60, "kind": "Bearer", "access_token": "no", "expires_in": 1}"#),
        (#", "tokenKey": "data.token.value", "lifetimeKey": "data.life", "typeKey": "data.type""#,
            #"{"data": {"token": {"value": "T"}, "life": 60, "type": "Bearer"}}"#),
        (#", "tokenKey": "a.b", "lifetimeKey": "x", "typeKey": "y""#, #"{"a": {"b": "no"}, "a.b": "T", "x": 60, "y": "Bearer"}"#),
    ])
    func answer(_ oauth: String, _ body: String) async throws {
        let grant = try await fetch(oauth, json(body)).result.get()
        #expect(grant.secret.revealText() == "T")
        #expect(grant.life == 60_000)
        #expect(grant.type == "Bearer")
    }

    @Test("V70: every way of not getting a token has its name and its pause", arguments: [
        (json(#"{"error": "invalid_client", "error_description": "canary"}"#, .unauthorized), TokenFailure.Code.refused, 60_000, "invalid_client"),
        (json(#"{"error": "invalid_grant"}"#, .badRequest), .refused, 60_000, "invalid_grant"),
        (json(#"{"error": "canary"}"#, .badRequest), .refused, 60_000, "400"),
        (json("<html>canary", .forbidden), .refused, 60_000, "403"),
        (json("canary", .notFound), .refused, 60_000, "404"),
        (json("", .movedPermanently, [.location: "https://canary.test/"]), .refused, 60_000, "301"),
        (json("", .tooManyRequests), .busy, 5000, "429"),
        (json("", .tooManyRequests, [.retryAfter: "7"]), .busy, 7000, "429"),
        (json("", .serviceUnavailable, [.retryAfter: "100000"]), .busy, 300_000, "503"),
        (json("", .serviceUnavailable, [.retryAfter: "Fri, 31 Dec 1999 23:59:59 GMT"]), .busy, 5000, "503"),
        (json("", .internalServerError, [.retryAfter: "-1"]), .busy, 5000, "500"),
        (json("canary"), .malformed, 5000, "200"),
        (json(#"{"token": "canary"}"#), .malformed, 5000, "200"),
        (json(#"{"access_token": 5}"#), .malformed, 5000, "200"),
        (json(#"{"access_token": ""}"#), .malformed, 5000, "200"),
        (json(#"{"access_token": "a\r\nX-Injected: canary"}"#), .malformed, 5000, "200"),
        (json(#"{"access_token": "canary", "access_token": "canary"}"#), .malformed, 5000, "200"),
        (.failure(TransportError(.notConnected, mayHaveArrived: false)), .notReached, 2000, "notConnected"),
        (.failure(TransportError(.certificateRefused, mayHaveArrived: false)), .notReached, 2000, "certificateRefused"),
        (.failure(TransportError(.timedOut, mayHaveArrived: true)), .timedOut, 2000, "timedOut"),
        (.failure(TransportError(.cancelled, mayHaveArrived: true)), .cancelled, 0, "cancelled"),
    ] as [(Result<Response, TransportError>, TokenFailure.Code, Int, String)])
    func failures(_ answer: Result<Response, TransportError>, _ code: TokenFailure.Code, _ pause: Int, _ word: String) async throws {
        let (_, result) = try await fetch(#", "clientID": "id", "clientSecret": {"env": "CLIENT"}"#, answer)
        guard case .failure(let failure) = result else {
            Issue.record("a token came out of it")
            return
        }
        #expect(failure.code == code)
        #expect(failure.pause == pause)
        #expect(failure.description.contains(word))
        #expect(!failure.description.contains("canary"))
    }

    @Test("Any change of the token request is another key; the secret cannot be read from it")
    func keys() throws {
        let texts = [
            "", #", "clientID": "a""#, #", "clientID": "b""#, #", "clientID": "a", "clientSecret": {"env": "CLIENT"}"#,
            #", "clientID": "a", "clientSecret": {"env": "API"}"#, #", "parameters": {"scope": "a"}"#, #", "parameters": {"scope": "b"}"#,
            #", "parameters": {"sco": "pea"}"#, #", "headers": {"scope": "a"}"#, #", "format": "json""#,
        ]
        let keys = try texts.map { text in
            let settings = try #require(try connection(#"{"oauth": {"url": "https://login.test/token"\#(text)}}"#).oauth)
            return OAuthTokenSource(
                settings, tenant: "t", over: FakeTransport([]), tokens: TokenCache(store: nil, time: time), time: time
            ).key.text
        }
        #expect(Set(keys).count == texts.count)
        #expect(keys.allSatisfy { $0.hasPrefix("t/token/") && $0.utf8.count == 8 + 64 })
    }
}
