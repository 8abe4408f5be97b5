import EventLoop
import Glibc
import HTTP
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Time

@Suite(.ownThread) struct TokenCacheTests {
    @Test("V71: a thousand turns in one lifetime ask for one token, and one more after it, in one process or in fifty")
    func oneCall() async throws {
        for processes in [1, 50] {
            let bench = try TokenBench()
            let issuer = FakeIssuer()
            let caches = (0..<processes).map { _ in bench.process() }
            for turn in 0..<1000 { #expect(await bench.ask(caches[turn % processes], issuer) == "token-1") }
            #expect(issuer.count == 1)
            bench.time.advance(milliseconds: 3_600_000)
            for turn in 0..<1000 { #expect(await bench.ask(caches[turn % processes], issuer) == "token-2") }
            #expect(issuer.count == 2)
        }
    }

    @Test("Refreshing begins 60 s and a jittered part of five minutes before the end", arguments: [
        (UInt8(0), 3_600_000, 3_390_000), (255, 3_600_000, 3_240_000), (0, 1000, 825), (255, 1000, 750), (0, 100_000, 82_500),
    ])
    func softWindow(_ random: UInt8, _ life: Int, _ soft: Int) async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer(life: life)
        let cache = bench.process(random: random)
        #expect(await bench.ask(cache, issuer) == "token-1")
        bench.time.advance(milliseconds: soft - 5)
        #expect(await bench.ask(cache, issuer) == "token-1")
        bench.time.advance(milliseconds: 1 + life / 1000 + 10)
        #expect(await bench.ask(cache, issuer) == "token-2")
    }

    @Test("While another process refreshes, the present token is used until the hard window, then waited for")
    func lostLock() async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let cache = bench.process()
        #expect(await bench.ask(cache, issuer) == "token-1")
        let lock = bench.key.companion("token-lock")
        bench.time.advance(milliseconds: 3_400_000)
        _ = await bench.store.claim(lock, [1], life: 10_000)
        #expect(await bench.ask(cache, issuer) == "token-1")
        bench.time.advance(milliseconds: 145_000)
        _ = await bench.store.claim(lock, [1], life: 10_000)
        let before = bench.time.now()
        // Nobody finishes: at the deadline the token that is still valid is better than none.
        #expect(await bench.ask(cache, issuer) == "token-1")
        #expect(bench.time.now().milliseconds(since: before) >= 1000)
        #expect(issuer.count == 1)
        bench.time.advance(milliseconds: 60_000)
        _ = await bench.store.claim(lock, [1], life: 10_000)
        #expect(await bench.ask(cache, issuer) == "timedOut")
        // The owner was killed; its lock ends by itself.
        bench.time.advance(milliseconds: 10_000)
        #expect(await bench.ask(cache, issuer) == "token-2")
        #expect(await bench.store.get(lock).word == "absent")
    }

    @Test("A failure is remembered by all processes for its time, and a valid token is used meanwhile", arguments: [
        (TokenFailure(.refused), 60_000), (TokenFailure(.busy), 5000), (TokenFailure(.busy, pause: 30_000), 30_000),
        (TokenFailure(.malformed), 5000), (TokenFailure(.notReached), 2000), (TokenFailure(.timedOut), 2000),
    ])
    func remembered(_ failure: TokenFailure, _ pause: Int) async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let caches = [bench.process(), bench.process()]
        issuer.next(.failure(failure))
        #expect(await bench.ask(caches[0], issuer) == failure.code.rawValue)
        bench.time.advance(milliseconds: pause - 5)
        for cache in caches { #expect(await bench.ask(cache, issuer) == failure.code.rawValue) }
        #expect(issuer.count == 1)
        bench.time.advance(milliseconds: 10)
        #expect(await bench.ask(caches[1], issuer) == "token-2")

        // With an old token at hand nobody notices until its true end.
        issuer.next(.failure(failure), .failure(failure))
        bench.time.advance(milliseconds: 3_595_000)
        for cache in caches { #expect(await bench.ask(cache, issuer) == "token-2") }
        #expect(issuer.count == 3)
        bench.time.advance(milliseconds: pause + 5000)
        #expect(await bench.ask(caches[0], issuer) == failure.code.rawValue)
        #expect(await bench.ask(caches[1], issuer) == failure.code.rawValue)
        #expect(issuer.count == 4)
    }

    @Test("An owner whose lock ran out does not overwrite the newer token")
    func slowOwner() async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let (slow, quick) = (bench.process(), bench.process())
        let result = await slow.token(for: bench.key, by: bench.time.now().advanced(byMilliseconds: 60_000)) { _ in
            bench.time.advance(milliseconds: 11_000)
            #expect(await bench.ask(quick, issuer) == "token-1")
            return .success(TokenGrant(secret: Secret("late"), type: nil, life: 3_600_000))
        }
        #expect(try result.get().secret.revealText() == "token-1")
        #expect(await bench.ask(bench.process(), issuer) == "token-1")
        #expect(issuer.count == 1)
    }

