import ArgumentParser
import ChannelCatalog
import CurlTransport
import EventLoop
import Settings
import Time
import Workbench

/// `causeway channels`: the channels in CXone, by command line instead of the administrator's pages.
struct ChannelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channels", abstract: "List, add, change and remove the channels of the settings in CXone.",
        subcommands: [List.self, Add.self, Change.self, Remove.self], defaultSubcommand: List.self)

    struct Options: ParsableArguments {
        @Option(help: "The file; otherwise the one named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
        var settings: String?

        /// Does the work on an event loop of this thread, as a function would.
        func run(_ work: @escaping @Sendable (ChannelDesk) async throws -> [String]) throws {
            let settings = try MessagingSettings.atDesk(settings)
            let loop = try EventLoop()
            let result: Result<[String], any Error> = loop.run(until: {
                let desk = ChannelDesk(settings, over: CurlTransport(options: .shortLived()), time: SystemTime())
                do { return .success(try await work(desk)) } catch { return .failure(error) }
            })
            for line in try result.get() { print(line) }
        }
    }

    struct Wishes: ParsableArguments {
        @Argument(help: "Name of the channel in the settings.")
        var channel: String

        @Flag(help: "The channel for public posts instead of the one for private messages.")
        var posts = false

        @Option(help: "Name that agents see.")
        var name: String?

        @Option(help: "Studio script that routes its contacts.")
        var script: String?

        @Option(help: "Switch to turn on, such as hasAbilityToSendFiles; may be repeated.")
        var on: [String] = []

        @Option(help: "Switch to turn off; may be repeated.")
        var off: [String] = []

        @Flag(help: "Print the call instead of sending it.")
        var preview = false

        var wish: ChannelDesk.Wish {
            var wish = ChannelDesk.Wish()
            (wish.isPosts, wish.name, wish.studioScript, wish.on, wish.off, wish.isPreview) = (posts, name, script, on, off, preview)
            return wish
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show each channel's state, and what to enter where.")
        @OptionGroup var options: Options
        func run() throws { try options.run { try await $0.list() } }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a channel in CXone.")
        @OptionGroup var options: Options
        @OptionGroup var wishes: Wishes
        @Option(help: "CXone's id of the channel; otherwise the settings' one, or a new UUID.")
        var id: String?

        func run() throws {
            var wish = wishes.wish
            wish.id = id
            let (channel, final) = (wishes.channel, wish)
            try options.run { try await $0.put(channel, final, isNew: true) }
        }
    }

    struct Change: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a channel in CXone.")
        @OptionGroup var options: Options
        @OptionGroup var wishes: Wishes

        func run() throws {
            let (channel, wish) = (wishes.channel, wishes.wish)
            try options.run { try await $0.put(channel, wish, isNew: false) }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a channel in CXone.")
        @OptionGroup var options: Options
        @Argument(help: "CXone's id of the channel, as `causeway channels list` shows it.")
        var id: String
        @Flag(help: "Confirms: its conversations end for agents.")
        var yes = false

        func validate() throws {
            if !yes { throw ValidationError("deleting a channel ends its conversations for agents; add --yes") }
        }

        func run() throws {
            let id = id
            try options.run { try await $0.remove(id) }
        }
    }
}

/// `causeway sheet`: what the administrator enters in CXone.
struct SheetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sheet", abstract: "Print the set-up sheet: the values to enter in CXone, in order, and who does what.")

    @OptionGroup var file: SettingsOption

    func run() throws { print(SetUpSheet.text(of: try file.read()), terminator: "") }
}

extension MessagingSettings {
    /// The settings as people at a desk name them; all mistakes at once.
    static func atDesk(_ file: String?) throws -> MessagingSettings {
        let environment = ProcessEnvironment.current
        let path = file ?? environment["CAUSEWAY_SETTINGS"] ?? "causeway.jsonc"
        return try SettingsFile.read(MessagingSettings.self, at: path, environment: environment).settings
    }
}
