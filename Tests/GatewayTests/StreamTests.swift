import Gateway
import Glibc
import HTTP
import HTTPTypes
import Synchronization
import TestSupport
import Testing

/// Answers that are made while they are sent (B17).
@Suite("Streamed answers", .serialized, .ownThread)
struct StreamTests {
    private func port(_ more: [String] = []) throws -> (probe: Probe, client: Client) {
        let port = try freePort()
        let probe = try Probe(listens: false, environment: ["CAUSEWAY_LISTEN=127.0.0.1:\(port)"] + more)
        try #require(waitForListener(on: port))
        return (probe, try Client(port: port))
    }

    private func body(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard let end = bytes.indices.first(where: { $0 + 4 <= bytes.count && bytes[$0..<($0 + 4)].elementsEqual("\r\n\r\n".utf8) }) else { return [] }
        return bytes[(end + 4)...]
    }

    private func head(_ bytes: [UInt8]) -> String { String(decoding: bytes.dropLast(body(bytes).count), as: UTF8.self) }

    private func highWater(_ pid: pid_t) throws -> Int {
        let line = try readFile("/proc/\(pid)/status").text.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return try #require(line?.split(separator: " ").dropLast().last.flatMap { Int($0) })
    }

    /// What the probe has noted so far.
    private func noted(_ file: String) -> String { access(file, F_OK) == 0 ? (try? readFile(file).text) ?? "" : "" }

    @Test("HTTP port: with its length, in chunks on a kept connection, up to the end on one that closes")
    func http() throws {
        let (probe, client) = try port()
        client.send([UInt8]("GET /stream?100000 HTTP/1.1\r\nHost: h\r\n\r\n"))
        let known = client.receive { bytes in body(bytes).count >= 100_000 ? bytes.count : nil }
        #expect(head(known).contains("\r\nContent-Length: 100000\r\n") && body(known).count == 100_000)
        client.send([UInt8]("HEAD /stream?100000 HTTP/1.1\r\nHost: h\r\n\r\nGET /chunks?100000 HTTP/1.1\r\nHost: h\r\n\r\n"))
        let both = client.receive { bytes in bytes.suffix(7).elementsEqual("\r\n0\r\n\r\n".utf8) ? bytes.count : nil }
        #expect(head(both).contains("\r\nContent-Length: 100000\r\n"))
        let chunked = Array(body(both))
        #expect(head(chunked).contains("\r\nTransfer-Encoding: chunked\r\n") && !head(chunked).contains("Content-Length"))
        #expect(body(chunked).starts(with: "10000\r\nxxxx".utf8) && body(chunked).filter { $0 == 0x78 }.count == 100_000)
        client.send([UInt8]("GET /chunks?70000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        let closing = client.receive()
        #expect(!head(closing).contains("chunked") && body(closing).count == 70_000)
        _ = probe
    }

    @Test("a body that breaks off ends the connection, so that nobody takes it for whole")
    func broken() throws {
        let notes = try temporaryFolder() + "/notes"
        let (probe, client) = try port(["PROBE_NOTES=" + notes])
        client.send([UInt8]("GET /broken?1000000 HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(body(client.receive()).count == 500_000)
        // The log is written a moment later.
        for _ in 0..<500 where !probe.log.contains(#""incomplete":true"#) { usleep(10_000) }
        #expect(probe.log.contains(#""incomplete":true"#))
        let fast = try Probe()
        let server = try Client(fast.socketPath)
        server.send(FastCGIBytes.request([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/broken?100000")]))
        let answer = server.answer()
        #expect(answer.end == nil && answer.output.filter { $0 == 0x78 }.count >= 50_000)
        for _ in 0..<500 where noted(notes) != "left" { usleep(10_000) }
        #expect(noted(notes) == "left")
    }

    @Test("FastCGI: records as they come, END_REQUEST behind them, and the connection goes on")
    func fastCGI() throws {
        let probe = try Probe()
        let client = try Client(probe.socketPath)
        for uri in ["/stream?300000", "/chunks?1", "/stream?0"] {
            client.send(FastCGIBytes.request([("REQUEST_METHOD", "GET"), ("REQUEST_URI", uri)]))
            let answer = client.answer()
            #expect(answer.end == 0 && answer.output.text.hasPrefix("Status: 200 OK\r\n"))
            #expect("\(body(answer.output).count)" == uri.split(separator: "?")[1])
        }
        client.send(FastCGIBytes.request([("REQUEST_METHOD", "HEAD"), ("REQUEST_URI", "/stream?300000")]))
        #expect(body(client.answer().output).isEmpty)
    }

    @Test("40 MiB to a slow reader stand nowhere in memory, and the maker waits")
    func slowReader() throws {
        for mode in ["http", "fastcgi"] {
            let (probe, client): (Probe, Client)
            if mode == "http" {
                (probe, client) = try port()
                client.send([UInt8]("GET /stream?41943040 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
            } else {
                probe = try Probe()
                client = try Client(probe.socketPath)
                client.send(FastCGIBytes.request([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/stream?41943040")], flags: 0))
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var count = 0, octets = 0
            while true {
                let got = recv(client.descriptor, &buffer, buffer.count, 0)
                guard got > 0 else { break }
                octets += got
                count += 1
                if count < 20 { usleep(20_000) }
            }
            #expect(octets >= 41_943_040)
            let most = try highWater(probe.pid)
            #expect(most < 24 << 10, "\(mode): \(most) KiB")
        }
    }

    @Test("a client that leaves ends the making")
    func leaves() throws {
        let notes = try temporaryFolder() + "/notes"
        let (probe, client) = try port(["PROBE_NOTES=" + notes])
        client.send([UInt8]("GET /chunks?400000000 HTTP/1.1\r\nHost: h\r\n\r\n"))
        _ = client.receive { $0.count > 100_000 ? 1 : nil }
        shutdown(client.descriptor, Int32(SHUT_RDWR))
        for _ in 0..<500 where !noted(notes).hasPrefix("gone") { usleep(10_000) }
        #expect(noted(notes).hasPrefix("gone"))
        _ = probe
    }

    @Test("CGI writes piece by piece")
    func cgi() throws {
        let output = try runCGI([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/x"), ("GATEWAY_INTERFACE", "CGI/1.1")], input: "", handler: Streaming(count: 3)).output
        #expect(output.text.hasPrefix("Status: 200 OK\r\n") && output.text.hasSuffix("\r\n\r\npiece0piece1piece2"))
    }
}

private struct Streaming: Handler {
    let count: Int

    func respond(to request: Request) async -> Response {
        var response = Response(status: .ok, fields: [.contentType: "text/plain"])
        response.stream = ResponseStream(length: nil) { [count] sink in
            for number in 0..<count { guard await sink.write(Array("piece\(number)".utf8)) else { return false } }
            return true
        }
        return response
    }
}
