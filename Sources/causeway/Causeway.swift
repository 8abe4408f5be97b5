import ArgumentParser

@main
struct Causeway: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Joins NICE CXone to any virtual agent and any messaging channel.")
}
