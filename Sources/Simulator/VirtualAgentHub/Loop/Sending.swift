import HTTP
import HTTPTypes
import JSON
import Secrets
import Synchronization
import Time

extension VirtualAgentHub {
    /// Makes the request, sends it as CXone does, and says what came back. What it means is settled by the interaction.
    func exchange(_ plan: Plan) async -> (turn: HubTurn, sent: [UInt8]) {
        let credentials = await credentials(plan)
        let request = request(plan, credentials)
        let octets = request.octets
        var turn = HubTurn(number: plan.number, at: time.epochMilliseconds(), input: plan.input, request: request.shown)
        turn.authentication = credentials.shown
        turn.faults = plan.faults
        turn.warnings = credentials.warnings + warnings(plan)
        if let failure = credentials.failure {
            turn.failure = failure
            return (turn, octets)
        }
        let call = call(plan, credentials, octets)
        let count = plan.has(.duplicate) ? 2 : 1
        var outcomes = await sendAll(call, count)
        var attempts = 0
        while attempts < plan.behaviour.retries, outcomes.first?.isTransient == true {
            attempts += 1
            turn.warnings.append("CXone asked again (\(attempts)) after: \(outcomes.first?.words(plan.app.timeoutSeconds) ?? "")")
            outcomes = await sendAll(call, 1)
        }
        if plan.has(.lateDuplicate), let earlier = plan.interaction.lastRequest {
            var late = call
            late.body = earlier
            if let outcome = await sendAll(late, 1).first {
                turn.repeats.append(HubTurn.Repeat(
                    status: outcome.response?.status.code, isSame: HubNetwork.isSame(outcome.response?.body, plan.interaction.turns.last?.response),
                    milliseconds: outcome.milliseconds))
            }
        }
        guard let first = outcomes.first else { return (turn, octets) }
        take(first, plan, &turn)
        for other in outcomes.dropFirst() {
            turn.repeats.append(HubTurn.Repeat(
                status: other.response?.status.code, isSame: HubNetwork.isSame(other.response?.body, turn.response), milliseconds: other.milliseconds))
        }
        record(plan, call, turn, first)
        return (turn, octets)
    }

    // MARK: The request

    private func request(_ plan: Plan, _ credentials: HubCredentials) -> TurnRequest {
        let app = plan.app
        var payload: RawJSON? = app.drops.payload ? nil : plan.payload ?? plan.interaction.payload
        // A Conversation action hands the payload over once; the hub keeps the state itself.
        if app.action.holdsDialogue, plan.number > 1, plan.payload == nil { payload = nil }
        var state = app.drops.state && !app.action.holdsDialogue ? nil : plan.interaction.state
        if plan.has(.alteredState), let old = state { state = HubNetwork.altered(old) }
        if let token = credentials.scriptToken {
            switch token.place {
            case .customPayload: payload = HubNetwork.adding(token.name, token.token, to: payload)
            case .botSessionState: state = HubNetwork.adding(token.name, token.token, to: state)
            }
        }
        var request = TurnRequest(
            app: app, behaviour: plan.behaviour, contact: plan.interaction.contact, number: plan.number, input: plan.input, state: state,
            payload: payload, hasUnknownFields: plan.has(.unknownField))
        request.scriptToken = credentials.scriptToken?.token
        return request
    }

    private func warnings(_ plan: Plan) -> [String] {
        guard !plan.app.action.holdsDialogue else { return [] }
        var warnings: [String] = []
        if plan.app.drops.state, plan.number > 1 {
            warnings.append("The script does not pass botSessionState back: to the agent this turn looks like the first.")
        }
        if plan.app.drops.payload { warnings.append("The script leaves customPayload unset: the agent lacks what the script knows.") }
        if plan.app.drops.welcome, plan.number == 1 {
            warnings.append("The script leaves automatedIntent unset: the agent is not told how the conversation begins.")
        }
        return warnings
    }

    func call(_ plan: Plan, _ credentials: HubCredentials, _ octets: [UInt8]) -> Call {
        var fields: HTTPFields = [.contentType: "application/json; charset=utf-8", .accept: "application/json"]
        for (name, value) in credentials.fields { if let name = HTTPField.Name(name) { fields[name] = value.revealText() } }
        var connection = ConnectionOptions()
        connection.authorityFile = plan.app.connection.authorityFile
        if credentials.shown.hasCertificate { connection = plan.app.connection }
        let patience = plan.has(.impatient) ? 200 : plan.app.timeoutSeconds * 1000
        return Call(
            method: .post, url: plan.app.url, fields: fields, body: octets, deadline: time.now().advanced(byMilliseconds: patience),
            responseLimit: 16 << 20, connection: connection)
    }

    // MARK: Sending

