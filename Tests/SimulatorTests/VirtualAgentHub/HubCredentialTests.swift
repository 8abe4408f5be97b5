import HTTP
import HTTPTypes
import JSON
import Secrets
import Simulator
import Synchronization
import Testing
import TestSupport

/// The app's part in authentication, by integration version (V63–V87 on CXone's side, V72, V73).
@Suite("Virtual Agent Hub: credentials")
struct HubCredentialTests {
    /// An authorization server that counts.
    private final class TokenServer: Sendable {
        private let state = Mutex((seen: [Request](), answer: #"{"access_token":"t-%","expires_in":100,"token_type":"Bearer"}"#, status: 200))
        var seen: [Request] { state.withLock { $0.seen } }

        init(_ stage: HubStage) {
            stage.network.connect("https://auth.example") { request in
                self.state.withLock { state in
                    state.seen.append(request)
                    return .json(HTTPResponse.Status(code: state.status), Array(state.answer.replacing("%", with: "\(state.seen.count)").utf8))
                }
            }
        }

        func answer(_ body: String, status: Int = 200) { state.withLock { ($0.answer, $0.status) = (body, status) } }
    }

    private static func oauth(_ change: (inout HubApp.OAuth) -> Void = { _ in }) -> HubApp.OAuth {
        var oauth = HubApp.OAuth(url: "https://auth.example/token")
        oauth.body = [.init("grant_type", Secret("client_credentials")), .init("client secret", Secret("a&b=ü"))]
        oauth.headers = [.init("X-Realm", Secret("zoo"))]
        change(&oauth)
        return oauth
    }

    @Test("1.0.0 sends one header, always Authorization, exactly as it was typed (V66)")
    func first() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { ($0.version, $0.authorizationHeader) = (.v1, Secret("bare key of 1.0.0")) }
            let turn = try await stage.begin().turns[0]
            #expect(stage.seen[0].fields[.authorization] == "bare key of 1.0.0" && turn.authentication.headers == ["Authorization"])
            #expect(turn.warnings.contains { $0.contains("1.0.0 sends one header") })
            let configuration = try JSON(parsing: Array((stage.bodies[0]["botConfig"]?.string ?? "").utf8))
            #expect(configuration["authorizationHeader"]?.string == "bare key of 1.0.0" && configuration["customHeaders"] == nil)
        }
    }

