import CurlTransport
import EventLoop
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

/// A kept connection that ends under a request: nobody knows whether the request was carried out, so none goes out twice unless that is harmless
/// (`security.md` §8: never replay after bytes were sent).
@Suite("Repeats")
struct RepeatTests {
    /// One call behind a good one on the same connection; how it ended, and how often the server saw it.
    private static func second(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> (outcome: Outcome, count: Int?) {
        let server = try TestServer()
        return try await onLoop {
            let transport = CurlTransport(options: .longLived())
            _ = await transport.post(server.url("echo"))
            let outcome = await transport.outcome(of: Call(
                method: method, url: server.url(path), body: Array(body.utf8), deadline: .now().advanced(byMilliseconds: 10_000)))
            return (outcome, await transport.get(server.url("stats")).json?["requests"]?.integer.map { $0 - 2 })
        }
    }

    @Test("a POST or PATCH is sent once, however its kept connection ends, whatever its size", arguments: [
        (HTTPRequest.Method.post, "hangup"), (.post, "reset"), (.patch, "hangup"), (.patch, "reset"),
    ])
    func sentOnce(method: HTTPRequest.Method, path: String) async throws {
        for body in ["", "text", String(repeating: "x", count: 1 << 20)] {
            let (outcome, count) = try await RepeatTests.second(method, path, body)
            #expect(count == 1, "\(body.utf8.count) octets")
            #expect(outcome.failure?.code == .receiveFailed && outcome.failure?.mayHaveArrived == true && outcome.failure?.isRetryable == false)
        }
    }

    @Test("what is idempotent by its method goes out once more, and no more often", arguments: [
        HTTPRequest.Method.get, .put, .delete, .options,
    ])
    func sentAgain(method: HTTPRequest.Method) async throws {
        let (outcome, count) = try await RepeatTests.second(method, "hangup")
        #expect(count == 2 && outcome.failure?.code == .receiveFailed && outcome.failure?.mayHaveArrived == true)
    }

    @Test("nobody there for the second time says nothing about the first: it may have arrived", arguments: [HTTPRequest.Method.get, .post])
    func uncertain(method: HTTPRequest.Method) async throws {
        let (outcome, _) = try await RepeatTests.second(method, "leave")
        #expect(outcome.failure?.code == .receiveFailed && outcome.failure?.mayHaveArrived == true && outcome.failure?.isRetryable == false)
    }

    @Test("the handle behind a refused repeat serves the next call")
    func goesOn() async throws {
        let server = try TestServer()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            for number in 0..<20 {
                outcomes.append(await transport.post(server.url("echo"), "\(number)"))
                _ = await transport.post(server.url("hangup"), "lost")
            }
            return outcomes
        }
        #expect(outcomes.enumerated().allSatisfy { $1.json?["body"]?.string == "\($0)" })
    }

    @Test("HTTP/2 connections that their server ends while calls are on their way: each is carried out once, because the server says which it left")
    func endedByServer() async throws {
        let made = try Certificates()
        let server = try NginxServer(made, connectionLimit: 50)
        let (outcomes, queries) = try await onLoop {
            var options = CurlOptions.longLived()
            options.connectMilliseconds = 10_000
            let transport = CurlTransport(options: options)
            var trusting = ConnectionOptions()
            trusting.authorityFile = made.certificate("authority")
            let connection = trusting
            _ = await server.firstAnswer(transport, connection)
            let outcomes = await withTaskGroup(of: [(String, Outcome)].self) { group in
                for lane in 0..<20 {
                    group.addTask {
                        var outcomes: [(String, Outcome)] = []
                        for number in 0..<50 {
                            let query = "\(lane)-\(number)"
                            outcomes.append((query, await transport.post(server.url + "?" + query, "x", connection: connection)))
                        }
                        return outcomes
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            return (outcomes, await server.queries(transport, connection).filter { $0 != "-" })
        }
        let carriedOut = Set(queries)
        #expect(queries.count == carriedOut.count)
        for (query, outcome) in outcomes {
            guard let failure = outcome.failure else {
                #expect(outcome.status == 200 && carriedOut.contains(query))
                continue
            }
            // On a busy machine libcurl meets one such connection after the other, and gives up behind the fifth.
            #expect(failure.code == .sendFailed && !carriedOut.contains(query), "\(failure) \(failure.mayHaveArrived)")
        }
        #expect(carriedOut.count > 900)
    }

    @Test("a POST whose HTTP/2 stream ends without an answer is sent once")
    func endedStream() async throws {
        let made = try Certificates()
        let server = try NginxServer(made)
        let (outcome, queries) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var connection = ConnectionOptions()
            connection.authorityFile = made.certificate("authority")
            _ = await server.firstAnswer(transport, connection)
            let outcome = await transport.post(server.url + "gone?lost", "x", connection: connection)
            return (outcome, await server.queries(transport, connection).filter { $0 != "-" })
        }
        #expect(outcome.failure?.mayHaveArrived == true && queries == ["lost"], "\(outcome)")
    }
}
