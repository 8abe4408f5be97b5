package import HTTP
import HTTPTypes
import Secrets
package import Store
import Synchronization
import Time

/// What checks of callers reach beyond the process: the network, and the store where there is one.
package struct CallerServices: Sendable {
    package let transport: any HTTPTransport
    package let store: (any KeyValueStore)?

    package init(transport: any HTTPTransport, store: (any KeyValueStore)?) {
        self.transport = transport
        self.store = store
    }
}

/// The keys of an issuer that publishes them: fetched once, used for a while, fetched again for a key that is not among them, and used on while
/// the issuer cannot be reached.
///
/// Bounded: at most one fetch at a time for each process, and one in ten seconds for unknown keys, whatever arrives. With a store the processes
/// share what they fetched.
final class KeySource: Sendable {
    private struct State {
        var held: Held?
        /// The last fetch, whatever came of it.
        var tried: Int64?
        var isFetching = false
    }

    struct Held: Sendable {
        let set: WebKeySet
        /// Milliseconds since 1970.
        let fetched: Int64
        /// Tells one content from another.
        let digest: [UInt8]
    }

    private let settings: WebTokenSettings
    private let url: String
    private let key: StoreKey
    private let services: CallerServices
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void
    private let state = Mutex(State())

    /// Milliseconds.
    private static let pause: Int64 = 10_000
    private static let pauseWithoutKeys: Int64 = 2_000
    /// How long keys are used while the issuer cannot be reached.
    private static let longest: Int64 = 86_400_000
    private static let mostOctets = 256 << 10

    init(
        _ settings: WebTokenSettings, url: String, tenant: String, services: CallerServices, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.settings = settings
        self.url = url
        self.services = services
        self.time = time
        self.sleep = sleep
        key = StoreKey(tenant: tenant, purpose: "caller-keys", id: url)
    }

    private enum Step {
        case use(Held?)
        case fetch(isForced: Bool)
        case wait
    }

    /// The keys, the newest that can be had by `deadline` when the present ones do not suffice; `nil` when there are none.
    func keys(by deadline: Instant, suffice: (WebKeySet) -> Bool) async -> Held? {
        while true {
            switch step(suffice) {
            case .use(let held): return held
            case .fetch(let isForced):
                await refresh(isForced: isForced, by: deadline, suffice)
                state.withLock { $0.isFetching = false }
                if Task.isCancelled { return state.withLock { $0.held } }
            case .wait:
                guard time.now() < deadline, !Task.isCancelled else { return state.withLock { $0.held } }
                await sleep(min(deadline, time.now().advanced(byMilliseconds: 20)))
            }
        }
    }

    /// Whoever is told to fetch has the right to, until it gives it back.
    private func step(_ suffice: (WebKeySet) -> Bool) -> Step {
        let now = time.epochMilliseconds()
        return state.withLock { state in
            let sinceTry = state.tried.map { $0 <= now ? now - $0 : .max } ?? .max
            guard let held = state.held, held.fetched <= now + Self.pause, now - held.fetched < Self.longest else {
                if state.isFetching { return .wait }
                if sinceTry < Self.pauseWithoutKeys { return .use(nil) }
                state.isFetching = true
                return .fetch(isForced: false)
            }
            let isOld = now - held.fetched >= Int64(settings.keysLifetimeSeconds) * 1000
            let isEnough = suffice(held.set)
            if isEnough, !isOld || state.isFetching || sinceTry < Self.pause { return .use(held) }
            if !isEnough, state.isFetching { return .wait }
            if sinceTry < Self.pause { return .use(held) }
            state.isFetching = true
            return .fetch(isForced: !isEnough)
        }
    }

    /// - Parameter isForced: Whether the keys that are held do not suffice.
    private func refresh(isForced: Bool, by deadline: Instant, _ suffice: (WebKeySet) -> Bool) async {
        let limit = min(deadline, time.now().advanced(byMilliseconds: 1500))
        if let store = services.store, case .value(let value) = await store.get(key, by: limit), let shared = Self.read(value.octets) {
            let now = time.epochMilliseconds()
            let age = now - shared.fetched
            let isNewer = state.withLock { state in
                guard state.held.map({ $0.fetched < shared.fetched }) ?? true else { return false }
                state.held = shared
                return true
            }
            let isFresh = age < Int64(settings.keysLifetimeSeconds) * 1000
            // Another process has just asked: then the key is nobody's.
            if isNewer, isFresh, suffice(shared.set) || age < Self.pause {
                if !suffice(shared.set) { state.withLock { $0.tried = shared.fetched } }
                return
            }
        }
        let asked = time.epochMilliseconds()
        let call = Call(
            method: .get, url: url, fields: [.accept: "application/jwk-set+json, application/json"], deadline: limit, responseLimit: Self.mostOctets,
            connection: settings.options)
        let answer = try? await services.transport.send(call)
        guard !Task.isCancelled || answer != nil else { return }
        guard let answer, answer.status == .ok, let set = WebKeySet(parsing: answer.body), !set.keys.isEmpty else {
            return state.withLock { $0.tried = asked }
        }
        state.withLock { state in
            state.tried = asked
            state.held = Held(set: set, fetched: asked, digest: Digest.sha256(answer.body))
        }
        if let store = services.store { _ = await store.put(key, Self.write(answer.body, asked), life: Int(Self.longest), by: deadline) }
    }

    // MARK: In the store: milliseconds since 1970, a line break, the key set

    private static func write(_ set: [UInt8], _ fetched: Int64) -> [UInt8] { Array("\(fetched)\n".utf8) + set }

    private static func read(_ octets: [UInt8]) -> Held? {
        guard let end = octets.firstIndex(of: 0x0A), let fetched = Int64(String(decoding: octets[..<end], as: UTF8.self)) else { return nil }
        let text = Array(octets[(end + 1)...])
        return WebKeySet(parsing: text).map { Held(set: $0, fetched: fetched, digest: Digest.sha256(text)) }
    }
}
