import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// Discovery and sign-in (`byoc.md` §5.1, 5.2).
extension World {
    /// Where this server is reached as the issuer.
    private var issuer: String { baseURL.isEmpty ? tenant.issuer : baseURL }

    func openIDConfiguration() -> Answer {
        Answer(200, RawJSON { $0.object { object in
            object.field("issuer", issuer)
            object.field("authorization_endpoint", issuer + "/auth/authorize")
            object.field("token_endpoint", issuer + "/auth/token")
            object.field("jwks_uri", issuer + "/auth/jwks")
            object.field("token_endpoint_auth_methods_supported", array: { $0.value("client_secret_basic") })
        } })
    }

    func cxoneConfiguration(_ call: Incoming) throws(APIError) -> Answer {
        guard let id = call.one("tenantId") else { throw .invalid([Violation("tenantId", "This value should not be blank.", "blank")]) }
        guard id == tenant.tenantID else { throw .notFound("Tenant was not found.") }
        return Answer(200, RawJSON { $0.object { object in
            object.field("private", false)
            object.field("ui_endpoint", issuer)
            object.field("auth_endpoint", issuer)
            object.field("api_endpoint", baseURL.isEmpty ? "https://api-\(tenant.area).\(tenant.domain)" : baseURL)
            object.field("area", tenant.area)
            object.field("cluster", "b32")
            object.field("domain", tenant.domain)
            object.field("acdDomain", "incontact.com")
            object.field("uhDomain", tenant.domain)
            object.field("tenantId", tenant.tenantID)
            object.field("globaldomain", tenant.domain)
        } })
    }

    /// `POST /auth/token`: a form, the application by HTTP Basic or in the body.
    mutating func signIn(_ call: Incoming) throws(APIError) -> Answer {
        journal.counters.signIns += 1
        let type = call.request.fields.value(.contentType)?.prefix { $0 != ";" }.lowercased()
        guard type == "application/x-www-form-urlencoded",
            let pairs = Percent.pairs(Substring(decoding: call.request.body, as: UTF8.self))
        else { throw .oauth(400, "invalid_request", "The body should be a form.") }
        var form: [String: String] = [:]
        for pair in pairs {
            guard form.updateValue(pair.value, forKey: pair.name) == nil else {
                throw .oauth(400, "invalid_request", "\(pair.name) stands twice.")
            }
        }
        guard isApplication(call.request, form) else { throw .oauth(401, "invalid_client", "The client is not known.") }
        switch form["grant_type"] {
        case nil: throw .oauth(400, "invalid_request", "grant_type is missing.")
        case "password":
            guard let key = form["username"], let secret = form["password"] else {
                throw .oauth(400, "invalid_request", "username and password are needed.")
            }
            guard isAccessKey(key, secret) else { throw .oauth(400, "invalid_grant", "The access key is not known.") }
        case "refresh_token":
            guard let token = form["refresh_token"], form["client_id"] != nil else {
                throw .oauth(400, "invalid_request", "client_id and refresh_token are needed.")
            }
            guard tokens.takeRefresh(token) else { throw .oauth(400, "invalid_grant", "The refresh token is not known.") }
        default: throw .oauth(400, "unsupported_grant_type", "This grant is not offered.")
        }
        return grant(call, withRefresh: true)
    }

    /// The older door with the same access key, JSON (§5.2).
    mutating func accessKeyToken(_ call: Incoming) throws(APIError) -> Answer {
        journal.counters.signIns += 1
        let body = try call.body(Shapes.accessKey, behaviour)
        guard isAccessKey(body["accessKeyId"]?.string ?? "", body["accessKeySecret"]?.string ?? "") else {
            throw .oauth(401, "invalid_client", "The access key is not known.")
        }
        return grant(call, withRefresh: true)
    }

    private func isAccessKey(_ id: String, _ secret: String) -> Bool {
        id == tenant.credentials.accessKeyID && tenant.credentials.accessKeySecret.matches(secret.utf8)
    }

