import ArgumentParser

@main
struct Causeway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Joins NICE CXone to any virtual agent and any messaging channel. This command is for people at a desk; it is never deployed.",
        subcommands: [
            ServeCommand.self, CheckCommand.self, DoctorCommand.self, CertsCommand.self, SettingsCommand.self, ConfigureCommand.self, ChannelsCommand.self,
            LettersCommand.self, SheetCommand.self, EndpointsCommand.self, DesignDocumentCommand.self, DiagramCommand.self, ReplayCommand.self,
            RegistrationCommand.self,
            DevCommand.self, SimulateCommand.self, GenerateCommand.self,
        ])
}
