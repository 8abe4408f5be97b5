package import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets
package import Store
import Synchronization
package import Time

/// One tenant of CXone as its service user sees it: where the API is, and calls to it with an access token that is valid now.
///
/// As a transport it adds the token to calls below the tenant's API, drops a token that is refused with 401, and repeats that call once with a
/// fresh one. Calls to anywhere else are refused: no credential leaves for another origin.
package final class SignIn: HTTPTransport {
    private let settings: TenantSettings
    private let transport: any HTTPTransport
    private let store: (any KeyValueStore)?
    private let tokens: TokenCache
    private let time: any TimeSource
    private let discovery: Discovery
    private let key: StoreKey
    private let memory = Mutex(Memory())

    /// What the last sign-in told beside the access token.
    private struct Memory {
        var refresh: Secret?
        var tenantID: String?
    }

    /// Milliseconds: a refresh token's longest rest, what a token may take of a call's time, and the least that is left for the call itself.
    private static let memoryLife = 86_400_000
    private static let budget = 3000
    private static let youth = 5000

    /// - Parameters:
    ///   - tenant: Its name in the settings; whose tokens these are in the store.
    ///   - tokens: The process's one cache, over the same store.
    package init(
        _ settings: TenantSettings, tenant: String, over transport: any HTTPTransport, store: (any KeyValueStore)?, tokens: TokenCache,
        time: any TimeSource
    ) {
        self.settings = settings
        self.transport = transport
        self.store = store
        self.tokens = tokens
        self.time = time
        discovery = Discovery(settings, tenant: tenant, over: transport, store: store, time: time)
        let identity = [
            settings.issuer, settings.clientID ?? "", settings.accessKeyID, settings.accessKeyURL ?? "", settings.tenantID ?? "",
            settings.accessKeySecret.revealText(), settings.clientSecret?.revealText() ?? "",
        ].joined(separator: "\u{0}")
        key = tokens.key(tenant: tenant, secretID: Array(identity.utf8))
    }

    package var connection: ConnectionOptions { settings.connection }

    /// Scheme and authority of the tenant's Digital Engagement API.
    package func root(by deadline: Instant) async throws(ContactCentreError) -> String {
        if let url = settings.apiURL { return url }
        if let id = settings.tenantID { return try await discovery.root(ofTenant: id, by: deadline) }
        if memory.withLock({ $0.tenantID }) == nil { await recall(by: deadline) }
        if let id = memory.withLock({ $0.tenantID }) { return try await discovery.root(ofTenant: id, by: deadline) }
        // Only a sign-in tells the tenant. A token that is at hand without its id is let go for one with it.
        let token = try await token(by: deadline)
        if memory.withLock({ $0.tenantID }) == nil, await tokens.drop(token, of: key) { _ = try await self.token(by: deadline) }
        guard let id = memory.withLock({ $0.tenantID }) else {
            throw ContactCentreError(.malformed, reason: "the sign-in tells no tenant; \"tenantId\" is needed", mayHaveArrived: false)
        }
        return try await discovery.root(ofTenant: id, by: deadline)
    }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        let first: Token
        do throws(ContactCentreError) {
            let root = try await root(by: call.deadline)
            guard call.url.hasPrefix(root + "/") else {
                throw ContactCentreError(.forbidden, reason: "the call leads away from the tenant's API", mayHaveArrived: false)
            }
            first = try await token(by: call.deadline)
        } catch {
            throw TransportError(.notAuthorized, mayHaveArrived: false, reason: error.description)
        }
        let response = try await send(call, with: first)
        // CXone refused the call before doing anything, so that repeating it is safe.
        guard response.status == .unauthorized, await tokens.drop(first, of: key) else { return response }
        let second: Token
        do {
            second = try await token(by: call.deadline)
        } catch {
            return response
        }
        return try await send(call, with: second)
    }

    private func send(_ call: Call, with token: Token) async throws(TransportError) -> Response {
        var call = call
        call.connection = settings.connection
        call.fields[.authorization] = "Bearer " + token.secret.revealText()
        return try await transport.send(call)
    }

    // MARK: Token

    private func token(by deadline: Instant) async throws(ContactCentreError) -> Token {
        let limit = min(deadline, time.now().advanced(byMilliseconds: Self.budget))
        switch await tokens.token(for: key, by: limit, fetch: { await self.fetch(by: $0) }) {
        case .success(let token): return token
        case .failure(let failure):
            let code: ContactCentreError.Code = switch failure.code {
            case .refused, .busy, .malformed: .unauthorized
            case .notReached: .unreachable
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            }
            throw ContactCentreError(code, reason: failure.description, retryAfterMilliseconds: failure.pause, mayHaveArrived: false)
        }
    }

    /// One sign-in. The token cache lets one run at a time for the tenant, across processes: a refresh token is used once.
    private func fetch(by deadline: Instant) async -> Result<TokenGrant, TokenFailure> {
        let grant = AccessKeyGrant(settings: settings, transport: transport)
        let endpoint: String
        if let url = settings.accessKeyURL {
            endpoint = url
        } else {
            do {
                endpoint = try await discovery.tokenEndpoint(by: deadline)
            } catch {
                return .failure(TokenFailure(error.code == .timedOut ? .timedOut : .notReached, reason: "discovery: \(error.code.rawValue)"))
            }
            await recall(by: deadline)
            if let refresh = memory.withLock({ $0.refresh }) {
                switch await grant.ask(.refresh(refresh), at: endpoint, by: deadline) {
                case .success(let answer): return .success(await keep(answer, by: deadline))
                case .failure(let failure) where failure.code == .refused || failure.code == .malformed:
                    memory.withLock { $0.refresh = nil }
                case .failure(let failure): return .failure(failure)
                }
            }
        }
        switch await grant.ask(.password, at: endpoint, by: deadline) {
        case .success(let answer): return .success(await keep(answer, by: deadline))
        case .failure(let failure): return .failure(failure)
        }
    }

    // MARK: Memory

    private var memoryKey: StoreKey { key.companion("sign-in") }

    /// The new refresh token is stored before the access token is used: a process that ends in between must not leave a used-up one behind.
    private func keep(_ answer: AccessKeyGrant.Answer, by deadline: Instant) async -> TokenGrant {
        let memory = memory.withLock { memory in
            memory.refresh = answer.refresh ?? memory.refresh
            memory.tenantID = answer.tenantID ?? memory.tenantID
            return memory
        }
        let octets = Array(RawJSON { writer in
            writer.object { json in
                json.field("refresh", memory.refresh?.revealText())
                json.field("tenant", memory.tenantID)
            }
        }.bytes)
        _ = await store?.put(memoryKey, octets, life: Self.memoryLife, by: deadline)
        return answer.grant
    }

    /// Takes over what the last sign-in of any process left.
    private func recall(by deadline: Instant) async {
        guard let store else { return }
        switch await store.get(memoryKey, by: deadline) {
        case .value(let value):
            guard let json = try? JSON(parsing: value.octets) else { return }
            memory.withLock { memory in
                memory.refresh = json["refresh"]?.string.map { Secret($0) }
                memory.tenantID = json["tenant"]?.string ?? memory.tenantID
            }
        case .absent, .conflict: memory.withLock { $0.refresh = nil }
        case .unavailable: break
        }
    }
}
