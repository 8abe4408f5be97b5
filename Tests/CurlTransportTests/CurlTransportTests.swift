import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing
import Time

typealias Outcome = Result<Response, TransportError>

extension CurlTransport {
    /// One call with the deadline that most tests want.
    func get(
        _ url: String, milliseconds: Int = 5000, limit: Int = 2 << 20, connection: ConnectionOptions = ConnectionOptions()
    ) async -> Outcome {
        await outcome(of: Call(
            method: .get, url: url, deadline: Instant.now().advanced(byMilliseconds: milliseconds), responseLimit: limit,
            connection: connection))
    }

    func outcome(of call: Call) async -> Outcome {
        do { return .success(try await send(call)) } catch { return .failure(error) }
    }
}

extension Outcome {
    var text: String { (try? get()).map { String(decoding: $0.body, as: UTF8.self) } ?? failure?.description ?? "" }
    var json: JSON? { (try? get()).flatMap { try? JSON(parsing: $0.body) } }
    var status: Int? { (try? get())?.status.code }
    var failure: TransportError? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}

@Suite(.ownThread) struct CurlTransportTests {
    @Test("A POST goes out with its body and fields, and the whole answer comes back")
    func postsAndReads() async throws {
        let server = try TestServer()
        let outcome = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            return await transport.outcome(of: Call(
                method: .post, url: server.url("echo?a=%2F..%2Fb"), fields: [.contentType: "application/json", .authorization: ""],
                body: Array("{}".utf8), deadline: Instant.now().advanced(byMilliseconds: 2000)))
        }
        let seen = outcome.json
        #expect(seen?["method"]?.string == "POST")
        #expect(seen?["target"]?.string == "/echo?a=%2F..%2Fb")
        #expect(seen?["body"]?.string == "{}")
        let fields = (seen?["fields"]?.elements.map { $0.elements.compactMap(\.string).joined(separator: "=") } ?? []).sorted()
        #expect(fields == [
            "Accept=*/*", "Authorization=", "Content-Length=2", "Content-Type=application/json", "Host=127.0.0.1:\(server.port)",
            "User-Agent=Causeway/0.1",
        ])
    }

    @Test("Every method goes out as it is called, with a body or without")
    func sendsMethods() async throws {
        let server = try TestServer()
        let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options]
        let seen = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var seen: [String] = []
            for method in methods {
                for body in ["", "text"] {
                    let outcome = await transport.outcome(of: Call(
                        method: method, url: server.url("echo"), body: Array(body.utf8),
                        deadline: Instant.now().advanced(byMilliseconds: 2000)))
                    seen.append((outcome.json?["method"]?.string ?? outcome.text) + ":" + (outcome.json?["body"]?.string ?? "?"))
                }
            }
            return seen
        }
        #expect(seen == methods.flatMap { ["\($0.rawValue):", "\($0.rawValue):text"] })
    }

    /// What a server does, and what the caller is told; `arrived` is whether the request may have had an effect.
    static let manners: [(path: String, answer: String)] = [
        ("status/204", "204 "), ("status/500", "500 body of 500"), ("status/304", "304 "), ("chunked", "200 onetwothree"),
        ("interim", "200 final"), ("huge/100000", "200 …100000"),
        ("drop", "receiveFailed arrived"), ("reset", "receiveFailed arrived"), ("hangup", "receiveFailed arrived"),
        ("length-lies", "receiveFailed arrived"), ("garbage", "protocolViolated arrived"), ("slow/3000", "timedOut arrived"),
        ("dribble/50", "timedOut arrived"), ("huge/200001", "tooLarge arrived"), ("endless", "tooLarge arrived"),
        ("headers/99", "200 "), ("headers/100", "tooLarge arrived"), ("header-octets/65000", "200 "),
        ("header-octets/66000", "tooLarge arrived"),
    ]

    @Test("A server's bad manners end the call with an error that names them")
    func namesFailures() async throws {
        let server = try TestServer()
        let results = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var results: [String] = []
            for manner in CurlTransportTests.manners {
                switch await transport.get(server.url(manner.path), milliseconds: 400, limit: 200_000) {
                case .success(let response):
                    let body = String(decoding: response.body, as: UTF8.self)
                    results.append("\(response.status.code) \(body.utf8.count > 100 ? "…\(body.utf8.count)" : body)")
                case .failure(let error):
                    results.append(error.code.rawValue + (error.mayHaveArrived ? " arrived" : ""))
                    #expect(!error.isRetryable && !error.reason.contains("127.0.0.1"))
                }
            }
            return results
        }
        for (manner, result) in zip(CurlTransportTests.manners, results) {
            #expect(result == manner.answer, "\(manner.path)")
        }
    }

    @Test("Interim answers and trailers leave nothing in the fields")
    func readsFields() async throws {
        let server = try TestServer()
        let fields = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let interim = try? await transport.get(server.url("interim")).get().fields
            let chunked = try? await transport.get(server.url("chunked")).get().fields
            return (interim, chunked)
        }
        #expect(fields.0?.map { $0.name.rawName } == ["Content-Length", "X-Final"])
        #expect(fields.1?.map { $0.name.rawName } == ["Transfer-Encoding", "Trailer"])
    }

    @Test("What cannot be sent is refused before a connection is made", arguments: [
        "ftp://127.0.0.1/x", "file:///etc/passwd", "127.0.0.1/x", "http://", "http://a b/", "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/\u{0}", "http://user:word@127.0.0.1/", "http://127.0.0.1/ä", "gopher://127.0.0.1", "", "http:127.0.0.1\\@x/",
    ])
    func refusesURLs(url: String) async throws {
        let outcome = try await onLoop { await CurlTransport(options: .longLived()).get(url, milliseconds: 500) }
        #expect(outcome.failure?.code == .badURL && outcome.failure?.mayHaveArrived == false, "\(outcome)")
    }

    @Test("Framing is the transport's business, and a value cannot start a new header line")
    func guardsHeaders() async throws {
        let server = try TestServer()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            for name in ["Content-Length", "transfer-encoding", "Connection", "X-Text"] {
                guard let name = HTTPField.Name(name) else { continue }
                outcomes.append(await transport.outcome(of: Call(
                    method: .post, url: server.url("echo"), fields: [name: "5\r\nX-Injected: yes"],
                    deadline: Instant.now().advanced(byMilliseconds: 1000))))
            }
            return outcomes
        }
        #expect(outcomes.prefix(3).allSatisfy { $0.failure?.code == .misconfigured })
        let names = outcomes.last?.json?["fields"]?.elements.compactMap { $0.elements.compactMap(\.string).first }
        #expect(names?.contains("X-Text") == true && names?.contains("X-Injected") == false)
    }

    @Test("Nobody there: certain, and worth another try")
    func reportsNoServer() async throws {
        let port = try freePort()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            return [
                await transport.get("http://127.0.0.1:\(port)/"),
                await transport.get("http://no-such-host.invalid/", milliseconds: 3000),
            ]
        }
        #expect(outcomes[0].failure?.code == .notConnected)
        #expect(outcomes[1].failure?.code == .notResolved || outcomes[1].failure?.code == .notConnected)
        for outcome in outcomes { #expect(outcome.failure?.isCertain == true && outcome.failure?.isRetryable == true) }
    }

    @Test("A server that accepts and then says nothing costs no more than the limit for connecting")
    func boundsConnecting() async throws {
        let server = try TestServer()
        let (outcome, milliseconds) = try await onLoop {
            var options = CurlOptions.longLived()
            options.connectMilliseconds = 150
            let transport = CurlTransport(options: options)
            let started = Instant.now()
            let outcome = await transport.get(server.secureURL("echo", host: "127.0.0.1"), milliseconds: 3000)
            return (outcome, Instant.now().milliseconds(since: started))
        }
        #expect(outcome.failure?.code == .notConnected && outcome.failure?.isRetryable == true, "\(outcome)")
        #expect((140..<1000).contains(milliseconds))
    }

    @Test("A deadline that has passed sends nothing")
    func refusesLateCalls() async throws {
        let server = try TestServer()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            return [await transport.get(server.url("echo"), milliseconds: -1), await transport.get(server.url("stats"))]
        }
        #expect(outcomes[0].failure?.code == .timedOut && outcomes[0].failure?.isCertain == true)
        #expect(outcomes[1].json?["requests"]?.integer == 1)
    }

    @Test("Redirects are answers, not orders")
    func followsNothing() async throws {
        let server = try TestServer()
        let trap = try TestServer()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            return [await transport.get(server.url("redirect/\(trap.port)")), await transport.get(trap.url("stats"))]
        }
        #expect(outcomes[0].status == 302)
        #expect(outcomes[1].json?["requests"]?.integer == 1)
    }

    @Test("Calls one after the other share a connection, and a kept one that died is replaced unseen")
    func keepsConnections() async throws {
        let server = try TestServer()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            for _ in 0..<20 { outcomes.append(await transport.get(server.url("echo"))) }
            outcomes.append(await transport.get(server.url("stats")))
            outcomes.append(await transport.get(server.url("close-after")))
            await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 150))
            outcomes.append(await transport.get(server.url("stats")))
            return outcomes
        }
        #expect(outcomes.allSatisfy { $0.status == 200 })
        #expect(outcomes[20].json?["connections"]?.integer == 1)
        #expect(outcomes[22].json?["connections"]?.integer == 2)
    }

    @Test("Nothing of one call shows in the next on the same handle")
    func forgetsCalls() async throws {
        let server = try TestServer()
        let closed = try freePort()
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            _ = await transport.outcome(of: Call(
                method: .put, url: server.url("echo"), fields: [.authorization: "Bearer x"], body: Array("old".utf8),
                deadline: Instant.now().advanced(byMilliseconds: 1000)))
            return [await transport.get(server.url("echo")), await transport.get("http://127.0.0.1:\(closed)/")]
        }
        #expect(outcomes[0].json?["method"]?.string == "GET" && outcomes[0].json?["body"]?.string == "")
        #expect(outcomes[0].text.contains("Bearer") == false)
        #expect(outcomes[1].failure?.mayHaveArrived == false)
    }

    @Test("Pieces are handed over as they come, and stay when the call then fails")
    func streams() async throws {
        let server = try TestServer()
        let pieces = Mutex<[[UInt8]]>([])
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var outcomes: [Outcome] = []
            for path in ["chunked", "status/500", "dribble/20"] {
                outcomes.append(await transport.outcome(of: Call(
                    method: .get, url: server.url(path), deadline: Instant.now().advanced(byMilliseconds: 400),
                    receive: { piece in pieces.withLock { $0.append(piece) } })))
            }
            return outcomes
        }
        let texts = pieces.withLock { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(outcomes[0].text == "onetwothree" && texts.prefix(3) == ["one", "two", "three"])
        #expect(outcomes[2].failure?.code == .timedOut)
        #expect(texts.dropFirst(3).count > 3 && texts.dropFirst(3).allSatisfy { $0.allSatisfy { $0 == "." } })
    }

    @Test("Whoever stops waiting ends the call, and the server sees it")
    func cancels() async throws {
        let server = try TestServer()
        let (outcomes, milliseconds) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let started = Instant.now()
            // A plain `Task` would leave the loop: only child tasks inherit it.
            let loop = EventLoop.current
            let waiting = Task(executorPreference: loop) { await transport.get(server.url("slow/20000"), milliseconds: 30_000) }
            for _ in 0..<200 {
                if await transport.get(server.url("stats")).json?["waiting"]?.integer == 1 { break }
                await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 20))
            }
            waiting.cancel()
            var outcomes = [await waiting.value]
            let early = Task(executorPreference: loop) { await transport.get(server.url("slow/20000"), milliseconds: 30_000) }
            early.cancel()
            outcomes.append(await early.value)
            let milliseconds = Instant.now().milliseconds(since: started)
            for _ in 0..<100 {
                outcomes.append(await transport.get(server.url("stats")))
                if outcomes.last?.json?["abandoned"]?.integer ?? 0 >= 1 { break }
                await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 20))
            }
            return (outcomes, milliseconds)
        }
        #expect(outcomes[0].failure?.code == .cancelled && outcomes[0].failure?.mayHaveArrived == true)
        #expect(outcomes[1].failure?.code == .cancelled)
        #expect(milliseconds < 5000)
        #expect((outcomes.last?.json?["abandoned"]?.integer ?? 0) >= 1)
    }

    @Test("Off a loop there is no call")
    func needsLoop() async {
        let outcome = await CurlTransport(options: .longLived()).get("http://127.0.0.1:1/")
        #expect(outcome.failure?.code == .internalFailure)
    }

    @Test("2,000 calls wait together on one thread, in little memory")
    func waitsForMany() async throws {
        var limit = rlimit(rlim_cur: 8192, rlim_max: 8192)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 16_384)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let server = try TestServer()
        let count = 2000
        let (answers, growth, most) = try await onLoop {
            var options = CurlOptions.longLived()
            options.connectMilliseconds = 10_000
            let transport = CurlTransport(options: options)
            _ = await transport.get(server.url("echo"))
            let before = residentOctets()
            return await withTaskGroup(of: Int?.self) { group in
                for _ in 0..<count {
                    group.addTask { await transport.get(server.url("slow/1500"), milliseconds: 20_000).status }
                }
                await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 1200))
                let growth = residentOctets() - before
                var answers = 0
                for await status in group where status == 200 { answers += 1 }
                return (answers, growth, await transport.get(server.url("stats")).json?["most_waiting"]?.integer ?? 0)
            }
        }
        print("2,000 calls in flight: \(growth / count) octets each, \(most) at once")
        #expect(answers == count)
        #expect(most > count / 2)
        #expect(growth / count < 64 << 10)
    }
}

/// Resident memory of this process.
func residentOctets() -> Int {
    var text = [UInt8](repeating: 0, count: 128)
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let length = read(file, &text, text.count)
    let words = String(decoding: text.prefix(max(0, length)), as: UTF8.self).split(separator: " ")
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(getpagesize())
}

/// A port of 127.0.0.1 that nobody listens on.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard isBound else { throw Child.Failure() }
    return Int(UInt16(bigEndian: address.sin_port))
}
