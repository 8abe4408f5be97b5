import ArgumentParser
import ChannelCatalog
import Glibc
import Secrets
import Settings
import Workbench

/// `causeway registration`: the file by which a platform knows us.
struct RegistrationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registration", abstract: "Write the file that a Matrix homeserver's administrator installs for a channel.",
        discussion: "Without --out it is printed with its tokens left out. The file holds them, so that only its owner may read it.")

    @Argument(help: "Name of the channel in the settings.")
    var channel: String

    @Option(help: "The file; otherwise the one named by CAUSEWAY_SETTINGS, or causeway.jsonc.")
    var settings: String?

    @Option(help: "Where to write it; a file that is there is kept.")
    var out: String?

    func run() throws {
        let settings = try MessagingSettings.atDesk(settings)
        guard let found = settings.channels.first(where: { $0.name == channel })?.group else {
            throw ValidationError("the settings have no channel \"\(channel)\"; they have: \(settings.channels.map(\.name).joined(separator: ", "))")
        }
        guard let registration = found.platform?.registration(channel: channel, publicURL: settings.publicURL ?? "") else {
            throw ValidationError("the platform of \"\(channel)\" needs no registration")
        }
        guard let out else {
            print(registration.redacted, terminator: "")
            return
        }
        let descriptor = open(out, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw ValidationError("\(out): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let octets = registration.file.reveal()
        guard write(descriptor, octets, octets.count) == octets.count else { throw ValidationError("\(out): \(String(cString: strerror(errno)))") }
        print("\(out) is written. Give it to the homeserver's administrator by a way that keeps secrets.")
    }
}
