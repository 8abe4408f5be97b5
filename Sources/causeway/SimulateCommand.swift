import ArgumentParser
import CurlTransport
import Gateway
import Glibc
import Secrets
import Simulator
import Workbench

/// `causeway simulate`: CXone's Digital Experience on this machine.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Play CXone's Digital Experience on a port of 127.0.0.1 until Ctrl-C.",
        discussion: """
            It signs a middleware in, takes its messages, and calls it back when an agent writes (`/desk/…`, `GET /desk/log`).
            Secrets come from the environment and are random where they are not given: CAUSEWAY_BYOC_CLIENT (cxone) and
            CAUSEWAY_BYOC_SECRET for the middleware's token endpoint, CAUSEWAY_CXONE_CLIENT_SECRET and
            CAUSEWAY_CXONE_ACCESS_KEY_SECRET for the middleware's sign-in. With CAUSEWAY_EVENTS_AUTHORIZATION a contact that an agent
            closes is reported to the middleware's /events/contact, with that value as the field Authorization.
            """)

    @OptionGroup var options: SimulatorOptions

    func run() throws {
        // Files of 40 MB travel as base64.
        try Gateway.serveDesk("simulate", port: options.port, limits: GatewayLimits(body: 64 << 20), handler: options.digitalExperience())
    }
}

/// What `simulate` and `dev` begin with.
struct SimulatorOptions: ParsableArguments {
    @Option(help: "The port.")
    var port: UInt16 = 8090

    @Option(help: "Base URL of the middleware (the form's Integration Box URL).")
    var box = "http://127.0.0.1:8080/byoc"

    @Option(help: "Complete URL of the middleware's token endpoint; {box}/1.0/token when not given.")
    var token: String?

    @Option(name: .customLong("channel"), help: "A channel to begin with; may stand several times.")
    var channels: [String] = []

    @Option(help: "A JSON file of what to begin with: behaviour, integrations, channels (Sources/Simulator/README.md).")
    var start: String?

    /// Where the functions are reached.
    var front: String { box.hasSuffix("/byoc") ? String(box.dropLast(5)) : box }

    func digitalExperience(
        recorder: (any ExchangeRecorder)? = nil, onChange: @escaping @Sendable () -> Void = {}
    ) throws -> DigitalExperience {
        let environment = ProcessEnvironment.current
        func secret(_ name: String) -> Secret { environment[name].flatMap { $0.isEmpty ? nil : Secret($0) } ?? .random() }
        let credentials = Credentials(
            clientSecret: secret("CAUSEWAY_CXONE_CLIENT_SECRET"), accessKeySecret: secret("CAUSEWAY_CXONE_ACCESS_KEY_SECRET"))
        let experience = DigitalExperience(
            tenant: Tenant(credentials: credentials), baseURL: "http://127.0.0.1:\(port)", over: CurlTransport(options: .longLived()),
            recorder: recorder, onChange: onChange)
        var integration = Integration(
            id: "causeway", boxURL: box, authorizationURL: token,
            clientID: environment["CAUSEWAY_BYOC_CLIENT"].flatMap { $0.isEmpty ? nil : $0 } ?? "cxone",
            clientSecret: secret("CAUSEWAY_BYOC_SECRET"))
        (integration.addURL, integration.reconnectURL, integration.removeURL) =
            (front + "/channels/add", front + "/channels/reconnect", front + "/channels/remove")
        if let credential = environment["CAUSEWAY_EVENTS_AUTHORIZATION"], !credential.isEmpty {
            (integration.eventsURL, integration.eventsAuthorization) = (front + "/events/contact", Secret(credential))
        }
        experience.add(integration)
        for channel in channels { experience.addChannel(channel, integration: "causeway") }
        if let start {
            guard let text = Files.read(start) else { throw ValidationError("cannot read \(start)") }
            let mistakes = experience.begin(Array(text.utf8))
            guard mistakes.isEmpty else { throw ValidationError(mistakes.map { "\(start): \($0)" }.joined(separator: "\n")) }
        }
        return experience
    }
}
