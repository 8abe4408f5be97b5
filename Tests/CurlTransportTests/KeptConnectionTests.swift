import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

extension CurlTransport {
    /// The call whose handle and connection serve the next one.
    func post(_ url: String, _ body: String = "", _ fields: HTTPFields = [:], connection: ConnectionOptions = ConnectionOptions()) async -> Outcome {
        await outcome(of: Call(
            method: .post, url: url, fields: fields, body: Array(body.utf8), deadline: .now().advanced(byMilliseconds: 10_000),
            connection: connection))
    }
}

/// What stays in epoll and in the pool between calls.
@Suite("Kept connections")
struct KeptConnectionTests {
    private static func pause(_ milliseconds: Int) async { await EventLoop.sleep(until: .now().advanced(byMilliseconds: milliseconds)) }

    @Test("one that its server closes while it idles is replaced, and does not keep the loop busy meanwhile")
    func closedByServer() async throws {
        let server = try TestServer()
        let (outcomes, rounds) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            var rounds = 0
            for _ in 0..<5 {
                outcomes.append(await transport.post(server.url("bye/20")))
                let counter = Rounds()
                EventLoop.current?.betweenRounds = { counter.count += 1 }
                await KeptConnectionTests.pause(200)
                EventLoop.current?.betweenRounds = nil
                rounds = max(rounds, counter.count)
                outcomes.append(await transport.post(server.url("echo"), "after"))
            }
            outcomes.append(await transport.get(server.url("stats")))
            return (outcomes, rounds)
        }
        #expect(outcomes.allSatisfy { $0.status == 200 }, "\(outcomes)")
        #expect(outcomes.dropLast().enumerated().allSatisfy { $0 % 2 == 0 || $1.json?["body"]?.string == "after" })
        // Each closed one is followed by a fresh one, which the next call to close finds kept.
        #expect(outcomes.last?.json?["connections"]?.integer == 6)
        #expect(rounds < 20, "\(rounds) rounds in 200 ms")
    }

    @Test("an answer that nobody asked for never becomes the answer to the next call")
    func unaskedAnswer() async throws {
        let server = try TestServer()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            for _ in 0..<3 {
                _ = await transport.post(server.url("chatty/0"))
                await KeptConnectionTests.pause(100)
                outcomes.append(await transport.post(server.url("echo"), "mine"))
            }
            return outcomes
        }
        #expect(outcomes.allSatisfy { $0.json?["body"]?.string == "mine" }, "\(outcomes.map(\.text))")
    }

    @Test("the number of a closed one belongs to whoever opens it next: his events reach him, and no call touches them")
    func reusedNumbers() async throws {
        let (server, other) = (try TestServer(), try TestServer())
        let seen = try await onLoop {
            // One is kept: a call elsewhere closes the one before, which is still watched.
            var options = CurlOptions.longLived()
            options.keptConnections = 1
            let transport = CurlTransport(options: options)
            var seen: [Int?] = []
            for way in ["other", "cancelled", "closed"] {
                var heard: Int?
                for _ in 0..<20 where heard == nil {
                    // Before, so that it does not take the number itself.
                    var ends: [Int32] = [0, 0]
                    guard pipe(&ends) == 0 else { continue }
                    if let number = await KeptConnectionTests.end(way, transport, server, other) {
                        heard = await KeptConnectionTests.claim(number, ends, transport, server, other)
                    }
                    for end in ends { close(end) }
                }
                seen.append(heard)
            }
            return seen
        }
        #expect(seen == [3, 3, 3], "octets heard behind each way of closing")
    }

    /// Has libcurl close a connection to `server`; the descriptor's number.
    private static func end(_ way: String, _ transport: CurlTransport, _ server: TestServer, _ other: TestServer) async -> Int32? {
        let loop = EventLoop.current
        if way == "cancelled" {
            let waiting = Task(executorPreference: loop) { await transport.post(server.url("slow/20000")) }
            var number: Int32?
            for _ in 0..<500 where number == nil {
                await pause(10)
                number = descriptor(to: server.port)
            }
            waiting.cancel()
            _ = await waiting.value
            return number
        }
        _ = await transport.post(server.url(way == "closed" ? "bye/1" : "echo"))
        let number = descriptor(to: server.port)
        if way == "closed" { await pause(60) }
        _ = await transport.post(other.url("echo"))
        return number
    }

    /// Takes the number for a pipe of our own and counts what is heard on it between calls; `nil` when somebody else has it already.
    private static func claim(
        _ number: Int32, _ ends: [Int32], _ transport: CurlTransport, _ server: TestServer, _ other: TestServer
    ) async -> Int? {
        guard let loop = EventLoop.current else { return nil }
        let mine = fcntl(ends[0], F_DUPFD_CLOEXEC, number)
        defer { close(mine) }
        guard mine == number else { return nil }
        let listener = Listener(mine)
        guard (try? loop.watch(mine, events: Readiness.readable, handler: listener)) != nil else { return -2 }
        for _ in 0..<3 {
            _ = write(ends[1], "x", 1)
            _ = await transport.post(server.url("echo"))
            _ = await transport.post(other.url("echo"))
            for _ in 0..<500 where listener.isBehind { await pause(10) }
            listener.isBehind = true
        }
        loop.unwatch(mine)
        return listener.count
    }

    /// Our end of a connection to a port of this machine.
    private static func descriptor(to port: Int) -> Int32? {
        (3..<4096).first { number in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isSocket = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(number, $0, &length) == 0 }
            }
            return isSocket && address.sin_family == sa_family_t(AF_INET) && Int(UInt16(bigEndian: address.sin_port)) == port
        }
    }

    @Test("answers of every status keep the connection; a call that was broken off ends it, and the next one is well")
    func afterErrors() async throws {
        let server = try TestServer()
        let counts = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var counts: [Int?] = []
            for path in ["status/500", "status/404", "status/204", "redirect/1", "echo", "huge/3000000", "echo", "drop", "echo", "garbage", "echo"] {
                _ = await transport.post(server.url(path))
                counts.append(await transport.post(server.url("stats")).json?["connections"]?.integer)
            }
            _ = await transport.outcome(of: Call(method: .post, url: server.url("slow/20000"), deadline: .now().advanced(byMilliseconds: 100)))
            counts.append(await transport.post(server.url("stats")).json?["connections"]?.integer)
            return counts
        }
        #expect(counts == [1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5])
    }

    @Test("200 calls over eight connections: each gets its own answer")
    func manyCalls() async throws {
        let server = try TestServer()
        let (wrong, connections) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let wrong = await withTaskGroup(of: Int.self) { group in
                for lane in 0..<8 {
                    group.addTask {
                        var wrong = 0
                        for number in 0..<25 {
                            let text = "lane \(lane) call \(number) " + String(repeating: "x", count: number * 397)
                            let outcome = await transport.post(server.url("echo?\(lane)-\(number)"), text)
                            let isRight = outcome.json?["body"]?.string == text && outcome.json?["target"]?.string == "/echo?\(lane)-\(number)"
                            if !isRight { wrong += 1 }
                        }
                        return wrong
                    }
                }
                return await group.reduce(0, +)
            }
            return (wrong, await transport.get(server.url("stats")).json?["connections"]?.integer ?? 0)
        }
        #expect(wrong == 0 && connections <= 9)
    }

    @Test("200 calls that begin in one round all end, again and again on the connections of the first time")
    func manyAtOnce() async throws {
        let server = try TestServer()
        let (answers, connections) = try await onLoop {
            var options = CurlOptions.longLived()
            options.connectMilliseconds = 10_000
            let transport = CurlTransport(options: options)
            var answers = 0
            for _ in 0..<3 {
                answers += await withTaskGroup(of: Bool.self) { group in
                    for number in 0..<200 {
                        group.addTask { await transport.post(server.url("echo"), "\(number)").json?["body"]?.string == "\(number)" }
                    }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
            }
            return (answers, await transport.get(server.url("stats")).json?["connections"]?.integer ?? 0)
        }
        // A busy machine may lose a connection here and there; without reuse there would be 600.
        #expect(answers == 600 && connections <= 300, "\(answers) \(connections)")
    }

    @Test("a call that is cancelled before its round ends sends nothing, and its handle serves the next call of that round")
    func cancelledAtOnce() async throws {
        let server = try TestServer()
        let (early, next, stats) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let loop = EventLoop.current
            var early: [Outcome] = []
            var next: [Outcome] = []
            for number in 0..<20 {
                let call = Task(executorPreference: loop) { await transport.post(server.url("echo"), "secret", [.authorization: "Bearer x"]) }
                call.cancel()
                early.append(await call.value)
                next.append(await transport.post(server.url("echo"), "\(number)"))
            }
            return (early, next, await transport.get(server.url("stats")))
        }
        #expect(early.allSatisfy { $0.failure?.code == .cancelled && $0.failure?.isCertain == true })
        #expect(next.enumerated().allSatisfy { $1.json?["body"]?.string == "\($0)" && !$1.text.contains("Bearer") })
        #expect(stats.json?["requests"]?.integer == 21 && stats.json?["connections"]?.integer == 1)
    }

    @Test("no child process inherits one: what we end, the other side sees end")
    func inheritsNothing() async throws {
        let server = try TestServer()
        let (outcome, abandoned) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let waiting = Task(executorPreference: EventLoop.current) { await transport.post(server.url("slow/20000")) }
            for _ in 0..<500 {
                if await transport.get(server.url("stats")).json?["waiting"]?.integer == 1 { break }
                await KeptConnectionTests.pause(10)
            }
            let child = try? Child(["sleep", "60"])
            waiting.cancel()
            let outcome = await waiting.value
            var abandoned = 0
            for _ in 0..<200 where abandoned == 0 {
                abandoned = await transport.get(server.url("stats")).json?["abandoned"]?.integer ?? 0
                await KeptConnectionTests.pause(10)
            }
            withExtendedLifetime(child) {}
            return (outcome, abandoned)
        }
        #expect(outcome.failure?.code == .cancelled && abandoned == 1)
    }
}

/// On one loop's thread.
private final class Rounds: @unchecked Sendable { var count = 0 }

/// Counts the octets that come on a pipe.
private final class Listener: EventHandler, @unchecked Sendable {
    private let descriptor: Int32
    private(set) var count = 0
    var isBehind = true

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func ready(_ events: UInt32) {
        var octet: UInt8 = 0
        // An event without an octet would stand the loop still: counted as too many.
        let isReady = events & Readiness.readable != 0
        count += isReady && read(descriptor, &octet, 1) == 1 ? 1 : 1000
        isBehind = false
    }
}
