import Catalog
import CXone
import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Simulator
import Synchronization
import Testing
import TestSupport
import Time

/// A hub before an endpoint that answers from a list, in memory; the last answer stays.
final class HubStage: Sendable {
    let hub: VirtualAgentHub
    let network: MemoryNetwork
    let time: ManualTime?
    private let state = Mutex((answers: [Response?](), seen: [Request]()))

    var seen: [Request] { state.withLock { $0.seen } }
    var bodies: [JSON] { seen.compactMap { try? JSON(parsing: $0.body) } }

    init(_ answers: String..., time: ManualTime? = nil) {
        self.time = time
        network = MemoryNetwork(time: time ?? SystemTime())
        hub = VirtualAgentHub(over: network, time: time ?? SystemTime())
        for answer in answers { self.answer(answer) }
        network.connect("https://va.example") { self.reply($0) }
    }

    func answer(_ body: String, status: HTTPResponse.Status = .ok) { state.withLock { $0.answers.append(.json(status, Array(body.utf8))) } }
    func answer(_ response: Response?) { state.withLock { $0.answers.append(response) } }

    private func reply(_ request: Request) -> Response? {
        state.withLock { state in
            state.seen.append(request)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first ?? nil
        }
    }

    @discardableResult
    func app(_ action: StudioAction = .voicebotExchange, _ change: (inout HubApp) -> Void = { _ in }) -> HubApp {
        var app = HubApp(name: "meadow", agent: "meadow-bot", url: "https://va.example/turn", action: action)
        app.headers = [HubApp.Pair("Authorization", Secret("a-key-of-this-test"))]
        change(&app)
        hub.add(app)
        return app
    }

    func begin(timers: HubInteraction.Timers = .none) async throws -> HubInteraction {
        try #require(await hub.begin("meadow", timers: timers))
    }

    static let asks = #"{"branchName":"PromptAndCollectNextResponse","nextPromptSequence":{"prompts":[{"transcript":"Yes?"}]},"intentInfo":{"intent":"Ask"},"botSessionState":{"v":1}}"#

    static func answer(_ branch: String, _ more: String = "") -> String {
        #"{"branchName":"\#(branch)","nextPromptSequence":{"prompts":[{"transcript":"Well."}]},"intentInfo":{"intent":"I"},"botSessionState":{"v":2}\#(more)}"#
    }

    static func behaviors(_ rules: String) -> String { answer("PromptAndCollectNextResponse", #","nextPromptBehaviors":\#(rules)"#) }
}

/// The middleware's own exchange behind the hub, in memory: settings as in a file.
final class RealExchange: Sendable {
    let hub: VirtualAgentHub
    let settings: CausewaySettings
    let near: MemoryNetwork

    init(_ agents: String, answering far: (any HTTPTransport)? = nil) throws {
        let text = """
            {"exchange": {"sessionKeys": [{"env": "KEY"}]}, "agents": {\(agents)}}
            """
        let path = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/Sources/VirtualAgents/Scripted/Examples/causeway.jsonc"
        settings = try SettingsFile.read(CausewaySettings.self, text: Array(text.utf8), path: path, environment: Self.environment).settings
        near = MemoryNetwork()
        let outward: any HTTPTransport = far ?? MemoryNetwork()
        let offered = settings.exchangeAgents(over: outward, time: SystemTime())
        near.connect("https://mw.example", to: ExchangeHandler(agents: offered, endpoint: settings.exchange, time: SystemTime(), sleep: EventLoop.sleep))
        hub = VirtualAgentHub(over: near)
    }

    static let environment = ["KEY": "a-session-key-of-this-test-0123456789", "CALLER": "Bearer a-caller-key-of-this-test"]
    static let caller = #""caller": {"headers": [{"name": "Authorization", "values": [{"env": "CALLER"}]}]}"#
    static let orders = #""orders": {\#(caller), "scripted": {}}"#
    static let standard = #""standard": {\#(caller), "scripted": {"file": "standard-bot.bot"}, "carry": ["*"]}"#
}
