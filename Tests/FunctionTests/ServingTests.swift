import Glibc
import Synchronization
import Testing
import Workbench

/// An agent that takes its time, in place of a bot: `POST` is answered after the given seconds.
private func slowAgent(port: Int, folder: String, seconds: Double) throws -> Program {
    let text = """
        import http.server, time
        class Agent(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(\(seconds))
                body = b'{"replies":[{"text":"at last"}]}'
                self.send_response(200); self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
            def log_message(self, *arguments): pass
        http.server.ThreadingHTTPServer.request_queue_size = 128
        http.server.ThreadingHTTPServer(("127.0.0.1", \(port)), Agent).serve_forever()
        """
    return Program(
        "slow agent", executable: try #require(find("python3")), arguments: ["-B", "-c", text], environment: ["PATH": "/usr/bin:/bin"],
        log: "\(folder)/agent.log")
}

private func slowSettings(port: Int) -> String {
    """
    "slow": {
      "caller": {"headers": [{"name": "Authorization", "values": [{"file": "authorization.secret"}]}]},
      "webhook": {"url": "http://127.0.0.1:\(port)/turn", "token": {"file": "key.secret"}},
    },
    """
}

@Suite("Behind nginx", .serialized)
struct ServingTests {
    private static let hello = #""userInput":"hello","userInputType":1"#

