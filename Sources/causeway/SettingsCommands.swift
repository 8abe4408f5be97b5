import ArgumentParser
import ChannelCatalog
import Catalog
import Settings
import Workbench

/// `causeway check`: every mistake of a settings file at once.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find all mistakes in a settings file.",
        discussion: "Secrets are looked up, so run it with the environment that the functions will have. Exit status 1 when there are mistakes.")

    @Option(help: "The file; otherwise the one named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
    var settings: String?

    func run() throws {
        let environment = ProcessEnvironment.current
        let path = settings ?? environment["CAUSEWAY_SETTINGS"] ?? "causeway.jsonc"
        do {
            let (settings, warnings) = try SettingsFile.read(WholeSettings.self, at: path, environment: environment)
            for warning in warnings { print("\(path):\(warning) (warning)") }
            print("\(path) is good: \((settings.turns.agents.map(\.name) + settings.messaging.channels.map(\.name)).joined(separator: ", "))")
        } catch {
            print(error)
            throw ExitCode(1)
        }
    }
}

/// `causeway settings`: what is generated from the declarations of the settings.
struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "settings", abstract: "Print what is known about the settings file.")

    enum Form: String, EnumerableFlag {
        case schema, reference, sample

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .schema: "A JSON Schema, for completion and checking in editors."
            case .reference: "Every key with its meaning, as a Markdown table."
            case .sample: "A file to start from."
            }
        }
    }

    @Flag(help: "What to print.")
    var form: Form = .reference

    func run() {
        let declarations = SettingsFile.declarations(of: WholeSettings.self)
        switch form {
        case .schema: print(String(decoding: SettingsFile.schema(declarations, title: "Causeway"), as: UTF8.self), terminator: "")
        case .reference: print(SettingsFile.table(declarations), terminator: "")
        case .sample:
            let text = SampleSettings.text(
                url: "http://127.0.0.1:8080", cacheFile: "token-cache.sqlite", isLocal: true, desk: "http://127.0.0.1:8090")
            print(text, terminator: "")
        }
    }
}
