import ArgumentParser
import Workbench

extension HostConfiguration: ExpressibleByArgument {}
extension Site.Mode: ExpressibleByArgument {}

/// `causeway configure`: what a web server, systemd or Lambda must know, made from the list of functions.
struct ConfigureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "configure", abstract: "Write the configuration of a web server, systemd or Lambda for all functions.")

    @Argument(help: "\(HostConfiguration.allCases.map(\.rawValue).joined(separator: ", "))")
    var host: HostConfiguration

    @Option(help: "Folder to write into.")
    var out: String

    @Option(help: "How the server reaches the functions: fastcgi or cgi.")
    var mode: Site.Mode = .fastCGI

    @Option(help: "Folder of the executables.")
    var programs = Site().programs

    @Option(help: "Folder of the sockets.")
    var sockets = Site().sockets

    @Option(help: "The settings file.")
    var settings = Site().settings

    @Option(help: "Public name of the server.")
    var name = Site().name

    @Option(help: "PEM file of the authorities of client certificates; asks callers for one.")
    var clientAuthority: String?

    func validate() throws {
        if mode == .cgi, !host.canCGI { throw ValidationError("\(host.rawValue) cannot run CGI programs; nginx (with fcgiwrap), apache and lighttpd can") }
    }

    func run() throws {
        var site = Site()
        (site.mode, site.programs, site.sockets, site.settings, site.name) = (mode, programs, sockets, settings, name)
        site.tls?.clientAuthority = clientAuthority
        for file in host.files(site) {
            try Files.write(file.content, to: "\(out)/\(file.path)")
            print("\(out)/\(file.path)")
        }
    }
}

/// `causeway generate`, for people who change Causeway itself: files of the repository that follow from code.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Write the repository's generated files again (run it at the top of the package).",
        shouldDisplay: false)

    func run() throws {
        guard Files.exists("Package.swift") else { throw ValidationError("there is no Package.swift here") }
        for file in try Generated.all(top: ".") where Files.read(file.path) != file.content {
            try Files.write(file.content, to: file.path)
            print(file.path)
        }
    }
}
