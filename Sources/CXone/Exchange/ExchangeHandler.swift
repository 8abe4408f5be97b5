import Conversation
package import HTTP
import HTTPTypes
import JSON
package import Secrets
package import Time

/// Serves turns of Virtual Agent Hub (`virtual-agent.md`): total, stateless, any number at a time.
///
/// Order: method, path, transport, credentials (headers, certificate, token), media type, size, JSON; then one turn (`ExchangeTurn`). What
/// stands before the JSON needs no body, but for a 1.0.0 script's token, and a caller without a credential learns nothing of what follows. A
/// turn that CXone repeats is served again: the answer follows from the request, and adapters ask their agent once per call of ours.
package struct ExchangeHandler: Handler {
    private let agents: [ExchangeAgent]
    private let credentials: CallerCredentials
    /// `nil` when static headers are all that callers prove themselves by.
    private let proofs: CallerProofs?
    /// `nil` in a process that serves one request: it could count to one.
    private let attempts: FailedAttempts?
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
    ///   - services: Whom callers' tokens are checked with, beyond this process.
    ///   - isShortLived: Whether this process serves one request and ends.
    package init(
        agents: [ExchangeAgent], sessionKeys: [Secret], time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void, allowsPlainHTTP: Bool = false, declinesUnknownAgents: Bool = false,
        traceFile: String? = nil, services: CallerServices? = nil, isShortLived: Bool = false
    ) {
        self.agents = agents
        credentials = CallerCredentials(agents: agents)
        proofs = CallerProofs(agents, services: services, time: time, sleep: sleep)
        attempts = isShortLived ? nil : FailedAttempts()
        server = ExchangeServer(
            signer: SessionSigner(keys: sessionKeys.isEmpty ? [Secret(bytes: Random.bytes(32))] : sessionKeys), time: time,
            guarded: .init(time: time, sleep: sleep), allowsPlainHTTP: allowsPlainHTTP, declinesUnknownAgents: declinesUnknownAgents,
            trace: traceFile.map { TurnTrace(file: $0) })
    }

    package init(
        agents: [ExchangeAgent], endpoint: ExchangeEndpointSettings, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void, services: CallerServices? = nil, isShortLived: Bool = false
    ) {
        self.init(
            agents: agents, sessionKeys: endpoint.sessionKeys, time: time, sleep: sleep, allowsPlainHTTP: endpoint.allowPlainHTTP,
            declinesUnknownAgents: endpoint.declineUnknownAgents, traceFile: endpoint.traceFile, services: services, isShortLived: isShortLived)
    }

    package func respond(to request: Request) async -> Response {
        switch admit(request) {
        case .refuse(let response): response
        case .serve(let turn, let agent): await turn.response(by: agent)
        case .prove(let presented, let route): await proven(request, presented, route)
        }
    }

    private enum Admission {
        case refuse(Response)
        /// Static headers, where there are any, were right; more is asked for. For each agent whether the caller may still be its own.
        case prove([Bool], ExchangeRoute)
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
        if let wait = attempts?.wait(for: request.front.peer, now: server.time.now()) {
            return .refuse(ExchangeProblem.tooManyAttempts.response(waiting: wait))
        }
        let presented: [Bool]
        switch credentials.check(request.fields) {
        case .repeated: return .refuse(ExchangeProblem.repeatedCredential.response)
        case .refused(let isAttempt): return .refuse(unauthorized(request, nil, isAttempt: isAttempt))
        case .presented(let agents): presented = agents
        }
        if proofs != nil { return .prove(presented, route) }
        return admit(request, presented, route)
    }

    /// - Parameter presented: For each agent, whether the caller may use it.
    private func admit(_ request: Request, _ presented: [Bool], _ route: ExchangeRoute) -> Admission {
        // With the agent in the path, its own credential counts. An unknown name is refused like a wrong credential.
        var candidates: [ExchangeAgent] = []
        for (index, agent) in agents.enumerated() where presented[index] && (route.agent == nil || route.agent == agent.name) {
            candidates.append(agent)
        }
        guard !candidates.isEmpty else { return .refuse(unauthorized(request, nil, isAttempt: true)) }
        attempts?.note(success: true, of: request.front.peer, now: server.time.now())
        if let problem = ExchangeProblem(mediaTypeOf: request) { return .refuse(problem.response) }
        guard request.body.count <= Self.mostOctetsOfVoice else { return .refuse(ExchangeProblem.tooLarge.response) }
        return read(request, candidates, isNamed: route.agent != nil)
    }

    // MARK: More than static headers

    private func proven(_ request: Request, _ presented: [Bool], _ route: ExchangeRoute) async -> Response {
        switch await prove(request, presented, route) {
        case .refuse(let response): response
        case .serve(let turn, let agent): await turn.response(by: agent)
        case .prove: Self.unauthorized(nil)
        }
    }

    /// Certificate and tokens in headers; then, for the agents whose scripts put it there, the token in the body, which is read without it.
    private func prove(_ request: Request, _ presented: [Bool], _ route: ExchangeRoute) async -> Admission {
        guard let proofs else { return .refuse(Self.unauthorized(nil)) }
        // Another agent's caller is nobody here, and need not be asked about.
        let wanted = zip(agents, presented).map { agent, isPresented in isPresented && (route.agent == nil || route.agent == agent.name) }
        guard wanted.contains(true) else { return .refuse(unauthorized(request, nil, isAttempt: true)) }
        var proven: [Bool]
        switch settle(await proofs.checkHead(request, wanted), request) {
        case .success(let agents): proven = agents
        case .failure(let refusal): return .refuse(refusal.response)
        }
        var request = request
        if proofs.needsBody(proven) {
            if let problem = ExchangeProblem(mediaTypeOf: request) { return .refuse(problem.response) }
            guard request.body.count <= Self.mostOctetsOfVoice else { return .refuse(ExchangeProblem.tooLarge.response) }
            let (finding, body) = await proofs.checkBody(request.body, proven)
            switch settle(finding, request) {
            case .success(let agents): proven = agents
            case .failure(let refusal): return .refuse(refusal.response)
            }
            request.body = body
        }
        let admission = admit(request, proven, route)
        if case .serve(_, let agent?) = admission, let wait = proofs.wait(for: agent.name) {
            return .refuse(ExchangeProblem.tooManyTurns.response(waiting: wait))
        }
        return admission
    }

    private struct Refusal: Error { let response: Response }

    private func settle(_ finding: CallerProofs.Finding, _ request: Request) -> Result<[Bool], Refusal> {
        switch finding {
        case .presented(let agents): .success(agents)
        case .repeated: .failure(Refusal(response: ExchangeProblem.repeatedCredential.response))
        case .undecided: .failure(Refusal(response: ExchangeProblem.callerUndecided.response(waiting: 1000)))
        case .refused(let why, let isAttempt): .failure(Refusal(response: unauthorized(request, why, isAttempt: isAttempt)))
        }
    }

    private func unauthorized(_ request: Request, _ why: String?, isAttempt: Bool) -> Response {
        if isAttempt { attempts?.note(success: false, of: request.front.peer, now: server.time.now()) }
        return Self.unauthorized(why)
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

    /// Says nothing of why; the log does.
    private static func unauthorized(_ why: String?) -> Response {
        Response(status: .unauthorized, notes: [Note("outcome", "unauthorized")] + (why.map { [Note("caller", $0)] } ?? []))
    }
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
