import CurlTransport
import EventLoop
import HTTP
import HTTPTypes
import JSON
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
    var text: String { (try? get()).map { String(decoding: $0.body, as: UTF8.self) } ?? "no answer" }
    var json: JSON? { (try? get()).flatMap { try? JSON(parsing: $0.body) } }
    var failure: TransportError? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}

@Suite struct CurlTransportTests {
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
}
