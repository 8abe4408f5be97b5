import CXone
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Synchronization
import TestSupport
import Testing
import Time

/// Causeway as the tunnel's authorization server.
private struct Server: HTTPTransport {
    static let secret = "a client secret that is long"
    let endpoint: TokenEndpoint
    let time: any TimeSource

    /// - Parameter keyFiles: Private keys, the first of which signs.
    init(_ keyFiles: [String], time: any TimeSource, clients: String? = nil, byoc: Bool = false) throws {
        let folder = try CallerKeys.shared.get().folder
        let keys = keyFiles.map { #"{"file":"\#(folder)/\#($0)"}"# }.joined(separator: ",")
        let clients = clients ?? #"{"orders-app":{"secrets":[{"env":"SECRET"}],"audience":["tunnel/orders"]},"billing-app":{"secrets":[{"env":"OTHER"}],"audience":["tunnel/billing"]}}"#
        let channels = byoc ? #""byoc":{"clients":{"cxone":{"secrets":[{"env":"OTHER"}]}},"tokenKeys":[{"env":"OTHER"}]},"# : ""
        let text = #"{\#(channels)"agents":{},"authorization":{"issuer":"https://causeway.example/byoc/tunnel/","keys":[\#(keys)],"clients":\#(clients)}}"#
        let settings = try SettingsFile.read(
            TokenEndpointSettings.self, text: Array(text.utf8), path: "/t", environment: ["SECRET": Self.secret, "OTHER": "another secret that is long"]).settings
        endpoint = TokenEndpoint(settings, time: time)
        self.time = time
    }

    func send(_ call: Call) async throws(TransportError) -> Response {
        let path = call.url.dropFirst("https://causeway.example".count)
        return await ask(call.method, String(path), body: String(decoding: call.body, as: UTF8.self), fields: call.fields)
    }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, body: String = "", fields: HTTPFields = [.contentType: "application/x-www-form-urlencoded"],
        isSecure: Bool? = true, peer: String? = nil
    ) async -> Response {
        var front = Front()
        front.isSecure = isSecure
        front.peer = peer
        return await endpoint.respond(to: Request(method: method, target: path, fields: fields, body: Array(body.utf8), front: front))
    }

    func token(_ id: String = "orders-app", _ secret: String = Self.secret) async throws -> String {
        let body = "grant_type=client_credentials&client_id=\(id)&client_secret=\(secret.replacing(" ", with: "+"))"
        let response = await ask(.post, "/byoc/tunnel/token", body: body)
        return try #require(JSON(parsing: response.body)["access_token"]?.string, "\(response.status) \(response.notes)")
    }
}

@Suite("The tunnel's authorization server")
struct TunnelTokenTests {
    private static let caller = #"{"token":{"jwt":{"issuer":"https://causeway.example/byoc/tunnel","audience":["tunnel/orders"],"algorithms":["ES256","ES384","RS256"],"keysURL":"https://causeway.example/byoc/tunnel/keys"}}}"#

    private static func shown(_ token: String) -> Shown { Shown(fields: [("Authorization", "Bearer " + token)]) }

