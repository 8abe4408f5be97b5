import ArgumentParser
import Catalog
import CurlTransport
import EventLoop
import Secrets
import Settings
import Simulator
import Workbench

/// `causeway replay`: conversation files as tests.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Play conversation files against an exchange and tell what differs from what they expect.",
        discussion: """
            Without --url the exchange of the settings is played within this command, and calls to agents are counted. With --url it is asked over
            HTTP: one on this machine or a deployed one. The caller's headers come from the settings, or from --header.
            Exit status 1 when a conversation differs.
            """)

    @Argument(help: "Conversation files, or folders of them.", completion: .file(extensions: ["chat"]))
    var files: [String]

    @Option(help: "The settings; otherwise the file named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
    var settings: String?

    @Option(help: "Where the functions are reached, such as https://va.example.com; /exchange/{agent} is added unless it holds a path.")
    var url: String?

    @Option(name: .customLong("header"), help: "A header of the caller as Name=VARIABLE, its value in that environment variable; may stand several times.")
    var headers: [String] = []

    @Option(help: "File for JUnit's XML.")
    var junit: String?

    @Option(help: "Folder for a sequence diagram of each conversation, as SVG and Mermaid.")
    var diagrams: String?

    func run() throws {
        let environment = ProcessEnvironment.current
        let paths = files.flatMap { Files.isFolder($0) ? ReplayCommand.conversations(in: $0) : [$0] }
        guard !paths.isEmpty else { throw ValidationError("there is no conversation (*.chat)") }
        let replay = try makeReplay(environment)
        let loop = try EventLoop()
        let results = loop.run { await ReplayCommand.play(paths, replay) }
        print(ReplayReport.table(results), terminator: "")
        if let junit { try Files.write(ReplayReport.junit(results), to: junit) }
        if let diagrams { try draw(results, in: diagrams) }
        if !results.allSatisfy(\.hasPassed) { throw ExitCode(1) }
    }

    private static func conversations(in folder: String) -> [String] {
        Files.walk(folder).filter { $0.hasSuffix(".chat") }.sorted().map { $0.hasPrefix("/") || $0.hasPrefix(folder) ? $0 : "\(folder)/\($0)" }
    }

    private static func play(_ paths: [String], _ replay: Replay) async -> [Replay.Result] {
        var results: [Replay.Result] = []
        for path in paths {
            guard let text = Files.read(path) else {
                results.append(Replay.Result(file: path, title: path, problem: "cannot be read"))
                continue
            }
            switch ConversationFile.read(text, name: path) {
            case .success(let file): results.append(await replay.play(file, name: path))
            case .failure(let mistakes): results.append(Replay.Result(file: path, title: path, problem: mistakes.description))
            }
        }
        return results
    }

    private func makeReplay(_ environment: [String: String]) throws -> Replay {
        let transport = CurlTransport(options: .longLived())
        if let url, !headers.isEmpty {
            let apps = [StudioAction.voicebotExchange, .textbotExchange].map { action in
                var app = HubApp(name: action.rawValue, agent: "", url: url, action: action)
                for header in headers {
                    let name = header.prefix { $0 != "=" }
                    app.headers.append(HubApp.Pair(String(name), Secret(environment[String(header.dropFirst(name.count + 1))] ?? "")))
                }
                return app
            }
            return Replay(anyOf: apps, over: transport)
        }
        let path = settings ?? environment["CAUSEWAY_SETTINGS"] ?? "causeway.jsonc"
        let read = try SettingsFile.read(CausewaySettings.self, at: path, environment: environment).settings
        if let url { return Replay(apps: HubApps.all(of: read, front: url), over: transport) }
        return Replay(read, over: transport)
    }

    private func draw(_ results: [Replay.Result], in folder: String) throws {
        try Files.makeFolder(folder)
        for result in results {
            guard let interaction = result.interaction else { continue }
            let diagram = SequenceDiagram(interaction, title: result.title, calls: result.calls)
            let name = (result.file.split(separator: "/").last.map(String.init) ?? "conversation").replacing(".chat", with: "")
            try Files.write(diagram.svg, to: "\(folder)/\(name).svg")
            try Files.write(diagram.mermaid, to: "\(folder)/\(name).mmd")
        }
    }
}
