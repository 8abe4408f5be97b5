import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets
package import Time

/// `POST /byoc/1.0/token` and `/byoc/oauth/token`: the OAuth 2.0 client-credentials grant for CXone (`byoc.md` §3.1, RFC 6749 §4.4). CXone
/// sends JSON; forms and HTTP Basic are understood too. Nothing is stored, and no other system is asked.
package struct TokenHandler: Handler {
    private let clients: ClientTable
    private let tokens: AccessTokens
    private let allowsPlainHTTP: Bool
    private let time: any TimeSource
    private let attempts = FailedAttempts()

    /// Octets of a body.
    package static let mostOctets = 16 << 10

    package init(_ settings: BringYourOwnChannelSettings, time: any TimeSource) {
        clients = ClientTable(settings.clients.map { ($0.name, $0.group.secrets) })
        tokens = AccessTokens(keys: settings.tokenKeys, life: settings.tokenLifetimeSeconds)
        allowsPlainHTTP = settings.allowPlainHTTP
        self.time = time
    }

    package func respond(to request: Request) async -> Response {
        let path = CallbackPath(request)
        guard CallbackPattern.tokens.contains(where: { path.ids($0) != nil }) else { return CallbackProblem.notFound.response }
        return token(request)
    }

    /// The answer to a token request, whatever its path.
    func token(_ request: Request) -> Response {
        guard request.method == .post else { return TokenProblem.methodNotAllowed.response }
        if request.front.isSecure == false, !(allowsPlainHTTP && ExchangeRoute.isLoopback(request.front.peer)) {
            return TokenProblem.notSecure.response
        }
        guard request.body.count <= Self.mostOctets else { return TokenProblem.tooLarge.response }
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
        guard let client, let token = tokens.token(for: client, now: time.epochMilliseconds()) else {
            return TokenProblem.invalidClient.response
        }
        return TokenProblem.granted(
            token, life: tokens.life, notes: [Note("outcome", "issued"), Note("client", client), Note("form", asked.form.description)])
    }
}

/// What is asked of the token endpoint, from wherever it stands.
struct TokenRequest {
    /// One reading, or two where a client may or may not have encoded what Basic carries.
    let credentials: [(id: [UInt8], secret: [UInt8])]
    let form: StaticString

    init(_ request: Request) throws(TokenProblem) {
        let parameters = try Self.parameters(request)
        let basic = try Self.basic(request.fields)
        guard let grant = parameters.grant else { throw .invalidRequest("grant_type is missing") }
        guard grant == "client_credentials" else { throw .unsupportedGrant }
        if let basic {
            guard parameters.secret == nil else { throw .invalidRequest("the client must authenticate in one way only") }
            (credentials, form) = (basic, "basic")
        } else {
            guard let id = parameters.id, let secret = parameters.secret else { throw .invalidClient }
            (credentials, form) = ([(Array(id.utf8), Array(secret.utf8))], parameters.form)
        }
    }

    private typealias Parameters = (grant: String?, id: String?, secret: String?, form: StaticString)

    private static func parameters(_ request: Request) throws(TokenProblem) -> Parameters {
        if let encoding = request.fields.value(.contentEncoding), !encoding.equalsIgnoringCase("identity") { throw .wrongMediaType }
        let type = request.fields.value(.contentType) ?? ""
        if ExchangeProblem.isJSON(type) {
            let json: JSON
            do { json = try JSON(parsing: request.body) } catch { throw .invalidRequest("the body is not valid JSON: \(error)") }
            guard json.kind == .object else { throw .invalidRequest("the body must be an object") }
            func text(_ name: String) throws(TokenProblem) -> String? {
                guard let value = json[name], !value.isNull else { return nil }
                guard let text = value.string ?? value.numberLiteral else { throw .invalidRequest("\(name) must be a text") }
                return text.isEmpty ? nil : text
            }
            return (try text("grant_type"), try text("client_id"), try text("client_secret"), "json")
        }
        let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard essence == "application/x-www-form-urlencoded" || (type.isEmpty && request.body.isEmpty) else { throw .wrongMediaType }
        guard let fields = FormFields(request.body) else { throw .invalidRequest("the form is malformed") }
        func text(_ name: String) throws(TokenProblem) -> String? {
            guard fields.contains(name) else { return nil }
            guard let value = fields[name] else { throw .invalidRequest("\(name) came more than once") }
            return value.isEmpty ? nil : value
        }
        return (try text("grant_type"), try text("client_id"), try text("client_secret"), "form")
    }

