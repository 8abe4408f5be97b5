import EventLoop
package import HTTP
package import JSON
import Synchronization
package import Time

/// CXone's Virtual Agent Hub and the Studio scripts in front of it, for tests and for the desk: everything in memory.
///
/// It plays contacts against the middleware's `/exchange` as CXone does (`virtual-agent.md`), and judges every answer by the contract. What it does
/// is in the folder's README, each behaviour with its source.
package final class VirtualAgentHub: Handler {
    struct State {
        var apps: [HubApp] = []
        var interactions: [String: HubInteraction] = [:]
        /// Ids, oldest first.
        var order: [String] = []
        var behaviour = HubBehaviour()
        var tokens: [String: HeldToken] = [:]
        var lastContact = 0
    }

    let state = Mutex(State())
    let time: any TimeSource
    /// How it reaches the middleware and token servers.
    let network: any HTTPTransport
    let sleep: @Sendable (Instant) async -> Void
    let recorder: (any ExchangeRecorder)?
    /// Called whenever something that the API shows is different.
    let onChange: @Sendable () -> Void
    /// The agent that misbehaves by order.
    package let faultAgent: FaultAgent

    /// So many interactions are remembered.
    static let mostInteractions = 500

    package init(
        over network: any HTTPTransport, time: any TimeSource = SystemTime(),
        sleep: @escaping @Sendable (Instant) async -> Void = EventLoop.sleep, recorder: (any ExchangeRecorder)? = nil,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        (self.network, self.time, self.sleep, self.recorder, self.onChange) = (network, time, sleep, recorder, onChange)
        faultAgent = FaultAgent(time: time, sleep: sleep)
    }

    package var behaviour: HubBehaviour { state.withLock { $0.behaviour } }
    package func behave(_ change: (inout HubBehaviour) -> Void) {
        state.withLock { change(&$0.behaviour) }
        onChange()
    }

    // MARK: Apps

    package var apps: [HubApp] { state.withLock { $0.apps } }
    package func app(_ name: String) -> HubApp? { state.withLock { state in state.apps.first { $0.name == name } } }

    /// Adds an app, or replaces the one of the same name; its token is forgotten then.
    package func add(_ app: HubApp) {
        state.withLock { state in
            state.tokens[app.name] = nil
            if let index = state.apps.firstIndex(where: { $0.name == app.name }) { state.apps[index] = app } else { state.apps.append(app) }
        }
        onChange()
    }

    package func removeApp(_ name: String) {
        state.withLock { $0.apps.removeAll { $0.name == name } }
        onChange()
    }

    // MARK: Interactions

    package func interaction(_ id: String) -> HubInteraction? { state.withLock { $0.interactions[id] } }
    var interactions: [HubInteraction] { state.withLock { state in state.order.reversed().compactMap { state.interactions[$0] } } }

    package func forget(_ id: String? = nil) {
        state.withLock { state in
            guard let id else {
                (state.interactions, state.order) = ([:], [])
                return
            }
            state.interactions[id] = nil
            state.order.removeAll { $0 == id }
        }
        onChange()
    }

    /// A contact arrives: the script runs the action with the welcome intent.
    /// - Parameters:
    ///   - from: For people; CXone does not tell it to the agent.
    ///   - customPayload: What the script attaches to each turn; the app's own when not given.
    /// - Returns: The interaction after its first turn; `nil` when there is no such app.
    package func begin(
        _ app: String, from: String? = nil, customPayload: RawJSON? = nil, timers: HubInteraction.Timers = .keys
    ) async -> HubInteraction? {
        guard let app = self.app(app) else { return nil }
        let interaction = make(app, from: from, payload: customPayload, timers: timers)
        return await run(interaction.id, app.drops.welcome ? .welcome(nil) : .welcome(app.welcome), payload: nil)
    }

    /// The Test step of an app: one request outside of any script (§13).
    package func test(_ app: String) async -> HubInteraction? {
        guard let app = self.app(app) else { return nil }
        return await run(make(app, from: nil, payload: nil, timers: .none, isTest: true).id, .test, payload: nil)
    }

    private func make(
        _ app: HubApp, from: String?, payload: RawJSON?, timers: HubInteraction.Timers, isTest: Bool = false
    ) -> HubInteraction {
        let epoch = time.epochMilliseconds()
        return state.withLock { state in
            // 14 digits, beyond 32 bits as real ones (§3.1); test runs are reported as negative.
            state.lastContact = max(state.lastContact + 1, Int(epoch) * 10)
            let contact = isTest ? -state.lastContact : state.lastContact
            let interaction = HubInteraction(
                id: String(state.lastContact), app: app, contact: contact, from: from, begun: epoch, payload: payload, timers: timers)
            state.interactions[interaction.id] = interaction
            state.order.append(interaction.id)
            if state.order.count > Self.mostInteractions { state.interactions[state.order.removeFirst()] = nil }
            return interaction
        }
    }

    // MARK: Turns

    /// Sends one turn and settles what comes of it. The interaction's phase must be `asking`.
    func run(_ id: String, _ input: HubInput, payload: RawJSON?) async -> HubInteraction? {
        guard let plan = plan(id, input, payload: payload) else { return interaction(id) }
        onChange()
        let (turn, sent) = await exchange(plan)
        let behaviour = behaviour
        let after = state.withLock { state in
            guard var interaction = state.interactions[id] else { return Optional<HubInteraction>.none }
            interaction.lastRequest = sent
            interaction.settle(turn, behaviour)
            state.interactions[id] = interaction
            return interaction
        }
        onChange()
        if let after { arm(after) }
        return after
    }

    /// What a turn is made from.
    struct Plan {
        let interaction: HubInteraction
        var app: HubApp
        let number: Int
        let input: HubInput
        let payload: RawJSON?
        let faults: [HubFault]
        let behaviour: HubBehaviour

        func has(_ fault: HubFault) -> Bool { faults.contains(fault) }
    }

    private func plan(_ id: String, _ input: HubInput, payload: RawJSON?) -> Plan? {
        state.withLock { state in
            guard var interaction = state.interactions[id] else { return nil }
            let faults = interaction.faults
            interaction.faults = []
            (interaction.phase, interaction.ignored, interaction.keysDue) = (.asking, nil, nil)
            interaction.generation += 1
            state.interactions[id] = interaction
            var app = interaction.app
            if faults.contains(.wrongVersion) { app.becomeFirstVersion() }
            return Plan(
                interaction: interaction, app: app, number: interaction.turns.count + 1, input: input, payload: payload, faults: faults,
                behaviour: state.behaviour)
        }
    }

    /// Lets the time-outs of a waiting interaction run by themselves, as far as it wants them.
    func arm(_ interaction: HubInteraction) {
        guard interaction.phase == .waiting, interaction.timers != .none, let loop = EventLoop.current else { return }
        let due: Instant
        if let keysDue = interaction.keysDue {
            due = keysDue
        } else if interaction.timers == .all, let patience = interaction.rules.patienceMilliseconds {
            due = time.now().advanced(byMilliseconds: patience)
        } else {
            return
        }
        let (id, generation, sleep) = (interaction.id, interaction.generation, sleep)
        Task(executorPreference: loop) {
            await sleep(due)
            await self.fire(id, generation)
        }
    }

    private func fire(_ id: String, _ generation: Int) async {
        let input: HubInput? = state.withLock { state in
            guard var interaction = state.interactions[id], interaction.generation == generation, interaction.phase == .waiting else { return nil }
            interaction.phase = .asking
            let keys = interaction.entry.take()
            state.interactions[id] = interaction
            return keys.isEmpty ? .silence : .keys(keys)
        }
        if let input { _ = await run(id, input, payload: nil) }
    }
}

extension HubApp {
    /// What an administrator gets who picks 1.0.0 for an app that was set up for a later version.
    fileprivate mutating func becomeFirstVersion() {
        guard version != .v1 else { return }
        version = .v1
        authorizationHeader = headers.first { $0.name.lowercased() == "authorization" }?.value ?? authorizationHeader
        (headers, oauth, connection.certificateFile, connection.keyFile) = ([], nil, nil, nil)
    }
}
