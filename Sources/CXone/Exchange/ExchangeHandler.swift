import Conversation
package import HTTP
import HTTPTypes
import JSON
package import Secrets
package import Time

/// Serves turns of Virtual Agent Hub (`virtual-agent.md`): total, stateless, any number at a time.
///
/// Order: method, path, transport, credentials, media type, size, JSON; then one turn (`ExchangeTurn`). What stands before the JSON
/// needs no body, and a caller without a credential learns nothing of what follows. A turn that CXone repeats is served again: the
/// answer follows from the request, and adapters ask their agent once per call of ours.
package struct ExchangeHandler: Handler {
    private let agents: [ExchangeAgent]
    private let credentials: CallerCredentials
    private let server: ExchangeServer

    /// Octets of a body: voice turns carry sound, text turns do not (`security.md` §9).
    package static let mostOctetsOfVoice = 8 << 20
    package static let mostOctetsOfText = 1 << 20

    /// - Parameters:
    ///   - agents: All agents of the settings, in their order.
    ///   - sessionKeys: Sign the session state; the first signs, all verify. Without any, a key of this process alone.
    ///   - sleep: Suspends until an instant and ends early when its task is cancelled: `EventLoop.sleep`.
    ///   - allowsPlainHTTP: Serve unencrypted requests from loopback addresses.
    ///   - declinesUnknownAgents: Answer `DoNotBegin` to a first turn for an agent that is not configured.
    ///   - traceFile: Where a record of each turn is appended; `nil` for none.
    package init(
        agents: [ExchangeAgent], sessionKeys: [Secret], time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void, allowsPlainHTTP: Bool = false, declinesUnknownAgents: Bool = false,
        traceFile: String? = nil
    ) {
        self.agents = agents
        credentials = CallerCredentials(agents: agents)
        server = ExchangeServer(
            signer: SessionSigner(keys: sessionKeys.isEmpty ? [Secret(bytes: Random.bytes(32))] : sessionKeys), time: time,
            guarded: .init(time: time, sleep: sleep), allowsPlainHTTP: allowsPlainHTTP, declinesUnknownAgents: declinesUnknownAgents,
            trace: traceFile.map { TurnTrace(file: $0) })
    }

    package init(
        agents: [ExchangeAgent], endpoint: ExchangeEndpointSettings, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.init(
            agents: agents, sessionKeys: endpoint.sessionKeys, time: time, sleep: sleep, allowsPlainHTTP: endpoint.allowPlainHTTP,
            declinesUnknownAgents: endpoint.declineUnknownAgents, traceFile: endpoint.traceFile)
    }

    package func respond(to request: Request) async -> Response {
        switch admit(request) {
        case .refuse(let response): response
        case .serve(let turn, let agent): await turn.response(by: agent)
        }
    }

    private enum Admission {
        case refuse(Response)
        /// `nil` when the turn names no agent that this caller may use.
        case serve(ExchangeTurn, ExchangeAgent?)
    }

    /// Everything that can be said before anybody is asked. Not inlined: the values of a function that waits stay in memory while it does.
    @inline(never)
    private func admit(_ request: Request) -> Admission {
        guard request.method == .post else {
            var response = ExchangeProblem.methodNotAllowed.response
            response.fields[.allow] = "POST"
            return .refuse(response)
        }
        guard let route = ExchangeRoute(request) else { return .refuse(ExchangeProblem.notFound.response) }
        if request.front.isSecure == false, !(server.allowsPlainHTTP && ExchangeRoute.isLoopback(request.front.peer)) {
            return .refuse(ExchangeProblem.notSecure.response)
        }
        let presented: [Bool]
        switch credentials.check(request.fields) {
        case .repeated: return .refuse(ExchangeProblem.repeatedCredential.response)
        case .refused: return .refuse(Self.unauthorized)
        case .presented(let agents): presented = agents
        }
        // With the agent in the path, its own credential counts. An unknown name is refused like a wrong credential.
        var candidates: [ExchangeAgent] = []
        for (index, agent) in agents.enumerated() where presented[index] && (route.agent == nil || route.agent == agent.name) {
            candidates.append(agent)
        }
        guard !candidates.isEmpty else { return .refuse(Self.unauthorized) }
        if let problem = ExchangeProblem(mediaTypeOf: request) { return .refuse(problem.response) }
        guard request.body.count <= Self.mostOctetsOfVoice else { return .refuse(ExchangeProblem.tooLarge.response) }
        return read(request, candidates, isNamed: route.agent != nil)
    }

    private func read(_ request: Request, _ candidates: [ExchangeAgent], isNamed: Bool) -> Admission {
        let begun = server.time.now()
        let turn: ExchangeRequest
        do {
            turn = try ExchangeRequest(reading: JSON(parsing: request.body))
        } catch let error as JSONError {
            return .refuse(ExchangeProblem.notJSON.response(with: Note("json", "\(error)")))
        } catch {
            return .refuse((error as? ExchangeRequest.Refusal == .textAssist ? ExchangeProblem.textAssist : .notAnObject).response)
        }
        let medium = ToTurn.medium(turn)
        guard medium == .voice || request.body.count <= Self.mostOctetsOfText else { return .refuse(ExchangeProblem.tooLarge.response) }
        let parsed = server.time.now()
        let agent = candidates.first { Self.serves($0, turn, isNamed: isNamed) }
        return .serve(
            ExchangeTurn(
                server: server, request: turn, medium: medium, front: request.front, begun: begun, parsed: parsed, body: request.body),
            agent)
    }

    private static func serves(_ agent: ExchangeAgent, _ turn: ExchangeRequest, isNamed: Bool) -> Bool {
        let ids = agent.settings.virtualAgentIds
        let isAsked = ids.isEmpty ? isNamed || turn.virtualAgentId == agent.name : turn.virtualAgentId.map(ids.contains) ?? false
        let units = agent.settings.businessUnits
        return isAsked && (units.isEmpty || Int(turn.tenant).map(units.contains) ?? false)
    }

    private static let unauthorized = Response(status: .unauthorized, notes: [Note("outcome", "unauthorized")])
}

/// What every turn shares.
final class ExchangeServer: Sendable {
    let signer: SessionSigner
    let time: any TimeSource
    let guarded: DeadlineGuard
    let allowsPlainHTTP: Bool
    let declinesUnknownAgents: Bool
    let trace: TurnTrace?

    init(
        signer: SessionSigner, time: any TimeSource, guarded: DeadlineGuard, allowsPlainHTTP: Bool, declinesUnknownAgents: Bool,
        trace: TurnTrace?
    ) {
        self.signer = signer
        self.time = time
        self.guarded = guarded
        self.allowsPlainHTTP = allowsPlainHTTP
        self.declinesUnknownAgents = declinesUnknownAgents
        self.trace = trace
    }
}