    @Test("one slow turn does not delay another; SIGTERM lets running turns finish; a kept connection costs nothing")
    func slow() async throws {
        let agentPort = try #require(Sockets.freePort())
        let stage = try Stage(agents: slowSettings(port: agentPort))
        let processes = Mutex<[String: Int32]>([:])
        let agent = try slowAgent(port: agentPort, folder: stage.folder, seconds: 4)
        try await Program.with([agent]) {
            for _ in 0..<100 where !Sockets.answers(port: agentPort) { try await Task.sleep(for: .milliseconds(30)) }
            try await stage.with(.nginxFastCGI, started: { name, pid in processes.withLock { $0[name] = pid } }) { front in
                try await withThrowingTaskGroup(of: Front.Answer.self) { group in
                    for _ in 0..<24 { group.addTask { try await front.turn(Self.hello, agent: "slow") } }
                    try await Task.sleep(for: .milliseconds(500))
                    let begun = ContinuousClock.now
                    let quick = try await front.turn(#""userInput":"WELCOME","userInputType":5"#)
                    #expect(quick.status == 200)
                    #expect(begun.duration(to: .now) < .milliseconds(2500), "a quick turn waited for slow ones")
                    // The turns are with the agent; the function is told to end.
                    let function = try #require(processes.withLock { $0["exchange"] })
                    #expect(kill(function, SIGTERM) == 0)
                    var answered = 0
                    for try await answer in group where answer.status == 200 && answer.body.contains("at last") { answered += 1 }
                    #expect(answered == 24, "turns were lost on SIGTERM")
                }
            }
        }
    }

    @Test("more idle kept connections than a pool would hold stall nobody")
    func idleConnections() async throws {
        try await Stage().with(.nginxFastCGI) { front in
            for _ in 0..<3 {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<80 { group.addTask { try await front.turn(Self.hello).status } }
                    for try await status in group { #expect(status == 200) }
                }
                #expect(try await front.turn(Self.hello).status == 200)
            }
        }
    }

    @Test("a path that only begins like ours is not ours", arguments: Host.present.filter { $0 != .port && $0 != .lambda })
    func nearMiss(host: Host) async throws {
        try await Stage(host.mode).with(host) { front in
            for path in ["/exchangeX", "/exchange-/orders", "/cacheX/a", "/"] {
                let answer = try await front.send("POST", path, fields: ["Authorization: \(Stage.authorization)"], body: "{}")
                #expect([403, 404, 405].contains(answer.status), "\(path): \(answer)")
                #expect(!answer.fields.contains("x-content-type-options: nosniff"), "\(path) reached the function")
            }
        }
    }
}

@Suite("Over TLS", .serialized)
struct SecureTests {
    @Test("V16: plain HTTP is refused unless the settings allow it; over TLS the same turn is served")
    func transport() async throws {
        var stage = try Stage(allowPlainHTTP: false)
        let refused = try await stage.with(.nginxFastCGI) { try await $0.turn(#""userInput":"hi","userInputType":1"#) }
        #expect(refused.status == 403 && !refused.body.contains("prompts"), "\(refused)")

        stage = try Stage(allowPlainHTTP: false)
        let (key, certificate) = ("\(stage.folder)/server.key", "\(stage.folder)/server.crt")
        let made = try await execute(try #require(find("openssl")), [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-days", "2",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ])
        try #require(made.succeeded, "\(made.errors)")
        stage.site.tls = Site.TLS(certificate: certificate, key: key, clientAuthority: certificate)
        stage.scheme = "https"
        stage.options = ["cacert = \"\(certificate)\""]
        let served = try await stage.with(.nginxFastCGI) { try await $0.turn(#""userInput":"WELCOME","userInputType":5"#) }
        #expect(served.status == 200, "\(served)")
    }
}

@Suite("Configurations as their own programs see them")
struct ConfigurationCheckTests {
    private func check(_ program: String, _ arguments: [String]) async throws {
        let path = try #require(find(program), "\(program) is not installed; `make test` installs it")
        let finished = try await execute(path, arguments, environment: ["PATH": "/usr/bin:/bin:/usr/sbin", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"])
        #expect(finished.succeeded, "\(finished.output)\(finished.errors)")
    }

    @Test("nginx -t, apache2 -t, lighttpd -tt, caddy validate", arguments: Site.Mode.allCases)
    func servers(mode: Site.Mode) async throws {
        let stage = try Stage(mode)
        defer { Files.remove(stage.folder) }
        let folder = stage.folder
        try Files.write(NginxConfiguration.standalone(stage.site, folder: folder, user: nil), to: "\(folder)/nginx.conf")
        try await check("nginx", ["-t", "-q", "-p", folder, "-c", "\(folder)/nginx.conf", "-e", "\(folder)/nginx.log"])
        try Files.write(ApacheConfiguration.standalone(stage.site, folder: folder, user: "www-data"), to: "\(folder)/apache.conf")
        try await check("apache2", ["-t", "-d", folder, "-f", "\(folder)/apache.conf"])
        try Files.write(LighttpdConfiguration.site(stage.site, folder: folder), to: "\(folder)/lighttpd.conf")
        try await check("lighttpd", ["-tt", "-f", "\(folder)/lighttpd.conf"])
        if mode == .fastCGI {
            try Files.write(CaddyConfiguration.site(stage.site), to: "\(folder)/Caddyfile")
            try await check("caddy", ["validate", "--config", "\(folder)/Caddyfile", "--adapter", "caddyfile"])
        }
    }

    @Test("systemd-analyze verify")
    func units() async throws {
        var stage = try Stage()
        defer { Files.remove(stage.folder) }
        stage.site.user = "nobody"
        var paths: [String] = []
        for file in SystemdUnits.files(stage.site) {
            paths.append("\(stage.folder)/\(file.path)")
            try Files.write(file.content, to: "\(stage.folder)/\(file.path)")
        }
        try await check("systemd-analyze", ["verify", "--man=no"] + paths)
    }
}

@Suite("Lambda", .serialized, .enabled(if: Files.exists("\(Stage.top)/.build/venv-sam/bin/sam"), "the SAM command is not installed; `make test` installs it"))
struct LambdaTests {
    private func sam(_ arguments: [String]) async throws -> Finished {
        var environment = ProcessEnvironment.current
        (environment["SAM_CLI_TELEMETRY"], environment["AWS_DEFAULT_REGION"]) = ("0", "eu-central-1")
        return try await execute("\(Stage.top)/.build/venv-sam/bin/sam", arguments, environment: environment, folder: Stage.top)
    }

    @Test("sam validate --lint")
    func template() async throws {
        let finished = try await sam(["validate", "--lint", "--template", "template.yaml"])
        #expect(finished.succeeded, "\(finished.output)\(finished.errors)")
    }

    @Test("sam build makes one complete folder for each function",
        .enabled(if: Files.exists("\(Stage.top)/.build/package/lambda"), "make package has not been run"))
    func build() async throws {
        let folder = try Files.temporaryFolder()
        defer { Files.remove(folder) }
        let finished = try await sam(["build", "--template", "template.yaml", "--build-dir", folder, "--cache-dir", "\(folder)/cache"])
        #expect(finished.succeeded, "\(finished.output)\(finished.errors)")
        for endpoint in Endpoint.all {
            #expect(Files.names(in: "\(folder)/\(endpoint.resource)Function") == ["bootstrap", "causeway.jsonc"])
        }
    }
}
