import CXone
import Catalog
import ChannelCatalog
import Glibc
import Settings
import Synchronization

/// `make run`: a private nginx and every function under FastCGI on this machine, until it is told to stop.
package struct Serve: Sendable {
    /// Folder of this run: settings, logs, secrets, nginx's files.
    let folder: String
    /// Folder of the functions' executables.
    let programs: String
    let port: Int
    let deskPort: Int
    let say: @Sendable (String) -> Void
    private var environment: [String: String]
    private let settings: String
    private let isSample: Bool
    /// The environment variables that had no value; ours is random.
    private let made: [String]
    /// Where the functions record what they serve, for the inspector.
    private let traces: [String]

    private var url: String { "http://127.0.0.1:\(port)" }
    private var deskURL: String { "http://127.0.0.1:\(deskPort)" }

    /// Prepares a run: settings found and checked, secrets made, ports free. Nothing runs yet.
    /// - Parameter say: Prints one line for the person at the desk.
    package init(
        folder givenFolder: String, programs: String, environment: [String: String], say: @Sendable @escaping (String) -> Void
    ) throws {
        folder = try Files.absolute(givenFolder)
        self.programs = programs
        self.say = say
        port = try Serve.port("CAUSEWAY_PORT", in: environment, default: 8080)
        deskPort = try Serve.port("CAUSEWAY_DESK_PORT", in: environment, default: 8090)
        guard Sockets.freePort(port) != nil else {
            throw SystemFailure(saying: "port \(port) is taken; stop what uses it or set CAUSEWAY_PORT")
        }
        guard Sockets.freePort(deskPort) != nil else {
            throw SystemFailure(saying: "port \(deskPort) is taken; stop what uses it or set CAUSEWAY_DESK_PORT")
        }
        for endpoint in Endpoint.all where !Files.exists("\(programs)/\(endpoint.name)") {
            throw SystemFailure(saying: "\(programs)/\(endpoint.name) is not built; `make run` builds it")
        }
        var environment = environment
        let secrets = SampleSettings.secrets + SampleSettings.channelSecrets + Desk.secrets
        made = secrets.filter { (environment[$0] ?? "").isEmpty }
        for name in made { environment[name] = Files.randomKey() }
        // Variables of other start modes must not reach the functions.
        for name in ["AWS_LAMBDA_RUNTIME_API", "GATEWAY_INTERFACE", "LISTEN_FDS", "LISTEN_PID"] { environment[name] = nil }
        if let named = environment["CAUSEWAY_SETTINGS"], !named.isEmpty {
            (settings, isSample) = (try Files.absolute(named), false)
        } else if Files.exists("causeway.jsonc") {
            (settings, isSample) = (try Files.absolute("causeway.jsonc"), false)
        } else {
            (settings, isSample) = ("\(folder)/causeway.jsonc", true)
            // What an earlier run sealed cannot be opened with this run's key; a thread of then would be refused for ever.
            if made.contains("CAUSEWAY_STORE_KEY") {
                for ending in ["", "-wal", "-shm"] { Files.remove("\(folder)/token-cache.sqlite\(ending)") }
            }
            try Files.write(DeskAssets.text("standard-bot.bot"), to: "\(folder)/standard-bot.bot")
            try Files.write(
                SampleSettings.text(
                    url: "http://127.0.0.1:\(port)", cacheFile: "token-cache.sqlite", isLocal: true, desk: "http://127.0.0.1:\(deskPort)",
                    standardBot: "standard-bot.bot"),
                to: settings)
        }
        environment["CAUSEWAY_SETTINGS"] = settings
        self.environment = environment
        let (whole, warnings) = try SettingsFile.read(WholeSettings.self, at: settings, environment: environment)
        traces = Array(Set([whole.turns.exchange.traceFile, whole.messaging.traceFile].compactMap(\.self))).sorted()
        for warning in warnings { say("warning: \(settings):\(warning)") }
    }

    private static func port(_ name: String, in environment: [String: String], default fallback: Int) throws -> Int {
        guard let text = environment[name], !text.isEmpty else { return fallback }
        guard let number = Int(text), (1...65535).contains(number) else { throw SystemFailure(saying: "\(name) must be a port, 1 to 65535") }
        return number
    }

    /// Serves until the task is cancelled.
    package func run() async throws {
        guard let nginx = find("nginx") else { throw SystemFailure(saying: "nginx is not installed; `make run` installs it") }
        let sockets = try Files.temporaryFolder()
        defer { Files.remove(sockets) }
        defer { Files.remove("\(folder)/env") }
        var site = Site()
        (site.programs, site.sockets, site.settings) = (programs, sockets, settings)
        (site.address, site.port, site.name, site.tls) = ("127.0.0.1", port, "localhost", nil)
        try Files.makeFolder("\(folder)/temporary")
        try Files.write(
            NginxConfiguration.standalone(site, folder: folder, user: getuid() == 0 ? "root" : nil), to: "\(folder)/nginx.conf")

        var listeners: [Int32] = []
        defer { for listener in listeners { close(listener) } }
        var children: [Program] = []
        for endpoint in Endpoint.all {
            let listener = try Sockets.listen(at: site.socket(endpoint))
            listeners.append(listener)
            children.append(Program(
                endpoint.name, executable: site.program(endpoint), environment: environment, listener: listener,
                log: "\(folder)/\(endpoint.name).log"))
        }
        // A run begins with empty records.
        if isSample { for trace in traces { Files.remove(trace) } }
        var desk = Desk(port: deskPort, front: url)
        desk.traces = traces
        desk.storeSwitch = storeSwitch
        children.append(try desk.program(in: folder, causeway: "\(programs)/causeway", settings: settings, environment: environment))
        children.append(Program(
            "nginx", executable: nginx, arguments: ["-p", folder, "-c", "\(folder)/nginx.conf", "-e", "\(folder)/nginx.log"],
            environment: environment.filter { ["PATH", "HOME", "LANG", "TZ"].contains($0.key) }, log: "\(folder)/nginx.log"))

        let watch = SettingsWatch(settings)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for child in children {
                let isFunction = Endpoint.all.contains { $0.name == child.name }
                group.addTask { try await child.name == "token-cache" ? keepStore(child, watch: watch) : keep(child, watch: isFunction ? watch : nil) }
            }
            group.addTask { try await announce() }
            group.addTask { try await follow(watch) }
            // The announcement ends; the first failure ends all.
            try await group.waitForAll()
        }
    }

    /// Looks for other settings ten times a second. What has mistakes is told and not taken.
    private func follow(_ watch: SettingsWatch) async throws {
        while true {
            try await Task.sleep(for: .milliseconds(100))
            guard watch.hasChanged() else { continue }
            do {
                _ = try SettingsFile.read(WholeSettings.self, at: settings, environment: environment)
                say("the settings have changed; the functions begin anew")
                watch.accept()
            } catch {
                say("the settings have changed, with mistakes; what ran before goes on\n\(error)")
            }
        }
    }

    /// Starts a program again whenever it ends, at most five times within ten seconds each, and when the settings have changed.
    /// - Parameter watch: `nil` for programs that read no settings, or read them anew by themselves.
    private func keep(_ program: Program, watch: SettingsWatch?) async throws {
        var failures = 0
        while true {
            let begun = ContinuousClock.now
            guard let end = try await run(program, until: watch) else {
                failures = 0
                continue
            }
            try Task.checkCancellation()
            failures = begun.duration(to: .now) > .seconds(10) ? 0 : failures + 1
            guard failures < 5 else {
                throw SystemFailure(saying: "\(program.name) does not stay up (\(end)); see \(program.log)")
            }
            say("\(program.name) ended (\(end)); starting it again, see \(program.log)")
            try await Task.sleep(for: .milliseconds(200 << failures))
        }
    }

    /// How it ended by itself, or `nil` when other settings ended it. Its socket stays open, so that requests wait meanwhile.
    private func run(_ program: Program, until watch: SettingsWatch?) async throws -> String? {
        guard let watch else { return try await program.run() }
        let generation = watch.generation
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await program.run() }
            group.addTask {
                while watch.generation == generation { try await Task.sleep(for: .milliseconds(20)) }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { return nil }
            group.cancelAll()
            // Told to end by then; running turns finish.
            if first == nil { _ = try? await group.next() }
            return first
        }
    }

    private var storeSwitch: String { "\(folder)/store-down" }

    /// The same for the store, except while the person at the desk wants it down.
    private func keepStore(_ program: Program, watch: SettingsWatch) async throws {
        Files.remove(storeSwitch)
        while true {
            while Files.exists(storeSwitch) { try await Task.sleep(for: .milliseconds(100)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await keep(program, watch: watch) }
                group.addTask { while !Files.exists(storeSwitch) { try await Task.sleep(for: .milliseconds(100)) } }
                // Either the switch is there, or the program does not stay up.
                try await group.next()
                group.cancelAll()
                while let result = await group.nextResult() {
                    if case .failure(let error) = result, !(error is CancellationError) { throw error }
                }
            }
            try Task.checkCancellation()
            say("the store is down, as the desk wants it")
        }
    }

    /// Waits for the first turn to work, then tells how to send one.
    private func announce() async throws {
        try await waitForTurn()
        try await waitForDesk()
        try Files.write(variables, to: "\(folder)/env", mode: 0o600)
        var places = Endpoint.all.map { (url + ($0.routes.first?.path ?? $0.path), $0.summary) }
        places.append(("\(folder)/env", "the URLs and this run's credentials, for `source`"))
        places.append((settings, "the settings; logs are in \(folder)"))
        for (place, summary) in places {
            // What is longer than most has its words on the next line.
            let isLong = place.count > 44
            say("  \(place)\(isLong ? "" : padding(place, to: 46) + summary)")
            if isLong { say("  \(padding("", to: 46))\(summary)") }
        }
        say("open \(deskURL)/?token=\(environment["CAUSEWAY_DESK_TOKEN"] ?? "")")
        say("ready")
    }

    /// What a second shell needs: where everything is, what the calls of the first page carry, and whatever was made for this run, so that
    /// other commands find the settings complete.
    private var variables: String {
        var names = ["CAUSEWAY_AUTHORIZATION", "CAUSEWAY_DESK_TOKEN", "CAUSEWAY_BYOC_SECRET"]
        names += made.filter { !names.contains($0) }
        let all = [("CAUSEWAY_URL", url), ("CAUSEWAY_DESK_URL", deskURL)] + names.map { ($0, environment[$0] ?? "") }
        return all.map { "export \($0)='\($1.replacing("'", with: "'\\''"))'\n" }.joined()
    }

    /// With the sample settings a whole turn must work; with other settings, whose agent may cost money, the function must at least
    /// refuse a caller without credentials.
    private func waitForTurn() async throws {
        let turn = #"{"virtualAgentId":"orders","botSessionState":null,"userInput":"WELCOME","userInputType":5}"#
        let wanted = isSample ? "200" : "401"
        let authorization = environment["CAUSEWAY_AUTHORIZATION"] ?? ""
        var seen = "nothing"
        for _ in 0..<100 {
            let answer = try await HTTPClient.send(
                "POST", "\(url)/exchange", fields: ["Content-Type: application/json"] + (isSample ? ["Authorization: \(authorization)"] : []),
                body: turn)
            seen = answer.map { "\($0.status)" } ?? "nothing"
            if seen == wanted, isSample == false || answer?.body.contains("branchName") == true { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw SystemFailure(saying: "the first turn is answered by \(seen) instead of \(wanted); see the logs in \(folder)")
    }

    private func waitForDesk() async throws {
        for _ in 0..<100 {
            if Sockets.answers(port: deskPort) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw SystemFailure(saying: "CXone's simulator does not answer at \(deskURL); see \(folder)/desk.log")
    }

    private func padding(_ text: String, to width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) }
}
