import HTTP
import HTTPTypes
package import JSON
import Secrets
import Synchronization
import Time

/// What became of one callback, all its attempts together.
package struct CallbackResult: Sendable {
    /// Status of the last answer; 0 when none came.
    package let status: Int
    package let body: JSON?
    /// Posts of the message itself, those refused with 401 included.
    package let attempts: Int
    /// What was wrong with the answer.
    package let violations: [Violation]

    package var isDone: Bool { (200...299).contains(status) && violations.isEmpty }
    /// What the agent reads.
    package var displayError: String? { body?["displayErrorMessage"]?.string }
}

/// A token of the middleware.
struct CallbackToken {
    let text: String
    let expires: Instant
}

/// How CXone calls the middleware (`byoc.md` §3).
extension DigitalExperience {
    /// Posts until it is answered or given up: without a token or with an old one first, then with a fresh one, and again as the switches say.
    func callback(
        _ operation: Operation, to integration: Integration, path: String, body: RawJSON, shape: Shape?, method: HTTPRequest.Method = .post
    ) async -> CallbackResult {
        let post = Post(operation, integration, path, Array(body.bytes), method)
        guard let fault = world.withLock({ $0.takeCallbackFault(operation, path, at: time.epochMilliseconds()) }) else {
            return await deliver(post, shape)
        }
        return await deliver(post, shape, with: fault)
    }

    func deliver(_ post: Post, _ shape: Shape?) async -> CallbackResult {
        var attempts = 0
        var answer: Response?
        let behaviour = behaviour
        for round in 0...max(0, behaviour.retries) {
            if round > 0 { await sleep(time.now().advanced(byMilliseconds: behaviour.retrySpacing)) }
            answer = await authorized(post, &attempts)
            // Only what may pass is repeated.
            guard let status = answer?.status.code, status < 500, status != 429 else { continue }
            break
        }
        guard let answer else { return CallbackResult(status: 0, body: nil, attempts: attempts, violations: []) }
        let json = try? JSON(parsing: answer.body)
        var violations: [Violation] = []
        if let shape, (200...299).contains(answer.status.code) {
            violations = json.map { shape.violations(of: $0, refusingUnknown: false) }
                ?? [Violation(nil, "The answer is no JSON.", "syntax")]
        }
        if !violations.isEmpty {
            world.withLock { world in
                world.journal.counters.badAnswers += 1
                for violation in violations {
                    world.journal.say(
                        "the answer to \(post.path) is not as agreed: \(violation.field ?? "") \(violation.message)", at: time.epochMilliseconds())
                }
            }
        }
        return CallbackResult(status: answer.status.code, body: json, attempts: attempts, violations: violations)
    }

    /// One message to the middleware.
    struct Post {
        let operation: Operation
        let integration: Integration
        let path: String
        var body: [UInt8]
        let method: HTTPRequest.Method

        init(_ operation: Operation, _ integration: Integration, _ path: String, _ body: [UInt8], _ method: HTTPRequest.Method) {
            (self.operation, self.integration, self.path, self.body, self.method) = (operation, integration, path, body, method)
        }
    }

    private func authorized(_ message: Post, _ attempts: inout Int) async -> Response? {
        let now = time.now()
        let integration = message.integration
        var token = world.withLock { $0.callbackTokens[integration.id] }.flatMap { now < $0.expires ? $0.text : nil }
        if token == nil {
            switch behaviour.firstAttempt {
            case .withoutToken: break
            case .withOldToken: token = Digest.hex(Random.bytes(24))
            case .withToken: token = await fetchToken(integration)
            }
        }
        attempts += 1
        let first = await send(message, token: token)
        guard first?.status.code == 401 else { return first }
        guard let fresh = await fetchToken(integration) else { return first }
        attempts += 1
        return await send(message, token: fresh)
    }

    /// Client credentials as a JSON body (§3.1).
    private func fetchToken(_ integration: Integration) async -> String? {
        let body = RawJSON { $0.object { object in
            object.field("grant_type", "client_credentials")
            object.field("client_id", integration.clientID)
            object.field("client_secret", integration.clientSecret.revealText())
        } }
        let fields: HTTPFields = [.contentType: "application/json", .accept: "application/json"]
        guard let answer = await post(
            .callbackToken, integration.authorizationURL, fields, Array(body.bytes), integration.connection),
            (200...299).contains(answer.status.code)
        else { return nil }
        let json = try? JSON(parsing: answer.body)
        let violations = json.map { Shapes.tokenAnswer.violations(of: $0, refusingUnknown: false) } ?? []
        guard let json, violations.isEmpty, let text = json["access_token"]?.string, let seconds = json["expires_in"]?.integer else {
            world.withLock { world in
                world.journal.counters.badAnswers += 1
                world.journal.say("the token endpoint's answer is not as agreed", at: time.epochMilliseconds())
            }
            return nil
        }
        let token = CallbackToken(text: text, expires: time.now().advanced(byMilliseconds: min(max(0, seconds), 31_536_000) * 1000))
        world.withLock { world in
            world.callbackTokens[integration.id] = token
            world.journal.counters.tokensFetched += 1
        }
        return text
    }

    /// One request to the middleware; `nil` when no answer came in time.
    private func send(_ message: Post, token: String?) async -> Response? {
        var fields: HTTPFields = [.contentType: "application/json", .accept: "application/json"]
        if let token { fields[.authorization] = "Bearer \(token)" }
        let integration = message.integration
        return await post(
            message.operation, integration.boxURL + message.path, fields, message.body, integration.connection,
            method: message.method)
    }

    func post(
        _ operation: Operation, _ url: String, _ fields: HTTPFields, _ body: [UInt8], _ connection: ConnectionOptions,
        method: HTTPRequest.Method = .post
    ) async -> Response? {
        let (began, epoch) = (time.now(), time.epochMilliseconds())
        let call = Call(
            method: method, url: url, fields: fields, body: body, deadline: began.advanced(byMilliseconds: behaviour.callbackTimeout),
            connection: connection)
        var answer: Response?
        var failure: String?
        do {
            answer = try await network.send(call)
        } catch {
            failure = error.code.rawValue
        }
        let record = Record(
            side: .sent, operation: operation, method: method.rawValue, target: WebAddress(url)?.target ?? url, status: answer?.status.code ?? 0,
            milliseconds: time.now().milliseconds(since: began), body: operation == .callbackToken ? [] : Array(body.prefix(64 << 10)),
            violations: [], notes: failure.map { [$0] } ?? [])
        world.withLock { world in
            if operation != .callbackToken { world.journal.counters.callbacks += 1 }
            world.journal.add(record, at: time.epochMilliseconds())
        }
        self.record(call, operation, answer, failure, at: epoch, took: record.milliseconds)
        onChange()
        return answer
    }
}