    @Test("A refused token is dropped everywhere, but not its successor and not a fresh one")
    func dropped() async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let (one, two) = (bench.process(), bench.process())
        let token = try await one.token(for: bench.key, by: bench.time.now().advanced(byMilliseconds: 1000), fetch: issuer.fetch).get()
        #expect(await bench.ask(two, issuer) == "token-1")
        #expect(await one.drop(token, of: bench.key) == false)
        bench.time.advance(milliseconds: 6000)
        #expect(await one.drop(token, of: bench.key))
        #expect(await bench.ask(one, issuer) == "token-2")
        // The other process was refused as well; the newer token must survive that.
        #expect(await two.drop(token, of: bench.key))
        #expect(await bench.ask(two, issuer) == "token-2")
        #expect(issuer.count == 2)
    }

    @Test("P3: without its store a process fetches for itself, and leaves the store alone for five seconds")
    func storeDown() async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer(life: 600_000)
        let cache = bench.process()
        bench.calls.fail(TransportError(.timedOut, mayHaveArrived: true))
        #expect(await bench.ask(cache, issuer) == "token-1")
        let calls = bench.calls.count
        for _ in 0..<10 { #expect(await bench.ask(cache, issuer) == "token-1") }
        bench.time.advance(milliseconds: 4900)
        issuer.next(.failure(TokenFailure(.notReached)))
        #expect(await bench.ask(cache, issuer, key: bench.key.companion("other")) == "notReached")
        #expect(bench.calls.count == calls)
        bench.calls.fail(nil)
        bench.time.advance(milliseconds: 535_100)
        #expect(await bench.ask(cache, issuer) == "token-3")
        #expect(await bench.ask(bench.process(), issuer) == "token-3")
    }

    @Test("Without any store the same windows hold, and failures are remembered", arguments: [UInt8(0), 255])
    func noStore(_ random: UInt8) async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let time = bench.time
        let cache = TokenCache(store: nil, time: time, random: { Array(repeating: random, count: $0) }, sleep: { _ in time.advance(milliseconds: 50) })
        issuer.next(.failure(TokenFailure(.busy)))
        #expect(await bench.ask(cache, issuer) == "busy")
        #expect(await bench.ask(cache, issuer) == "busy")
        #expect(issuer.count == 1)
        time.advance(milliseconds: 5001)
        for _ in 0..<100 { #expect(await bench.ask(cache, issuer) == "token-2") }
        time.advance(milliseconds: 3_541_000)
        #expect(await bench.ask(cache, issuer) == "token-3")
        #expect(bench.calls.count == 0)
    }

    @Test("Wrong dates of up to ten minutes change nothing", arguments: [-600_000, 600_000] as [Int64])
    func skew(_ milliseconds: Int64) async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let (right, wrong) = (bench.process(), bench.process(time: SkewedTime(time: bench.time, milliseconds: milliseconds)))
        for _ in 0..<6 {
            #expect(await bench.ask(wrong, issuer) == "token-1")
            #expect(await bench.ask(right, issuer) == "token-1")
            bench.time.advance(milliseconds: 560_000)
        }
        bench.time.advance(milliseconds: 100_000)
        #expect(await bench.ask(wrong, issuer) == "token-2")
        #expect(await bench.ask(right, issuer) == "token-2")
    }

    @Test("V78: a life of 0 is good for one call and never kept")
    func lifeless() async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer(life: 0)
        let cache = bench.process()
        #expect(await bench.ask(cache, issuer) == "token-1")
        #expect(await bench.ask(cache, issuer) == "token-2")
        #expect(await bench.store.get(bench.key).word == "absent")
    }

    @Test("Two keys of one tenant do not block each other")
    func twoKeys() async throws {
        let bench = try TokenBench()
        let issuer = FakeIssuer()
        let cache = bench.process()
        let other = StoreKey(tenant: "agent", purpose: "token", id: "another")
        let result = await cache.token(for: bench.key, by: bench.time.now().advanced(byMilliseconds: 1000)) { _ in
            #expect(await bench.ask(cache, issuer, key: other) == "token-1")
            return .failure(TokenFailure(.busy))
        }
        #expect(throws: TokenFailure(.busy)) { try result.get() }
    }

    @Test("A dump of the store shows no token, and another key opens nothing")
    func dump() async throws {
        let bench = try TokenBench()
        let secret = "eyJhbGciOi.canary-token.x1y2z3"
        let fetch: TokenCache.Fetch = { _ in .success(TokenGrant(secret: Secret(secret), type: "Bearer", life: 60_000)) }
        _ = await bench.process().token(for: bench.key, by: bench.time.now().advanced(byMilliseconds: 1000), fetch: fetch)
        #expect(await bench.store.get(bench.key).word == "value")
        var octets: [UInt8] = []
        for suffix in ["", "-wal"] { octets += contents(of: bench.file + suffix) }
        #expect(octets.count > 4096)
        let dump = String(decoding: octets, as: UTF8.self)
        for form in [secret, Digest.hex(Array(secret.utf8)), String(Base64.encodeText(secret.utf8).prefix(30)), "canary", "Bearer"] {
            #expect(!dump.contains(form))
        }
        let stranger = SealedStore(HTTPCacheStore(try cacheSettings(port: 9), over: bench.calls, time: bench.time), sealer: try TokenBench.sealer("another key"))
        #expect(await stranger.get(bench.key).word == "unreadable")
    }

    private func contents(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 4 << 20)
        return Array(octets.prefix(max(0, read(descriptor, &octets, octets.count))))
    }

    @Test("A caller that goes away leaves no lock behind and its token to the others")
    func cancelled() async throws {
        let store = try Backend.cacheHandler.open()
        let issuer = FakeIssuer(delay: 100)
        let key = StoreKey(tenant: "cancelled", purpose: "token", id: "\(getpid())")
        let (count, lock, token) = try await onLoop {
            let cache = TokenCache(store: store, time: SystemTime())
            let task = Task(executorPreference: EventLoop.current) {
                await cache.token(for: key, by: Instant.now().advanced(byMilliseconds: 1000), fetch: issuer.fetch)
            }
            await ConformanceTests.pause(30)
            task.cancel()
            _ = await task.value
            await ConformanceTests.pause(150)
            let lock = await store.get(key.companion("token-lock")).word
            let token = try? await cache.token(for: key, by: Instant.now().advanced(byMilliseconds: 1000), fetch: issuer.fetch).get()
            return (issuer.count, lock, token?.secret.revealText())
        }
        #expect(count == 1)
        #expect(lock == "absent")
        #expect(token == "token-1")
    }

    @Test("V71: forty clients on tokens of 3 s share each one, and none gets an expired one or none", arguments: Backend.allCases)
    func fortyClients(_ backend: Backend) async throws {
        let store = try backend.open(patience: 2000)
        let issuer = FakeIssuer(life: 3000, delay: 300)
        let seconds = ConformanceTests.isFull ? 12 : 4
        let key = StoreKey(tenant: "forty", purpose: "token", id: "\(backend) \(getpid())")
        let begun = Instant.now()
        let (expired, missing) = try await onLoop {
            let end = Instant.now().advanced(byMilliseconds: seconds * 1000)
            return await withTaskGroup(of: (Int, Int).self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let cache = TokenCache(store: store, time: SystemTime())
                        var (expired, missing) = (0, 0)
                        while Instant.now() < end {
                            switch await cache.token(for: key, by: Instant.now().advanced(byMilliseconds: 2000), fetch: issuer.fetch) {
                            case .success(let token):
                                if issuer.age(of: token) > 3000 { expired += 1 }
                            case .failure: missing += 1
                            }
                            await ConformanceTests.pause(50)
                        }
                        return (expired, missing)
                    }
                }
                return await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
            }
        }
        #expect(expired == 0)
        #expect(missing == 0)
        // Refreshes are at least 2.25 s of life apart; the last may have come late.
        let lasted = Instant.now().milliseconds(since: begun)
        #expect((2...(lasted / 2250 + 2)).contains(issuer.count), "\(issuer.count) token calls in \(lasted) ms")
    }
}
