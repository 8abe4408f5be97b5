import CLinux
import Glibc
import TestSupport
import Testing

/// The probe against a runtime API of the test's own: one connection at a time, answers as the test says.
@Suite(.serialized, .ownThread)
struct LambdaProcessTests {
    private let listener: Int32
    private let port: Int

    init() throws {
        port = try freePort()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(bound == 0 && listen(listener, 8) == 0)
        // A probe that never comes must not hold the test.
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private func start(_ more: [String] = []) throws -> (probe: Probe, platform: Client) {
        let probe = try Probe(listens: false, environment: ["AWS_LAMBDA_RUNTIME_API=127.0.0.1:\(port)"] + more)
        let descriptor = accept(listener, nil, nil)
        try #require(descriptor >= 0)
        return (probe, Client(accepted: descriptor))
    }

    /// One request of the probe: head and body.
    private func request(_ platform: Client) -> String {
        platform.receive { bytes in
            let text = bytes.text
            guard let head = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).first, head.utf8.count + 4 <= bytes.count else { return nil }
            let told = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
            return bytes.count >= head.utf8.count + 4 + told ? bytes.count : nil
        }.text
    }

    private func hand(_ event: String, id: String, to platform: Client, inChunks: Bool = false) {
        let head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: \(id)\r\nLambda-Runtime-Deadline-Ms: 99999999999999\r\n"
        let framed = inChunks
            ? "Transfer-Encoding: chunked\r\n\r\n\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n0\r\n\r\n"
            : "Content-Length: \(event.utf8.count)\r\n\r\n\(event)"
        platform.send([UInt8](head + framed))
    }

    private let accepted = [UInt8]("HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}")
    private let event = #"{"version":"2.0","rawPath":"/body","requestContext":{"http":{"method":"POST"}},"body":"hello"}"#

    @Test("P5: next, response, next on one connection; lengths and chunks; SIGTERM while waiting ends with status 0")
    func loop() throws {
        let (probe, platform) = try start()
        for (index, inChunks) in [false, true].enumerated() {
            #expect(request(platform).hasPrefix("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"))
            hand(event, id: "i-\(index)", to: platform, inChunks: inChunks)
            let answer = request(platform)
            #expect(answer.hasPrefix("POST /2018-06-01/runtime/invocation/i-\(index)/response HTTP/1.1\r\n"))
            #expect(answer.contains(#"{"statusCode":200,"#) && answer.hasSuffix(#""body":"aGVsbG8=","isBase64Encoded":true}"#))
            platform.send(accepted)
        }
        #expect(request(platform).hasPrefix("GET "))
        probe.signal(SIGTERM)
        #expect(probe.wait(milliseconds: 3000) == 0)
    }

    @Test("An event that is no HTTP request, and an answer that is too large, are answered as such; SIGTERM lets an invocation end")
    func errors() throws {
        let (probe, platform) = try start()
        _ = request(platform)
        hand("{}", id: "i-1", to: platform)
        let error = request(platform)
        #expect(error.hasPrefix("POST /2018-06-01/runtime/invocation/i-1/error HTTP/1.1\r\n"))
        #expect(error.contains("\r\nLambda-Runtime-Function-Error-Type: Function.NotHTTP\r\n") && error.contains(#""errorMessage":""#))
        platform.send(accepted)
        _ = request(platform)
        hand(#"{"version":"2.0","rawPath":"/size","rawQueryString":"7000000","requestContext":{"http":{"method":"GET"}}}"#, id: "i-2", to: platform)
        #expect(request(platform).contains(#""statusCode":500,"#))
        platform.send(accepted)
        _ = request(platform)
        hand(#"{"version":"2.0","rawPath":"/sleep","rawQueryString":"300","requestContext":{"http":{"method":"GET"}}}"#, id: "i-3", to: platform)
        usleep(50_000)
        probe.signal(SIGTERM)
        #expect(request(platform).hasPrefix("POST /2018-06-01/runtime/invocation/i-3/response"))
        platform.send(accepted)
        #expect(probe.wait(milliseconds: 3000) == 0)
    }

    @Test("A streamed answer is gathered as far as a result can carry it; one that is larger or breaks off is told as an error", arguments: [
        ("/stream", 1_000_000, 200), ("/chunks", 1_000_000, 200), ("/stream", 5_000_000, 500), ("/chunks", 5_000_000, 500), ("/broken", 1_000_000, 502),
    ])
    func streamed(_ path: String, _ size: Int, _ status: Int) throws {
        let (probe, platform) = try start()
        _ = request(platform)
        hand(#"{"version":"2.0","rawPath":"\#(path)","rawQueryString":"\#(size)","requestContext":{"http":{"method":"GET"}}}"#, id: "i-1", to: platform)
        let answer = request(platform)
        #expect(answer.contains(#""statusCode":\#(status),"#))
        #expect(answer.utf8.filter { $0 == 0x78 }.count >= (status == 200 ? size : 0))
        platform.send(accepted)
        _ = request(platform)
        probe.signal(SIGTERM)
        #expect(probe.wait(milliseconds: 3000) == 0)
    }

    @Test("A function that cannot start tells the runtime API; an API that is gone ends the process")
    func failures() throws {
        let (failed, platform) = try start(["PROBE_FAILS=1"])
        let report = request(platform)
        #expect(report.hasPrefix("POST /2018-06-01/runtime/init/error HTTP/1.1\r\n") && !report.contains("line 3"))
        platform.send(accepted)
        #expect(failed.wait(milliseconds: 3000) == 78)

        let (probe, gone) = try start()
        _ = request(gone)
        close(listener)
        shutdown(gone.descriptor, Int32(SHUT_RDWR))
        #expect(probe.wait(milliseconds: 3000) == 69)
    }
}
