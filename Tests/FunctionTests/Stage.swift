import Glibc
import Testing
import Workbench

/// Every way in which the same executables are called (`runtimes.md` §1, §8).
enum Host: String, CaseIterable, CustomTestStringConvertible {
    case nginxFastCGI, nginxCGI, apacheFastCGI, apacheCGI, lighttpdFastCGI, lighttpdCGI, caddyFastCGI, port, lambda

    var testDescription: String { rawValue }

    /// The programs that it needs, by package.
    var needs: [String] {
        switch self {
        case .nginxFastCGI: ["nginx"]
        case .nginxCGI: ["nginx", "fcgiwrap"]
        case .apacheFastCGI, .apacheCGI: ["apache2"]
        case .lighttpdFastCGI, .lighttpdCGI: ["lighttpd"]
        case .caddyFastCGI: ["caddy"]
        case .port, .lambda: []
        }
    }

    var mode: Site.Mode { [.nginxCGI, .apacheCGI, .lighttpdCGI].contains(self) ? .cgi : .fastCGI }

    /// Why it cannot be tried here; in CI everything is there.
    var missing: String? {
        if let program = needs.first(where: { find($0) == nil }) { return "\(program) is not installed; `make test` installs it" }
        if self == .lambda, Stage.emulator == nil { return "the Lambda emulator is not installed; `make test` installs it" }
        return nil
    }

    static var present: [Host] { allCases.filter { ProcessEnvironment.current["CI"] != nil || $0.missing == nil } }
}

/// One folder with everything that a run of the functions needs: copies of the executables, settings, secrets as files, room for state.
/// Web servers run under other accounts, so the folder is open to them.
struct Stage {
    let folder: String
    let port: Int
    var site: Site
    var scheme = "http"
    /// Lines for curl with every request.
    var options: [String] = []

    static let authorization = "a-key-of-this-test-0123456789"
    static let clientSecret = "a-client-secret-of-this-test-0123456789"
    static let cacheSecret = "a-cache-key-of-this-test-0123456789"

