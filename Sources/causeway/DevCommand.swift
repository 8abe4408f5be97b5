import ArgumentParser
import CurlTransport
import EventLoop
import Gateway
import Glibc
import Secrets
import Simulator
import Workbench

/// `causeway dev`: CXone on this machine with pages to use it.
struct DevCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Play CXone in the browser: phone and chat, agents' desk, inspector. Until Ctrl-C.",
        discussion: """
            It serves 127.0.0.1 only and opens by an address with a token of this run (CAUSEWAY_DESK_TOKEN, random where it is not given).
            `make run` starts it beside the functions; with --box it plays CXone for functions that run anywhere. With --settings each agent
            of that file can be called and chatted with at once, as its callers' headers want it. Secrets come from the environment, as
            with `causeway simulate --help` and as the settings name them.
            """)

    @OptionGroup var options: SimulatorOptions

    @Option(help: ArgumentHelp("Read the pages' files from this folder, anew for each request.", visibility: .hidden))
    var assets: String?

    @Option(help: "A settings file, whose agents become apps of the Virtual Agent Hub.")
    var settings: String?

    func run() throws {
        let environment = ProcessEnvironment.current
        let token = environment["CAUSEWAY_DESK_TOKEN"].flatMap { $0.isEmpty ? nil : $0 } ?? Files.randomKey()
        let changes = DeskChanges()
        let experience = try options.digitalExperience(onChange: { changes.touch("desk") })
        let hub = VirtualAgentHub(over: CurlTransport(options: .longLived()), onChange: { changes.touch("hub") })
        if let settings {
            do {
                for app in try HubApps.read(settings, environment: environment, front: options.front) { hub.add(app) }
            } catch {
                print(error)
            }
        }
        let hole = wateringHole(environment, changes)
        let site = DeskSite(
            access: DeskAccess(token: Secret(token), port: options.port), assets: DeskAssets(folder: assets, front: options.front),
            changes: changes,
            parts: [
                DeskSite.Part("/desk", isOpen: true, experience),
                DeskSite.Part("/hub", HubPages(hub)),
                DeskSite.Part("/fault-agent", isOpen: true, hub.faultAgent),
            ] + hole.parts, others: experience)
        print("http://127.0.0.1:\(options.port)/?token=\(token)")
        fflush(nil)
        // Files of 40 MB travel as base64.
        try Gateway.serveDesk("dev", port: options.port, limits: GatewayLimits(body: 64 << 20), handler: site)
    }

    private func wateringHole(_ environment: [String: String], _ changes: DeskChanges) -> WateringHole {
        let secret = environment["CAUSEWAY_HOLE_SECRET"].flatMap { $0.isEmpty ? nil : $0 } ?? Files.randomKey()
        return WateringHole(
            front: options.front, base: "http://127.0.0.1:\(options.port)", secret: Secret(secret), over: CurlTransport(options: .longLived()),
            sleep: EventLoop.sleep, onChange: { changes.touch("hole") })
    }
}
