import ArgumentParser
import CurlTransport
import EventLoop
import Glibc
import HTTP
import JSON
import Secrets
import Time
import Workbench

/// `causeway doctor`: the whole set-up, one verdict a line.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examine a set-up from the settings to the virtual agent: one verdict a line, each fault with its remedy.",
        discussion: """
            ✓ good, ! should be changed, ✗ wrong. Exit status 0 when all is good, 10 with a !, 20 with a ✗.
            Run it where the functions run and with their environment, for it looks up the secrets that the settings name. It sends no secret
            anywhere but where the functions send it: tokens are asked for, CXone is signed in to, and the store gets short-lived test entries.
            Virtual agents are asked with --live only, for turns may cost money.
            """)

    @OptionGroup var file: SettingsPath

    @Flag(help: "One JSON object instead of lines.")
    var json = false

    @Flag(help: "Look at this machine's files only; nothing is resolved or called.")
    var offline = false

    @Flag(help: "Ask each virtual agent for the four intents: up to seven turns each.")
    var live = false

    @Flag(help: "Leave out what is good.")
    var quiet = false

    @Flag(help: "List the checks instead of making them.")
    var list = false

    @Option(help: ArgumentHelp("Go on until Ctrl-C, looking every so many seconds, and print what changes.", valueName: "seconds"))
    var watch: UInt32?

    @Option(help: "PEM file of the authority that CXone trusts for our web server, when it is our own.")
    var authority: String?

    @Option(help: "PEM file of the certificate that CXone shall present: is the web server ready for it?")
    var clientCertificate: String?

    @Option(help: "PEM file of its key; its password comes from CAUSEWAY_KEY_PASSWORD.")
    var clientKey: String?

    func validate() throws {
        if (clientCertificate == nil) != (clientKey == nil) { throw ValidationError("--client-certificate and --client-key belong together") }
        if watch != nil, json { throw ValidationError("--watch prints changes as lines; leave out --json") }
        if watch == 0 { throw ValidationError("--watch takes a number of seconds, 1 or more") }
    }

    func run() throws {
        if list {
            for check in Doctor.checks {
                print("\(check.name)  \(check.looksAt)\(check.need == .files ? "" : check.need == .live ? " (--live)" : " (not with --offline)")") }
            return
        }
        let options = try options()
        let loop = try EventLoop()
        let transport = CurlTransport(options: .shortLived())
        func look(_ tell: @escaping @Sendable (Finding) -> Void) -> DoctorReport {
            let (path, environment) = (file.path, ProcessEnvironment.current)
            return loop.run(until: {
                let tools = Examination.Tools(over: transport, time: SystemTime())
                return await Doctor.examine(Examination(settings: path, environment: environment, options: options, tools: tools), tell: tell)
            })
        }
        let (isQuiet, isJSON) = (quiet, json)
        var report = look { finding in
            guard !isJSON, !isQuiet || finding.verdict != .good else { return }
            print(finding.line)
            fflush(nil)
        }
        print(json ? report.json.text : report.summary)
        guard let watch else { throw ExitCode(report.exitStatus) }
        while true {
            fflush(nil)
            sleep(watch)
            let next = look { _ in }
            for line in next.changes(since: report) { print("\(CertsCommand.time())  \(line)") }
            report = next
        }
    }

    private func options() throws -> Examination.Options {
        var options = Examination.Options()
        (options.isOffline, options.isLive) = (offline, live)
        for file in [authority, clientCertificate, clientKey].compactMap(\.self) where Files.read(file) == nil { throw ValidationError("cannot read \(file)") }
        (options.front.authorityFile, options.front.certificateFile, options.front.keyFile) = (authority, clientCertificate, clientKey)
        if clientKey != nil { options.front.keyPassword = ProcessEnvironment.current["CAUSEWAY_KEY_PASSWORD"].map { Secret($0) } }
        return options
    }
}

/// Which settings file is meant; reading it is somebody else's.
struct SettingsPath: ParsableArguments {
    @Option(help: "The file; otherwise the one named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
    var settings: String?

    var path: String { settings ?? ProcessEnvironment.current["CAUSEWAY_SETTINGS"] ?? "causeway.jsonc" }
}
