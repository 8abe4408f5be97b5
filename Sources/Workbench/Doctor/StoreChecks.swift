import Catalog
import Secrets
import Store
import Time

extension Doctor {
    static var storeChecks: [Check] { [
        Check("store.present", "a store where one is needed", look: storePresent),
        Check("store.latency", "it answers in time", need: .network, look: storeLatency),
        Check("store.atomic", "one of many racing claims wins, not two and not none", need: .network, look: storeAtomic),
    ] }

    private static let races = 10
    private static let racers = 20

    private static func storePresent(_ examination: Examination) -> [Finding] {
        guard let settings = examination.settings, examination.store == nil else { return [] }
        let withTokens = settings.turns.agents.filter { $0.group.connection?.oauth != nil }.map(\.name)
        guard !withTokens.isEmpty else { return [] }
        return [.warn(
            "no store: each process asks for its own tokens", at: withTokens.map { "agents.\($0)" }.joined(separator: ", "),
            fix: "add \"store\"; `causeway settings --sample` shows the embedded one")]
    }

    private static func storeLatency(_ examination: Examination) async -> [Finding] {
        guard let settings = examination.store else { return [] }
        let store = examination.tools.openStore(settings)
        var times: [Int] = []
        for round in 0..<10 {
            let begun = examination.tools.time.now()
            let key = StoreKey(tenant: "doctor", purpose: "look", id: "\(round)")
            if case .unavailable(let failure) = await store.get(key, by: begun.advanced(byMilliseconds: 2000)) { return [failed(failure, settings)] }
            times.append(examination.tools.time.now().milliseconds(since: begun))
        }
        let middle = times.sorted()[times.count / 2]
        let words = "a look takes \(middle) ms of the \(allowed(settings)) ms allowed"
        guard middle * 2 > allowed(settings) else { return [.good(words, at: "store")] }
        return [.warn(words, at: "store", fix: "put the store nearer, or raise \"store.deadlineMilliseconds\"")]
    }

    /// Milliseconds that one call has in a turn, where a person waits.
    private static func allowed(_ settings: StoreSettings) -> Int { settings.deadlineMilliseconds ?? StoreLimits.patience }

    private static func failed(_ failure: StoreFailure, _ settings: StoreSettings) -> Finding {
        let (words, fix) = switch failure {
        case .notAuthorized:
            ("the store refuses our credential",
                settings.etcd == nil ? "the token-cache function must read the same \"store.cache.secrets\"" : "correct \"store.etcd.user\" and its password")
        case .timedOut: ("the store is slower than \(allowed(settings)) ms", "put it nearer, or raise \"store.deadlineMilliseconds\"")
        case .misunderstood:
            ("what answers there is no store", "correct its URL: for \"cache\" where the token-cache function is served, for \"etcd\" a client URL")
        case .unreadable: ("the store holds values of another key", "put the old key behind the new one in \"store.keys\"")
        case .notReached, .cancelled, .tooLarge, .refused: ("the store is not reached", "start it; see reach.hosts for the way to it")
        }
        return .bad(words, at: "store", fix: fix)
    }

    private static func storeAtomic(_ examination: Examination) async -> [Finding] {
        guard let settings = examination.store else { return [] }
        let store = examination.tools.openStore(settings)
        for _ in 0..<races {
            let key = StoreKey(tenant: "doctor", purpose: "claim", id: Random.bytes(16))
            let results = await withTaskGroup(of: StoreResult.self) { group in
                for racer in 0..<racers { group.addTask { await store.claim(key, [UInt8(racer)], life: 60_000) } }
                var results: [StoreResult] = []
                for await result in group { results.append(result) }
                return results
            }
            _ = await store.delete(key)
            var winners = 0
            for result in results {
                switch result {
                case .value: winners += 1
                // Its latency was told above.
                case .unavailable: return []
                case .conflict, .absent: break
                }
            }
            guard winners == 1 else {
                return [.bad(
                    "\(winners) of \(racers) racing claims won: messages would be \(winners == 0 ? "lost" : "sent twice")", at: "store",
                    fix: "claims must be atomic: no cache, proxy or replica without consensus may stand before the store")]
            }
        }
        return [.good("\(races) races of \(racers) claims, one winner each", at: "store")]
    }
}