    /// The same call so many times at once.
    private func sendAll(_ call: Call, _ count: Int) async -> [HubNetwork.Outcome] {
        guard count > 1 else { return [await send(call)] }
        return await withTaskGroup(of: (Int, HubNetwork.Outcome).self) { group in
            for index in 0..<count { group.addTask { (index, await self.send(call)) } }
            var found: [(Int, HubNetwork.Outcome)] = []
            for await outcome in group { found.append(outcome) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    func send(_ call: Call) async -> HubNetwork.Outcome {
        let began = time.now()
        do throws(TransportError) {
            let response = try await network.send(call)
            return .init(response: response, error: nil, milliseconds: time.now().milliseconds(since: began))
        } catch {
            return .init(response: nil, error: error, milliseconds: time.now().milliseconds(since: began))
        }
    }

    // MARK: The answer

    private func take(_ outcome: HubNetwork.Outcome, _ plan: Plan, _ turn: inout HubTurn) {
        turn.milliseconds = outcome.milliseconds
        turn.status = outcome.response?.status.code
        guard let response = outcome.response else {
            turn.failure = outcome.words(plan.has(.impatient) ? 0 : plan.app.timeoutSeconds)
            return
        }
        let json = try? JSON(parsing: response.body, limits: .standard)
        turn.response = json.map { RawJSON($0) } ?? .string(String(decoding: response.body.prefix(4096), as: UTF8.self))
        guard response.status == .ok else {
            turn.failure = "HTTP \(response.status.code) in place of 200"
            if response.status.code == 401, plan.behaviour.forgetsRefusedToken { _ = state.withLock { $0.tokens.removeValue(forKey: plan.app.name) } }
            return
        }
        if json == nil { turn.failure = "the response is no JSON" } else if json?.kind != .object { turn.failure = "the response is no JSON object" }
        let type = response.fields[.contentType]?.prefix { $0 != ";" }.lowercased() ?? ""
        if !["application/json", "text/json", "text/plain"].contains(type) {
            turn.warnings.append("The content type is \(type.isEmpty ? "missing" : type); application/json is expected.")
        }
    }

    private func record(_ plan: Plan, _ call: Call, _ turn: HubTurn, _ outcome: HubNetwork.Outcome) {
        guard let recorder else { return }
        let branch = turn.failure == nil ? turn.response?.parsed()?["branchName"]?.string : nil
        var exchange = RecordedExchange(
            half: .virtualAgentHub, isFromCXone: true, time: turn.at, milliseconds: turn.milliseconds, method: "POST", url: call.url,
            requestBody: Array(turn.request.bytes), status: turn.status, responseBody: outcome.response?.body ?? [],
            outcome: branch ?? (turn.status == nil ? "no answer" : "failed"))
        (exchange.name, exchange.conversation) = (plan.app.agent, plan.interaction.id)
        exchange.note(call, outcome.response)
        if let failure = turn.failure { exchange.violations.append(failure) }
        recorder.record(exchange)
    }
}

extension RecordedExchange {
    /// Header fields without credentials, and what the answer breaks of the contract.
    mutating func note(_ call: Call, _ response: Response?) {
        let open = ["content-type", "accept"]
        requestFields = call.fields.map { ($0.name.rawName, open.contains($0.name.canonicalName) ? $0.value : "[redacted]") }
        responseFields = response?.fields.map { ($0.name.rawName, $0.value) } ?? []
        guard response?.status == .ok, let body = try? JSON(parsing: response?.body ?? []), body.kind == .object else { return }
        violations = AnswerContract(judging: body).violations.map { "\($0.field): \($0.message)" }
    }
}

/// What the network did, and small changes to what goes over it.
enum HubNetwork {
    struct Outcome: Sendable {
        let response: Response?
        let error: TransportError?
        let milliseconds: Int

        var isTransient: Bool { response.map { $0.status.code >= 500 || $0.status.code == 429 } ?? true }
        func words(_ seconds: Int) -> String {
            error.map { HubNetwork.words($0, seconds) } ?? "HTTP \(response?.status.code ?? 0)"
        }
    }

    /// - Parameter seconds: How long it was waited; 0 when less than one.
    static func words(_ error: TransportError, _ seconds: Int) -> String {
        switch error.code {
        case .timedOut: seconds == 0 ? "no answer in time" : "no answer within \(seconds) s"
        case .notResolved: "the host's name is not known"
        case .notConnected: "no connection"
        case .tlsFailed: "TLS failed"
        case .certificateRefused: "the server's certificate is not trusted"
        case .receiveFailed, .sendFailed: "the connection ended without an answer"
        case .tooLarge: "the answer is too large"
        default: error.code.rawValue
        }
    }

    /// Whether an answer says the same as another: everything but the session state, which is made anew.
    static func isSame(_ body: [UInt8]?, _ other: RawJSON?) -> Bool {
        guard let body, let left = try? JSON(parsing: body), let right = other?.parsed() else { return false }
        func rest(_ json: JSON) -> [String] { json.members.filter { $0.name != "botSessionState" }.map { "\($0.name):\(RawJSON($0.value).text)" }.sorted() }
        return rest(left) == rest(right)
    }

    static func adding(_ name: String, _ token: Secret, to value: RawJSON?) -> RawJSON {
        let object = value?.parsed()
        return RawJSON { $0.object { writer in
            for member in object?.members.map({ $0 }) ?? [] where member.name != name { writer.field(member.name, RawJSON(member.value)) }
            writer.field(name, token.revealText())
        } }
    }

    /// A state as a careless script hands it back: every text in it lacks its last character.
    static func altered(_ state: RawJSON) -> RawJSON {
        func write(_ value: JSON, _ writer: inout JSONWriter) {
            switch value.kind {
            case .object: writer.object { object in
                for member in value.members {
                    object.name(member.name)
                    write(member.value, &object)
                }
            }
            case .array: writer.array { list in for element in value.elements { write(element, &list) } }
            case .string: writer.value(String((value.string ?? "").dropLast()))
            default: writer.value(value)
            }
        }
        guard let value = state.parsed() else { return state }
        return RawJSON { write(value, &$0) }
    }
}
