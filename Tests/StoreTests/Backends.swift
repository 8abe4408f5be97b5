import CacheServer
import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import TestSupport
import Testing
import Time

/// The stores that the conformance suite runs against, each the real thing.
enum Backend: String, CaseIterable, CustomTestStringConvertible {
    /// The cache's handler and its SQLite file in this process.
    case cacheHandler
    /// The `token-cache` executable on its HTTP port, values sealed.
    case cacheProcess
    /// etcd from Debian, values sealed.
    case etcd

    var testDescription: String { rawValue }

    /// Opens the store. It must be used on an event loop, and lives as long as the test run.
    func open(patience: Int = 5000) throws -> any KeyValueStore {
        switch self {
        case .cacheHandler: HTTPCacheStore(try cacheSettings(port: 9), patience: patience, over: try Servers.handler.get(), time: SystemTime())
        case .cacheProcess: try store(#"{"cache": {"url": "\#(try Servers.cache.get().url)", "secrets": [{"env": "SECRET"}]}"#, patience)
        case .etcd: try store(#"{"etcd": {"urls": ["\#(try Servers.etcd.get().url)"]}"#, patience)
        }
    }
}

let environment = [
    "SECRET": "a bearer secret of the cache", "WRONG": "not the secret of the cache", "KEY": "a key that seals what is stored",
    "PASSWORD": "a password for etcd",
]

/// A store as the settings file would open it; `text` lacks keys and the closing brace.
func store(_ text: String, _ patience: Int) throws -> any KeyValueStore {
    let text = text + #", "keys": [{"env": "KEY"}], "deadlineMilliseconds": \#(patience)}"#
    let settings = try SettingsFile.read(StoreSettings.self, text: Array(text.utf8), path: "test", environment: environment).settings
    return settings.open(over: CurlTransport(options: .longLived()), time: SystemTime())
}

func cacheSettings(port: Int, secret: String = "SECRET") throws -> HTTPCacheSettings {
    let text = #"{"url": "http://127.0.0.1:\#(port)/cache", "secrets": [{"env": "\#(secret)"}]}"#
    return try SettingsFile.read(HTTPCacheSettings.self, text: Array(text.utf8), path: "test", environment: environment).settings
}

/// Hands calls to a handler in this process.
struct HandlerTransport: HTTPTransport {
    let handler: any Handler

    func send(_ call: Call) async throws(TransportError) -> Response {
        let path = call.url.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
        return await handler.respond(to: Request(method: call.method, target: String(path), fields: call.fields, body: call.body))
    }
}

/// Servers that are started once, for the tests that do not harm them.
enum Servers {
    static let handler = Result { () throws -> HandlerTransport in
        let database = try CacheDatabase(path: try temporaryFolder() + "/cache.sqlite")
        return HandlerTransport(handler: CacheHandler(database: database, secrets: [Secret(environment["SECRET"] ?? "")], time: SystemTime()))
    }
    static let cache = Result { try CacheServerProcess() }
    static let etcd = Result { try EtcdServer() }
}

/// The `token-cache` executable on a port of its own.
final class CacheServerProcess: Sendable {
    let process: ChildProcess
    let folder: String
    let url: String

    /// - Parameter folder: Where an earlier process left its file; a new one when `nil`.
    init(folder: String? = nil) throws {
        let folder = try folder ?? temporaryFolder()
        let port = try freePort()
        self.folder = folder
        url = "http://127.0.0.1:\(port)/cache"
        let settings = #"{"store": {"cache": {"url": "\#(url)", "secrets": [{"env": "SECRET"}], "file": "cache.sqlite"}}}"#
        try write(settings, to: folder + "/causeway.jsonc")
        var variables = environment
        variables["CAUSEWAY_SETTINGS"] = folder + "/causeway.jsonc"
        variables["CAUSEWAY_LISTEN"] = "127.0.0.1:\(port)"
        process = try ChildProcess([builtProgram("token-cache")], environment: variables, log: folder + "/log")
        guard waitForListener(on: port) else { throw ChildProcess.Failure(description: "token-cache does not listen") }
    }
}

/// One etcd, alone or as a member of a cluster, with its data in a folder of its own.
final class EtcdServer: Sendable {
    let process: ChildProcess
    let url: String
    let folder: String

    convenience init() throws {
        let ports = (try freePort(), try freePort())
        try self.init(name: "alone", ports: ports, cluster: "alone=http://127.0.0.1:\(ports.1)")
    }

    init(name: String, ports: (client: Int, peer: Int), cluster: String) throws {
        folder = try temporaryFolder()
        url = "http://127.0.0.1:\(ports.client)"
        let peer = "http://127.0.0.1:\(ports.peer)"
        process = try ChildProcess([
            "etcd", "--name", name, "--data-dir", folder + "/data", "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster,
            "--heartbeat-interval", "50", "--election-timeout", "500",
        ], log: folder + "/log")
        guard waitForListener(on: ports.client) else { throw ChildProcess.Failure(description: "etcd does not listen") }
    }

    /// One call of etcd's own API; the answer's JSON.
    @discardableResult
    func call(_ path: String, _ body: String) async throws -> JSON? {
        let deadline = Instant.now().advanced(byMilliseconds: 10_000)
        let response = try await CurlTransport(options: .longLived()).send(
            Call(method: .post, url: url + path, body: Array(body.utf8), deadline: deadline))
        return try? JSON(parsing: response.body)
    }
}

/// Path of an executable that the build has made beside the tests.
func builtProgram(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/.build/debug/" + name
}

func write(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    guard Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else { throw ChildProcess.Failure(description: "cannot write \(path)") }
}

extension StoreResult {
    var value: StoredValue? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    /// For comparing: which case it is.
    var word: String {
        switch self {
        case .value: "value"
        case .absent: "absent"
        case .conflict: "conflict"
        case .unavailable(let failure): failure.rawValue
        }
    }
}
