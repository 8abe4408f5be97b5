package import Catalog
import CXone
import EventLoop
package import HTTP
import HTTPTypes
import Settings
package import Simulator
import Synchronization
package import Time

/// Plays conversation files against an exchange, as CXone would, and tells where it differs from what the file expects.
package struct Replay: Sendable {
    /// What one step came to.
    package struct StepResult: Sendable {
        package let step: ConversationFile.Step
        package let milliseconds: Int
        /// By line of the file; empty when all was as expected.
        package let differences: [ConversationFile.Mistake]
        /// Calls to other systems, where they can be counted.
        package let calls: [String]?
    }

    package struct Result: Sendable {
        /// As it was named.
        package let file: String
        package let title: String
        package var steps: [StepResult] = []
        package var interaction: HubInteraction?
        /// Why it could not be played at all.
        package var problem: String?

        package var hasPassed: Bool { problem == nil && steps.allSatisfy(\.differences.isEmpty) }
        package var milliseconds: Int { steps.reduce(0) { $0 + $1.milliseconds } }
        /// What was asked of the agent in each turn; `nil` where nobody could count.
        package var calls: [[String]]? {
            let counted = steps.compactMap(\.calls)
            return counted.count == steps.count ? counted : nil
        }

        package init(file: String, title: String, problem: String? = nil) { (self.file, self.title, self.problem) = (file, title, problem) }
    }

    private let hub: VirtualAgentHub
    private let apps: [HubApp]
    /// Whether an app serves any agent that a file names.
    private let servesAny: Bool
    private let counter: CallCounter?

    /// - Parameters:
    ///   - apps: One for each agent and medium; the file's agent chooses.
    ///   - counter: Sees the calls to agents, when they are made in this process.
    package init(apps: [HubApp], over network: any HTTPTransport, counter: CallCounter? = nil, time: any TimeSource = SystemTime()) {
        hub = VirtualAgentHub(over: network, time: time)
        self.counter = counter
        self.apps = apps
        servesAny = false
    }

    /// Apps that take the agent from the file.
    package init(anyOf apps: [HubApp], over network: any HTTPTransport) {
        hub = VirtualAgentHub(over: network)
        counter = nil
        self.apps = apps
        servesAny = true
    }

    private func app(for file: ConversationFile) -> HubApp? {
        let fits = { (app: HubApp) in app.medium == file.action.medium && (servesAny || app.agent == file.agent || app.name.hasPrefix(file.agent + "-")) }
        guard var app = apps.first(where: fits) else { return nil }
        app.action = file.action
        if servesAny {
            app.agent = file.agent
            // A bare address is the front; one with a path is the whole endpoint.
            if WebAddress(app.url)?.target == "/" { app.url = "\(app.url.hasSuffix("/") ? String(app.url.dropLast()) : app.url)/exchange/\(file.agent)" }
        }
        if app.version == .v3, file.version == .v2 { app.version = .v2 }
        return app
    }

    /// Against functions in this very process: the agents of the settings, over a network that counts.
    package init(_ settings: CausewaySettings, over outward: any HTTPTransport, time: any TimeSource = SystemTime()) {
        let counter = CallCounter(outward)
        let near = MemoryNetwork(time: time)
        let agents = settings.exchangeAgents(over: counter, time: time)
        near.connect("https://replay.invalid", to: ExchangeHandler(agents: agents, endpoint: settings.exchange, time: time, sleep: EventLoop.sleep))
        self.init(apps: HubApps.all(of: settings, front: "https://replay.invalid"), over: near, counter: counter, time: time)
    }

    /// - Parameter name: The file as the caller names it.
    package func play(_ file: ConversationFile, name: String) async -> Result {
        var result = Result(file: name, title: file.title)
        guard var app = app(for: file) else {
            result.problem = "there is no agent \(file.agent) to play it with"
            return result
        }
        app.name = name
        hub.add(app)
        var current: HubInteraction?
        for step in file.steps {
            _ = counter?.take()
            let before = current?.turns.count ?? 0
            let after: HubInteraction
            do {
                after = try await perform(step, file, app.name, current)
            } catch {
                result.steps.append(StepResult(
                    step: step, milliseconds: 0, differences: [.init(line: step.line, message: error.message)], calls: counter?.take()))
                break
            }
            current = after
            let turn = after.turns.count > before ? after.turns.last : nil
            let calls = counter?.take()
            let checking = Checking(interaction: after, turn: turn, calls: calls)
            result.steps.append(StepResult(
                step: step, milliseconds: turn?.milliseconds ?? 0, differences: checking.differences(step), calls: calls))
        }
        result.interaction = current
        return result
    }

    private func perform(
        _ step: ConversationFile.Step, _ file: ConversationFile, _ app: String, _ current: HubInteraction?
    ) async throws(HubProblem) -> HubInteraction {
        guard let current, let command = step.command else {
            guard let begun = await hub.begin(app, from: file.from, customPayload: file.payload, timers: .none) else {
                throw HubProblem(404, "the conversation cannot begin")
            }
            return begun
        }
        if let fault = step.fault { _ = hub.order(fault, for: current.id) }
        var after = try await hub.act(current.id, command, payload: step.attached)
        // Nobody waits here: keys that need a pause to be complete get it.
        if case .keys = command, after.turns.count == current.turns.count, after.ignored == nil {
            after = try await hub.act(current.id, .pause(600_000), payload: step.attached)
        }
        return after
    }
}

/// Counts what goes out to agents, so that a file may say how many calls a turn costs (V6).
package final class CallCounter: HTTPTransport {
    private let transport: any HTTPTransport
    private let calls = Mutex<[String]>([])

    package init(_ transport: any HTTPTransport) { self.transport = transport }

    /// Method and path of each call since the last time.
    func take() -> [String] {
        calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
    }

    package func send(_ call: Call) async throws(TransportError) -> Response {
        let path = WebAddress(call.url)?.target.prefix { $0 != "?" } ?? "/"
        calls.withLock { $0.append("\(call.method.rawValue) \(path)") }
        return try await transport.send(call)
    }
}
