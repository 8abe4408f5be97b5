import HTTP
import HTTPTypes
import JSON
import Secrets
import Simulator
import TestSupport
import Testing
import Time

@Suite("Signing in to CXone")
struct SignInTests {
    private static let token = "https://cxone.niceincontact.com/auth/token"

    private static func form(_ stage: Stage, _ text: String, basic: String? = nil) async throws -> Response {
        var fields: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if let basic { fields[.authorization] = "Basic " + Base64.encodeText(basic.utf8) }
        return try await stage.network.send(Call(
            method: .post, url: token, fields: fields, body: Array(text.utf8), deadline: .now().advanced(byMilliseconds: 30_000)))
    }

    @Test("discovery names the token endpoint, the area and the tenant")
    func discovery() async throws {
        try await staged {
            let stage = Stage()
            let open = try await stage.send(.get, "https://cxone.niceincontact.com/.well-known/openid-configuration").json()
            #expect(open["token_endpoint"]?.string == Self.token)
            let path = "https://cxone.niceincontact.com/.well-known/cxone-configuration?tenantId="
            let facts = try await stage.send(.get, path + stage.cxone.tenant.tenantID).json()
            #expect(facts["area"]?.string == "na1" && facts["domain"]?.string == "niceincontact.com")
            #expect(try await stage.send(.get, path + "other").status == .notFound)
            #expect(try await stage.send(.get, String(path.dropLast(10))).status == .badRequest)
        }
    }

    @Test("an access key signs in by Basic and in the body; everything else is refused in OAuth's shape")
    func accessKey() async throws {
        try await staged {
            let stage = Stage()
            let keys = stage.cxone.tenant.credentials
            let (secret, key) = (keys.clientSecret.revealText(), keys.accessKeySecret.revealText())
            let password = "grant_type=password&username=AKIDCAUSEWAY&password=\(key)"
            #expect(try await Self.form(stage, password, basic: "causeway-app:\(secret)").status == .ok)
            let answer = try await Self.form(stage, password + "&client_id=causeway-app&client_secret=\(secret)").json()
            #expect(answer["token_type"]?.string == "Bearer" && answer["expires_in"]?.integer == 3600)
            let claims = answer["id_token"]?.string?.split(separator: ".").dropFirst().first.flatMap { Base64.decode($0.utf8, .url) }
            #expect(try JSON(parsing: try #require(claims))["tenantId"]?.string == stage.cxone.tenant.tenantID)

            for (text, basic, status, error) in [
                (password, "causeway-app:wrong", 401, "invalid_client"),
                (password, nil, 401, "invalid_client"),
                ("grant_type=password&username=AKIDCAUSEWAY&password=x", "causeway-app:\(secret)", 400, "invalid_grant"),
                ("grant_type=client_credentials", "causeway-app:\(secret)", 400, "unsupported_grant_type"),
                ("username=AKIDCAUSEWAY", "causeway-app:\(secret)", 400, "invalid_request"),
                (password + "&username=b", "causeway-app:\(secret)", 400, "invalid_request"),
            ] as [(String, String?, Int, String)] {
                let response = try await Self.form(stage, text, basic: basic)
                #expect(response.status.code == status, "\(error)")
                #expect(try response.json()["error"]?.string == error)
            }
        }
    }

    @Test("a refresh token serves once; an access token ends with its life and with a revocation")
    func lives() async throws {
        try await staged {
            let time = ManualTime()
            let stage = Stage(time: time)
            let keys = stage.cxone.tenant.credentials
            let basic = "causeway-app:\(keys.clientSecret.revealText())"
            let first = try await Self.form(
                stage, "grant_type=password&username=AKIDCAUSEWAY&password=\(keys.accessKeySecret.revealText())", basic: basic).json()
            let refresh = "grant_type=refresh_token&client_id=causeway-app&refresh_token=\(first["refresh_token"]?.string ?? "")"
            let second = try await Self.form(stage, refresh, basic: basic).json()
            #expect(try await Self.form(stage, refresh, basic: basic).status == .badRequest)

            let access = try #require(second["access_token"]?.string)
            #expect(try await stage.send(.get, "/channels", token: access).status == .ok)
            time.advance(milliseconds: 3_600_000)
            let late = try await stage.send(.get, "/channels", token: access)
            #expect(late.status == .unauthorized && late.fields[.wwwAuthenticate] == "Bearer")
            #expect(try late.errors().count == 1)
            let fresh = try await stage.signIn()
            stage.cxone.revokeTokens()
            #expect(try await stage.send(.get, "/channels", token: fresh).status == .unauthorized)
            #expect(stage.cxone.counters.unauthorized == 2)
        }
    }

    @Test("the older door takes the access key as JSON")
    func older() async throws {
        try await staged {
            let stage = Stage()
            let url = "https://cxone.niceincontact.com/authentication/v1/token/access-key"
            let secret = stage.cxone.tenant.credentials.accessKeySecret.revealText()
            let good = try await stage.send(.post, url, #"{"accessKeyId":"AKIDCAUSEWAY","accessKeySecret":"\#(secret)"}"#)
            #expect(try good.json()["access_token"]?.string?.isEmpty == false)
            #expect(try await stage.send(.post, url, #"{"accessKeyId":"AKIDCAUSEWAY","accessKeySecret":"no"}"#).status == .unauthorized)
        }
    }

    @Test("a one-time token serves once, for its brand and user, within its life, with integers (B37)")
    func oneTime() async throws {
        try await staged {
            let time = ManualTime()
            let stage = Stage(time: time)
            var form = stage.cxone.integrations[0]
            form.addURL = "https://mw.example/channels/add"
            stage.cxone.add(form)
            func fresh() throws -> String {
                let url = try #require(stage.cxone.pageURL(.add, apiHost: "api-de-na1.niceincontact.com", backURL: "https://na1.niceincontact.com/a?b"))
                #expect(url.hasPrefix("https://mw.example/channels/add?userId=4711&brandId=9001&token="))
                #expect(url.hasSuffix("&backUrl=https%3A%2F%2Fna1.niceincontact.com%2Fa%3Fb&apiHost=api-de-na1.niceincontact.com"))
                return String(try #require(url.firstMatch(of: /token=([0-9a-f]+)/)).1)
            }
            func verify(_ token: String, brand: String = "9001", user: String = "4711", purpose: String = "channel-integration") async throws -> Response {
                try await stage.send(
                    .post, "/one-time-token/verification", #"{"brandId":\#(brand),"userId":\#(user),"token":"\#(token)","purpose":"\#(purpose)"}"#, token: "")
            }
            let token = try fresh()
            #expect(try await verify(token, brand: "\"9001\"").status == .badRequest)
            #expect(try await verify(token, purpose: "channel").status == .badRequest)
            let answer = try await verify(token).json()
            #expect(answer["brand"]?["id"]?.integer == 9001 && answer["user"]?["id"]?.integer == 4711)
            let access = try #require(answer["accessToken"]?.string)
            #expect(try await stage.send(.get, "/channels", token: access).status == .ok)
            #expect(try await verify(token).status == .forbidden)
            #expect(try await verify(try fresh(), brand: "9002").status == .forbidden)
            #expect(try await verify(try fresh(), user: "4712").status == .forbidden)
            let old = try fresh()
            time.advance(milliseconds: 300_000)
            #expect(try await verify(old).status == .forbidden)
        }
    }
}
