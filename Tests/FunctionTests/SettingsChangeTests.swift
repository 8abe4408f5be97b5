import Testing
import Workbench

/// `make run` takes other settings while it runs.
@Suite("Settings that change")
struct SettingsChangeTests {
    private static let key = "a-key-of-this-test-0123456789-abcdefgh"

    private static func settings(_ welcome: String, in folder: String) throws {
        try Files.write("intent Welcome\n    starts\n    says \(welcome)\n\nintent F\n    falls back\n    says F\n\nintent S\n    silence\n    says S\n\n"
            + "intent E\n    hears bye\n    says E\n    ends\n", to: "\(folder)/\(welcome).bot")
        try Files.write("""
            {"exchange": {"sessionKeys": [{"env": "CAUSEWAY_SESSION_KEY"}], "allowPlainHTTP": true},
             "agents": {"orders": {"caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_AUTHORIZATION"}]}]},
               "scripted": {"file": "\(welcome).bot"}}}}
            """, to: "\(folder)/causeway.jsonc")
    }

    @Test("functions take other settings within a second, and none that have mistakes; no request fails meanwhile",
        .enabled(if: ProcessEnvironment.current["CI"] != nil || find("nginx") != nil, "nginx is not installed; `make test` installs it"))
    func change() async throws {
        let folder = try Files.temporaryFolder()
        defer { Files.remove(folder) }
        let (port, desk) = (try #require(Sockets.freePort()), try #require(Sockets.freePort()))
        try Self.settings("Hello", in: folder)
        let environment = ProcessEnvironment.current.merging([
            "CAUSEWAY_SETTINGS": "\(folder)/causeway.jsonc", "CAUSEWAY_PORT": "\(port)", "CAUSEWAY_DESK_PORT": "\(desk)", "CAUSEWAY_AUTHORIZATION": Self.key,
        ]) { $1 }
        let (lines, say) = AsyncStream<String>.makeStream()
        let serve = try Serve(folder: "\(folder)/run", programs: Stage.programs, environment: environment) { say.yield($0) }
        let work = Task { try await serve.run() }
        defer { work.cancel() }
        for await line in lines where line == "ready" { break }

        func welcome() async throws -> String {
            let answer = try #require(try await HTTPClient.send(
                "POST", "http://127.0.0.1:\(port)/exchange/orders", fields: ["Content-Type: application/json", "Authorization: \(Self.key)"],
                body: #"{"virtualAgentId":"orders","userInput":"WELCOME","userInputType":5,"botSessionState":null}"#))
            #expect(answer.status == 200, "\(answer.body)")
            return ["Hello", "Changed"].first { answer.body.contains("\"\($0)\"") } ?? answer.body
        }
        #expect(try await welcome() == "Hello")
        try Files.write("{\"agents\": 1}", to: "\(folder)/causeway.jsonc")
        for await line in lines where line.contains("with mistakes") { break }
        #expect(try await welcome() == "Hello")
        let begun = ContinuousClock.now
        try Self.settings("Changed", in: folder)
        while try await welcome() != "Changed" { #expect(begun.duration(to: .now) < .seconds(20)) }
        let taken = begun.duration(to: .now)
        // A second on a machine that does nothing else; tests run beside each other.
        #expect(taken < .seconds(10), "\(taken)")
        print("other settings were in use after \(taken)")
        work.cancel()
        _ = await work.result
    }
}
