import ArgumentParser
import ChannelCatalog
import JSON
import Secrets
import Settings
import Time
import Workbench

extension CertificateMaker.Algorithm: ExpressibleByArgument {}

/// `causeway certs`: certificates made, watched, and handed over.
struct CertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs", abstract: "Make certificates for mutual TLS, watch the ends of all in use, and say what to paste where.",
        subcommands: [Make.self, List.self, Check.self, Sheet.self], defaultSubcommand: List.self)

    /// Seconds since 1970.
    static var now: Int64 { SystemTime().epochMilliseconds() / 1000 }
    static func time() -> String { String(Timestamp.text(SystemTime().epochMilliseconds()).prefix(19)) }

    // MARK: Making

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an authority of your own, the web server's certificate, and the client's for CXone's forms.",
            discussion: """
                Without a kind all three are made, and an authority that is there already is used. Files are written with mode 0600 and never
                overwritten unless --replace is given. Passwords come from the environment, never from the command line: CAUSEWAY_KEY_PASSWORD
                encrypts the key that is made (the client's, when all are made), CAUSEWAY_AUTHORITY_PASSWORD the authority's.
                """)

        enum Kind: String, CaseIterable, ExpressibleByArgument { case all, authority, server, client }

        @Argument(help: "authority, server or client.")
        var kind: Kind = .all

        @Option(help: "Folder to write into.")
        var out: String

        @Option(help: ArgumentHelp("Host name or address that the server's certificate is for; may stand several times.", valueName: "host"))
        var host: [String] = []

        @Option(help: "Common name of the certificate; for a server its first host.")
        var name: String?

        @Option(help: "Organization in the subject.")
        var organization: String?

        @Option(help: "ecdsa (P-256), or rsa (2048 bits) for callers whose suites need it.")
        var algorithm: CertificateMaker.Algorithm = .ecdsa

        @Option(help: "Days until it ends; an authority lives ten years unless this is given.")
        var days: Int?

        @Flag(help: "Write keys in the PEM form of before PKCS#8, for a form that takes no other.")
        var olderForm = false

        @Flag(help: "Overwrite what is there.")
        var replace = false

        func validate() throws {
            if kind == .all || kind == .server, host.isEmpty { throw ValidationError("name the server's host: --host tunnel.example.org") }
            if let days, !(1...3650).contains(days) { throw ValidationError("--days takes 1 to 3650") }
        }

        func run() throws {
            let folder = CertificateFolder(out)
            let environment = ProcessEnvironment.current
            func password(_ name: String) -> Secret? { environment[name].flatMap { $0.isEmpty ? nil : Secret($0) } }
            let authorityPassword = password("CAUSEWAY_AUTHORITY_PASSWORD")
            var kinds: [CertificateMaker.Kind] = switch kind {
            case .all: [.authority, .server, .client]
            case .authority: [.authority]
            case .server: [.server]
            case .client: [.client]
            }
            if kind == .all, !replace, Files.exists(folder.file(.authority, ".crt")) { kinds.removeFirst() }
            for kind in kinds {
                var wish = CertificateMaker.Wish(kind, name: commonName(kind))
                (wish.organization, wish.algorithm, wish.isOlderForm) = (organization, algorithm, olderForm)
                wish.days = days ?? (kind == .authority ? 3650 : 397)
                if kind == .server { wish.hosts = host }
                if kind == .authority { wish.password = authorityPassword }
                if kind == .client || kind == .server && self.kind == .server { wish.password = password("CAUSEWAY_KEY_PASSWORD") }
                for file in try folder.add(wish, authorityPassword: authorityPassword, replaces: replace, now: CertsCommand.now) { print(file) }
            }
        }

        private func commonName(_ kind: CertificateMaker.Kind) -> String {
            if let name, self.kind != .all || kind == .client { return name }
            return switch kind {
            case .authority: "Causeway authority"
            case .server: host.first.map { $0.utf8.count <= 64 ? $0 : "Causeway" } ?? "Causeway"
            case .client: "CXone"
            }
        }
    }

    // MARK: Watching

    struct Watched: ParsableArguments {
        @OptionGroup var file: SettingsPath

        @Argument(help: "PEM files to look at; without any, what the settings name, the remote ends included.")
        var files: [String] = []

        @Flag(help: "Files only; nobody is called.")
        var offline = false

        @Flag(help: "One JSON object.")
        var json = false

        func all() throws -> [WatchedCertificate] {
            let now = CertsCommand.now
            guard files.isEmpty else { return files.flatMap { CertificateWatch.file($0, place: "file", now: now) } }
            let environment = ProcessEnvironment.current
            guard let text = FileBytes.read(file.path), let outline = SettingsOutline(text: text, path: file.path, environment: environment) else {
                throw ValidationError("cannot read \(file.path); name the settings with --settings, or PEM files")
            }
            var found = outline.certificateFiles.flatMap { CertificateWatch.file($0.path, place: $0.place, now: now) }
            guard !offline else { return found }
            let settings = try SettingsFile.read(WholeSettings.self, at: file.path, environment: environment).settings
            let front = settings.messaging.publicURL.flatMap { RemoteEnd(place: "publicURL", url: $0) }
            for end in (front.map { [$0] } ?? []) + RemoteEnd.called(by: settings) where end.isTLS && !end.hasProxy {
                found += CertificateWatch.remote(end, now: now, shake: Handshake.with, resolve: Addresses.of)
            }
            return found
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every certificate in use with its end, the most urgent first.")
        @OptionGroup var watched: Watched

        @Flag(help: "For Prometheus's collector of text files.")
        var metrics = false

        func run() throws {
            let all = try watched.all().sorted { ($0.days ?? .min) < ($1.days ?? .min) }
            print(watched.json ? CertificateWatch.json(all).text : metrics ? CertificateWatch.metrics(all) : CertificateWatch.table(all),
                terminator: metrics ? "" : "\n")
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell by exit status how near the first end is.",
            discussion: """
                0: more than 60 days. 10, 11, 12, 13, 14: at most 60, 30, 14, 7, 2 days. 15: ended. 16: one cannot be read or reached.
                Prints those that are not good.
                """)
        @OptionGroup var watched: Watched

        func run() throws {
            let all = try watched.all().sorted { ($0.days ?? .min) < ($1.days ?? .min) }
            let open = all.filter { $0.level != .good }
            if watched.json { print(CertificateWatch.json(all).text) } else if !open.isEmpty { print(CertificateWatch.table(open)) }
            throw ExitCode(Int32((all.map(\.level).max() ?? .good).rawValue))
        }
    }

    // MARK: Handing over

    struct Sheet: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what to paste where, who does it, in which order: first switch-over and renewal.")

        @Argument(help: "Folder that `causeway certs make` filled.")
        var folder: String

        @Option(help: "Root under which CXone reaches the web server.")
        var url = "https://your-server.example"

        func run() { print(CertificateSheet.text(of: CertificateFolder(folder), url: url, now: CertsCommand.now), terminator: "") }
    }
}
