import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import TestSupport
import Testing
import Time

/// Real processes, a real store, and kill -9 at every step of a delivery (`security.md` §8). Parts are ten characters, so each message is two.
@Suite("Agents' messages: processes that die", .ownThread)
struct OutboundKillTests {
    private static let text = "first part second one"
    private static let parts = ["first part", "second one"]

    /// A message passes this many steps, and a few more, of which none kills any more.
    static let steps = 0..<24

    @Test("(B4, P5) Killed at any step, a platform that knows keys shows the message once, and the repeat is answered truthfully", arguments: steps)
    func once(step: Int) async throws {
        let stage = try Stage("once\(step)", ["PROBE_IS_ONCE": "1"])
        try await stage.dieAndRecover(at: step)
        #expect(stage.shown == Self.parts)
    }

    @Test("Killed at any step, a platform that does not know keys shows at most the part that was on its way twice", arguments: steps)
    func mayDuplicate(step: Int) async throws {
        let stage = try Stage("twice\(step)", [:])
        try await stage.dieAndRecover(at: step)
        #expect([Self.parts, ["first part"] + Self.parts, Self.parts + ["second one"]].contains(stage.shown), "\(stage.shown)")
    }

    @Test("Killed at any step, an accepted message is sent once, by a tick of another process", arguments: 0..<16)
    func accepted(step: Int) async throws {
        let stage = try Stage("accepted\(step)", ["PROBE_ACCEPTS": "1", "PROBE_IS_ONCE": "1"])
        try await stage.dieAndRecover(at: step)
        try await stage.tickUntil(Self.parts.count)
        #expect(stage.shown == Self.parts)
    }

    @Test("Killed while it sends an accepted message: another process goes on where it was", arguments: 28..<64)
    func ticking(step: Int) async throws {
        let stage = try Stage("ticking\(step)", ["PROBE_ACCEPTS": "1", "PROBE_IS_ONCE": "1"])
        // The first steps accept and read the index, which `accepted` covers.
        let first = try stage.start(dyingAt: step)
        try await onLoop {
            _ = try? await stage.deliver(first)
            _ = try? await stage.post(first, "/tick", "")
        }
        first.process.end(SIGKILL)
        let second = try stage.start(dyingAt: nil)
        #expect(try await stage.deliverUntilAnswered(second) == .ok)
        try await stage.tickUntil(Self.parts.count, second)
        #expect(stage.shown == Self.parts)
    }

    @Test("SIGTERM lets the message that is on its way arrive, and its answer be given")
    func terminated() async throws {
        let stage = try Stage("term", ["PROBE_SLOW": "700", "PROBE_BUDGET": "8000"])
        let server = try stage.start(dyingAt: nil)
        let status = try await onLoop {
            async let answer = try? stage.deliver(server)
            await EventLoop.sleep(until: .now().advanced(byMilliseconds: 300))
            server.process.send(SIGTERM)
            return await answer
        }
        #expect(status == .ok)
        #expect(server.process.wait() == 0)
        #expect(stage.shown == Self.parts)
    }

    @Test("(P3) Fifty copies of one callback at three processes at once: one effect, and every answer is the same id or \"running\"")
    func racers() async throws {
        let stage = try Stage("race", ["PROBE_SLOW": "100", "PROBE_BUDGET": "8000"])
        let servers = try (0..<3).map { _ in try stage.start(dyingAt: nil) }
        let answers = try await onLoop {
            await withTaskGroup(of: HTTPResponse.Status?.self) { group in
                for index in 0..<50 {
                    group.addTask(executorPreference: EventLoop.current) { try? await stage.deliver(servers[index % 3]) }
                }
                var answers: [HTTPResponse.Status?] = []
                for await answer in group { answers.append(answer) }
                return answers
            }
        }
        #expect(answers.count == 50)
        #expect(answers.allSatisfy { $0 == .ok || $0 == .conflict }, "\(answers.map { $0?.code ?? 0 })")
        #expect(answers.contains(.ok))
        #expect(stage.shown == Self.parts)
    }

    // MARK: The stage

    struct NoPort: Error {}

    struct Server: Sendable {
        let process: ChildProcess
        let port: Int
    }

    /// A thread with one message, and the processes that deliver it.
    struct Stage: Sendable {
        let thread: String
        let folder: String
        let environment: [String: String]
        let settings: String

        init(_ thread: String, _ environment: [String: String]) throws {
            self.thread = thread
            self.environment = environment
            let store = try StoreProcess.shared.get()
            folder = try temporaryFolder()
            settings = store.settings
        }

