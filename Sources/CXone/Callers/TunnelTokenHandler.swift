package import HTTP
import HTTPTypes
import JSON
import Secrets
package import Time

/// Signed tokens for the tunnel's callers: `POST /byoc/tunnel/token` by client credentials (RFC 6749 §4.4, RFC 9068), and `GET /byoc/tunnel/keys`,
/// where the public keys are (RFC 7517). Nothing is stored, and no other system is asked.
package struct TunnelTokenHandler: Handler {
    private let clients: ClientTable
    private let audiences: [String: [String]]
    private let settings: TunnelAuthorizationSettings
    private let time: any TimeSource
    private let attempts = FailedAttempts()

    /// Seconds for which others may keep the keys.
    private static let keysLife = 300

    package init(_ settings: TunnelAuthorizationSettings, time: any TimeSource) {
        self.settings = settings
        self.time = time
        clients = ClientTable(settings.clients.map { ($0.name, $0.group.secrets) })
        audiences = Dictionary(settings.clients.map { ($0.name, $0.group.audience) }) { first, _ in first }
    }

    package func respond(to request: Request) async -> Response {
        let path = CallbackPath(request)
        if path.ids(CallbackPattern.tunnelKeys) != nil { return keys(request) }
        guard path.ids(CallbackPattern.tunnelToken) != nil else { return CallbackProblem.notFound.response }
        return token(request)
    }

    private func keys(_ request: Request) -> Response {
        guard request.method == .get || request.method == .head else {
            var response = TokenProblem(status: .methodNotAllowed, error: "invalid_request", description: "Only GET is served here.").response
            response.fields[.allow] = "GET, HEAD"
            return response
        }
        if let refusal = refusesTransport(request) { return refusal }
        var response = Response.json(.ok, WebKeySet.json(of: settings.keys), notes: [Note("outcome", "keys"), Note("keys", settings.keys.count)])
        response.fields[.contentType] = "application/jwk-set+json"
        response.fields[.cacheControl] = "public, max-age=\(Self.keysLife)"
        return response
    }

    private func refusesTransport(_ request: Request) -> Response? {
        guard request.front.isSecure == false, !(settings.allowPlainHTTP && ExchangeRoute.isLoopback(request.front.peer)) else { return nil }
        return TokenProblem.notSecure.response
    }

    private func token(_ request: Request) -> Response {
        guard request.method == .post else { return TokenProblem.methodNotAllowed.response }
        if let refusal = refusesTransport(request) { return refusal }
        guard request.body.count <= TokenHandler.mostOctets else { return TokenProblem.tooLarge.response }
        let asked: TokenRequest
        do throws(TokenProblem) {
            asked = try TokenRequest(request)
        } catch {
            return error.response
        }
        let now = time.now()
        if let wait = attempts.wait(for: request.front.peer, now: now) { return TokenProblem.tooManyAttempts(waiting: wait) }
        let client = clients.name(of: asked)
        attempts.note(success: client != nil, of: request.front.peer, now: now)
        guard let client else { return TokenProblem.invalidClient.response }
        guard let token = signed(for: client) else {
            return Response(status: .internalServerError, notes: [Note("outcome", "notSigned")])
        }
        return TokenProblem.granted(
            token, life: settings.tokenLifetimeSeconds,
            notes: [Note("outcome", "issued"), Note("client", client), Note("form", asked.form.description)])
    }

    private func signed(for client: String) -> String? {
        guard let key = settings.keys.first, let name = WebKeySet.name(of: key) else { return nil }
        let now = Int(time.epochMilliseconds() / 1000)
        let header = RawJSON { $0.object { json in
            json.field("alg", key.algorithm.rawValue)
            json.field("typ", "at+jwt")
            json.field("kid", name)
        } }
        let claims = RawJSON { $0.object { json in
            json.field("iss", settings.issuer)
            json.field("sub", client)
            json.field("client_id", client)
            json.field("aud", array: { list in for one in audiences[client] ?? [] { list.value(one) } })
            json.field("iat", now)
            json.field("exp", now + settings.tokenLifetimeSeconds)
            json.field("jti", Base64.encodeText(Random.bytes(16), .url))
        } }
        let signed = Base64.encode(header.bytes, .url) + [UInt8(ascii: ".")] + Base64.encode(claims.bytes, .url)
        guard let signature = key.signature(of: signed, by: key.algorithm) else { return nil }
        return String(decoding: signed, as: UTF8.self) + "." + Base64.encodeText(signature, .url)
    }
}

/// The clients of a token endpoint with their secrets.
struct ClientTable: Sendable {
    private let clients: [(name: String, id: [UInt8], secrets: [[UInt8]])]

    init(_ clients: [(name: String, secrets: [Secret])]) {
        self.clients = clients.map { name, secrets in
            (name, Digest.sha256(Array(name.utf8)), secrets.filter { $0.byteCount > 0 }.map { Digest.sha256($0.reveal()) })
        }
    }

    /// Every id and every secret is compared, over digests of one length, whatever the first ones give: an unknown id takes the way of a wrong
    /// secret.
    func name(of asked: TokenRequest) -> String? {
        let ids = asked.credentials.map { Digest.sha256($0.id) }
        let secrets = asked.credentials.map { Digest.sha256($0.secret) }
        var found: String?
        for client in clients {
            for (id, secret) in zip(ids, secrets) {
                let isKnown = Digest.equal(client.id, id)
                var isRight = false
                for digest in client.secrets where Digest.equal(digest, secret) { isRight = true }
                if isKnown, isRight { found = client.name }
            }
        }
        return found
    }
}

/// `byoc-token`: both token endpoints, each where its settings are.
package struct TokenEndpoint: Handler {
    private let channels: TokenHandler?
    private let tunnel: TunnelTokenHandler?

    package init(_ settings: TokenEndpointSettings, time: any TimeSource) {
        channels = settings.byoc.map { TokenHandler($0, time: time) }
        tunnel = settings.authorization.map { TunnelTokenHandler($0, time: time) }
    }

    package func respond(to request: Request) async -> Response {
        if CallbackPath(request).segments.first == "tunnel" {
            if let tunnel { return await tunnel.respond(to: request) }
        } else if let channels {
            return await channels.respond(to: request)
        }
        return await UnconfiguredHandler().respond(to: request)
    }
}
