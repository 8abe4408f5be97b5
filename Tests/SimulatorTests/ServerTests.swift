import JSON
import Simulator
import TestSupport
import Testing
import Workbench

/// `causeway simulate` as a process, driven by curl.
@Suite("The simulator as a server", .ownThread)
struct ServerTests {
    private static var causeway: String {
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/.build/debug/causeway"
    }

    private struct Server {
        let process: ChildProcess
        let url: String

        init(_ arguments: [String], environment: [String: String] = [:]) throws {
            let port = try freePort()
            process = try ChildProcess([ServerTests.causeway, "simulate", "--port", "\(port)"] + arguments, environment: environment)
            url = "http://127.0.0.1:\(port)"
            guard waitForListener(on: port) else { throw ChildProcess.Failure(description: "the simulator does not listen") }
        }

        func send(_ method: String, _ path: String, _ body: String? = nil, fields: [String] = []) async throws -> HTTPClient.Answer {
            let fields = body == nil ? fields : ["Content-Type: application/json"] + fields
            return try #require(try await HTTPClient.send(method, url + path, fields: fields, body: body))
        }

        func signIn(_ client: String, _ key: String) async throws -> String {
            let answer = try #require(try await HTTPClient.send(
                "POST", url + "/auth/token", body: "grant_type=password&username=AKIDCAUSEWAY&password=\(key)",
                options: ["user = \"causeway-app:\(client)\""]))
            return try #require(try JSON(parsing: Array(answer.body.utf8))["access_token"]?.string)
        }
    }

    @Test("a message comes in, stands in the log, and the answer of an agent that nobody takes says why")
    func conversation() async throws {
        let server = try Server(
            ["--channel", "webchat", "--box", "http://127.0.0.1:1/byoc"],
            environment: ["CAUSEWAY_CXONE_CLIENT_SECRET": "client-secret", "CAUSEWAY_CXONE_ACCESS_KEY_SECRET": "key-secret"])
        let token = try await server.signIn("client-secret", "key-secret")
        let answer = try await server.send(
            "POST", "/dfo/3.0/channels/webchat/messages", Stage.message("m1", text: "Hello from curl"), fields: ["Authorization: Bearer \(token)"])
        #expect(answer.status == 200)
        let log = try await server.send("GET", "/desk/log").body
        #expect(log.contains("POST /dfo/3.0/channels/webchat/messages  200") && log.contains("Hello from curl"))
        #expect(!log.contains(token) && !log.contains("key-secret"))
        let contacts = try JSON(parsing: Array(try await server.send("GET", "/desk/contacts").body.utf8))
        let number = try #require(contacts.elements.first { _ in true }?["id"]?.string)
        let reply = try await server.send("POST", "/desk/contacts/\(number)/reply", #"{"text":"We found it."}"#)
        #expect(reply.status == 502 && reply.body.contains("the middleware did not answer"))
        #expect(try await server.send("POST", "/desk/contacts/\(number)/reply", #"{"txt":"x"}"#).status == 400)
        #expect(try await server.send("POST", "/desk/contacts/1/reply", #"{"text":"x"}"#).status == 404)
        #expect(try await server.send("GET", "/desk/messages?thread=t1").body.contains(#""creates":1"#))
        #expect(try await server.send("GET", "/desk/counters").body.contains(#""created":1"#))
        #expect(try await server.send("DELETE", "/desk/messages").status == 204)
        #expect(try await server.send("GET", "/desk/messages").body == "[]")
        #expect(try await server.send("GET", "/desk/channels").body.contains("webchat"))
    }

    @Test("a start file sets up integrations, channels and behaviour; one with a mistake stops the start and says where")
    func start() async throws {
        let folder = try temporaryFolder()
        try Files.write(
            #"{"integrations":[{"id":"other","boxURL":"http://127.0.0.1:1/x/"}],"channels":[{"name":"lake","integration":"other"}],"behaviour":{"retries":3}}"#,
            to: "\(folder)/good.json")
        let server = try Server(["--start", "\(folder)/good.json"])
        #expect(try await server.send("GET", "/desk").body.contains(#""integrations":["causeway","other"],"channels":["lake"]"#))
        #expect(try await server.send("GET", "/desk/integrations").body.contains(#""boxURL":"http://127.0.0.1:1/x","#))
        #expect(try await server.send("PATCH", "/desk/behaviour", #"{"latency":5}"#).body.contains(#""retries":3"#))
        #expect(try await server.send("PATCH", "/desk/behaviour", #"{"latency":"5"}"#).body.contains(#""field":"latency""#))

        try Files.write(#"{"channels":[{"nam":"lake"}]}"#, to: "\(folder)/bad.json")
        let log = "\(folder)/log"
        let failed = try ChildProcess([Self.causeway, "simulate", "--start", "\(folder)/bad.json"], log: log)
        #expect(failed.wait() != 0)
        #expect(Files.read(log)?.contains("channels[0].name: This field is missing.") == true)
    }

    @Test("a dropped connection ends without an octet; pages of other sites do not reach the desk")
    func edges() async throws {
        let server = try Server([])
        #expect(try await server.send("POST", "/desk/faults", #"{"kind":"drop"}"#).status == 204)
        #expect(try await HTTPClient.send("GET", server.url + "/.well-known/openid-configuration") == nil)
        #expect(try await server.send("GET", "/.well-known/openid-configuration").status == 200)
        #expect(try await server.send("GET", "/desk/log", fields: ["Origin: https://evil.example"]).status == 403)
        #expect(try await server.send("GET", "/desk/log", fields: ["Host: evil.example"]).status == 403)
    }
}