        func start(dyingAt step: Int?) throws -> Server {
            // Somebody else may have taken the port since it was found free.
            for _ in 0..<3 {
                let port = try freePort()
                var variables = environment
                variables["CAUSEWAY_SETTINGS"] = settings
                variables["CAUSEWAY_LISTEN"] = "127.0.0.1:\(port)"
                variables["CAUSEWAY_LOOPS"] = "1"
                variables["SECRET"] = StoreProcess.secret
                variables["KEY"] = StoreProcess.key
                variables["PROBE_FOLDER"] = folder
                // All share the store; a tick must find its own threads only.
                variables["PROBE_CHANNEL"] = thread
                if let step { variables["PROBE_DIES_AT"] = "\(step)" }
                let process = try ChildProcess([try StoreProcess.program("outbound-probe")], environment: variables, log: folder + "/log-\(port)")
                if waitForListener(on: port, milliseconds: 15_000) { return Server(process: process, port: port) }
                process.end(SIGKILL)
            }
            throw NoPort()
        }

        func deliver(_ server: Server) async throws -> HTTPResponse.Status {
            try await post(server, "/deliver", #"{"key": "key-\#(thread)", "thread": "\#(thread)", "text": "\#(OutboundKillTests.text)"}"#).status
        }

        func post(_ server: Server, _ path: String, _ body: String) async throws -> Response {
            let transport = CurlTransport(options: .longLived())
            return try await transport.send(Call(
                method: .post, url: "http://127.0.0.1:\(server.port)\(path)", fields: [.contentType: "application/json"], body: Array(body.utf8),
                deadline: .now().advanced(byMilliseconds: 20_000)))
        }

        /// The first process dies at the step; a second one gets the repeats.
        func dieAndRecover(at step: Int) async throws {
            let first = try start(dyingAt: step)
            let status = try? await onLoop { try? await deliver(first) }
            first.process.end(SIGKILL)
            let second = try start(dyingAt: nil)
            let repeated = try await deliverUntilAnswered(second)
            #expect(repeated == .ok)
            // Whoever was told that it is done was told the truth, and the same id.
            if status == .some(.ok) { #expect(try await onLoop { try? await deliver(second) } == .ok) }
            second.process.end()
        }

        /// What CXone's retries get, until one is an answer, no "running" and no "not now".
        func deliverUntilAnswered(_ server: Server) async throws -> HTTPResponse.Status? {
            try await onLoop {
                var status: HTTPResponse.Status?
                for _ in 0..<100 {
                    status = try? await deliver(server)
                    guard status == nil || status == .conflict || status == .serviceUnavailable else { break }
                    await EventLoop.sleep(until: .now().advanced(byMilliseconds: 200))
                }
                return status
            }
        }

        func tickUntil(_ count: Int, _ server: Server? = nil) async throws {
            let server = try server ?? start(dyingAt: nil)
            try await onLoop {
                for _ in 0..<100 where shown.count < count {
                    _ = try? await post(server, "/tick", "")
                    await EventLoop.sleep(until: .now().advanced(byMilliseconds: 100))
                }
            }
            server.process.end()
        }

        /// What the contact sees.
        var shown: [String] {
            let descriptor = open("\(folder)/\(thread)", O_RDONLY)
            guard descriptor >= 0 else { return [] }
            defer { close(descriptor) }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(descriptor, &buffer, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").compactMap {
                $0.split(separator: "\t").last.map(String.init)
            }
        }
    }

    /// The `token-cache` function, once for all.
    final class StoreProcess: Sendable {
        static let secret = "a bearer secret of the cache"
        static let key = "a key that seals what is stored"
        static let shared = Result { try StoreProcess() }

        let settings: String
        private let process: ChildProcess

        private init() throws {
            let folder = try temporaryFolder()
            let port = try freePort()
            settings = folder + "/causeway.jsonc"
            let text = #"""
                {"store": {"cache": {"url": "http://127.0.0.1:\#(port)/cache", "secrets": [{"env": "SECRET"}], "file": "\#(folder)/cache.sqlite"},
                 "keys": [{"env": "KEY"}], "deadlineMilliseconds": 2000}}
                """#
            let descriptor = open(settings, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            _ = write(descriptor, text, text.utf8.count)
            close(descriptor)
            process = try ChildProcess(
                [try StoreProcess.program("token-cache")],
                environment: ["SECRET": Self.secret, "KEY": Self.key, "CAUSEWAY_SETTINGS": settings, "CAUSEWAY_LISTEN": "127.0.0.1:\(port)"],
                log: folder + "/log")
            guard waitForListener(on: port) else { throw ChildProcess.Failure(description: "token-cache does not listen") }
        }

        static func program(_ name: String) throws -> String {
            let path = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/.build/debug/" + name
            try #require(access(path, X_OK) == 0, "\(name) is not built")
            return path
        }
    }
}
