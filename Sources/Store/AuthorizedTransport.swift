package import HTTP
import HTTPTypes
import Secrets
import Settings
package import Time

/// Adds what proves who we are to every call towards one agent: static headers, an OAuth token, client certificate and trust.
///
/// Everything is bound to the configured origin: a call to any other origin goes out bare. The token wins over a static header of the
/// same name. After a 401 that one token is dropped, a new one fetched and the call repeated once.
package struct AuthorizedTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let settings: ConnectionSettings
    private let origin: String?
    private let source: OAuthTokenSource?
    private let tokens: TokenCache
    private let time: any TimeSource

    /// Milliseconds of a call's budget that getting a token may take.
    private static let tokenBudget = 1000

    /// - Parameters:
    ///   - url: Any URL of the agent's endpoint; its scheme, host and port are the origin.
    ///   - tenant: Whose tokens these are in the store: the agent's name.
    ///   - tokens: The process's one cache.
    package init(
        _ transport: any HTTPTransport, _ settings: ConnectionSettings, boundTo url: String, tenant: String, tokens: TokenCache,
        time: any TimeSource
    ) {
        self.transport = transport
        self.settings = settings
        self.tokens = tokens
        self.time = time
        origin = Self.origin(of: url)
        source = settings.oauth.map { OAuthTokenSource($0, tenant: tenant, over: transport, tokens: tokens, time: time) }
    }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        guard let origin, Self.origin(of: call.url) == origin else { return try await transport.send(call) }
        var call = call
        call.connection = settings.options
        for pair in settings.headers {
            if let name = HTTPField.Name(pair.name) { call.fields[name] = pair.value.revealText() }
        }
        guard let source else { return try await transport.send(call) }
        let (first, token) = try await send(call, with: source)
        guard first.status == .unauthorized else { return first }
        // The agent refused the call before doing anything, so sending it again is safe, also for calls that must not be repeated.
        guard await tokens.drop(token, of: source.key) else { return first }
        return try await send(call, with: source).response
    }

    private func send(_ call: Call, with source: OAuthTokenSource) async throws(TransportError) -> (response: Response, token: Token) {
        let limit = min(call.deadline, time.now().advanced(byMilliseconds: Self.tokenBudget))
        let token: Token
        switch await tokens.token(for: source.key, by: limit, fetch: { await source.fetch(by: $0) }) {
        case .success(let found): token = found
        case .failure(let failure): throw TransportError(.notAuthorized, mayHaveArrived: false, reason: failure.description)
        }
        var call = call
        guard let name = HTTPField.Name(source.settings.header) else { throw TransportError(.misconfigured, mayHaveArrived: false) }
        let prefix = source.settings.prefix
        call.fields[name] = (prefix.isEmpty ? "" : prefix + " ") + token.secret.revealText()
        return (try await transport.send(call), token)
    }

    /// Scheme, host and port in one spelling, or `nil` when the URL names no plain host.
    static func origin(of url: String) -> String? {
        let lower = url.lowercased()
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where lower.hasPrefix(scheme) {
            let authority = lower.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
            // What stands before an `@` is no host, and readers differ about backslashes: both could hide another host.
            guard !authority.isEmpty, !authority.contains("@"), !authority.contains("\\") else { return nil }
            let isPortless = authority.hasSuffix("]") || !authority.contains(":")
            return scheme + authority + (isPortless ? port : "")
        }
        return nil
    }
}
