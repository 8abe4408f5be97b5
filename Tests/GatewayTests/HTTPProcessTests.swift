import Glibc
import TestSupport
import Testing

/// The probe on its plain HTTP port, and in the modes that end at once.
@Suite(.serialized, .ownThread)
struct HTTPProcessTests {
    private func fn() throws -> (probe: Probe, client: Client) {
        // The Fn platform's socket is the one that a test can wait for by name.
        let folder = try temporaryFolder()
        let probe = try Probe(listens: false, environment: ["FN_LISTENER=unix:\(folder)/fn"])
        for _ in 0..<200 where access(folder + "/fn", F_OK) != 0 { usleep(10_000) }
        return (probe, try Client(folder + "/fn"))
    }

    private func port(_ more: [String] = []) throws -> (probe: Probe, client: Client) {
        let port = try freePort()
        let probe = try Probe(listens: false, environment: ["CAUSEWAY_LISTEN=127.0.0.1:\(port)"] + more)
        try #require(waitForListener(on: port))
        return (probe, try Client(port: port))
    }

    private func length(_ bytes: [UInt8]) -> Int? {
        let text = bytes.text
        guard let head = text.range(of: "\r\n\r\n"), let told = text.split(separator: "\r\n").first(where: { $0.hasPrefix("Content-Length: ") }),
            let count = Int(told.dropFirst(16)), bytes.count >= head + count
        else { return nil }
        return head + count
    }