    private func isApplication(_ request: Request, _ form: [String: String]) -> Bool {
        var (id, secret) = (form["client_id"], form["client_secret"])
        if let field = request.fields.value(.authorization) {
            guard field.lowercased().hasPrefix("basic "), let octets = Base64.decode(field.dropFirst(6).utf8) else { return false }
            let text = Substring(decoding: octets, as: UTF8.self)
            let name = text.prefix { $0 != ":" }
            (id, secret) = (Percent.decode(name, plusIsSpace: true), Percent.decode(text.dropFirst(name.count + 1), plusIsSpace: true))
        }
        guard let id, let secret else { return false }
        return id == tenant.credentials.clientID && tenant.credentials.clientSecret.matches(secret.utf8)
    }

    private mutating func grant(_ call: Incoming, withRefresh: Bool) -> Answer {
        let access = tokens.giveAccess(to: nil, until: call.now.advanced(byMilliseconds: behaviour.tokenLife * 1000))
        let refresh = tokens.giveRefresh()
        return Answer(200, RawJSON { $0.object { object in
            object.field("access_token", access)
            object.field("token_type", "Bearer")
            object.field("expires_in", behaviour.tokenLife)
            if withRefresh { object.field("refresh_token", refresh) }
            object.field("id_token", idToken(call))
        } })
    }

    /// A JSON Web Token with the claim `tenantId`, signed by a key nobody has: readers of the claim look at the payload only.
    private func idToken(_ call: Incoming) -> String {
        let header = RawJSON { $0.object { object in
            object.field("alg", "HS256")
            object.field("typ", "JWT")
        } }
        let payload = RawJSON { $0.object { object in
            object.field("iss", issuer)
            object.field("sub", "user:service")
            object.field("tenantId", tenant.tenantID)
            object.field("exp", Int(call.epoch / 1000) + behaviour.tokenLife)
        } }
        let text = Base64.encodeText(header.bytes, .url) + "." + Base64.encodeText(payload.bytes, .url)
        return text + "." + Base64.encodeText(Digest.hmac(Array(text.utf8), key: .random()), .url)
    }

    // MARK: One-time tokens

    /// `GET /one-time-token/authentication`: sends a browser, in which the first user is signed in, back with a one-time token.
    mutating func giveOneTimeToken(_ call: Incoming) throws(APIError) -> Answer {
        guard let target = call.one("redirectUrl"), WebAddress(target) != nil, let user = tenant.users.first else {
            throw .invalid([Violation("redirectUrl", "This value is not a valid URL.", "format")])
        }
        let token = tokens.giveOneTime(to: user, until: call.now.advanced(byMilliseconds: behaviour.oneTimeTokenLife * 1000))
        var query = "userId=\(user.id)&brandId=\(tenant.brandID)&token=\(token)"
        if let state = call.one("state") { query += "&state=\(Percent.encode(state))" }
        var answer = Answer(302, nil)
        answer.fields = [("Location", target + (target.contains("?") ? "&" : "?") + query)]
        return answer
    }

    /// `POST /one-time-token/verification` (§4).
    mutating func verifyOneTimeToken(_ call: Incoming) throws(APIError) -> Answer {
        let body = try call.body(Shapes.oneTimeToken, behaviour)
        // The token is spent before anything else is looked at: a second try finds nothing.
        let token = tokens.takeOneTime(body["token"]?.string ?? "", at: call.now)
        guard let token, body["brandId"]?.integer == tenant.brandID, body["userId"]?.integer == token.user.id else {
            throw .forbidden("The one-time token is unknown, used or expired.")
        }
        let access = tokens.giveAccess(to: token.user, until: call.now.advanced(byMilliseconds: behaviour.tokenLife * 1000))
        return Answer(200, RawJSON { $0.object { object in
            object.field("brand", object: { brand in
                brand.field("id", tenant.brandID)
                brand.field("friendlyName", tenant.name)
                brand.field("timezone", "Europe/London")
                brand.field("brandHash", Digest.hex(Digest.sha256(Array(tenant.name.utf8)).prefix(8)))
                brand.field("tenantId", tenant.tenantID)
                brand.field("businessUnitId", tenant.businessUnitID)
                brand.name("acdClusterId")
                brand.null()
            })
            object.field("user", object: { $0.members(of: token.user) })
            object.field("accessToken", access)
        } })
    }
}
