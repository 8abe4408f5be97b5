import EventLoop
package import HTTP
package import HTTPTypes
import JSON
import Synchronization
package import Time

/// CXone's Digital Experience for tests and for the desk: one tenant in memory.
///
/// It serves what CXone serves (`Handler`, or `transport` within a process), calls the middleware as CXone calls it, and keeps everything
/// that it saw. What CXone does is in `README.md` beside this folder, each behaviour with its source.
package final class DigitalExperience: Handler {
    let world: Mutex<World>
    let time: any TimeSource
    /// How it reaches the middleware.
    let network: any HTTPTransport
    let sleep: @Sendable (Instant) async -> Void
    let recorder: (any ExchangeRecorder)?
    let onChange: @Sendable () -> Void

    /// - Parameters:
    ///   - baseURL: Where this server is reached. Empty within a process: then the hosts are CXone's own, such as
    ///     `https://api-de-na1.niceincontact.com`.
    ///   - network: Carries callbacks to the middleware.
    ///   - recorder: Is handed every exchange, in both directions, without credentials.
    ///   - onChange: Is called after anything that a page shows may have changed. Keep it short.
    package init(
        tenant: Tenant = Tenant(), baseURL: String = "", over network: any HTTPTransport, time: any TimeSource = SystemTime(),
        sleep: @escaping @Sendable (Instant) async -> Void = EventLoop.sleep, recorder: (any ExchangeRecorder)? = nil,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        world = Mutex(World(tenant: tenant, baseURL: baseURL))
        self.network = network
        self.time = time
        self.sleep = sleep
        (self.recorder, self.onChange) = (recorder, onChange)
    }

    package var behaviour: Behaviour { world.withLock { $0.behaviour } }

    /// Changes what is switchable, at once.
    package func behave(_ change: (inout Behaviour) -> Void) { world.withLock { change(&$0.behaviour) } }

    // MARK: Serving

    /// How a request ends.
    enum Served {
        case answer(Response)
        /// The connection ends without an answer; whether something has happened before.
        case hungUp(hadEffect: Bool)
    }

    package func respond(to request: Request) async -> Response {
        if request.path.hasPrefix("/desk") {
            defer { if request.method != .get { onChange() } }
            return await desk(request)
        }
        switch await serve(request, through: .all) {
        case .answer(let response): return response
        case .hungUp: return Response(status: DigitalExperience.hangUp)
        }
    }

    /// The desk's port ends the connection instead of sending this.
    package static let hangUp = HTTPResponse.Status(code: 444)

    /// Which part of CXone a request came to.
    enum Door { case all, issuer, api }

    func serve(_ request: Request, through door: Door) async -> Served {
        let (began, epoch) = (time.now(), time.epochMilliseconds())
        let found = DigitalExperience.find(request, through: door)
        let served = await answer(request, found, began)
        record(request, found?.route.operation ?? .unknown, served, at: epoch, took: time.now().milliseconds(since: began))
        if request.method != .get { onChange() }
        return served
    }

    private func answer(_ request: Request, _ found: (route: Route, parameters: [String])?, _ began: Instant) async -> Served {
        let operation = found?.route.operation ?? .unknown
        let fault = world.withLock { $0.takeFault(operation, request, at: time.epochMilliseconds()) }
        switch fault {
        case .drop:
            note(request, operation, 0, began, "dropped")
            return .hungUp(hadEffect: false)
        case .status(let status, let retryAfter):
            note(request, operation, status, began, "by order")
            var fields = HTTPFields()
            if let retryAfter { fields[.retryAfter] = String(retryAfter) }
            let error = APIError(status, [Violation(nil, "Service unavailable.", "fault")])
            var response = Response.json(HTTPResponse.Status(code: status), Array(error.body.bytes))
            response.fields.append(contentsOf: fields)
            return .answer(response)
        case .html(let status):
            note(request, operation, status, began, "a page")
            let page = "<html><head><title>\(status)</title></head><body><h1>\(status)</h1><hr>proxy</body></html>\n"
            return .answer(Response(
                status: HTTPResponse.Status(code: status), fields: [.contentType: "text/html"], body: Array(page.utf8)))
        case .slow, .reset, nil: break
        default: break
        }
        var pause = world.withLock { $0.behaviour.latency }
        if case .slow(let more) = fault { pause += more }
        var (outcome, notes) = found.map { perform($0.route, $0.parameters, request) } ?? (DigitalExperience.nothing(request), [])
        if fault == .reset { notes.append("without an answer") }
        if case .success(let answer) = outcome, let outgoing = answer.outgoing { outcome = await send(outgoing) }
        if pause > 0 { await sleep(time.now().advanced(byMilliseconds: pause)) }
        let response = finish(request, operation, outcome, notes, began, fault)
        if fault == .reset { return .hungUp(hadEffect: true) }
        return .answer(response)
    }

    private static func nothing(_ request: Request) -> Result<Answer, APIError> {
        .failure(.notFound("No route found for \"\(request.method.rawValue) \(request.path)\"."))
    }

    private static func find(_ request: Request, through door: Door) -> (route: Route, parameters: [String])? {
        var path: [String] = []
        for segment in request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let decoded = Percent.decode(segment) else { return nil }
            path.append(decoded)
        }
        var routes: [Route] = []
        if door != .issuer, path.starts(with: ["dfo", "3.0"]) {
            routes = Route.api
            path.removeFirst(2)
        } else {
            routes = (door == .api ? [] : Route.signIn) + (door == .issuer ? [] : Route.files)
        }
        for route in routes where route.method == request.method {
            if let parameters = route.match(path) { return (route, parameters) }
        }
        return nil
    }

    private func perform(_ route: Route, _ parameters: [String], _ request: Request) -> (Result<Answer, APIError>, notes: [String]) {
        let now = time.now()
        let query = Percent.pairs(request.target.dropFirst(request.path.count + 1)) ?? []
        return world.withLock { world in
            let result = Result { () throws(APIError) -> Answer in
                var user: User?
                if route.needsToken {
                    guard let token = DigitalExperience.bearer(request), world.tokens.isValid(token, at: now) else {
                        world.journal.counters.unauthorized += 1
                        throw .unauthorized
                    }
                    user = world.tokens.user(of: token)
                }
                let call = Incoming(
                    operation: route.operation, parameters: parameters, query: query, request: request, user: user, now: now,
                    epoch: time.epochMilliseconds())
                return try route.serve(&world, call)
            }
            return (result, world.journal.takeNotes())
        }
    }

    private static func bearer(_ request: Request) -> String? {
        guard let field = request.fields.value(.authorization), field.lowercased().hasPrefix("bearer ") else { return nil }
        return String(field.dropFirst(7))
    }

    private func finish(
        _ request: Request, _ operation: Operation, _ outcome: Result<Answer, APIError>, _ notes: [String], _ began: Instant, _ fault: Fault.Kind?
    ) -> Response {
        var response: Response
        var violations: [Violation] = []
        switch outcome {
        case .success(let answer):
            response = Response(status: HTTPResponse.Status(code: answer.status))
            if let octets = answer.octets ?? answer.body.map({ Array($0.bytes) }) { response.body = octets }
            if answer.body != nil { response.fields[.contentType] = "application/json" }
            for (name, value) in answer.fields { if let name = HTTPField.Name(name) { response.fields[name] = value } }
        case .failure(let error):
            violations = error.violations
            response = .json(HTTPResponse.Status(code: error.status), Array(error.body.bytes))
            if let seconds = error.retryAfter { response.fields[.retryAfter] = String(seconds) }
            if error.status == 401 { response.fields[.wwwAuthenticate] = "Bearer" }
        }
        world.withLock { world in
            world.finish(request, operation)
            if response.status.kind == .successful, fault == nil { world.recover(operation, request, at: time.epochMilliseconds()) }
            if !violations.isEmpty, response.status.code != 401, response.status.code != 429 { world.journal.counters.refused += 1 }
            if operation == .unknown { world.journal.counters.unknown += 1 }
            world.journal.add(
                record(request, operation, response.status.code, began, violations, notes), at: time.epochMilliseconds())
        }
        return response
    }

    private func note(_ request: Request, _ operation: Operation, _ status: Int, _ began: Instant, _ fault: String) {
        world.withLock { world in
            world.journal.add(record(request, operation, status, began, [], [fault]), at: time.epochMilliseconds())
        }
    }

    private func record(
        _ request: Request, _ operation: Operation, _ status: Int, _ began: Instant, _ violations: [Violation], _ notes: [String]
    ) -> Record {
        let isSecret = [.signIn, .accessKeyToken, .verifyOneTimeToken].contains(operation)
        return Record(
            side: .received, operation: operation, method: request.method.rawValue, target: request.target, status: status,
            milliseconds: time.now().milliseconds(since: began), body: isSecret ? [] : Array(request.body.prefix(64 << 10)),
            violations: violations, notes: notes)
    }
}

extension World {
    /// Ends what `begin` of a create began.
    mutating func finish(_ request: Request, _ operation: Operation) {
        guard operation == .createMessage, let key = journal.busy.removeValue(forKey: request.front.requestID) else { return }
        journal.running[key, default: 1] -= 1
        if journal.running[key] == 0 { journal.running[key] = nil }
    }
}
