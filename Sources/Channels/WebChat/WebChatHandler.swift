package import Conversation
import EventLoop
package import HTTP
import HTTPTypes
import JSON
import Secrets
import Store
package import Time

/// One web chat of the settings: the channel and its adapter.
package struct WebChatPlace: Sendable {
    package let channel: Channel
    package let chat: WebChat
    package init(channel: Channel, chat: WebChat) {
        self.channel = channel
        self.chat = chat
    }
}

/// Serves `/chat`: the page, the script for other sites, and what the script asks for (`openapi.json`). Total, stateless, any number at a time.
///
/// Order: path, method, transport, origin, token, rates, body; then one call. A contact's message is acknowledged only when the contact centre has
/// it: until then the browser keeps it and sends it again under the same id, which makes a repeat harmless.
package struct WebChatHandler: Handler {
    let places: [WebChatPlace]
    let inbox: any Inbox
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void
    /// Milliseconds that a request for messages may wait for one.
    let hold: Int
    private let ownOrigin: String
    private let allowsPlainHTTP: Bool

    /// Milliseconds for everything but waiting.
    static let patience = 15_000
    /// Octets of a JSON body.
    private static let bodyLimit = 64 << 10

    /// - Parameters:
    ///   - publicURL: Where the function is reached; its origin may always show the chat.
    ///   - hold: Milliseconds that a request for messages may wait: short where each waiting request is a process or is paid for.
    ///   - sleep: Suspends until an instant and ends early when its task is cancelled: `EventLoop.sleep`.
    ///   - allowsPlainHTTP: Serve unencrypted requests from loopback addresses.
    package init(
        places: [WebChatPlace], inbox: any Inbox, publicURL: String, hold: Int, allowsPlainHTTP: Bool, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.places = places
        self.inbox = inbox
        self.time = time
        self.sleep = sleep
        self.hold = hold
        self.allowsPlainHTTP = allowsPlainHTTP
        let scheme = publicURL.prefix { $0 != ":" }
        let host = publicURL.dropFirst(scheme.count + 3).prefix { $0 != "/" }
        ownOrigin = "\(scheme)://\(host)".lowercased()
    }

    package func respond(to request: Request) async -> Response {
        guard let route = ChatRoute(request) else { return ChatProblem.notFound.response() }
        switch route {
        case .script, .style, .icon, .description, .page: return document(route, request)
        default: break
        }
        guard let place = places.first(where: { $0.channel.name == route.channel }) else { return ChatProblem.notFound.response() }
        let origin = origin(of: request)
        var response: Response
        do throws(ChatRefusal) {
            response = try await serve(ChatCall(route: route, place: place, request: request, origin: try allowed(origin, at: place, for: request)))
        } catch {
            response = error.response
        }
        // Also a refusal must be readable for the script that is allowed to ask.
        if case .success(let origin?) = origin, isAllowed(origin, at: place) {
            response.fields[.accessControlAllowOrigin] = origin
            response.fields[.accessControlExposeHeaders] = "Retry-After"
        }
        response.fields[.vary] = "Origin"
        return response
    }

    private func serve(_ call: ChatCall) async throws(ChatRefusal) -> Response {
        if call.request.method == .options { return preflight(call) }
        guard call.route.methods.contains(call.request.method) else {
            var response = ChatProblem.methodNotAllowed.response()
            response.fields[.allow] = (call.route.methods + [.options]).map(\.rawValue).joined(separator: ", ")
            return response
        }
        try checkTransport(call.request)
        if case .configuration = call.route { return configuration(of: call.place) }
        if call.request.method == .post { try await countRequest(call) }
        switch call.route {
        case .sessions: return try await beginSession(call, body: try json(call, mayBeEmpty: true))
        case .leave: return try await leave(call)
        default: break
        }
        let token = try token(call)
        switch call.route {
        case .messages where call.request.method == .get: return try await messages(call, token)
        case .messages: return try await takeMessage(call, token, try json(call))
        case .typing: return try await takeTyping(call, token, try json(call))
        case .read: return try await takeMarks(call, token, try json(call))
        case .end: return try await end(call, token)
        case .files: return try await takeFile(call, token)
        case .file(_, let id): return try await giveFile(id, call, token)
        default: return ChatProblem.notFound.response()
        }
    }

    // MARK: Who asks

    /// The origin that the browser names; `.failure` when it names none that can be one.
    private func origin(of request: Request) -> Result<String?, ChatRefusal> {
        let origins = request.fields[values: .origin]
        guard let origin = origins.first else { return .success(nil) }
        guard origins.count == 1, WebChatChannelSettings.isOrigin(origin) else { return .failure(ChatRefusal(.originRefused)) }
        return .success(origin)
    }

    private func isAllowed(_ origin: String, at place: WebChatPlace) -> Bool { origin == ownOrigin || place.chat.settings.origins.contains(origin) }

    /// A browser names the origin with everything but a `GET` to the same one; what names none is no other site's script.
    private func allowed(_ origin: Result<String?, ChatRefusal>, at place: WebChatPlace, for request: Request) throws(ChatRefusal) -> String? {
        switch origin {
        case .failure(let refusal): throw refusal
        case .success(let origin?):
            guard isAllowed(origin, at: place) else { throw ChatRefusal(.originRefused) }
            return origin
        case .success(nil):
            let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.fields.value($0) }
            guard site == nil || site == "same-origin" || site == "none" else { throw ChatRefusal(.originRefused) }
            return nil
        }
    }

    private func preflight(_ call: ChatCall) -> Response {
        Response(status: .noContent, fields: [
            .accessControlAllowMethods: call.route.methods.map(\.rawValue).joined(separator: ", "),
            .accessControlAllowHeaders: "authorization, content-type", .accessControlMaxAge: "7200",
        ])
    }

    private func checkTransport(_ request: Request) throws(ChatRefusal) {
        guard request.front.isSecure == false else { return }
        let peer = request.front.peer ?? ""
        let isLocal = peer.isEmpty || peer.hasPrefix("127.") || peer == "::1" || peer.hasPrefix("::ffff:127.") || peer.hasPrefix("unix:")
        guard allowsPlainHTTP, isLocal else { throw ChatRefusal(.notSecure) }
    }

    private func token(_ call: ChatCall) throws(ChatRefusal) -> ChatToken {
        guard let field = call.request.fields.value(.authorization), field.lowercased().hasPrefix("bearer ") else { throw ChatRefusal(.unauthenticated) }
        return try token(String(field.dropFirst(7)), call)
    }

    /// A token is good for its channel, and for the origin that it was given to.
    func token(_ text: String, _ call: ChatCall, grace: Int = 0) throws(ChatRefusal) -> ChatToken {
        let token: ChatToken
        do {
            token = try ChatToken.read(
                text, signedBy: call.place.chat.settings.sessionKeys, at: Int(time.epochMilliseconds() / 1000), grace: grace)
        } catch {
            throw ChatRefusal(error == .expired ? .expired : .unauthenticated)
        }
        guard token.channel == call.place.channel.name else { throw ChatRefusal(.unauthenticated) }
        guard call.origin == nil || call.origin == token.origin else { throw ChatRefusal(.originRefused) }
        return token
    }

    /// The origin that a new session is bound to.
    func origin(for call: ChatCall) -> String { call.origin ?? ownOrigin }

    // MARK: How often

    private func countRequest(_ call: ChatCall) async throws(ChatRefusal) {
        let limit = call.place.chat.settings.limits.requestsPerMinute
        try await count("requests", of: call.request.front.peer ?? "", limit: limit, call)
    }

    func count(_ what: StaticString, of whom: String, limit: Int, _ call: ChatCall) async throws(ChatRefusal) {
        let rates = ChatRates(store: call.place.chat.files.store, time: time, tenant: call.place.channel.tenant, channel: call.place.channel.name)
        switch await rates.count(what, of: whom, limit: limit, by: deadline(call)) {
        case .allowed: return
        case .exceeded(let wait): throw ChatRefusal(ChatProblem.tooMany.response(retryAfterMilliseconds: wait, reason: what.description))
        case .unknown(let failure): throw ChatRefusal(.store(failure))
        }
    }

    func deadline(_ call: ChatCall) -> Instant {
        let own = call.begun(time.now()).advanced(byMilliseconds: Self.patience)
        return call.request.front.deadline.map { min($0, own) } ?? own
    }

    // MARK: What is said

    private func json(_ call: ChatCall, mayBeEmpty: Bool = false) throws(ChatRefusal) -> JSON {
        let body = call.request.body
        guard body.count <= Self.bodyLimit else { throw ChatRefusal(.tooLong) }
        if body.isEmpty, mayBeEmpty, let empty = RawJSON.emptyObject.parsed() { return empty }
        let type = (call.request.fields.value(.contentType) ?? "").prefix { $0 != ";" }.lowercased()
        guard type == "application/json" else { throw ChatRefusal(.wrongMediaType) }
        guard let json = try? JSON(parsing: body), json.kind == .object else { throw ChatRefusal(.malformed, place: "$") }
        return json
    }
}

/// One request of a browser.
struct ChatCall: Sendable {
    let route: ChatRoute
    let place: WebChatPlace
    let request: Request
    /// `nil` when the request names none, as a `GET` to the same origin does.
    let origin: String?

    /// When it began, as far as anybody told.
    func begun(_ now: Instant) -> Instant { request.front.arrived.nanoseconds == 0 ? now : request.front.arrived }
}