    @Test("Requests on one kept connection, chunked and with a length, then close")
    func kept() throws {
        let (probe, client) = try port()
        client.send([UInt8]("POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
        #expect(client.receive(length).text.hasSuffix("\r\nContent-Length: 5\r\n\r\nhello"))
        client.send([UInt8]("GET /sleep?50 HTTP/1.1\r\nHost: h\r\n\r\nPOST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
        let both = client.receive().text
        #expect(both.contains("GET /sleep?50\n") && both.hasSuffix("\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
        #expect(both.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nDate: "))
        probe.signal(SIGTERM)
        #expect(probe.wait(milliseconds: 3000) == 0)
    }

    @Test("Whether the answer left is told afterwards")
    func afterwards() throws {
        let notes = try temporaryFolder() + "/notes"
        let port = try freePort()
        let probe = try Probe(listens: false, environment: ["CAUSEWAY_LISTEN=127.0.0.1:\(port)", "PROBE_NOTES=" + notes])
        try #require(waitForListener(on: port))
        let client = try Client(port: port)
        client.send([UInt8]("GET /noted?1 HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(client.receive(length).text.hasSuffix("noted"))
        #expect(try waitFor(notes, "written"))
        do {
            let other = try Client(port: port)
            other.send([UInt8]("GET /noted?2000 HTTP/1.1\r\nHost: h\r\n\r\n"))
            usleep(100_000)
        }
        #expect(try waitFor(notes, "writtenleft"))
        _ = probe
    }

    private func waitFor(_ file: String, _ text: String) throws -> Bool {
        for _ in 0..<500 {
            // A file that is not there yet would count as a failure of the test.
            if access(file, F_OK) == 0, try readFile(file).text == text { return true }
            usleep(10_000)
        }
        return false
    }

    @Test("Work beside requests is done again and again, one round at a time, and the last one is let finish")
    func attends() throws {
        let file = try temporaryFolder() + "/rounds"
        let (probe, client) = try port(["PROBE_ATTENDS=" + file])
        client.send([UInt8]("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        #expect(client.receive().text.hasPrefix("HTTP/1.1 200"))
        #expect(try (0..<500).contains { _ in
            usleep(10_000)
            return try readFile(file).text.hasPrefix("()()(")
        })
        probe.signal(SIGTERM)
        #expect(probe.wait(milliseconds: 5000) == 0)
        let rounds = try readFile(file).text
        #expect(rounds.hasSuffix("()") && !rounds.contains("((") && !rounds.contains("))"))
    }

    @Test("Leave to send a body is given; a body too large is refused before it is sent")
    func expectations() throws {
        let (probe, client) = try port()
        client.send([UInt8]("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"))
        #expect(client.receive { $0.count >= 25 ? 25 : nil }.text == "HTTP/1.1 100 Continue\r\n\r\n")
        client.send([UInt8]("hello"))
        #expect(client.receive(length).text.hasSuffix("hello"))
        client.send([UInt8]("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n"))
        let refused = client.receive().text
        #expect(refused.hasPrefix("HTTP/1.1 413 Content Too Large\r\n") && refused.contains("\r\nConnection: close\r\n"))
        #expect(probe.wait(milliseconds: 5) == nil)
    }

    @Test("Who sends slowly is refused in time, and others are served meanwhile")
    func slowSenders() throws {
        let port = try freePort()
        let probe = try Probe(listens: false, environment: ["CAUSEWAY_LISTEN=127.0.0.1:\(port)"])
        try #require(waitForListener(on: port))
        let slow = try (0..<100).map { _ in try Client(port: port) }
        for client in slow { client.send([UInt8]("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx")) }
        let quick = try Client(port: port)
        quick.send([UInt8]("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(quick.receive(length).text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        let start = clock_ms()
        for client in slow { #expect(client.receive().text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n")) }
        #expect(clock_ms() - start < 3000)
        #expect(probe.wait(milliseconds: 5) == nil)
    }

    @Test("A client that has said all and still listens gets its answer")
    func halfClosed() throws {
        let (probe, client) = try port()
        client.send([UInt8]("GET /size?3000000 HTTP/1.1\r\nHost: h\r\n\r\n"))
        shutdown(client.descriptor, Int32(SHUT_WR))
        let bytes = client.receive()
        #expect(length(bytes) == bytes.count && bytes.count > 3_000_000)
        #expect(probe.wait(milliseconds: 5) == nil)
    }

    @Test("Fn: the request and the answer are in fields of their own")
    func fnMapping() throws {
        let (probe, client) = try fn()
        client.send([UInt8]("POST /call HTTP/1.1\r\nHost: l\r\nFn-Intent: httprequest\r\nFn-Http-Method: PUT\r\nFn-Http-Request-Url: http://h/echo?q=1\r\nFn-Http-H-X-Y: 1\r\nFn-Http-H-Proxy: evil\r\nFn-Call-Id: call-7\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"))
        let answer = client.receive(length).text
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nFn-Http-Status: 200\r\n") && answer.contains("\r\nFn-Http-H-Cache-Control: no-store\r\n"))
        #expect(answer.contains("PUT /echo?q=1\n") && answer.contains("\ncontent-type: text/plain\nx-y: 1\nbody 2 "))
        client.send([UInt8]("POST /call HTTP/1.1\r\nHost: l\r\nFn-Intent: cloudevent\r\n\r\n"))
        #expect(client.receive(length).text.contains("\r\nFn-Http-Status: 502\r\n"))
        #expect(probe.wait(milliseconds: 5) == nil)
    }

    @Test("A function that cannot start says why in its log, tells a waiting CGI client 500, and ends with status 78")
    func failedStart() throws {
        let cgi = try Probe(listens: false, environment: ["PROBE_FAILS=1", "GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=GET", "REQUEST_URI=/"])
        #expect(cgi.wait(milliseconds: 5000) == 78)
        #expect(cgi.output.hasPrefix("Status: 500 Internal Server Error\r\nContent-Type: application/problem+json\r\n"))
        #expect(cgi.log.contains(#""level":"critical""#) && cgi.log.contains("line 3, column 5: no such setting") && !cgi.output.contains("line 3"))
        let daemon = try Probe(environment: ["PROBE_FAILS=1"])
        #expect(daemon.wait(milliseconds: 5000) == 78)
    }

    @Test("Started by nobody in particular it prints its usage and ends with status 64")
    func usage() throws {
        let probe = try Probe(listens: false)
        #expect(probe.wait(milliseconds: 5000) == 64)
        #expect(probe.output.isEmpty && probe.log.contains("FastCGI"))
    }
}

extension String {
    /// Octets up to and with the first occurrence.
    fileprivate func range(of part: String) -> Int? {
        let (all, wanted) = (Array(utf8), Array(part.utf8))
        guard all.count >= wanted.count else { return nil }
        for start in 0...(all.count - wanted.count) where all[start] == wanted[0] && all[start..<(start + wanted.count)].elementsEqual(wanted) {
            return start + wanted.count
        }
        return nil
    }
}
