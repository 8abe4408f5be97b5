import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import Simulator
import Synchronization
import Testing
import TestSupport
import Time

/// A tenant, a middleware that answers as agreed, and both on one network in memory.
final class Stage: Sendable {
    let cxone: DigitalExperience
    let network: MemoryNetwork
    let middleware = Middleware()
    static let api = "https://api-de-na1.niceincontact.com/dfo/3.0"

    init(_ change: (inout Behaviour) -> Void = { _ in }, time: any TimeSource = SystemTime()) {
        network = MemoryNetwork(time: time)
        cxone = DigitalExperience(over: network, time: time)
        cxone.behave(change)
        cxone.join(network)
        let middleware = middleware
        network.connect("https://mw.example") { await middleware.answer($0) }
        cxone.add(Integration(id: "box", boxURL: "https://mw.example/byoc", clientSecret: Middleware.secret))
        cxone.addChannel("meadow")
    }

    /// One request to CXone; the token is asked for when none is given.
    func send(
        _ method: HTTPRequest.Method, _ url: String, _ body: String = "", token: String? = nil,
        type: String = "application/json", deadline: Int = 30_000
    ) async throws -> Response {
        var fields: HTTPFields = [:]
        if !body.isEmpty { fields[.contentType] = type }
        fields[.authorization] = "Bearer \(try await token == nil ? signIn() : token ?? "")"
        return try await network.send(Call(
            method: method, url: url.hasPrefix("https") ? url : Stage.api + url, fields: fields, body: Array(body.utf8),
            deadline: .now().advanced(byMilliseconds: deadline)))
    }

    func signIn() async throws -> String {
        let keys = cxone.tenant.credentials
        let basic = Base64.encodeText("\(keys.clientID):\(keys.clientSecret.revealText())".utf8)
        let form = "grant_type=password&username=\(keys.accessKeyID)&password=\(keys.accessKeySecret.revealText())"
        let response = try await network.send(Call(
            method: .post, url: "https://cxone.niceincontact.com/auth/token",
            fields: [.authorization: "Basic \(basic)", .contentType: "application/x-www-form-urlencoded"], body: Array(form.utf8),
            deadline: .now().advanced(byMilliseconds: 30_000)))
        return try #require(try JSON(parsing: response.body)["access_token"]?.string)
    }

    static func message(_ id: String, thread: String = "t1", text: String = "Hello", at second: Int = 2, extra: String = "") -> String {
        """
        {"idOnExternalPlatform":"\(id)","direction":"inbound","createdAtWithMilliseconds":"2026-03-04T09:14:0\(second).117+00:00",
         "thread":{"idOnExternalPlatform":"\(thread)"},"messageContent":{"type":"TEXT","payload":{"text":"\(text)"}},
         "authorEndUserIdentity":{"idOnExternalPlatform":"zebra-12","firstName":"Zoe"}\(extra)}
        """
    }
}

/// A middleware that keeps the contract, unless told otherwise.
final class Middleware: Sendable {
    static let secret = Secret("s3cret-of-the-box")
    private let state = Mutex(State())

    struct State {
        var seen: [Request] = []
        var tokens: Set<String> = []
        var answers: [Response?] = []
        var sent = 0
        var delay = 0
    }

    var seen: [Request] { state.withLock { $0.seen } }
    func paths() -> [String] { seen.map { String($0.path) } }
    /// Answers for the next messages, before the usual ones; `nil` ends the connection.
    func answerNext(_ responses: Response?...) { state.withLock { $0.answers += responses } }
    func forgetTokens() { state.withLock { $0.tokens = [] } }

    func answer(_ request: Request) async -> Response? {
        state.withLock { state -> Response? in
            state.seen.append(request)
            let path = request.path
            if path == "/byoc/1.0/token" { return token(request, &state) }
            guard let field = request.fields[.authorization], state.tokens.contains(String(field.dropFirst(7))) else {
                return Response(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
            }
            if !state.answers.isEmpty { return state.answers.removeFirst() }
            if path.hasSuffix("/sender-action") { return Response(status: .noContent) }
            if path.hasSuffix("/validation") { return .json(.ok, Array(#"{"status":"valid"}"#.utf8)) }
            state.sent += 1
            if path.hasPrefix("/byoc/1.0/posts/") { return .json(.ok, Array(#"{"idOnExternalPlatform":"mw-\#(state.sent)"}"#.utf8)) }
            let body = try? JSON(parsing: request.body)
            let thread = body?["thread"]?["idOnExternalPlatform"]?.string ?? "new-\(state.sent)"
            return .json(.ok, Array(Middleware.answer(id: "mw-\(state.sent)", thread: thread).utf8))
        }
    }

    private func token(_ request: Request, _ state: inout State) -> Response {
        let body = try? JSON(parsing: request.body)
        guard body?["grant_type"]?.string == "client_credentials", body?["client_id"]?.string == "cxone",
            body?["client_secret"]?.string == Middleware.secret.revealText()
        else { return .json(.unauthorized, Array(#"{"error":"invalid_client"}"#.utf8)) }
        let token = "token-\(state.tokens.count)-\(state.seen.count)"
        state.tokens.insert(token)
        return .json(.ok, Array(#"{"access_token":"\#(token)","token_type":"Bearer","expires_in":3600}"#.utf8))
    }

    static func answer(id: String, thread: String) -> String {
        """
        {"message":{"idOnExternalPlatform":"\(id)","createdAtWithMilliseconds":"2026-03-04T09:15:27.481+00:00"},
         "thread":{"idOnExternalPlatform":"\(thread)"},"endUserIdentities":[{"idOnExternalPlatform":"zebra-12"}],
         "recipients":[{"idOnExternalPlatform":"zebra-12"}]}
        """
    }
}

extension Response {
    func json() throws -> JSON { try JSON(parsing: body) }
    /// `field message` of each error.
    func errors() throws -> [String] {
        try json()["errors"]?.elements.map { "\($0["field"]?.string ?? "-"): \($0["message"]?.string ?? "-")" } ?? []
    }
}

/// Runs a test on an event loop, as whatever is tested does.
func staged(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await onLoop { () async -> Result<Void, any Error> in
        do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
}
