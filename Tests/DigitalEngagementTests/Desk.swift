import CXone
import Conversation
import EventLoop
import HTTP
import HTTPTypes
import Secrets
import Settings
import class Simulator.DigitalExperience
import struct Simulator.Integration
import class Simulator.MemoryNetwork
import struct Simulator.Behaviour
import Store
import TestSupport
import Time

/// A tenant of the simulator, and processes of ours that are signed in to it, on a clock that the test moves.
struct Desk: Sendable {
    let time = ManualTime()
    let store: MemoryStore
    let network: MemoryNetwork
    let cxone: DigitalExperience
    let place = PointOfContact(id: "meadow", visibility: .direct)

    init(_ change: (inout Behaviour) -> Void = { _ in }) {
        store = MemoryStore(time: time)
        network = MemoryNetwork(time: time, sleep: { _ in await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 20_000)) })
        cxone = DigitalExperience(over: network, time: time)
        cxone.behave(change)
        cxone.join(network)
        cxone.add(Integration(id: "box", boxURL: "https://mw.example/byoc", clientSecret: Secret("a secret that nobody calls with")))
        cxone.addChannel("meadow")
    }

    /// Settings of the tenant; `text` holds further members.
    static func settings(_ desk: DigitalExperience, _ text: String = "") throws -> TenantSettings {
        let keys = desk.tenant.credentials
        let settings = #"{"clientId": "\#(keys.clientID)", "clientSecret": {"env": "CLIENT"}, "accessKeyId": "\#(keys.accessKeyID)", "accessKeySecret": {"env": "KEY"}\#(text)}"#
        let environment = ["CLIENT": keys.clientSecret.revealText(), "KEY": keys.accessKeySecret.revealText()]
        return try SettingsFile.read(TenantSettings.self, text: Array(settings.utf8), path: "test", environment: environment).settings
    }

    /// One more process.
    func process(_ text: String = "", store: (any KeyValueStore)?? = nil, over transport: (any HTTPTransport)? = nil) throws -> DigitalEngagement {
        let store = store ?? self.store
        let time = time
        let tokens = TokenCache(store: store, time: time, sleep: { _ in time.advance(milliseconds: 20) })
        let signIn = SignIn(
            try Self.settings(cxone, text), tenant: "jungle", over: transport ?? network, store: store, tokens: tokens, time: time)
        return DigitalEngagement(DigitalEngagementAPI(signIn, pacing: Pacing(tenant: "jungle", store: store, time: time, sleep: time.sleep)))
    }

    func deadline(_ milliseconds: Int = 4500) -> Instant { time.now().advanced(byMilliseconds: milliseconds) }

    func message(_ id: String, thread: String = "t1", _ text: String = "Hello") -> InboundMessage {
        InboundMessage(
            id: MessageID(id), thread: ThreadID(thread), author: Person(PersonID("zebra-12"), firstName: "Zoe"), content: .text(text),
            occurred: Int(time.epochMilliseconds()))
    }
}

extension ManualTime {
    /// Sleeping moves the clock, never back.
    var sleep: @Sendable (Instant) async -> Void {
        { instant in
            let left = instant.nanoseconds > self.now().nanoseconds ? instant.nanoseconds - self.now().nanoseconds : 0
            self.advance(milliseconds: Int((left + 999_999) / 1_000_000))
            await Task.yield()
        }
    }
}

/// Runs a test on an event loop, as whatever is tested does.
func staged(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await onLoop { () async -> Result<Void, any Error> in
        do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
}
