import CurlTransport
import Glibc
import HTTP
import HTTPTypes
import JSON
import Store
import TestSupport
import Testing
import Time

/// The token cache as it is deployed: real processes, the real store, an authorization server and a bot that check what they get.
@Suite(.ownThread) struct ProcessesTests {
    @Test("V71: fifty CGI processes at once, none of which knows of the others, ask for one token")
    func fiftyProcesses() async throws {
        let folder = try temporaryFolder()
        let issuer = try Issuer(folder)
        let cache = try Servers.cache.get()
        try write("""
            {
              "exchange": {"sessionKeys": [{"env": "KEY"}], "allowPlainHTTP": true},
              "store": {"cache": {"url": "\(cache.url)", "secrets": [{"env": "SECRET"}]}, "keys": [{"env": "KEY"}], "deadlineMilliseconds": 2000},
              "agents": {"bot": {
                "caller": {"headers": [{"name": "Authorization", "values": [{"env": "SECRET"}]}]},
                "webhook": {"url": "\(issuer.url)/bot"},
                "connection": {"oauth": {"url": "\(issuer.url)/token", "clientID": "fifty", "clientSecret": {"env": "PASSWORD"}}},
              }},
            }
            """, to: folder + "/causeway.jsonc")
        let turn = #"{"virtualAgentId":"bot","userInputType":"AUTOMATED_TEXT","userInput":"","executionInfo":{"contactId":1,"busNo":1,"requestId":1}}"#
        try write(turn, to: folder + "/turn.json")
        var variables = environment
        variables["CAUSEWAY_SETTINGS"] = folder + "/causeway.jsonc"
        for (name, value) in [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/exchange/bot"), ("SCRIPT_NAME", "/exchange"),
            ("PATH_INFO", "/bot"), ("SERVER_PROTOCOL", "HTTP/1.1"), ("CONTENT_TYPE", "application/json"),
            ("CONTENT_LENGTH", "\(turn.utf8.count)"), ("HTTP_AUTHORIZATION", environment["SECRET"] ?? ""),
        ] { variables[name] = value }

        for expected in [50, 60] {
            let processes = try (0..<(expected == 50 ? 50 : 10)).map { _ in
                try ChildProcess([builtProgram("exchange")], environment: variables, input: folder + "/turn.json", log: folder + "/log")
            }
            for process in processes { #expect(process.wait() == 0) }
            let counts = try await issuer.counts()
            #expect(counts?["tokens"]?.integer == 1)
            #expect(counts?["served"]?.integer == expected)
            #expect(counts?["refused"]?.integer == 0)
        }
    }
}

extension ProcessesTests {
    @Test("P3: the cache under CGI, fifty processes on a file that none of them made: one claim wins")
    func fiftyClaims() throws {
        let folder = try temporaryFolder()
        try write(
            #"{"store": {"cache": {"url": "http://127.0.0.1/cache", "secrets": [{"env": "SECRET"}], "file": "cache.sqlite"}}}"#,
            to: folder + "/causeway.jsonc")
        try write("x", to: folder + "/body")
        var variables = environment
        for (name, value) in [
            ("CAUSEWAY_SETTINGS", folder + "/causeway.jsonc"), ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", "PUT"),
            ("REQUEST_URI", "/cache/key"), ("SCRIPT_NAME", "/cache"), ("PATH_INFO", "/key"), ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("CONTENT_LENGTH", "1"), ("HTTP_AUTHORIZATION", "Bearer \(environment["SECRET"] ?? "")"), ("HTTP_CACHE_LIFETIME", "60"),
            ("HTTP_IF_NONE_MATCH", "*"),
        ] { variables[name] = value }
        let processes = try (0..<50).map { number in
            try ChildProcess([builtProgram("token-cache")], environment: variables, input: folder + "/body", log: folder + "/\(number)")
        }
        for process in processes { #expect(process.wait() == 0) }
        let answers = (0..<50).map { number in text(of: folder + "/\(number)").prefix { $0 != "\r" && $0 != "\n" && $0 != "\r\n" } }
        #expect(answers.filter { $0 == "Status: 204 No Content" }.count == 1)
        #expect(answers.filter { $0 == "Status: 412 Precondition Failed" }.count == 49)
    }

    @Test("P3: what the cache has acknowledged is there after it was killed and started again")
    func killed() async throws {
        let first = try CacheServerProcess()
        let before = try store(#"{"cache": {"url": "\#(first.url)", "secrets": [{"env": "SECRET"}]}"#, 2000)
        let keys = (0..<20).map { ConformanceTests.key("killed \($0)") }
        let stored = try await onLoop {
            var stored = 0
            for key in keys where await before.put(key, [1, 2, 3], life: 60_000).value != nil { stored += 1 }
            return stored
        }
        first.process.end(SIGKILL)
        let second = try CacheServerProcess(folder: first.folder)
        let after = try store(#"{"cache": {"url": "\#(second.url)", "secrets": [{"env": "SECRET"}]}"#, 2000)
        let found = try await onLoop {
            var found = 0
            for key in keys where await after.get(key).value?.octets == [1, 2, 3] { found += 1 }
            return found
        }
        #expect(stored == 20)
        #expect(found == 20)
    }

    private func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 4096)
        let count = max(0, read(descriptor, &octets, octets.count))
        return String(decoding: octets.prefix(count), as: UTF8.self)
    }
}

/// `Fixtures/issuer.py` on a port of its own.
private final class Issuer: Sendable {
    private let process: ChildProcess
    let url: String

    init(_ folder: String) throws {
        let script = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures/issuer.py"
        process = try ChildProcess(["python3", script], log: folder + "/port")
        var octets = [UInt8](repeating: 0, count: 16)
        var count = 0
        for _ in 0..<500 where count == 0 || octets[count - 1] != 0x0A {
            usleep(20_000)
            let descriptor = open(folder + "/port", O_RDONLY)
            defer { close(descriptor) }
            count = max(0, read(descriptor, &octets, octets.count))
        }
        guard let port = Int(String(decoding: octets.prefix(max(0, count - 1)), as: UTF8.self)) else {
            throw ChildProcess.Failure(description: "the authorization server told no port")
        }
        url = "http://127.0.0.1:\(port)"
    }

    func counts() async throws -> JSON? {
        let url = url
        return try await onLoop {
            let call = Call(method: .get, url: url + "/counts", deadline: Instant.now().advanced(byMilliseconds: 5000))
            return (try? await CurlTransport(options: .longLived()).send(call)).flatMap { try? JSON(parsing: $0.body) }
        }
    }
}
