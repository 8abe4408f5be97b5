import Glibc
import HTTP
import HTTPTypes
import Secrets
import Store
import TestSupport
import Time
import Workbench

/// A set-up in good health, for each test to break: files in a folder of its own, hosts and answers that are played.
struct Setup {
    let folder: String
    let certificates: CertificateFolder
    var settings = Setup.healthy
    var environment: [String: String] = [:]
    var options = Examination.Options()
    /// What a name leads to.
    var addresses: [String: [UInt8]] = [:]
    var answer: @Sendable (Call) -> Result<Response, TransportError> = Setup.healthyAnswer
    var handshake: @Sendable (Handshake.Wish, Handshake) -> Handshake = { _, seen in seen }
    /// Looks for itself, at servers that run.
    var isReal = false
    var store: any KeyValueStore = MemoryStore()

    static let healthy = """
        {
          "publicURL": "https://tunnel.acme-hotels.com",
          "exchange": {"sessionKeys": [{"env": "SESSION_KEY"}]},
          "store": {"keys": [{"env": "STORE_KEY"}], "cache": {"url": "http://127.0.0.1:8080/cache", "secrets": [{"env": "CACHE_SECRET"}]}},
          "agents": {
            "orders": {"caller": {"headers": [{"name": "Authorization", "values": [{"env": "ORDERS_AUTHORIZATION"}]}]}, "scripted": {}},
            "booking": {
              "caller": {"headers": [{"name": "Authorization", "values": [{"env": "BOOKING_AUTHORIZATION"}]}]},
              "webhook": {"url": "https://bot.acme-hotels.com/turn", "secrets": [{"file": "signing.secret"}]},
              "connection": {
                "certificateFile": "certs/client-chain.crt", "keyFile": "certs/client.key", "keyPassword": {"env": "KEY_PASSWORD"},
                "authorityFile": "certs/authority.crt",
                "oauth": {"url": "https://login.acme-hotels.com/token", "clientID": "causeway", "clientSecret": {"env": "CLIENT_SECRET"},
                  "authorityFile": "certs/authority.crt"}
              }
            }
          }
        }
        """

    static let secrets = ["SESSION_KEY", "STORE_KEY", "CACHE_SECRET", "ORDERS_AUTHORIZATION", "BOOKING_AUTHORIZATION", "KEY_PASSWORD", "CLIENT_SECRET"]

    init() throws {
        folder = try temporaryFolder()
        for name in Setup.secrets { environment[name] = Files.randomKey() }
        certificates = try madeFolder(in: folder + "/certs", hosts: ["*.acme-hotels.com", "localhost"], clientPassword: environment["KEY_PASSWORD"])
        try Files.write(Files.randomKey() + "\n", to: folder + "/signing.secret", mode: 0o600)
        options.front.authorityFile = certificates.file(.authority, ".crt")
    }

    // MARK: Breaking

    mutating func replace(_ old: String, _ new: String) { settings = settings.replacing(old, with: new) }
    func write(_ text: String, to file: String, mode: mode_t = 0o600) throws { try Files.write(text, to: "\(folder)/\(file)", mode: mode) }
    func read(_ file: String) -> String { Files.read("\(folder)/\(file)") ?? "" }

    /// A web server of openssl(1) as the front, on this machine.
    mutating func serve(_ arguments: [String], certificate: String = "certs/server-chain.crt", key: String = "certs/server.key") throws -> ChildProcess {
        let port = try freePort()
        let server = try ChildProcess(
            ["openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-www", "-cert", "\(folder)/\(certificate)", "-key", "\(folder)/\(key)",
                "-cert_chain", "\(folder)/\(certificate)"] + arguments, log: "\(folder)/server.log")
        guard waitForListener(on: port) else { throw ChildProcess.Failure(description: "openssl s_server does not listen: \(read("server.log"))") }
        isReal = true
        replace("https://tunnel.acme-hotels.com", "https://localhost:\(port)")
        return server
    }

    // MARK: Examining

    func examine() async throws -> DoctorReport {
        let path = folder + "/causeway.jsonc"
        if !Files.exists(path) { try Files.write(settings, to: path) }
        let (answer, environment, options, tools) = (answer, environment, options, toolsOver)
        return try await onLoop {
            let tools = tools(Routed(answer: answer))
            return await Doctor.examine(Examination(settings: path, environment: environment, options: options, tools: tools))
        }
    }

    private var toolsOver: @Sendable (any HTTPTransport) -> Examination.Tools {
        let chain = Array(read("certs/server-chain.crt").utf8)
        let (handshake, addresses, store, isReal) = (handshake, addresses, store, isReal)
        return { transport in
            var tools = Examination.Tools(over: transport, time: SystemTime())
            tools.openStore = { _ in store }
            tools.resolve = { host in
                if host == "localhost" { return [[127, 0, 0, 1]] }
                return addresses[host].map { $0.isEmpty ? [] : [$0] } ?? [Addresses.octets(host) ?? [93, 184, 216, 34]]
            }
            tools.shake = { wish in
                if isReal, wish.name == "localhost" { return Handshake.with(wish) }
                var seen = Handshake(stage: wish.highest == .tls11 || wish.highest == .tls10 ? .connected : .done)
                (seen.version, seen.suite) = (wish.highest == .tls12 ? "TLSv1.2" : "TLSv1.3", "ECDHE-ECDSA-AES128-GCM-SHA256")
                (seen.chain, seen.connectMilliseconds, seen.tlsMilliseconds) = (chain, 12, 25)
                return handshake(wish, seen)
            }
            return tools
        }
    }

    static let healthyAnswer: @Sendable (Call) -> Result<Response, TransportError> = { call in
        if call.url.hasSuffix("/token") { return .success(.json(.ok, Array(#"{"access_token":"t-0123456789","expires_in":3600}"#.utf8))) }
        if call.url.hasSuffix("/health") { return .success(.json(.ok, Array(#"{"status":"ready"}"#.utf8))) }
        return .success(Response(status: .unauthorized))
    }

    /// The healthy answers, but for URLs that end so.
    static func answering(_ ending: String, _ status: HTTPResponse.Status, _ body: String = "{}") -> @Sendable (Call) -> Result<Response, TransportError> {
        { call in call.url.hasSuffix(ending) ? .success(.json(status, Array(body.utf8))) : healthyAnswer(call) }
    }
}

struct Routed: HTTPTransport {
    let answer: @Sendable (Call) -> Result<Response, TransportError>
    func send(_ call: Call) async throws(TransportError) -> Response { try answer(call).get() }
}

/// Everybody's claim wins, as with a cache behind a proxy that answers by itself.
struct GenerousStore: KeyValueStore {
    func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        switch operation {
        case .claim(let octets, let life): .value(StoredValue(octets: octets, version: StoreVersion("1"), rest: life))
        default: .absent
        }
    }
}

/// Takes a tenth of a second for everything.
struct SlowStore: KeyValueStore {
    let store = MemoryStore()
    func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        usleep(100_000)
        return await store.perform(operation, on: key, by: deadline)
    }
}
