import EventLoop
package import HTTP
import HTTPTypes
import JSON
import Secrets
import Synchronization
package import Time

/// etcd through its JSON gateway (`state.md` §4).
///
/// A value is stored behind eight octets of its true expiry (milliseconds since 1970, big-endian), so that "still alive" is a comparison
/// etcd itself makes inside the transaction: `VALUE > now`. Leases only clean up and are shared by all values that expire about
/// the same time. Expiry therefore follows the clocks of our machines, which must agree within the slack that a caller can bear.
package final class EtcdStore: KeyValueStore {
    private let settings: EtcdSettings
    private let patience: Int
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let state = Mutex(State())

    private struct State {
        /// Index of the node that answered last.
        var node = 0
        var token: Secret?
        var isSigningIn = false
    }

    package init(
        _ settings: EtcdSettings, patience: Int = StoreLimits.patience, over transport: any HTTPTransport, time: any TimeSource
    ) {
        self.settings = settings
        self.patience = patience
        self.transport = transport
        self.time = time
    }

    package func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        let limit = time.now().advanced(byMilliseconds: patience)
        let deadline = min(limit, deadline ?? limit)
        let request = EtcdRequest(operation, on: key, now: time.epochMilliseconds())
        do {
            var (reply, wasRepeated) = try await send(request.path, request.body, repeating: request.isRepeatable, by: deadline)
            if reply.isLeaseMissing, let lease = request.lease {
                try await grant(lease, by: deadline)
                (reply, wasRepeated) = try await send(request.path, request.body, repeating: request.isRepeatable, by: deadline)
            }
            guard reply.status == 200 else { return .unavailable(reply.failure) }
            return request.result(reply, afterRepeat: wasRepeated, now: time.epochMilliseconds())
        } catch {
            return .unavailable(error)
        }
    }

    /// Another process may have made the same lease a moment ago; that is as good.
    private func grant(_ lease: EtcdLease, by deadline: Instant) async throws(StoreFailure) {
        let body = RawJSON { $0.object { $0.field("TTL", "\(lease.seconds)"); $0.field("ID", "\(lease.id)") } }
        let reply = try await send("/v3/lease/grant", Array(body.bytes), repeating: true, by: deadline).reply
        guard reply.status == 200 || reply.code == 9 else { throw reply.failure }
    }

    // MARK: Nodes

    /// Sends to the node that answered last and moves on to the next after a failure that leaves hope.
    ///
    /// - Parameter repeating: Whether a request that may have taken effect may be sent again.
    /// - Returns: The reply, and whether an earlier attempt may have taken effect.
    private func send(
        _ path: String, _ body: [UInt8], repeating: Bool, by deadline: Instant
    ) async throws(StoreFailure) -> (reply: EtcdReply, wasRepeated: Bool) {
        let first = state.withLock { $0.node }
        var wasRepeated = false
        var failure = StoreFailure.notReached
        for attempt in 0..<settings.urls.count {
            let node = (first + attempt) % settings.urls.count
            let left = deadline.milliseconds(since: time.now())
            guard left > 0 else { throw .timedOut }
            // A node that hangs must leave time for the others.
            let share = attempt + 1 < settings.urls.count ? left / 2 : left
            do {
                let reply = try await authorized(
                    settings.urls[node], path, body, by: time.now().advanced(byMilliseconds: share))
                guard reply.status >= 500 else {
                    state.withLock { $0.node = node }
                    return (reply, wasRepeated)
                }
                failure = .notReached
            } catch {
                failure = StoreFailure(error)
                guard failure != .cancelled, failure != .notAuthorized else { throw failure }
                state.withLock { $0.node = (node + 1) % settings.urls.count }
                guard error.mayHaveArrived else { continue }
            }
            // The request may have been carried out although nobody said so.
            guard repeating else { throw failure }
            wasRepeated = true
        }
        throw failure
    }

    private func authorized(
        _ node: String, _ path: String, _ body: [UInt8], by deadline: Instant
    ) async throws(TransportError) -> EtcdReply {
        guard settings.user != nil else { return try await post(node + path, body, token: nil, by: deadline) }
        let token = try await token(at: node, replacing: nil, by: deadline)
        let reply = try await post(node + path, body, token: token, by: deadline)
        guard reply.status == 401 else { return reply }
        let fresh = try await self.token(at: node, replacing: token, by: deadline)
        return try await post(node + path, body, token: fresh, by: deadline)
    }

    private func post(_ url: String, _ body: [UInt8], token: Secret?, by deadline: Instant) async throws(TransportError) -> EtcdReply {
        var fields: HTTPFields = [.contentType: "application/json"]
        if let token { fields[.authorization] = token.revealText() }
        let call = Call(
            method: .post, url: url, fields: fields, body: body, deadline: deadline, responseLimit: 3 << 20,
            connection: settings.connection)
        return EtcdReply(try await transport.send(call))
    }

    // MARK: Signing in

    /// The token that etcd gave for the password. It costs etcd some 50 ms of hashing, so it is kept, and only one task asks for it.
    private func token(at node: String, replacing old: Secret?, by deadline: Instant) async throws(TransportError) -> Secret {
        while true {
            let (known, mustAsk) = state.withLock { state -> (Secret?, Bool) in
                if let token = state.token, !(old.map { token.matches($0.reveal()) } ?? false) { return (token, false) }
                guard !state.isSigningIn else { return (nil, false) }
                state.isSigningIn = true
                return (nil, true)
            }
            if let known { return known }
            if mustAsk { break }
            guard time.now() < deadline else { throw TransportError(.timedOut, mayHaveArrived: false) }
            await EventLoop.sleep(until: time.now().advanced(byMilliseconds: 5))
        }
        defer { state.withLock { $0.isSigningIn = false } }
        let body = RawJSON {
            $0.object { $0.field("name", settings.user); $0.field("password", settings.password?.revealText()) }
        }
        let reply: EtcdReply
        do {
            reply = try await post(node + "/v3/auth/authenticate", Array(body.bytes), token: nil, by: deadline)
        } catch {
            // Whatever was under way, the operation itself was never sent.
            throw TransportError(error.code, mayHaveArrived: false, reason: error.reason)
        }
        guard reply.status < 500 else { throw TransportError(.notConnected, mayHaveArrived: false, reason: "etcd has no quorum") }
        guard reply.status == 200, let text = reply.json?["token"]?.string else {
            throw TransportError(.notAuthorized, mayHaveArrived: false, reason: "etcd refused the user or the password")
        }
        let token = Secret(text)
        state.withLock { $0.token = token }
        return token
    }
}
