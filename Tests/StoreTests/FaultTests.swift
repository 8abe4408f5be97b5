import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import JSON
import Settings
import Store
import Synchronization
import TestSupport
import Testing
import Time

/// What a caller sees when a store stops, lies, refuses or is slow (`state.md` §13, `security.md` §8).
@Suite struct FaultTests {
    /// The result of one get, and how long it took.
    private func timed(_ store: any KeyValueStore) async -> (word: String, milliseconds: Int) {
        let start = Instant.now()
        let word = await store.get(ConformanceTests.key()).word
        return (word, Instant.now().milliseconds(since: start))
    }

    @Test("A cache that stands still is unavailable within the deadline, and is back at once")
    func cacheStopped() async throws {
        let server = try CacheServerProcess()
        let store = try store(#"{"cache": {"url": "\#(server.url)", "secrets": [{"env": "SECRET"}]}"#, 1000)
        let seen = try await onLoop {
            var seen = [await timed(store)]
            server.process.send(SIGSTOP)
            // A signal takes effect some time after it was sent.
            await ConformanceTests.pause(300)
            seen.append(await timed(store))
            server.process.send(SIGCONT)
            await ConformanceTests.pause(100)
            seen.append(await timed(store))
            server.process.end(SIGKILL)
            seen.append(await timed(store))
            return seen
        }
        #expect(seen.map(\.word) == ["absent", "timedOut", "absent", "notReached"])
        #expect((990...3000).contains(seen[1].milliseconds), "\(seen[1].milliseconds) ms")
    }

    @Test("A stopped etcd is unavailable within the deadline, and another node is asked instead")
    func etcdStopped() async throws {
        let (stopped, alive) = (try EtcdServer(), try Servers.etcd.get())
        let alone = try store(#"{"etcd": {"urls": ["\#(stopped.url)"]}"#, 300)
        let both = try store(#"{"etcd": {"urls": ["\#(stopped.url)", "\#(alive.url)"]}"#, 3000)
        let gone = try store(#"{"etcd": {"urls": ["http://127.0.0.1:\#(try freePort())", "\#(alive.url)"]}"#, 3000)
        let seen = try await onLoop {
            _ = await timed(alone)
            stopped.process.send(SIGSTOP)
            await ConformanceTests.pause(300)
            return [await timed(alone), await timed(both), await timed(both), await timed(gone)]
        }
        #expect(seen.map(\.word) == ["timedOut", "absent", "absent", "absent"])
        #expect((290...1500).contains(seen[0].milliseconds), "\(seen[0].milliseconds) ms")
        // The second call knows which node to ask: it does not spend the stopped node's half of the deadline again.
        #expect(seen[2].milliseconds < 1500, "\(seen[2].milliseconds) ms")
    }

    @Test("Wrong credentials are told apart from everything else")
    func wrongCredentials() async throws {
        let cache = try Servers.cache.get()
        let wrong = try store(#"{"cache": {"url": "\#(cache.url)", "secrets": [{"env": "WRONG"}]}"#, 5000)
        let nobody = try store(#"{"etcd": {"urls": ["\#(try Servers.etcd.get().url)"], "user": "nobody", "password": {"env": "PASSWORD"}}"#, 5000)
        let words = try await onLoop { [await timed(wrong).word, await timed(nobody).word] }
        #expect(words == ["notAuthorized", "notAuthorized"])
    }

    @Test("etcd with authentication: the password gives a token, and a token that is refused in mid-run is renewed once")
    func etcdAuthentication() async throws {
        let server = try EtcdServer()
        let password = environment["PASSWORD"] ?? ""
        try await Self.prepare(server, password)
        func open(_ user: String) throws -> any KeyValueStore {
            try store(#"{"etcd": {"urls": ["\#(server.url)"]\#(user)}"#, 5000)
        }
        let right = try open(#", "user": "root", "password": {"env": "PASSWORD"}"#)
        let wrong = try open(#", "user": "root", "password": {"env": "WRONG"}"#)
        let none = try open("")
        let words = try await onLoop {
            var words = [await timed(right).word, await timed(wrong).word, await timed(none).word]
            // Sixteen at once sign in once.
            await withTaskGroup(of: Void.self) { group in for _ in 0..<16 { group.addTask { _ = await timed(right) } } }
            await Self.changePassword(server, password)
            words.append(await right.put(ConformanceTests.key(), [1], life: 60_000).word)
            words.append(await timed(right).word)
            return words
        }
        #expect(words == ["absent", "notAuthorized", "notAuthorized", "value", "absent"])
    }

    private static func prepare(_ server: EtcdServer, _ password: String) async throws {
        _ = try await onLoop {
            for (path, body) in [
                ("/v3/auth/role/add", #"{"name": "root"}"#), ("/v3/auth/user/add", #"{"name": "root", "password": "\#(password)"}"#),
                ("/v3/auth/user/grant", #"{"user": "root", "role": "root"}"#), ("/v3/auth/enable", "{}"),
            ] { _ = try? await server.call(path, body) }
        }
    }

    /// Makes every token that etcd gave out invalid.
    private static func changePassword(_ server: EtcdServer, _ password: String) async {
        guard let token = (try? await server.call("/v3/auth/authenticate", #"{"name": "root", "password": "\#(password)"}"#))?["token"]?.string
        else { return }
        _ = try? await CurlTransport(options: .longLived()).send(Call(
            method: .post, url: server.url + "/v3/auth/user/changepw", fields: [.authorization: token],
            body: Array(#"{"name": "root", "password": "\#(password)"}"#.utf8), deadline: Instant.now().advanced(byMilliseconds: 5000)))
    }

    @Test("Three etcd nodes: the leader is killed while four counters run, and the sum is exact", .enabled(if: ConformanceTests.isFull))
    func leaderKilled() async throws {
        let ports = try (0..<3).map { _ in (client: try freePort(), peer: try freePort()) }
        let cluster = ports.enumerated().map { "n\($0)=http://127.0.0.1:\($1.peer)" }.joined(separator: ",")
        let nodes = try await withThrowingTaskGroup(of: EtcdServer.self) { group in
            for (index, port) in ports.enumerated() { group.addTask { try EtcdServer(name: "n\(index)", ports: port, cluster: cluster) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let urls = nodes.map { "\"\($0.url)\"" }.joined(separator: ", ")
        let store = try store(#"{"etcd": {"urls": [\#(urls)]}"#, 2000)
        let sum = try await onLoop {
            let key = ConformanceTests.key("cluster")
            while await store.put(key, [0, 0], life: 300_000).word != "value" { await ConformanceTests.pause(200) }
            let done = Progress()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { await Self.countStubbornly(250, key, in: store, done: done) }
                }
                group.addTask {
                    while done.count < 300 { await ConformanceTests.pause(20) }
                    for node in nodes {
                        let status = try? await node.call("/v3/maintenance/status", "{}")
                        if status?["leader"]?.string == status?["header"]?["member_id"]?.string { node.process.end(SIGKILL) }
                    }
                }
            }
            return await store.get(key).value.map { Int($0.octets[0]) << 8 | Int($0.octets[1]) }
        }
        #expect(sum == 1000)
    }

    private final class Progress: Sendable {
        private let state = Mutex(0)
        var count: Int { state.withLock { $0 } }
        func advance() { state.withLock { $0 += 1 } }
    }

    /// Counts on through failures: after an unknown outcome it reads before it decides. The octets behind the number name who wrote it.
    private static func countStubbornly(_ times: Int, _ key: StoreKey, in store: any KeyValueStore, done: Progress) async {
        for _ in 0..<times {
            while true {
                guard case .value(let value) = await store.get(key) else {
                    await ConformanceTests.pause(50)
                    continue
                }
                let next = (Int(value.octets[0]) << 8 | Int(value.octets[1])) + 1
                if case .value = await store.swap(key, [UInt8(next >> 8), UInt8(next & 255)], life: 300_000, version: value.version) { break }
            }
            done.advance()
        }
    }

    @Test("Whatever a cache answers, the result is one of four", arguments: [
        (HTTPResponse.Status.ok, HTTPFields(), "misunderstood"), (.noContent, [:], "misunderstood"), (.found, [:], "misunderstood"),
        (.badRequest, [:], "misunderstood"), (.unauthorized, [:], "notAuthorized"), (.contentTooLarge, [:], "tooLarge"),
        (.badGateway, [:], "notReached"), (.serviceUnavailable, [:], "notReached"), (.ok, [.eTag: "\"1\"", .cacheLifetime: "x"], "misunderstood"),
        (.preconditionFailed, [:], "misunderstood"),
    ] as [(HTTPResponse.Status, HTTPFields, String)])
    func oddCache(_ status: HTTPResponse.Status, _ fields: HTTPFields, _ word: String) async throws {
        let transport = FakeTransport([.success(Response(status: status, fields: fields))])
        let store = HTTPCacheStore(try cacheSettings(port: 9), over: transport, time: ManualTime())
        #expect(await store.get(ConformanceTests.key()).word == word)
    }

    @Test("Whatever etcd answers, the result is one of four; fields that are missing are zero", arguments: [
        (200, "", "misunderstood"), (200, "[]", "misunderstood"), (200, "{}", "misunderstood"), (200, "<html>", "misunderstood"),
        (200, #"{"header": {"revision": "5"}}"#, "absent"), (200, #"{"header": {"revision": "5"}, "kvs": []}"#, "absent"),
        (200, #"{"header": {"revision": "5"}, "kvs": [{"key": "aw==", "value": "!!", "mod_revision": "4"}]}"#, "absent"),
        (200, #"{"header": {"revision": "5"}, "kvs": [{"key": "aw==", "mod_revision": "4"}]}"#, "absent"),
        (400, #"{"error": "etcdserver: user name is empty", "message": "etcdserver: user name is empty", "code": 3}"#, "notAuthorized"),
        (403, "{}", "notAuthorized"), (404, "404 page not found", "misunderstood"), (500, "{}", "notReached"), (503, "", "notReached"),
    ])
    func oddEtcd(_ status: Int, _ body: String, _ word: String) async throws {
        let text = #"{"urls": ["http://127.0.0.1:9"]}"#
        let settings = try SettingsFile.read(EtcdSettings.self, text: Array(text.utf8), path: "test", environment: [:]).settings
        let transport = FakeTransport([.success(Response(status: HTTPResponse.Status(code: status), body: Array(body.utf8)))])
        let store = EtcdStore(settings, over: transport, time: ManualTime())
        #expect(await store.get(ConformanceTests.key()).word == word)
        #expect(transport.unused == 0)
    }

    @Test("After a lost answer a claim is sent again and recognised as won, a plain put is not sent twice")
    func lostAnswer() async throws {
        let text = #"{"urls": ["http://127.0.0.1:1", "http://127.0.0.1:2"]}"#
        let settings = try SettingsFile.read(EtcdSettings.self, text: Array(text.utf8), path: "test", environment: [:]).settings
        let lost = Result<Response, TransportError>.failure(TransportError(.receiveFailed, mayHaveArrived: true))
        let first = EtcdStore(settings, over: FakeTransport([lost]), time: ManualTime())
        #expect(await first.put(ConformanceTests.key(), [1], life: 1000).word == "notReached")

        let echo = EchoEtcd()
        let second = EtcdStore(settings, over: echo, time: ManualTime())
        #expect(await second.claim(ConformanceTests.key(), [1], life: 1000).word == "value")
        #expect(await second.claim(ConformanceTests.key(), [1], life: 1000).word == "conflict")
    }

    /// Loses its first answer, and then says of every claim that somebody has it: with the value that was sent to it first.
    private final class EchoEtcd: HTTPTransport {
        private let stored = Mutex<String?>(nil)

        func send(_ call: Call) async throws(TransportError) -> Response {
            let sent = (try? JSON(parsing: call.body))?["failure"]?.elements.first { _ in true }?["request_put"]?["value"]?.string
            let known = stored.withLock { stored in
                defer { if stored == nil { stored = sent } }
                return stored
            }
            guard let known else { throw TransportError(.receiveFailed, mayHaveArrived: true) }
            let body = #"{"header":{"revision":"9"},"succeeded":true,"responses":[{"response_range":{"kvs":[{"value":"\#(known)","mod_revision":"8"}]}}]}"#
            stored.withLock { $0 = "AAAAAAAAAAA=" }
            return Response(status: .ok, body: Array(body.utf8))
        }
    }
}

@Suite("A watched store") struct WatchedStoreTests {
    @Test("tells of a failure once, then how often, and never of keys or of callers who left")
    func tells() async throws {
        let time = ManualTime()
        let memory = MemoryStore(time: time)
        let lines = Mutex<[String]>([])
        let store = WatchedStore(memory, time: time) { line in lines.withLock { $0.append(line) } }
        let key = StoreKey(tenant: "tenant", purpose: "token", id: "id")
        _ = await store.get(key)
        #expect(lines.withLock { $0.isEmpty })
        memory.setFault { _, _ in .timedOut }
        for _ in 0..<50 { _ = await store.claim(key, [1], life: 1000) }
        #expect(lines.withLock { $0 } == ["the store failed at claim: timedOut"])
        time.advance(milliseconds: 10_000)
        _ = await store.get(key)
        #expect(lines.withLock { $0.last } == "the store failed at get: timedOut, 50 times since the last such line")
        memory.setFault { _, _ in .cancelled }
        _ = await store.get(key)
        #expect(lines.withLock { $0.count } == 2)
    }
}
