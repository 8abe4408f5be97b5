import ArgumentParser
import Settings
import Workbench

/// `causeway endpoints`: every URL served and called, with its proof.
struct EndpointsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoints", abstract: "List every URL that is served and called with these settings, both sides, with what proves the caller.",
        aliases: ["routes"])

    @OptionGroup var file: SettingsOption

    func run() throws { print(DesignDocument.table(of: Connections.all(of: try file.read()))) }
}

/// `causeway design-document`: the technical design that the settings describe.
struct DesignDocumentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "design-document",
        abstract: "Print the technical design as Markdown: architecture, connections, agents, channels.")

    @OptionGroup var file: SettingsOption

    @Flag(help: "Only the architecture, as a Mermaid diagram.")
    var diagram = false

    func run() throws {
        let settings = try file.read()
        print(diagram ? ArchitectureDiagram.mermaid(of: settings) : DesignDocument.text(of: settings), terminator: "")
    }
}

struct SettingsOption: ParsableArguments {
    @Option(help: "The file; otherwise the one named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
    var settings: String?

    /// The whole file; all mistakes at once.
    func read() throws -> WholeSettings {
        let environment = ProcessEnvironment.current
        let path = settings ?? environment["CAUSEWAY_SETTINGS"] ?? "causeway.jsonc"
        return try SettingsFile.read(WholeSettings.self, at: path, environment: environment).settings
    }
}