    /// The credentials of HTTP Basic, as they stand and as RFC 6749 §2.3.1 encodes them; `nil` when there is no such field.
    private static func basic(_ fields: HTTPFields) throws(TokenProblem) -> [(id: [UInt8], secret: [UInt8])]? {
        var value: [UInt8]?
        for index in fields.startIndex..<fields.endIndex where fields[index].name == .authorization {
            guard value == nil else { throw .invalidRequest("Authorization came more than once") }
            value = fields[index].withUnsafeBytesOfValue { Array($0) }
        }
        // Another scheme is no attempt of this kind: an old access token, say.
        guard let value, value.prefix(6).map({ $0 | 0x20 }).elementsEqual("basic ".utf8) else { return nil }
        guard let octets = Base64.decode(value.dropFirst(6).drop { $0 == 0x20 }), let colon = octets.firstIndex(of: UInt8(ascii: ":")) else {
            throw .invalidClient
        }
        let (id, secret) = (Array(octets[..<colon]), Array(octets[(colon + 1)...]))
        let encoded = (Array("i=".utf8) + id, Array("s=".utf8) + secret)
        guard let plainID = FormFields(encoded.0)?["i"], let plainSecret = FormFields(encoded.1)?["s"] else { return [(id, secret)] }
        return [(id, secret), (Array(plainID.utf8), Array(plainSecret.utf8))]
    }
}

/// Why no token is given, in the shape of RFC 6749 §5.2.
struct TokenProblem: Error {
    let status: HTTPResponse.Status
    let error: String
    let description: String

    static let invalidClient = TokenProblem(status: .unauthorized, error: "invalid_client", description: "The client is unknown, or its secret is wrong.")
    static let unsupportedGrant = TokenProblem(
        status: .badRequest, error: "unsupported_grant_type", description: "Only client_credentials is served.")
    static let methodNotAllowed = TokenProblem(status: .methodNotAllowed, error: "invalid_request", description: "Only POST is served here.")
    static let notSecure = TokenProblem(status: .forbidden, error: "invalid_request", description: "The request must come over TLS.")
    static let tooLarge = TokenProblem(status: .contentTooLarge, error: "invalid_request", description: "The body is too large.")
    static let wrongMediaType = TokenProblem(
        status: .unsupportedMediaType, error: "invalid_request", description: "The body must be JSON or a form, neither of them packed.")
    static let tooManyAttempts = TokenProblem(status: .tooManyRequests, error: "slow_down", description: "Too many wrong secrets; wait.")

    static func tooManyAttempts(waiting milliseconds: Int) -> Response {
        var response = tooManyAttempts.response
        response.fields[.retryAfter] = String((milliseconds + 999) / 1000)
        return response
    }

    /// The other answer: a token (RFC 6749 §5.1).
    static func granted(_ token: String, life: Int, notes: [Note]) -> Response {
        var writer = JSONWriter(reservingCapacity: 256)
        writer.object { json in
            json.field("access_token", token)
            json.field("token_type", "Bearer")
            json.field("expires_in", life)
        }
        return .json(.ok, writer.bytes, notes: notes)
    }

    static func invalidRequest(_ description: String) -> TokenProblem {
        TokenProblem(status: .badRequest, error: "invalid_request", description: description)
    }

    var response: Response {
        var writer = JSONWriter(reservingCapacity: 128)
        writer.object { json in
            json.field("error", error)
            json.field("error_description", description)
        }
        var response = Response.json(status, writer.bytes, notes: [Note("outcome", error)])
        switch status {
        case .unauthorized: response.fields[.wwwAuthenticate] = "Basic realm=\"byoc\""
        case .methodNotAllowed: response.fields[.allow] = "POST"
        default: break
        }
        return response
    }
}
