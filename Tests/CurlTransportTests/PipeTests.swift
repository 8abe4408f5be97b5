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

/// Bodies that never stand in memory as a whole (B17).
@Suite("Bodies through pipes", .ownThread)
struct PipeTests {
    private func call(_ method: HTTPRequest.Method, _ url: String, milliseconds: Int = 20_000, limit: Int = 100 << 20) -> Call {
        Call(method: method, url: url, deadline: .now().advanced(byMilliseconds: milliseconds), responseLimit: limit)
    }

    @Test("a download comes whole, in order, with its head first, at the reader's pace")
    func download() async throws {
        let server = try TestServer()
        let size = 20 << 20
        let (octets, isRight, type, sentEarly) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let state = Received()
            _ = await transport.download(call(.get, server.url("pattern/\(size)")), head: { head in
                state.type = head.fields[.contentType]
                return true
            }, take: { piece in
                for octet in piece {
                    if octet != UInt8(state.octets % 251) { state.isRight = false }
                    state.octets += 1
                }
                if state.pieces == 3 {
                    await EventLoop.sleep(until: .now().advanced(byMilliseconds: 300))
                    state.sentEarly = await transport.get(server.url("stats")).json?["sent"]?.integer ?? -1
                }
                state.pieces += 1
                return true
            })
            return (state.octets, state.isRight, state.type, state.sentEarly)
        }
        #expect(octets == size && isRight && type == "image/png")
        // Socket buffers take some megabytes; the rest waits at the server.
        #expect(sentEarly > 0 && sentEarly < 12 << 20, "\(sentEarly)")
    }

    @Test("the reader may stop; an answer that is no success has its body as always; a limit holds")
    func ends() async throws {
        let server = try TestServer()
        try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let state = Received()
            let stopped = await transport.download(call(.get, server.url("endless")), head: { _ in true }, take: { piece in
                state.octets += piece.count
                return state.octets < 1 << 20
            })
            #expect(stopped.failure != nil && state.octets < 2 << 20)
            let other = await transport.download(call(.get, server.url("status/404")), head: { _ in false }, take: { _ in false })
            #expect(other.text == "body of 404")
            let large = await transport.download(call(.get, server.url("pattern/5000000"), limit: 1 << 20), head: { _ in true }, take: { _ in true })
            #expect(large.failure?.code == .tooLarge)
            let broken = await transport.download(call(.get, server.url("drop")), head: { _ in true }, take: { _ in true })
            #expect(broken.failure != nil)
            let empty = await transport.download(call(.get, server.url("pattern/0")), head: { _ in true }, take: { _ in true })
            #expect(empty.status == 200)
            let late = await transport.download(call(.get, server.url("dribble/50"), milliseconds: 300), head: { _ in true }, take: { _ in true })
            #expect(late.failure?.code == .timedOut)
            // The connections and handles are still good.
            #expect(await transport.get(server.url("echo")).status == 200)
        }
    }

    @Test("an upload goes out as it is written, with a length or in chunks", arguments: [true, false])
    func upload(_ hasLength: Bool) async throws {
        let server = try TestServer()
        let count = 80
        let answer = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            let pipe = BodyPipe()
            var call = call(.post, server.url("sum"))
            call.fields[.contentType] = "application/octet-stream"
            call.upload = Call.Upload(pipe, length: hasLength ? count * 100_000 : nil)
            let complete = call
            return await withTaskGroup(of: Outcome?.self) { group in
                group.addTask { await transport.outcome(of: complete) }
                group.addTask {
                    for number in 0..<count {
                        if number % 20 == 0 { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 30)) }
                        guard await pipe.write([UInt8](repeating: UInt8(number), count: 100_000)) else { break }
                    }
                    pipe.finish()
                    return nil
                }
                var outcome: Outcome?
                for await result in group { if let result { outcome = result } }
                return outcome
            }
        }
        #expect(answer?.json?["octets"]?.integer == count * 100_000)
    }

    @Test("an upload whose writer gives up, or whose server does, ends both")
    func uploadEnds() async throws {
        let server = try TestServer()
        try await onLoop {
            let transport = CurlTransport(options: .longLived())
            for target in ["sum", "reset"] {
                let pipe = BodyPipe(capacity: 1000)
                var call = call(.post, server.url(target), milliseconds: 5000)
                call.upload = Call.Upload(pipe, length: 50_000_000)
                let complete = call
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { #expect(await transport.outcome(of: complete).failure != nil) }
                    group.addTask {
                        var count = 0
                        while await pipe.write([UInt8](repeating: 1, count: 60_000)) {
                            count += 1
                            if target == "sum", count == 5 { return pipe.finish(isComplete: false) }
                        }
                    }
                }
            }
        }
    }

    @Test("only public addresses are connected to where that is asked, whatever the name (security §5)")
    func reach() async throws {
        let server = try TestServer()
        try await onLoop {
            let transport = CurlTransport(options: .longLived())
            #expect(await transport.get(server.url("echo")).status == 200)
            for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "127.1"] {
                var call = call(.get, "http://\(host):\(server.port)/echo", milliseconds: 2000)
                call.reach = .publicOnly
                let outcome = await transport.outcome(of: call)
                #expect(outcome.failure?.code == .badURL && outcome.failure?.isCertain == true, "\(host): \(outcome.text)")
            }
            var call = call(.get, server.url("echo"))
            call.reach = .publicOrLoopback
            #expect(await transport.outcome(of: call).status == 200)
        }
    }
}

private final class Received: @unchecked Sendable {
    // @unchecked: one loop.
    var octets = 0
    var pieces = 0
    var isRight = true
    var type: String?
    var sentEarly = 0
}
