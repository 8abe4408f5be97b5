import ArgumentParser
import CurlTransport
import Dispatch
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

    @Option(name: .customLong("trace"), help: "A file that the functions append to (exchange.trace.file, trace.file); may stand several times.")
    var traces: [String] = []

    @Option(help: ArgumentHelp("A file that takes the store down while it is there.", visibility: .hidden))
    var storeSwitch: String?

    func run() throws {
        let environment = ProcessEnvironment.current
        let token = environment["CAUSEWAY_DESK_TOKEN"].flatMap { $0.isEmpty ? nil : $0 } ?? Files.randomKey()
        let changes = DeskChanges()
        let log = InspectorLog(traces: traces)
        log.whenChanged { changes.touch("inspector") }
        let experience = try options.digitalExperience(recorder: log, onChange: { changes.touch("desk") })
        let hub = VirtualAgentHub(over: CurlTransport(options: .longLived()), recorder: log, onChange: { changes.touch("hub") })
        if let settings { DevCommand.follow(settings, environment, front: options.front, hub) }
        let hole = wateringHole(environment, changes)
        let site = DeskSite(
            access: DeskAccess(token: Secret(token), port: options.port), assets: DeskAssets(folder: assets, front: options.front),
            changes: changes,
            parts: [
                DeskSite.Part("/desk", experience),
                DeskSite.Part("/hub", HubPages(hub)),
                DeskSite.Part("/fault-agent", isOpen: true, hub.faultAgent),
                DeskSite.Part("/inspector", Inspector(log, resenders: [.digitalExperience: experience, .virtualAgentHub: hub], storeSwitch: storeSwitch)),
            ] + hole.parts, others: experience)
        print("http://127.0.0.1:\(options.port)/?token=\(token)")
        fflush(nil)
        // Files of 40 MB travel as base64.
        try Gateway.serveDesk("dev", port: options.port, limits: GatewayLimits(body: 64 << 20), handler: log.looking(beside: site))
    }

    private func wateringHole(_ environment: [String: String], _ changes: DeskChanges) -> WateringHole {
        let secret = environment["CAUSEWAY_HOLE_SECRET"].flatMap { $0.isEmpty ? nil : $0 } ?? Files.randomKey()
        return WateringHole(
            front: options.front, base: "http://127.0.0.1:\(options.port)", secret: Secret(secret), over: CurlTransport(options: .longLived()),
            sleep: EventLoop.sleep, onChange: { changes.touch("hole") })
    }

    /// The agents of the settings as apps, now and whenever the file changes. Mistakes are told, and what was there stays.
    private static func follow(_ settings: String, _ environment: [String: String], front: String, _ hub: VirtualAgentHub) {
        let watch = SettingsWatch(settings)
        let first = load(settings, environment, front: front, hub, known: [])
        DispatchQueue.global().async {
            var known = first
            while true {
                usleep(200_000)
                if watch.hasChanged() { known = load(settings, environment, front: front, hub, known: known) }
            }
        }
    }

    private static func load(
        _ settings: String, _ environment: [String: String], front: String, _ hub: VirtualAgentHub, known: [String]
    ) -> [String] {
        do {
            let apps = try HubApps.read(settings, environment: environment, front: front)
            for app in apps { hub.add(app) }
            for name in known where !apps.contains(where: { $0.name == name }) { hub.removeApp(name) }
            return apps.map(\.name)
        } catch {
            print(error)
            fflush(nil)
            return known
        }
    }
}
