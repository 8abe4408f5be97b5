import CXone
import HTTP
import HTTPTypes
import JSON
import Secrets
import TestSupport
import Testing

private func ask(
    _ bench: CallbackBench, _ body: String, type: String = "application/json", basic: String? = nil, path: String = "/byoc/1.0/token",
    peer: String? = nil, edit: (inout Request) -> Void = { _ in }
) async -> Response {
    var request = Request(method: .post, target: path, fields: [.contentType: type], body: Array(body.utf8))
    if let basic { request.fields[.authorization] = "Basic " + Base64.encodeText(Array(basic.utf8)) }
    request.front.peer = peer
    edit(&request)
    return await bench.tokens.respond(to: request)
}

private let right = #"{"grant_type":"client_credentials","client_id":"cxone","client_secret":"\#(CallbackBench.secret)"}"#

@Suite("Token endpoint")
struct TokenTests {
    @Test("B1: JSON, form and Basic give a Bearer token that the callbacks take", arguments: [
        (right, "application/json", nil), (right, "application/json; charset=utf-8", nil),
        (#"{"grant_type":"client_credentials","client_id":"cxone","client_secret":"\#(CallbackBench.newSecret)","expires_in":60,"scope":null,"x":{}}"#, "application/json", nil),
        ("grant_type=client_credentials&client_id=cxone&client_secret=a+client%20secret+that+is+long", "application/x-www-form-urlencoded", nil),
        ("grant_type=client_credentials", "application/x-www-form-urlencoded; charset=UTF-8", "cxone:" + CallbackBench.secret),
        ("grant_type=client_credentials", "application/x-www-form-urlencoded", "cxone:a+client+secret%20that+is+long"),
        (#"{"grant_type":"client_credentials"}"#, "application/json", "cxone:" + CallbackBench.secret),
    ] as [(String, String, String?)])
    func gives(body: String, type: String, basic: String?) async throws {
        let bench = try CallbackBench()
        for path in ["/byoc/1.0/token", "/byoc/oauth/token", "/1.0/token", "/byoc//1.0/token/"] {
            let response = await ask(bench, body, type: type, basic: basic, path: path)
            try #require(response.status == .ok, "\(String(decoding: response.body, as: UTF8.self))")
            let json = try #require(response.json)
            #expect(json["token_type"]?.string == "Bearer" && json["expires_in"]?.integer == 3600)
            let token = try #require(json["access_token"]?.string)
            let called = await bench.handler.respond(to: bench.request(outboundBody, authorization: "Bearer " + token))
            #expect(called.status == .ok)
        }
    }

    @Test("B1: what is wrong is told by RFC 6749's names", arguments: [
        (#"{"grant_type":"password","client_id":"cxone","client_secret":"x"}"#, "application/json", nil, 400, "unsupported_grant_type"),
        (#"{"client_id":"cxone","client_secret":"x"}"#, "application/json", nil, 400, "invalid_request"),
        (#"{"grant_type":["client_credentials"]}"#, "application/json", nil, 400, "invalid_request"),
        ("{", "application/json", nil, 400, "invalid_request"), ("[]", "application/json", nil, 400, "invalid_request"), ("", "application/json", nil, 400, "invalid_request"),
        (#"{"grant_type":"client_credentials","grant_type":"client_credentials"}"#, "application/json", nil, 400, "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded", nil, 400, "invalid_request"),
        ("grant_type=%zz", "application/x-www-form-urlencoded", nil, 400, "invalid_request"),
        (right, "application/json", "cxone:" + CallbackBench.secret, 400, "invalid_request"),
        (#"{"grant_type":"client_credentials"}"#, "application/json", nil, 401, "invalid_client"),
        (#"{"grant_type":"client_credentials","client_id":"cxone","client_secret":"wrong"}"#, "application/json", nil, 401, "invalid_client"),
        (#"{"grant_type":"client_credentials","client_id":"nobody","client_secret":"\#(CallbackBench.secret)"}"#, "application/json", nil, 401, "invalid_client"),
        (#"{"grant_type":"client_credentials","client_id":"rival","client_secret":"\#(CallbackBench.secret)"}"#, "application/json", nil, 401, "invalid_client"),
        (#"{"grant_type":"client_credentials","client_id":"cxone","client_secret":""}"#, "application/json", nil, 401, "invalid_client"),
        (#"{"grant_type":"client_credentials"}"#, "application/json", "no colon", 401, "invalid_client"),
        (right, "text/plain", nil, 415, "invalid_request"),
        (#"{"x":""# + String(repeating: "y", count: 17_000) + #""}"#, "application/json", nil, 413, "invalid_request"),
    ] as [(String, String, String?, Int, String)])
    func refuses(body: String, type: String, basic: String?, status: Int, error: String) async throws {
        let response = await ask(try CallbackBench(), body, type: type, basic: basic)
        #expect(response.status.code == status && response.json?["error"]?.string == error)
        #expect((response.fields[.wwwAuthenticate] != nil) == (status == 401))
    }

    @Test("Credentials in the query are never read; other methods, paths and plain HTTP are refused")
    func surroundings() async throws {
        let bench = try CallbackBench()
        let query = "?grant_type=client_credentials&client_id=cxone&client_secret=a+client+secret+that+is+long"
        #expect(await ask(bench, #"{"grant_type":"client_credentials"}"#, path: "/byoc/1.0/token" + query).status == .unauthorized)
        let get = await ask(bench, right) { $0.method = .get }
        #expect(get.status == .methodNotAllowed && get.fields[.allow] == "POST")
        #expect(await ask(bench, right, path: "/byoc/1.0/tokens").status == .notFound)
        #expect(await ask(bench, right) { $0.front.isSecure = false }.status == .forbidden)
        let lenient = try CallbackBench(members: #""allowPlainHTTP":true"#)
        #expect(await ask(lenient, right, peer: "127.0.0.1") { $0.front.isSecure = false }.status == .ok)
        #expect(await ask(lenient, right, peer: "192.0.2.1") { $0.front.isSecure = false }.status == .forbidden)
        #expect(await ask(bench, right) {
            $0.fields.append(HTTPField(name: .authorization, value: "Basic x"))
            $0.fields.append(HTTPField(name: .authorization, value: "Basic y"))
        }.json?["error"]?.string == "invalid_request")
    }

    @Test("Guessing is slowed down by address; whoever knew the secret within the hour is never shut out")
    func guessing() async throws {
        let bench = try CallbackBench()
        let wrong = #"{"grant_type":"client_credentials","client_id":"cxone","client_secret":"wrong"}"#
        #expect(await ask(bench, right, peer: "198.51.100.1").status == .ok)
        var refused = 0
        for _ in 0..<200 {
            let response = await ask(bench, wrong, peer: "192.0.2.7")
            if response.status == .tooManyRequests {
                refused += 1
                #expect(response.fields[.retryAfter] == "1")
            }
            #expect(await ask(bench, wrong, peer: "198.51.100.1").status == .unauthorized)
        }
        #expect(refused == 180)
        // Unheard, even with the right secret: else guessing would go on at full speed.
        #expect(await ask(bench, right, peer: "192.0.2.7").status == .tooManyRequests)
        #expect(await ask(bench, right, peer: "192.0.2.8").status == .ok)
        #expect(await ask(bench, right, peer: "198.51.100.1").status == .ok)
        bench.time.advance(milliseconds: 1000)
        #expect(await ask(bench, right, peer: "192.0.2.7").status == .ok)
    }

    @Test("B2: a token outlives a restart and a change of keys, and ends by its time or with its client")
    func lifetime() async throws {
        let bench = try CallbackBench()
        let tokens = AccessTokens(keys: bench.settings.tokenKeys, life: 3600)
        let now = bench.time.epochMilliseconds()
        let token = try #require(tokens.token(for: "cxone", now: now))
        #expect(tokens.finding(token.utf8, now: now + 3_599_000) == .client("cxone"))
        #expect(tokens.finding(token.utf8, now: now + 3_600_000) == .expired)
        #expect(tokens.finding(token.utf8, now: now - 601_000) == .expired)
        let old = AccessTokens(keys: Array(bench.settings.tokenKeys.dropFirst()), life: 3600)
        #expect(old.finding(token.utf8, now: now) == .unknown)
        #expect(try tokens.finding(#require(old.token(for: "cxone", now: now)).utf8, now: now) == .client("cxone"))
        #expect(AccessTokens(keys: [], life: 60).token(for: "cxone", now: now) == nil)
        #expect(AccessTokens(keys: [], life: 60).finding(token.utf8, now: now) == .unknown)
        // Every single changed character makes it worthless.
        for index in token.indices {
            var forged = token
            forged.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            #expect(tokens.finding(forged.utf8, now: now) == .unknown)
        }
    }
}