    @Test("V70, V73–V75: what it gives is taken by the tunnel, of each kind of key; the answer is RFC 6749's", arguments: ["P-256.pem", "P-384.pem", "rsa2048.pem"])
    func gives(file: String) async throws {
        let time = ManualTime()
        time.advance(milliseconds: Int(CallerBench.now - time.epochMilliseconds()))
        let server = try Server([file], time: time)
        let bench = try CallerBench(Self.caller, issuer: server)
        for (body, type, basic) in [
            (#"{"grant_type":"client_credentials","client_id":"orders-app","client_secret":"\#(Server.secret)","scope":"x"}"#, "application/json", nil),
            ("grant_type=client_credentials&client_id=orders-app&client_secret=a+client+secret+that+is+long", "application/x-www-form-urlencoded", nil),
            ("grant_type=client_credentials", "application/x-www-form-urlencoded", "orders-app:" + Server.secret),
        ] as [(String, String, String?)] {
            var fields: HTTPFields = [.contentType: type]
            if let basic { fields[.authorization] = "Basic " + Base64.encodeText(Array(basic.utf8)) }
            let answer = await server.ask(.post, "/byoc/tunnel/token", body: body, fields: fields)
            #expect(answer.status == .ok)
            let json = try JSON(parsing: answer.body)
            #expect(json["token_type"]?.string == "Bearer" && json["expires_in"]?.integer == 600 && json.count == 3)
            let token = try #require(json["access_token"]?.string)
            #expect(await bench.status(Self.shown(token)) == 200)
            #expect(!"\(answer.notes)".contains(token.suffix(40)))
        }
        let old = try await server.token()
        bench.time.advance(milliseconds: 629_000)
        #expect(await bench.status(Self.shown(old)) == 200)
        bench.time.advance(milliseconds: 1_000)
        #expect(await bench.status(Self.shown(old)) == 401)
    }

    @Test("a client's token is good for its own agents only")
    func audience() async throws {
        let time = ManualTime()
        time.advance(milliseconds: Int(CallerBench.now - time.epochMilliseconds()))
        let server = try Server(["P-256.pem"], time: time)
        let bench = try CallerBench(Self.caller, issuer: server)
        #expect(await bench.status(Self.shown(try await server.token())) == 200)
        let response = await bench.post(Self.shown(try await server.token("billing-app", "another secret that is long")))
        #expect(response.status.code == 401 && response.caller == "audience")
    }

    @Test("V88: keys are changed without a refused turn: listed second, then first, then alone")
    func rotation() async throws {
        let time = ManualTime()
        time.advance(milliseconds: Int(CallerBench.now - time.epochMilliseconds()))
        let servers = try [["P-256.pem"], ["P-256.pem", "other.pem"], ["other.pem", "P-256.pem"], ["other.pem"]].map { try Server($0, time: time) }
        let way = Way()
        let bench = try CallerBench(Self.caller, issuer: way)
        var last: String?
        for server in servers {
            way.server.withLock { $0 = server }
            let token = try await server.token()
            #expect(await bench.status(Self.shown(token)) == 200)
            if let last { #expect(await bench.status(Self.shown(last)) == 200) }
            time.advance(milliseconds: 300_000)
            bench.time.advance(milliseconds: 300_000)
            last = token
        }
        // The first key's tokens have ended long ago; nothing that is signed with it is taken any more.
        time.advance(milliseconds: 600_000)
        bench.time.advance(milliseconds: 600_000)
        #expect(await bench.status(Self.shown(try await servers[3].token())) == 200)
        #expect(await bench.status(Self.shown(try await servers[0].token())) == 401)
    }

    private final class Way: HTTPTransport {
        let server = Mutex<Server?>(nil)
        func send(_ call: Call) async throws(TransportError) -> Response {
            guard let server = server.withLock({ $0 }) else { throw TransportError(.notConnected, mayHaveArrived: false) }
            return try await server.send(call)
        }
    }

    @Test("the published keys have no private part, and names that follow from them")
    func published() async throws {
        let server = try Server(["P-256.pem", "rsa2048.pem", "P-384.pem"], time: ManualTime())
        let response = await server.ask(.get, "/byoc/tunnel/keys")
        #expect(response.status == .ok && response.fields[.contentType] == "application/jwk-set+json" && response.fields[.cacheControl] == "public, max-age=300")
        let keys = try #require(JSON(parsing: response.body)["keys"])
        #expect(keys.elements.map { $0["alg"]?.string } == ["ES256", "RS256", "ES384"])
        for key in keys.elements {
            #expect(key.members.allSatisfy { ["kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"].contains($0.name) })
            #expect(key["kid"]?.string?.utf8.count == 43 && key["use"]?.string == "sig")
        }
    }

    @Test("the name of a key is its thumbprint: RFC 7638's own example")
    func thumbprint() async throws {
        let modulus = """
            0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQ\
            MicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw
            """
        let key = try #require(SignatureKey(modulus: Base64.decode(Array(modulus.utf8), .url) ?? [], exponent: [1, 0, 1]))
        #expect(WebKeySet.name(of: key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test("who is not a client gets nothing, and is slowed down", arguments: [
        (HTTPRequest.Method.post, "/byoc/tunnel/token", "grant_type=client_credentials&client_id=orders-app&client_secret=wrong", true, 401),
        (.post, "/byoc/tunnel/token", "grant_type=client_credentials&client_id=nobody&client_secret=a+client+secret+that+is+long", true, 401),
        (.post, "/byoc/tunnel/token", "grant_type=client_credentials&client_id=billing-app&client_secret=a+client+secret+that+is+long", true, 401),
        (.post, "/byoc/tunnel/token", "grant_type=password&client_id=orders-app&client_secret=a+client+secret+that+is+long", true, 400),
        (.post, "/byoc/tunnel/token", "grant_type=client_credentials", true, 401), (.get, "/byoc/tunnel/token", "", true, 405), (.post, "/byoc/tunnel/keys", "", true, 405),
        (.get, "/byoc/tunnel/keys", "", false, 403), (.post, "/byoc/tunnel/token", "grant_type=client_credentials", false, 403), (.get, "/byoc/tunnel", "", true, 404),
        (.get, "/byoc/tunnel/keys/x", "", true, 404), (.post, "/byoc/1.0/token", "grant_type=client_credentials", true, 404), (.post, "/byoc/tunnel/token", String(repeating: "x", count: 20_000), true, 413),
    ] as [(HTTPRequest.Method, String, String, Bool, Int)])
    func refuses(method: HTTPRequest.Method, path: String, body: String, isSecure: Bool, status: Int) async throws {
        let server = try Server(["P-256.pem"], time: ManualTime())
        let response = await server.ask(method, path, body: body, isSecure: isSecure, peer: "192.0.2.1")
        #expect(response.status.code == status)
        guard status == 401, body.contains("client_id") else { return }
        for _ in 0..<19 { _ = await server.ask(method, path, body: body, peer: "192.0.2.1") }
        #expect(await server.ask(method, path, body: body, peer: "192.0.2.1").status.code == 429)
    }

    @Test("both token endpoints live side by side, and neither takes the other's clients")
    func both() async throws {
        let server = try Server(["P-256.pem"], time: ManualTime(), byoc: true)
        func status(_ path: String, _ id: String, _ secret: String) async -> Int {
            await server.ask(.post, path, body: "grant_type=client_credentials&client_id=\(id)&client_secret=\(secret.replacing(" ", with: "+"))").status.code
        }
        #expect(await status("/byoc/1.0/token", "cxone", "another secret that is long") == 200)
        #expect(await status("/byoc/tunnel/token", "orders-app", Server.secret) == 200)
        #expect(await status("/byoc/tunnel/token", "cxone", "another secret that is long") == 401)
        #expect(await status("/byoc/1.0/token", "orders-app", Server.secret) == 401)
    }

    @Test("settings that cannot be are told with their fix", arguments: [
        (["rsa1024.pem"], nil, "must be private keys in PEM"), (["P-521.pem"], nil, "must be private keys"), (["locked.pem"], nil, "without a password"),
        (["P-256.pub"], nil, "openssl genpkey"), (["P-256.pem", "ca.crt"], nil, "must be private keys"), (["P-256.pem"], "{}", "names no client"),
        (["P-256.pem"], #"{"a":{"secrets":[{"env":"SECRET"}],"audience":[]}}"#, "at least one audience"), (["P-256.pem"], #"{"a":{"audience":["x"]}}"#, "\"secrets\" is missing"),
    ] as [([String], String?, String)])
    func settings(keys: [String], clients: String?, part: String) throws {
        let error = #expect(throws: SettingsError.self) { _ = try Server(keys, time: ManualTime(), clients: clients) }
        #expect(error?.description.contains(part) ?? false, "\(String(describing: error))")
    }
}
