package import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets
package import Time

// What the homeserver asks of an application service (specification, Application Service API §2). A transaction is answered 200 or sent again as it
// is, and nothing newer before it.

extension Matrix: InboundChannel {
    package func read(_ request: Request, path: Substring, by deadline: Instant) async throws(WebhookRefusal) -> Webhook {
        guard isHomeserver(request) else { throw WebhookRefusal(.unauthenticated, reason: "no valid hs_token") }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.prefix(3) == ["_matrix", "app", "v1"] else {
            throw WebhookRefusal(.notFound, reason: "not an application service's path")
        }
        switch (parts[3], parts.count) {
        case ("transactions", 5):
            try Self.expect(.put, request)
            return try await transaction(request.body, by: deadline)
        case ("ping", 4):
            try Self.expect(.post, request)
            return .answer(Self.empty, reason: "ping")
        case ("users", 5):
            try Self.expect(.get, request)
            try await makeAccount(PathSegment.decoded(parts[4]) ?? "", by: deadline)
            return .answer(Self.empty, reason: "account made")
        default: throw WebhookRefusal(.notFound, reason: "nothing there")
        }
    }

    private static var empty: Response { .json(.ok, Array("{}".utf8)) }

    private static func expect(_ method: HTTPRequest.Method, _ request: Request) throws(WebhookRefusal) {
        guard request.method == method else { throw WebhookRefusal(.methodNotAllowed, allow: method.rawValue) }
    }

    /// All tokens are compared, so that time does not tell which one nearly matched. Never from the query, where old homeservers repeat it.
    private func isHomeserver(_ request: Request) -> Bool {
        let value = request.fields.value(.authorization) ?? ""
        let isBearer = value.prefix(7).lowercased() == "bearer "
        let token = Array(value.dropFirst(7).utf8)
        let matches = settings.hsTokens.reduce(false) { $1.matches(token) || $0 }
        return isBearer && matches
    }

    private func transaction(_ body: [UInt8], by deadline: Instant) async throws(WebhookRefusal) -> Webhook {
        guard let transaction = Transaction(body) else { throw WebhookRefusal(.malformed, reason: "not a transaction") }
        let reader = FromMatrix(accounts: accounts, now: Int(clamping: time.epochMilliseconds()))
        var keeper = RoomKeeper(matrix: self, deadline: deadline)
        var events: [InboundEvent] = []
        for event in transaction.events {
            guard let step = reader.step(event) else { continue }
            if let taken = try await keeper.take(step) { events.append(taken) }
        }
        events += transaction.ephemeral.flatMap(reader.passing)
        var answer = Self.empty
        if transaction.unreadable > 0 { answer.notes = [Note("unreadable", transaction.unreadable)] }
        return events.isEmpty ? .answer(answer, reason: "nothing to tell") : .events(events, answer: answer)
    }

    /// Somebody asks for an account of ours that the homeserver does not know. Only agents' accounts may come into being so; others would be a way for
    /// strangers to fill the homeserver.
    private func makeAccount(_ user: String, by deadline: Instant) async throws(WebhookRefusal) {
        let isWanted = user == accounts.sender || (settings.agentAccounts && accounts.isOurs(user))
        guard isWanted, Accounts.isLocalpart(Accounts.localpart(of: user)) else { throw WebhookRefusal(.notFound, reason: "no such account") }
        do {
            try await register(user, name: settings.displayName, by: deadline)
        } catch {
            throw WebhookRefusal(error.isMomentary ? .notNow : .notFound, reason: ChannelError(error).description)
        }
    }
}
