import HTTP
import HTTPTypes
import Secrets
import Settings
import Store
import TestSupport
import Testing
import Time

@Suite struct AuthorizedTransportTests {
    private let time = ManualTime()
    private let oauth = #""oauth": {"url": "https://login.test/token", "clientID": "id", "clientSecret": {"env": "CLIENT"}"#

    private func answer(_ status: HTTPResponse.Status, _ body: String = "{}") -> Result<Response, TransportError> {
        .success(Response(status: status, body: Array(body.utf8)))
    }
    private func token(_ name: String) -> Result<Response, TransportError> { answer(.ok, #"{"access_token": "\#(name)", "expires_in": 3600}"#) }

    private func transport(_ settings: String, _ fake: FakeTransport) throws -> AuthorizedTransport {
        let time = time
        return AuthorizedTransport(
            fake, try connection(settings), boundTo: "https://bot.test/v1/chat", tenant: "bot",
            tokens: TokenCache(store: nil, time: time, sleep: { _ in time.advance(milliseconds: 50) }), time: time)
    }

    private func call(_ url: String = "https://bot.test/v1/chat", _ fields: HTTPFields = [:], milliseconds: Int = 4500) -> Call {
        Call(method: .post, url: url, fields: fields, body: [1], deadline: time.now().advanced(byMilliseconds: milliseconds))
    }

    @Test("Static headers go out with every call and replace the adapter's own of that name")
    func staticHeaders() async throws {
        let fake = FakeTransport([answer(.ok)])
        let transport = try transport(#"{"headers": {"AUTHORIZATION": {"env": "STATIC"}, "X-Tenant": "7"}, "authorityFile": "/ca.pem", "proxy": "http://p.test:1"}"#, fake)
        _ = try await transport.send(call("https://bot.test/v1/chat", [.authorization: "Bearer adapter", .accept: "text/x"]))
        let sent = try #require(fake.calls.first)
        #expect(sent.fields[.authorization] == "Basic c3RhdGljOnN0YXRpYw==")
        #expect(sent.fields[try #require(HTTPField.Name("x-tenant"))] == "7")
        #expect(sent.fields[.accept] == "text/x")
        #expect(sent.connection.authorityFile == "/ca.pem")
        #expect(sent.connection.proxy == "http://p.test:1")
    }

    @Test("The token goes where the settings say and wins over a static header in any spelling", arguments: [
        ("", "Authorization", "Bearer t1"), (#", "prefix": """#, "Authorization", "t1"), (#", "prefix": "Token""#, "authorization", "Token t1"),
        (#", "header": "X-Auth", "prefix": """#, "x-auth", "t1"),
    ])
    func placement(_ extra: String, _ name: String, _ value: String) async throws {
        for spelling in ["Authorization", "authorization", "AUTHORIZATION", "x-AUTH"] {
            let fake = FakeTransport([token("t1"), answer(.ok), answer(.ok)])
            let transport = try transport(#"{"headers": {"\#(spelling)": {"env": "STATIC"}}, \#(oauth)\#(extra)}}"#, fake)
            for _ in 0..<2 { _ = try await transport.send(call()) }
            #expect(fake.calls.map(\.url) == ["https://login.test/token", "https://bot.test/v1/chat", "https://bot.test/v1/chat"])
            for sent in fake.calls.dropFirst() { #expect(sent.fields[values: try #require(HTTPField.Name(name))] == [value]) }
        }
    }

    @Test("The credential leaves for the configured origin only", arguments: [
        ("https://bot.test/other?x=1", true), ("HTTPS://BOT.TEST:443/v1", true), ("https://bot.test", true),
        ("http://bot.test/v1/chat", false), ("https://bot.test:8443/v1/chat", false), ("https://bot.test.evil.test/v1", false),
        ("https://evil.test/https://bot.test/", false), ("https://bot.test@evil.test/", false), ("https://user@bot.test/", false),
        ("https://sub.bot.test/", false), ("https://bot.test\\@evil.test/", false), ("ftp://bot.test/", false), ("", false),
    ])
    func origin(_ url: String, _ isOurs: Bool) async throws {
        let fake = FakeTransport([answer(.ok)])
        let transport = try transport(#"{"headers": {"X-Api-Key": {"env": "API"}}, "certificateFile": "/c.pem"}"#, fake)
        _ = try await transport.send(call(url))
        let sent = try #require(fake.calls.first)
        #expect((sent.fields[try #require(HTTPField.Name("X-Api-Key"))] != nil) == isOurs)
        #expect((sent.connection.certificateFile != nil) == isOurs)
    }

    @Test("After a 401 that token is dropped, a new one fetched and the call repeated once; then it gives up")
    func refused() async throws {
        let fake = FakeTransport([token("t1"), answer(.ok), answer(.unauthorized), token("t2"), answer(.unauthorized, "again")])
        let transport = try transport("{\(oauth)}}", fake)
        _ = try await transport.send(call())
        time.advance(milliseconds: 10_000)
        let response = try await transport.send(call())
        #expect(response.status == .unauthorized)
        #expect(String(decoding: response.body, as: UTF8.self) == "again")
        #expect(fake.calls.map { $0.fields[.authorization] ?? "" }.filter { $0.hasPrefix("Bearer") } == ["Bearer t1", "Bearer t1", "Bearer t2"])
        #expect(fake.unused == 0)
    }

    @Test("A token that is refused right after it was granted causes no storm")
    func storm() async throws {
        let fake = FakeTransport([token("t1")] + Array(repeating: answer(.unauthorized), count: 20))
        let transport = try transport("{\(oauth)}}", fake)
        for _ in 0..<20 { #expect(try await transport.send(call()).status == .unauthorized) }
        #expect(fake.unused == 0)
    }

    @Test("403 is an answer like others: no new token, no repeat")
    func forbidden() async throws {
        let fake = FakeTransport([token("t1"), answer(.forbidden)])
        let transport = try transport("{\(oauth)}}", fake)
        #expect(try await transport.send(call()).status == .forbidden)
        #expect(fake.unused == 0)
    }

    @Test("Without a token the agent is not called, and the error tells why without a value", arguments: [
        (HTTPResponse.Status.unauthorized, "refuses"), (.serviceUnavailable, "busy"), (.ok, "no token"),
    ])
    func noToken(_ status: HTTPResponse.Status, _ word: String) async throws {
        let fake = FakeTransport([answer(status, #"{"error": "canary"}"#)])
        let transport = try transport("{\(oauth)}}", fake)
        let failure = await #expect(throws: TransportError.self) { try await transport.send(call()) }
        #expect(failure?.code == .notAuthorized)
        #expect(failure?.isCertain == true)
        #expect(failure?.description.contains(word) == true)
        #expect(failure?.description.contains("canary") == false)
        #expect(fake.calls.count == 1)
    }

    @Test("Getting a token takes at most a second of the turn, and never more than is left", arguments: [(4500, 1000), (8500, 1000), (300, 300)])
    func budget(_ milliseconds: Int, _ expected: Int) async throws {
        let fake = FakeTransport([token("t1"), answer(.ok)])
        let transport = try transport("{\(oauth)}}", fake)
        let start = time.now()
        _ = try await transport.send(call(milliseconds: milliseconds))
        #expect(fake.calls.first?.deadline.milliseconds(since: start) == expected)
        #expect(fake.calls.last?.deadline.milliseconds(since: start) == milliseconds)
    }

    @Test("Secrets never stand in the settings file", arguments: [
        #"{"headers": {"Authorization": "Bearer inline"}}"#, #"{"headers": {"X-Api-Key": "inline"}}"#,
        #"{"oauth": {"url": "https://l.test/t", "parameters": {"client_secret": "inline"}}}"#,
        #"{"oauth": {"url": "https://l.test/t", "clientSecret": "inline"}}"#, #"{"oauth": {"url": "https://l.test/t", "parameters": {"password": "inline"}}}"#,
        #"{"headers": {"X Y": "1"}}"#, #"{"headers": {"A": "1", "a": "2"}}"#, #"{"headers": {"A": "x\ny"}}"#, #"{"keyFile": "k"}"#,
        #"{"oauth": {"url": "https://l.test/t", "clientSecret": {"env": "CLIENT"}}}"#, #"{"oauth": {}}"#,
    ])
    func inline(_ text: String) throws {
        let error = #expect(throws: SettingsError.self) { try connection(text) }
        #expect(error?.description.contains("inline") == false)
    }
}
