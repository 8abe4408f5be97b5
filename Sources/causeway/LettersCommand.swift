import ArgumentParser
import ChannelCatalog
import CurlTransport
import EventLoop
import Settings
import Time
import Workbench

/// `causeway letters`: messages that were given up.
struct LettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "letters", abstract: "List, show, retry and drop the messages that were given up (dead letters).",
        discussion: """
            A message that CXone or a platform refuses for good is kept for 30 days, sealed in the store. This command uses the store, CXone and the \
            platforms as the functions do, so it needs their settings and secrets.
            """,
        subcommands: [List.self, Show.self, Retry.self, Drop.self], defaultSubcommand: List.self)

    struct Options: ParsableArguments {
        @Option(help: "The file; otherwise the one named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
        var settings: String?

        /// Does the work on an event loop of this thread, as a function would.
        func run(_ work: @escaping @Sendable (LetterDesk) async throws -> [String]) throws {
            let settings = try MessagingSettings.atDesk(settings)
            let loop = try EventLoop()
            let result: Result<[String], any Error> = loop.run(until: {
                do {
                    let desk = try LetterDesk(settings, over: CurlTransport(options: .shortLived()), time: SystemTime(), sleep: EventLoop.sleep)
                    return .success(try await work(desk))
                } catch { return .failure(error) }
            })
            for line in try result.get() { print(line) }
        }
    }

    struct Chosen: ParsableArguments {
        @Argument(help: "Names of letters as `list` shows them, or their keys as the log has them.")
        var names: [String] = []

        @Flag(help: "All letters, or with --channel all of that channel.")
        var all = false

        @Option(help: "Name of a channel in the settings; with --all.")
        var channel: String?

        func validate() throws {
            if names.isEmpty != all { throw ValidationError("name letters, or add --all") }
            if channel != nil, !all { throw ValidationError("--channel goes with --all") }
        }

        var choice: LetterDesk.Choice { all ? .all(of: channel) : .named(names) }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show name, time, channel and reason of each, the oldest first.")
        @OptionGroup var options: Options
        @Option(help: "Only those of this channel.")
        var channel: String?

        func run() throws {
            let channel = channel
            try options.run { try await $0.list(channel) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one letter, without what was written.")
        @OptionGroup var options: Options
        @Argument(help: "Name of the letter, or its key as the log has it.")
        var name: String
        @Flag(help: "Also who wrote or was written to, the text and the names of files.")
        var text = false

        func run() throws {
            let (name, text) = (name, text)
            try options.run { try await $0.show(name, withText: text) }
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try to deliver letters once more.",
            discussion: "An agent's message of which it is not known whether it arrived may then be seen twice by the contact.")
        @OptionGroup var options: Options
        @OptionGroup var chosen: Chosen

        func run() throws {
            let choice = chosen.choice
            try options.run { try await $0.retry(choice) }
        }
    }

    struct Drop: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove letters for good.")
        @OptionGroup var options: Options
        @OptionGroup var chosen: Chosen
        @Flag(help: "Confirms.")
        var yes = false

        func validate() throws {
            if !yes { throw ValidationError("a letter that is dropped cannot be had again; add --yes") }
        }

        func run() throws {
            let choice = chosen.choice
            try options.run { try await $0.drop(choice) }
        }
    }
}