    @Test("2.0.0 and 3.0.0 send all headers with every request (V64, V67, V68)", arguments: [HubVersion.v2, .v3])
    func several(_ version: HubVersion) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { ($0.version, $0.headers) = (version, [.init("accessKeyId", Secret("id-1")), .init("accessKeySecret", Secret("secret-1"))]) }
            let id = try await stage.begin().id
            for _ in 0..<9 { _ = try await stage.hub.act(id, .text("again")) }
            let names = ["accessKeyId", "accessKeySecret"].compactMap { HTTPField.Name($0) }
            #expect(stage.seen.count == 10 && stage.seen.allSatisfy { request in names.allSatisfy { request.fields[$0] != nil } })
        }
    }

    @Test("the app fetches a token with its body and headers, keeps it until it expires, and renews it (V71, V73, V74)",
        arguments: [HubApp.OAuth.Encoding.form, .json])
    func tokens(_ encoding: HubApp.OAuth.Encoding) async throws {
        let time = ManualTime()
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks, time: time)
            let server = TokenServer(stage)
            stage.app { $0.oauth = Self.oauth { $0.encoding = encoding } }
            let id = try await stage.begin().id
            for _ in 0..<3 { _ = try await stage.hub.act(id, .text("x")) }
            #expect(server.seen.count == 1)
            time.advance(milliseconds: 100_001)
            let last = try await stage.hub.act(id, .text("later"))
            #expect(server.seen.count == 2 && last.turns.map(\.authentication.token) == [.fetched, .cached, .cached, .cached, .renewed])
            // Over the custom header of the same name (V81).
            #expect(stage.seen.map { $0.fields[.authorization] } == ["Bearer t-1", "Bearer t-1", "Bearer t-1", "Bearer t-1", "Bearer t-2"])
            let body = String(decoding: server.seen[0].body, as: UTF8.self)
            #expect(body == (encoding == .form ? "grant_type=client_credentials&client%20secret=a%26b%3D%C3%BC" : #"{"grant_type":"client_credentials","client secret":"a&b=ü"}"#))
            #expect(HTTPField.Name("X-Realm").flatMap { server.seen[0].fields[$0] } == "zoo")
        }
    }

    @Test("a token's life: the answer's, else the app's setting, else 3600 s (V76–V78)", arguments: [
        (#","expires_in":100"#, Int?.some(200), 100), ("", 200, 200), ("", nil, 3600), (#","expires_in":"50""#, 200, 50), (#","expires_in":null"#, 200, 200),
    ])
    func life(_ member: String, _ setting: Int?, _ seconds: Int) async throws {
        let time = ManualTime()
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks, time: time)
            let server = TokenServer(stage)
            server.answer(#"{"access_token":"t-%"\#(member)}"#)
            stage.app { $0.oauth = Self.oauth { $0.lifeSeconds = setting } }
            let id = try await stage.begin().id
            time.advance(milliseconds: seconds * 1000 - 1)
            _ = try await stage.hub.act(id, .text("just before"))
            #expect(server.seen.count == 1)
            time.advance(milliseconds: 1)
            _ = try await stage.hub.act(id, .text("just after"))
            #expect(server.seen.count == 2)
        }
    }

    @Test("names of the answer, of the header and the prefix can be changed (V75, V79, V80)")
    func names() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            TokenServer(stage).answer(#"{"jwt":"abc","life":"77"}"#)
            stage.app { $0.oauth = Self.oauth { ($0.tokenName, $0.expiresName, $0.headerName, $0.prefix) = ("jwt", "life", "X-Token", "") } }
            _ = try await stage.begin()
            #expect(HTTPField.Name("X-Token").flatMap { stage.seen[0].fields[$0] } == "abc")
            #expect(stage.seen[0].fields[.authorization] == "a-key-of-this-test")
        }
    }

    @Test("without a token no turn is sent, and the reason is told", arguments: [(401, "{}", "answered 401"), (200, "{}", "has no access_token")])
    func refused(_ status: Int, _ body: String, _ words: String) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            TokenServer(stage).answer(body, status: status)
            stage.app { $0.oauth = Self.oauth() }
            let begun = try await stage.begin()
            #expect(begun.turns[0].failure?.contains(words) == true && begun.ended?.by == "error" && stage.seen.isEmpty)
        }
    }

    @Test("a token that was refused is fetched anew for the next contact, or kept (switch)", arguments: [true, false])
    func afterRefusal(_ forgets: Bool) async throws {
        try await staged { () async throws in
            let stage = HubStage()
            stage.answer("", status: .unauthorized)
            let server = TokenServer(stage)
            stage.hub.behave { $0.forgetsRefusedToken = forgets }
            stage.app { $0.oauth = Self.oauth() }
            _ = try await stage.begin()
            _ = try await stage.begin()
            #expect(server.seen.count == (forgets ? 2 : 1))
        }
    }

    @Test("a 1.0.0 script fetches, renews and passes the token itself; one that does not renew goes on with the old one (V72)", arguments: [true, false])
    func script(_ renews: Bool) async throws {
        let time = ManualTime()
        try await staged { () async throws in
            for place in HubApp.ScriptToken.Place.allCases {
                let stage = HubStage(HubStage.asks, time: time)
                _ = TokenServer(stage)
                stage.app {
                    $0.version = .v1
                    var token = HubApp.ScriptToken(oauth: Self.oauth())
                    (token.place, token.renews) = (place, renews)
                    $0.scriptToken = token
                }
                let id = try await stage.begin().id
                time.advance(milliseconds: 101_000)
                let after = try await stage.hub.act(id, .text("x"))
                let carried = stage.bodies.map { $0[place.rawValue]?["token"]?.string }
                #expect(carried == ["t-1", renews ? "t-2" : "t-1"])
                #expect(stage.bodies[1]["botSessionState"]?["v"]?.integer == 1 && !after.turns[1].request.text.contains("t-1"))
            }
        }
    }

    @Test("a client certificate is presented from 3.0.0 on, and not when the fault says so (V84–V87)")
    func certificate() async throws {
        try await staged { () async throws in
            let fake = FakeTransport(Array(repeating: .success(.json(.ok, Array(HubStage.asks.utf8))), count: 4))
            let hub = VirtualAgentHub(over: fake)
            var app = HubApp(name: "meadow", agent: "meadow", url: "https://va.example", action: .voicebotExchange)
            (app.connection.certificateFile, app.connection.keyFile, app.connection.authorityFile) = ("/c.pem", "/k.pem", "/ca.pem")
            hub.add(app)
            let id = try #require(await hub.begin("meadow", timers: .none)).id
            _ = hub.order(.missingCertificate, for: id)
            let after = try await hub.act(id, .text("x"))
            app.version = .v2
            hub.add(app)
            _ = await hub.begin("meadow", timers: .none)
            #expect(fake.calls.map(\.connection.certificateFile) == ["/c.pem", nil, nil])
            #expect(fake.calls.allSatisfy { $0.connection.authorityFile == "/ca.pem" } && after.turns.map(\.authentication.hasCertificate) == [true, false])
        }
    }
}
