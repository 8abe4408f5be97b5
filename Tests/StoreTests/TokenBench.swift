import CacheServer
import EventLoop
import HTTP
import Secrets
import Store
import Synchronization
import TestSupport
import Time

/// An authorization server that counts; every token it gives is new.
final class FakeIssuer: Sendable {
    private let state = Mutex((count: 0, answers: [Result<Int, TokenFailure>](), born: [String: Instant]()))
    let life: Int
    /// Real milliseconds that one answer takes.
    let delay: Int

    init(life: Int = 3_600_000, delay: Int = 0) {
        self.life = life
        self.delay = delay
    }

    var count: Int { state.withLock { $0.count } }

    /// What it answers next, before it goes on granting tokens of its usual life.
    func next(_ answers: Result<Int, TokenFailure>...) { state.withLock { $0.answers += answers } }

    /// Real milliseconds since the request of a token that it gave.
    func age(of token: Token) -> Int {
        state.withLock { $0.born[token.secret.revealText()] }.map { Instant.now().milliseconds(since: $0) } ?? 0
    }

    var fetch: TokenCache.Fetch {
        { _ in
            let asked = Instant.now()
            if self.delay > 0 { await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: self.delay)) }
            return self.state.withLock { state in
                state.count += 1
                state.born["token-\(state.count)"] = asked
                let answer = state.answers.isEmpty ? .success(self.life) : state.answers.removeFirst()
                return answer.map { TokenGrant(secret: Secret("token-\(state.count)"), type: "Bearer", life: $0) }
            }
        }
    }
}

/// A store whose time stands still until a test moves it, and the processes that share it.
struct TokenBench: Sendable {
    let time = ManualTime()
    let store: any KeyValueStore
    let calls: CountingTransport
    let file: String
    let key = StoreKey(tenant: "agent", purpose: "token", id: "bench")

    init() throws {
        file = try temporaryFolder() + "/cache.sqlite"
        let handler = CacheHandler(
            database: try CacheDatabase(path: file), secrets: [Secret(environment["SECRET"] ?? "")], time: time)
        calls = CountingTransport(HandlerTransport(handler: handler))
        let bare = HTTPCacheStore(try cacheSettings(port: 9), over: calls, time: time)
        store = SealedStore(bare, sealer: try Self.sealer("KEY"))
    }

    static func sealer(_ name: String) throws -> Sealer {
        guard let sealer = Sealer(keys: [Secret(environment[name] ?? name)]) else { throw TransportError(.misconfigured, mayHaveArrived: false) }
        return sealer
    }

    /// One process's cache. Waiting moves the clock.
    func process(random octet: UInt8 = 0, time other: (any TimeSource)? = nil, store: (any KeyValueStore)? = nil) -> TokenCache {
        let time = time
        return TokenCache(
            store: store ?? self.store, time: other ?? time, random: { Array(repeating: octet, count: $0) },
            sleep: { time.advance(milliseconds: max(1, $0.milliseconds(since: time.now()))) })
    }

    /// The token, or the failure's code.
    func ask(_ cache: TokenCache, _ issuer: FakeIssuer, within milliseconds: Int = 1000, key: StoreKey? = nil) async -> String {
        switch await cache.token(for: key ?? self.key, by: time.now().advanced(byMilliseconds: milliseconds), fetch: issuer.fetch) {
        case .success(let token): token.secret.revealText()
        case .failure(let failure): failure.code.rawValue
        }
    }
}

/// Counts calls, and fails them while it is told to.
final class CountingTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let state = Mutex((count: 0, failure: TransportError?.none))

    init(_ transport: any HTTPTransport) { self.transport = transport }

    var count: Int { state.withLock { $0.count } }
    func fail(_ failure: TransportError?) { state.withLock { $0.failure = failure } }

    func send(_ call: Call) async throws(TransportError) -> Response {
        let failure = state.withLock { state in
            state.count += 1
            return state.failure
        }
        if let failure { throw failure }
        return try await transport.send(call)
    }
}

/// A clock whose date is wrong.
struct SkewedTime: TimeSource {
    let time: ManualTime
    let milliseconds: Int64
    func now() -> Instant { time.now() }
    func epochMilliseconds() -> Int64 { time.epochMilliseconds() + milliseconds }
}
