import Glibc
import TestSupport
import Testing

/// The probe as a process of its own, spoken to as web servers do (`runtimes.md` §4.3).
@Suite(.serialized, .ownThread)
struct FastCGIProcessTests {
    private func request(_ uri: String, method: String = "GET", body: [UInt8] = [], flags: UInt8 = 1) -> [UInt8] {
        FastCGIBytes.request([("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("CONTENT_LENGTH", body.isEmpty ? "" : "\(body.count)")], body: body, flags: flags)
    }

    @Test("P4: many requests on one kept connection; the last one is closed by flag")
    func kept() throws {
        let probe = try Probe()
        let client = try Client(probe.socketPath)
        for count in 0..<20 {
            client.send(request("/size?\(count * 5000)"))
            let answer = client.answer()
            #expect(answer.end == 0 && answer.output.text.hasPrefix("Status: 200 OK\r\n"))
            #expect(answer.output.count - (answer.output.text.split(separator: "\r\n\r\n")[0].utf8.count + 4) == count * 5000)
        }
        client.send(request("/echo", flags: 0))
        #expect(client.answer().end == 0)
        #expect(client.isEnded)
    }

    @Test("Idle kept connections occupy nobody: hundreds of them, and new ones are served at once")
    func idle() throws {
        let probe = try Probe()
        var idle: [Client] = []
        for _ in 0..<300 {
            let client = try Client(probe.socketPath)
            client.send(request("/echo"))
            #expect(client.answer().end == 0)
            idle.append(client)
        }
        let silent = try (0..<50).map { _ in try Client(probe.socketPath) }
        let client = try Client(probe.socketPath)
        client.send(request("/echo"))
        #expect(client.answer().end == 0)
        idle[0].send(request("/echo"))
        #expect(idle[0].answer().end == 0)
        #expect(silent.count == 50)
    }

    @Test("One slow request does not delay another, on whichever connection")
    func slowAndQuick() throws {
        let probe = try Probe(environment: ["CAUSEWAY_LOOPS=1"])
        let slow = try Client(probe.socketPath)
        slow.send(request("/sleep?400"))
        let quick = try Client(probe.socketPath)
        let start = clock_ms()
        quick.send(request("/echo"))
        #expect(quick.answer().end == 0)
        #expect(clock_ms() - start < 300)
        #expect(slow.answer().end == 0)
    }

    @Test("A body of 5 MB that is refused is drained first: the connection stays usable")
    func earlyRefusal() throws {
        let probe = try Probe()
        let client = try Client(probe.socketPath)
        #expect(client.send(request("/echo", method: "POST", body: [UInt8](repeating: 1, count: 5_000_000))))
        #expect(client.answer().output.text.hasPrefix("Status: 413 Content Too Large\r\n"))
        client.send(request("/echo"))
        #expect(client.answer().output.text.hasPrefix("Status: 200 OK\r\n"))
    }

    @Test("A length that differs from the stream is refused; one that is no number is not believed", arguments: [("3", "400"), ("5", "200"), ("-1", "200"), ("5x", "200"), ("", "200")])
    func lengths(_ told: String, _ status: String) throws {
        let probe = try Probe()
        let client = try Client(probe.socketPath)
        client.send(FastCGIBytes.request([("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/body"), ("CONTENT_LENGTH", told)], body: [UInt8]("hello")))
        #expect(client.answer().output.text.hasPrefix("Status: \(status) "))
    }

    @Test("Who goes away cancels the work: by closing, and by ABORT_REQUEST")
    func cancellation() throws {
        let probe = try Probe()
        do {
            let gone = try Client(probe.socketPath)
            gone.send(request("/sleep?4000"))
            usleep(50_000)
        }
        let aborted = try Client(probe.socketPath)
        aborted.send(request("/sleep?4000"))
        usleep(50_000)
        aborted.send(FastCGIBytes.record(2))
        #expect(aborted.answer().output.text.hasSuffix("cancelled"))
        aborted.send(request("/echo"))
        #expect(aborted.answer().end == 0)
        for _ in 0..<100 where probe.log.split(separator: "\n").filter({ $0.contains(#""path":"/sleep""#) }).count < 2 { usleep(10_000) }
        let lines = probe.log.split(separator: "\n").filter { $0.contains(#""path":"/sleep""#) }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { !$0.contains(#""duration_ms":4"#) || $0.contains(#""bytes_out":9"#) })
    }

    @Test("A violation ends that connection; the others go on")
    func violation() throws {
        let probe = try Probe()
        let good = try Client(probe.socketPath)
        good.send(request("/sleep?100"))
        let bad = try Client(probe.socketPath)
        bad.send([UInt8]("GET / HTTP/1.1\r\n\r\n"))
        #expect(bad.isEnded)
        #expect(good.answer().end == 0)
        // Management records are answered on a connection that then serves requests.
        good.send(FastCGIBytes.record(9, id: 0, FastCGIBytes.pairs([("FCGI_MPXS_CONNS", "")])) + FastCGIBytes.record(99, id: 0) + request("/echo"))
        let answer = good.answer()
        #expect(answer.kinds.prefix(2) == [10, 11] && answer.end == 0)
    }

    @Test("Beyond the bound of running requests: 503 with Retry-After, at once")
    func overload() throws {
        let probe = try Probe(environment: ["CAUSEWAY_MAXIMUM_TURNS=2"])
        let slow = try (0..<2).map { _ in try Client(probe.socketPath) }
        for client in slow { client.send(request("/sleep?500")) }
        usleep(100_000)
        let third = try Client(probe.socketPath)
        third.send(request("/echo"))
        let answer = third.answer().output.text
        #expect(answer.hasPrefix("Status: 503 Service Unavailable\r\n") && answer.contains("\r\nRetry-After: 1\r\n"))
        for client in slow { #expect(client.answer().output.text.hasPrefix("Status: 200 ")) }
    }

    @Test("SIGTERM: what runs is answered, idle connections end, status 0")
    func draining() throws {
        let probe = try Probe()
        let running = try Client(probe.socketPath)
        running.send(request("/sleep?300"))
        let idle = try Client(probe.socketPath)
        idle.send(request("/echo"))
        #expect(idle.answer().end == 0)
        usleep(50_000)
        probe.signal(SIGTERM)
        #expect(idle.isEnded)
        #expect(running.answer().output.text.hasPrefix("Status: 200 OK\r\n"))
        #expect(running.isEnded)
        #expect(probe.wait(milliseconds: 3000) == 0)
    }

    @Test("The log line of a request: path without query, no fields, no body")
    func logLine() throws {
        let probe = try Probe()
        let client = try Client(probe.socketPath)
        client.send(FastCGIBytes.request([
            ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/echo?token=s3cret"), ("HTTP_AUTHORIZATION", "Bearer s3cret"), ("REQUEST_ID", "r-9"),
        ], body: [UInt8]("s3cret")))
        #expect(client.answer().end == 0)
        for _ in 0..<100 where probe.log.isEmpty { usleep(10_000) }
        #expect(!probe.log.contains("s3cret"))
        #expect(probe.log.contains(#""level":"info","function":"probe","request":"r-9","method":"POST","path":"/echo","status":200,"duration_ms":"#))
        #expect(probe.log.contains(#""bytes_in":6,"#) && probe.log.hasSuffix(#","mode":"fastcgi","probe":true}"# + "\n"))
    }
}

func clock_ms() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}