    /// Where the build put the executables: beside the test bundle that this process runs or has loaded.
    static let programs: String = {
        var folder = (Files.ourselves ?? "").split(separator: "/").dropLast().joined(separator: "/")
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            if let range = argument.firstRange(of: "/causeway-middleware") { folder = String(argument[..<range.lowerBound].drop { $0 == "/" }) }
        }
        return "/" + folder
    }()

    static let emulator: String? = {
        let libraries = "\(top)/.build/venv-sam/lib"
        return Files.names(in: libraries).map { "\(libraries)/\($0)/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64" }.first(where: Files.exists)
    }()

    static let top: String = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    init(_ mode: Site.Mode = .fastCGI, agents: String = "", allowPlainHTTP: Bool = true) throws {
        folder = try Files.temporaryFolder()
        port = try #require(Sockets.freePort())
        site = Site()
        (site.programs, site.sockets, site.settings) = ("\(folder)/bin", "\(folder)/run", "\(folder)/causeway.jsonc")
        (site.address, site.port, site.name, site.mode, site.tls) = ("127.0.0.1", port, "127.0.0.1", mode, nil)
        for name in ["bin", "run", "state", "temporary"] {
            try Files.makeFolder("\(folder)/\(name)")
            chmod("\(folder)/\(name)", name == "bin" ? 0o755 : 0o777)
        }
        for endpoint in Endpoint.all {
            guard link("\(Stage.programs)/\(endpoint.name)", "\(folder)/bin/\(endpoint.name)") != 0 else { continue }
            try copy("\(Stage.programs)/\(endpoint.name)", to: "\(folder)/bin/\(endpoint.name)")
        }
        let secrets = [
            "authorization": Stage.authorization, "cache": Stage.cacheSecret, "key": "a-sealing-key-of-this-test-0123456789",
            "client": Stage.clientSecret,
        ]
        for (name, value) in secrets { try Files.write(value + "\n", to: "\(folder)/\(name).secret") }
        try Files.write(
            """
            {
              "exchange": {"sessionKeys": [{"file": "key.secret"}], "allowPlainHTTP": \(allowPlainHTTP)},
              "store": {
                "keys": [{"file": "key.secret"}],
                "cache": {"url": "http://127.0.0.1:\(port)/cache", "secrets": [{"file": "cache.secret"}], "file": "state/cache.sqlite"},
              },
              "agents": {
                "orders": {"caller": {"headers": [{"name": "Authorization", "values": [{"file": "authorization.secret"}]}]}, "scripted": {}},
                \(agents)
              },
              \(Stage.messaging(allowPlainHTTP: allowPlainHTTP))
            }
            """, to: site.settings)
    }

    /// One channel whose platform is never there, one that only receives, one of another client; an app and a chat window.
    private static func messaging(allowPlainHTTP: Bool) -> String {
        func channel(_ name: String, _ id: String, _ more: String = "") -> String {
            """
            "\(name)": {
                  "tenant": "jungle", "channelId": "\(id)"\(more),
                  "matrix": {"homeserver": "http://127.0.0.1:9", "serverName": "zoo.example", "asToken": {"file": "key.secret"}, "hsTokens": [{"file": "key.secret"}]},
                },
            """
        }
        return """
            "publicURL": "http://127.0.0.1",
              "byoc": {
                "clients": {"cxone": {"secrets": [{"file": "client.secret"}], "channels": ["herd", "quiet"]}, "rival": {"secrets": [{"file": "cache.secret"}]}},
                "tokenKeys": [{"file": "key.secret"}],
                "allowPlainHTTP": \(allowPlainHTTP),
                "callbacks": [{"path": "/1.0/channel/{channel}/ping", "action": "ignore", "status": 202}],
              },
              "events": {
                "caller": {"headers": [{"name": "Authorization", "values": [{"file": "authorization.secret"}]}]},
                "allowPlainHTTP": \(allowPlainHTTP),
              },
              "tenants": {"jungle": {"clientId": "app", "clientSecret": {"file": "key.secret"}, "accessKeyId": "key", "accessKeySecret": {"file": "key.secret"}}},
              "channels": {
                \(channel("herd", "wh/7+a:b%"))
                \(channel("quiet", "quiet-1", ", \"directions\": \"inbound\""))
                \(channel("den", "den-1"))
                "app": {"tenant": "jungle", "channelId": "app-1", "webhook": {"url": "http://127.0.0.1:9", "secrets": [{"file": "key.secret"}]}},
                "window": {"tenant": "jungle", "channelId": "window-1", "webchat": {"sessionKeys": [{"file": "key.secret"}], "origins": []}},
              },
            """
    }

    /// The functions' environment.
    var environment: [String: String] { ["CAUSEWAY_SETTINGS": site.settings, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"] }

    /// The account of the web server's workers: their own when we are root.
    private var account: String? { getuid() == 0 ? "www-data" : nil }

    /// Runs the functions behind `host` while `body` asks them.
    func with<Result: Sendable>(
        _ host: Host, started: @Sendable @escaping (String, Int32) -> Void = { _, _ in }, _ body: (Front) async throws -> Result
    ) async throws -> Result {
        if let missing = host.missing { Issue.record("\(missing)") }
        var listeners: [Int32] = []
        defer {
            for listener in listeners { close(listener) }
            Files.remove(folder)
        }
        var programs: [Program] = []
        if [.nginxFastCGI, .apacheFastCGI, .caddyFastCGI].contains(host) {
            for endpoint in Endpoint.all {
                let listener = try Sockets.listen(at: "\(site.sockets)/\(endpoint.name).sock")
                listeners.append(listener)
                programs.append(Program(
                    endpoint.name, executable: "\(site.programs)/\(endpoint.name)", environment: environment, listener: listener,
                    log: "\(folder)/\(endpoint.name).log"))
            }
        }
        if host == .nginxCGI {
            let listener = try Sockets.listen(at: "\(site.sockets)/fcgiwrap.sock")
            listeners.append(listener)
            programs.append(Program(
                "fcgiwrap", executable: try #require(find("fcgiwrap")), arguments: ["-c", "4", "-f"], environment: ["PATH": "/usr/bin:/bin"],
                listener: listener, log: "\(folder)/fcgiwrap.log"))
        }
        var front = Front(host: host, url: "\(scheme)://127.0.0.1:\(port)", options: options, ports: [:])
        switch host {
        case .port, .lambda:
            for endpoint in Endpoint.all { try programs.append(direct(endpoint, host, &front)) }
        default:
            programs.append(try server(host))
        }
        // SIGTERM goes to all at once: a server may answer 502 from then on, and nothing is asked any more.
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for program in programs {
                group.addTask { try await program.run { started(program.name, $0) } }
            }
            defer { group.cancelAll() }
            try await front.wait(log: folder)
            return try await body(front)
        }
    }

    private func direct(_ endpoint: Endpoint, _ host: Host, _ front: inout Front) throws -> Program {
        let port = try #require(Sockets.freePort())
        front.ports[endpoint.name] = port
        var program = Program(
            endpoint.name, executable: "\(site.programs)/\(endpoint.name)", environment: environment, log: "\(folder)/\(endpoint.name).log")
        if host == .port {
            program.environment["FUNCTIONS_CUSTOMHANDLER_PORT"] = "\(port)"
        } else {
            let api = try #require(Sockets.freePort())
            let emulator = "\(folder)/emulator"
            if !Files.exists(emulator) { try copy(try #require(Stage.emulator), to: emulator) }
            program.arguments = [
                "--runtime-interface-emulator-address", "127.0.0.1:\(port)", "--runtime-api-address", "127.0.0.1:\(api)",
                program.executable, endpoint.name,
            ]
            program.executable = emulator
            program.environment["AWS_LAMBDA_FUNCTION_TIMEOUT"] = "\(endpoint.timeout)"
            program.environment["AWS_LAMBDA_FUNCTION_NAME"] = endpoint.name
        }
        return program
    }

    private func server(_ host: Host) throws -> Program {
        let name = try #require(host.needs.first)
        let arguments: [String]
        switch host {
        case .nginxFastCGI, .nginxCGI:
            try Files.write(NginxConfiguration.standalone(site, folder: folder, user: account), to: "\(folder)/server.conf")
            arguments = ["-p", folder, "-c", "\(folder)/server.conf", "-e", "\(folder)/nginx.log"]
        case .apacheFastCGI, .apacheCGI:
            try Files.write(ApacheConfiguration.standalone(site, folder: folder, user: account), to: "\(folder)/server.conf")
            arguments = ["-d", folder, "-f", "\(folder)/server.conf", "-DFOREGROUND"]
        case .lighttpdFastCGI, .lighttpdCGI:
            chmod(folder, 0o777)
            try Files.write(LighttpdConfiguration.site(site, folder: folder, user: account), to: "\(folder)/server.conf")
            arguments = ["-D", "-f", "\(folder)/server.conf"]
        case .caddyFastCGI, .port, .lambda:
            try Files.write(CaddyConfiguration.site(site), to: "\(folder)/server.conf")
            arguments = ["run", "--config", "\(folder)/server.conf", "--adapter", "caddyfile"]
        }
        return Program(
            name, executable: try #require(find(name)), arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin", "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder],
            log: "\(folder)/\(name).out")
    }

    private func copy(_ source: String, to target: String) throws {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        let output = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755)
        defer { close(input); close(output) }
        guard input >= 0, output >= 0 else { throw SystemFailure("cannot copy \(source)") }
        while true {
            let count = sendfile(output, input, nil, 1 << 30)
            guard count >= 0 else { throw SystemFailure("cannot copy \(source)") }
            if count == 0 { return }
        }
    }
}
