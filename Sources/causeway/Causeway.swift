import ArgumentParser

@main
struct Causeway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Joins NICE CXone to any virtual agent. This command is for people at a desk; it is never deployed.",
        subcommands: [ServeCommand.self, CheckCommand.self, SettingsCommand.self, ConfigureCommand.self, SimulateCommand.self,
            GenerateCommand.self])
}
