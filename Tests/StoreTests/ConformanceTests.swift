import EventLoop
import Glibc
import Store
import Synchronization
import TestSupport
import Testing
import Time

/// The table of `state.md` §13 that every back end must pass.
@Suite(.ownThread) struct ConformanceTests {
    static let isFull = getenv("CAUSEWAY_FULL_TESTS") != nil
    static let counter = Atomic<Int>(0)

    /// A key that no other test has.
    static func key(_ id: String = "a key", tenant: String = "tests") -> StoreKey {
        StoreKey(tenant: tenant, purpose: "conformance", id: "\(id) \(getpid()) \(counter.add(1, ordering: .relaxed).newValue)")
    }

    static func pause(_ milliseconds: Int) async { await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: milliseconds)) }

    @Test("P3: each operation tells what is known about the key afterwards", arguments: Backend.allCases)
    func operations(_ backend: Backend) async throws {
        let store = try backend.open()
        let steps = try await onLoop {
            let key = Self.key()
            var steps: [String] = []
            func note(_ name: String, _ result: StoreResult) { steps.append("\(name) \(result.word)") }
            note("get", await store.get(key))
            let first = await store.put(key, [1], life: 60_000)
            note("put", first)
            let found = await store.get(key)
            note("get", found)
            steps.append("octets \(found.value?.octets ?? [])")
            steps.append("same version \(first.value?.version == found.value?.version)")
            steps.append("rest \((58_000...60_000).contains(found.value?.rest ?? 0))")
            let second = await store.put(key, [2], life: 60_000)
            steps.append("new version \(second.value?.version != first.value?.version)")
            note("claim", await store.claim(key, [3], life: 60_000))
            let wrong = first.value?.version ?? StoreVersion("none")
            note("swap wrong", await store.swap(key, [4], life: 60_000, version: wrong))
            let right = second.value?.version ?? StoreVersion("none")
            let third = await store.swap(key, [5], life: 60_000, version: right)
            note("swap right", third)
            steps.append("octets \(await store.get(key).value?.octets ?? [])")
            note("swap again", await store.swap(key, [6], life: 60_000, version: right))
            note("delete wrong", await store.delete(key, version: right))
            note("delete right", await store.delete(key, version: third.value?.version))
            note("get", await store.get(key))
            note("delete absent", await store.delete(key))
            note("delete version absent", await store.delete(key, version: right))
            note("swap absent", await store.swap(key, [7], life: 60_000, version: right))
            let again = await store.claim(key, [1], life: 60_000)
            note("claim", again)
            let all = [first, second, third, again].compactMap { $0.value?.version.text }
            steps.append("versions \(Set(all).count)")
            note("delete", await store.delete(key))
            return steps
        }
        #expect(steps == [
            "get absent", "put value", "get value", "octets [1]", "same version true", "rest true", "new version true", "claim conflict",
            "swap wrong conflict", "swap right value", "octets [5]", "swap again conflict", "delete wrong conflict",
            "delete right absent", "get absent", "delete absent absent", "delete version absent absent", "swap absent conflict",
            "claim value", "versions 4", "delete absent",
        ])
    }

    @Test("P3: a value is there before its life ends and gone after, for every operation", arguments: Backend.allCases)
    func expiry(_ backend: Backend) async throws {
        let store = try backend.open()
        let steps = try await onLoop {
            let keys = (0..<4).map { Self.key("expiry \($0)") }
            var versions: [StoreVersion] = []
            // The one that is looked at before its end comes last, so that a slow machine does not spend its life on the others.
            for key in keys.reversed() {
                if let version = await store.put(key, [1], life: 1500).value?.version { versions.insert(version, at: 0) }
            }
            guard versions.count == keys.count else { return ["nothing was stored"] }
            var steps = [await store.get(keys[0]).word, await store.claim(keys[0], [2], life: 1500).word]
            await Self.pause(1600)
            steps.append(await store.get(keys[0]).word)
            steps.append(await store.swap(keys[1], [2], life: 60_000, version: versions[1]).word)
            steps.append(await store.delete(keys[2], version: versions[2]).word)
            let claimed = await store.claim(keys[3], [2], life: 60_000)
            steps.append(claimed.word)
            steps.append("\(claimed.value?.version == versions[3])")
            return steps
        }
        #expect(steps == ["value", "conflict", "absent", "conflict", "absent", "value", "false"])
    }

    @Test("P3: any octets come back as they were, up to the limit", arguments: Backend.allCases)
    func values(_ backend: Backend) async throws {
        let store = try backend.open()
        let all = (0...255).map { UInt8($0) }
        for value in [[], [0], all, (0..<256).flatMap { _ in all }, Array(repeating: 0xFF, count: StoreLimits.value)] as [[UInt8]] {
            let (stored, isSame) = try await onLoop {
                let key = Self.key("values")
                return (await store.put(key, value, life: 60_000).word, await store.get(key).value?.octets == value)
            }
            #expect(stored == "value", "\(value.count) octets")
            #expect(isSame, "\(value.count) octets")
        }
        let tooLarge = try await onLoop { await store.put(Self.key(), Array(repeating: 0, count: StoreLimits.value + 1), life: 1000).word }
        #expect(tooLarge == "tooLarge")
    }

    @Test("P3: nothing is stored without a life", arguments: [0, -1, Int.min, StoreLimits.life + 1, Int.max])
    func lifeless(_ life: Int) async throws {
        let store = try Backend.cacheHandler.open()
        let words = try await onLoop {
            let key = Self.key()
            return [await store.put(key, [1], life: life).word, await store.claim(key, [1], life: life).word,
                await store.swap(key, [1], life: life, version: StoreVersion("\"1\"")).word, await store.get(key).word]
        }
        #expect(words == ["refused", "refused", "refused", "absent"])
    }

    @Test("P3: odd tenants and ids are keys like others, and none meets another", arguments: Backend.allCases)
    func oddKeys(_ backend: Backend) async throws {
        let store = try backend.open()
        let odd = ["a/b", "a%2Fb", "a b", "ä€😀", "..", ".", "", "a\u{0}b", "~", "a?b#c", "A", "a", String(repeating: "x", count: 60)]
        let found = try await onLoop {
            var found: [String] = []
            for tenant in odd { _ = await store.put(StoreKey(tenant: tenant, purpose: "odd", id: tenant), Array(tenant.utf8), life: 60_000) }
            for tenant in odd {
                let value = await store.get(StoreKey(tenant: tenant, purpose: "odd", id: tenant))
                found.append(value.value.map { String(decoding: $0.octets, as: UTF8.self) } ?? value.word)
            }
            return found
        }
        #expect(found == odd)
    }

    @Test("P3: of 50 racers for one key exactly one wins", arguments: Backend.allCases)
    func racers(_ backend: Backend) async throws {
        let store = try backend.open(patience: 10_000 / 2)
        let rounds = Self.isFull ? 200 : 5
        let outcomes = try await onLoop {
            var outcomes: [[String: Int]] = []
            for round in 0..<rounds {
                let key = Self.key("race \(round)")
                outcomes.append(await withTaskGroup(of: String.self) { group in
                    for racer in 0..<50 { group.addTask { await store.claim(key, [UInt8(racer)], life: 30_000).word } }
                    return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                })
            }
            return outcomes
        }
        #expect(outcomes == Array(repeating: ["value": 1, "conflict": 49], count: rounds))
    }

    @Test("P3: four counters by read and swap lose nothing", arguments: Backend.allCases)
    func increments(_ backend: Backend) async throws {
        let store = try backend.open()
        let each = Self.isFull ? 100 : 25
        let sum = try await onLoop {
            let key = Self.key("counter")
            _ = await store.put(key, [0, 0], life: 60_000)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { await count(each, key, in: store) } }
            }
            return await store.get(key).value.map { Int($0.octets[0]) << 8 | Int($0.octets[1]) }
        }
        #expect(sum == 4 * each)
    }
}

/// Adds one to a counter of two octets, `times` times; gives up after a minute.
func count(_ times: Int, _ key: StoreKey, in store: any KeyValueStore) async {
    let end = Instant.now().advanced(byMilliseconds: 60_000)
    for _ in 0..<times {
        while Instant.now() < end {
            guard case .value(let value) = await store.get(key) else { return }
            let next = (Int(value.octets[0]) << 8 | Int(value.octets[1])) + 1
            if case .value = await store.swap(key, [UInt8(next >> 8), UInt8(next & 255)], life: 60_000, version: value.version) { break }
        }
    }
}
