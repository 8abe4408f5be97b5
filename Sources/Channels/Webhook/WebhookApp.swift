package import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets
package import Time

/// A messaging app of one's own behind one URL: signed JSON both ways (`openapi.json`).
package struct WebhookApp: Sendable {
    let settings: WebhookChannelSettings
    let transport: any HTTPTransport
    let time: any TimeSource

    /// Octets of the app's answer; a larger one is refused.
    private static let limit = 64 << 10

    package init(_ settings: WebhookChannelSettings, over transport: any HTTPTransport, time: any TimeSource) {
        self.settings = settings
        self.transport = transport
        self.time = time
    }

    package var canSend: Bool { settings.url != nil }
}

// MARK: What the app tells

extension WebhookApp: InboundChannel {
    package func read(_ request: Request, path: Substring, by deadline: Instant) async throws(WebhookRefusal) -> Webhook {
        guard path.isEmpty else { throw WebhookRefusal(.notFound) }
        guard request.method == .post else { throw WebhookRefusal(.methodNotAllowed, allow: "POST") }
        let proof: StandardWebhooks.Proof
        do throws(StandardWebhooks.Refusal) {
            proof = try StandardWebhooks.verify(request, secrets: settings.secrets, now: time.epochMilliseconds() / 1000)
        } catch {
            switch error {
            case .repeated: throw WebhookRefusal(.malformed, reason: "a signature field came twice")
            case .incomplete: throw WebhookRefusal(.unauthenticated, reason: "no complete signature")
            case .outsideTolerance: throw WebhookRefusal(.unauthenticated, reason: "the timestamp is more than five minutes off: check both clocks")
            case .wrongSignature: throw WebhookRefusal(.unauthenticated, reason: "the signature is of no secret known here")
            }
        }
        guard request.holdsJSON else { throw WebhookRefusal(.wrongMediaType) }
        let events: [InboundEvent]
        do throws(FromApp.Mistake) {
            events = try FromApp(
                hasPosts: settings.capabilities.hasPosts, isLocal: settings.url?.hasPrefix(FromApp.localRoot) ?? false
            ).events(request.body)
        } catch {
            // Whoever signs is told what is wrong; the log is told where.
            return .answer(Self.refusal(error), reason: "malformed")
        }
        var answer = Response.json(.ok, Array(#"{"status":"taken"}"#.utf8))
        if proof.secret > 0 { answer.notes = [Note("older_secret", true)] }
        return .events(events, answer: answer, delivery: proof.id)
    }

    private static func refusal(_ mistake: FromApp.Mistake) -> Response {
        var writer = JSONWriter()
        writer.object { json in
            json.field("type", "urn:causeway:problem:malformed")
            json.field("title", "The request cannot be read.")
            json.field("status", 400)
            json.field("detail", mistake.path.isEmpty ? mistake.message : "\(mistake.path) \(mistake.message)")
        }
        return Response(
            status: .badRequest, fields: [.contentType: "application/problem+json"], body: writer.bytes, notes: [Note("place", mistake.path)])
    }
}

extension Request {
    /// `application/json`, in UTF-8 where it says so.
    fileprivate var holdsJSON: Bool {
        guard let type = fields.value(.contentType)?.lowercased() else { return false }
        let parts = type.split(separator: ";").map { String($0.filter { $0 != " " }) }
        return parts.first == "application/json"
            && parts.dropFirst().allSatisfy { !$0.hasPrefix("charset=") || $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
    }
}

// MARK: What the app is told

extension WebhookApp: OutboundChannel, OpeningChannel, TypingChannel, EndingChannel {
    package func send(_ part: OutboundPart) async throws(ChannelError) -> SentPart {
        let answer = try await post(ToApp.message(part), id: "msg_" + part.key, by: part.deadline)
        guard let id = answer?["id"]?.string, !id.isEmpty, id.utf8.count <= FromApp.longestID else {
            throw ChannelError(.malformed, reason: "the app's answer has no id")
        }
        return SentPart(id: MessageID(id), occurred: answer?["time"]?.integer, url: answer?["url"]?.string)
    }

    package func check(_ recipient: Person, by deadline: Instant) async throws(ChannelError) {
        _ = try await post(ToApp.check(recipient), id: Self.freshID("check"), by: deadline)
    }

    package func open(
        with recipients: [Person], visibility: Visibility, name: String?, key: String, by deadline: Instant
    ) async throws(ChannelError) -> ThreadID {
        let answer = try await post(ToApp.open(recipients, visibility, name), id: "open_" + key, by: deadline)
        guard let id = answer?["thread"]?.string, !id.isEmpty, id.utf8.count <= FromApp.longestID else {
            throw ChannelError(.malformed, reason: "the app's answer has no thread")
        }
        return ThreadID(id)
    }

    package func showTyping(_ isOn: Bool, in thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        _ = try await post(ToApp.typing(isOn, thread), id: Self.freshID("typing"), by: deadline)
    }

    package func end(_ thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        _ = try await post(ToApp.ended(thread), id: Self.freshID("ended"), by: deadline)
    }

    private static func freshID(_ kind: String) -> String { kind + "_" + Digest.hex(Random.bytes(16)) }

    /// - Parameter id: The same for each attempt of the same thing, so that the app can recognise it.
    private func post(_ body: [UInt8], id: String, by deadline: Instant) async throws(ChannelError) -> JSON? {
        guard let url = settings.url else { throw ChannelError(.rejected, reason: "the channel has no url", mayHaveArrived: false) }
        var fields = StandardWebhooks.fields(id: id, at: time.epochMilliseconds() / 1000, body, secrets: settings.outboundSecrets)
        fields[.contentType] = "application/json"
        fields[.accept] = "application/json"
        if let token = settings.token { fields[.authorization] = "Bearer " + token.revealText() }
        let response: Response
        do {
            response = try await transport.send(Call(
                method: .post, url: url, fields: fields, body: body, deadline: deadline, responseLimit: Self.limit, connection: settings.connection))
        } catch {
            throw ChannelError(error)
        }
        let answer = try? JSON(parsing: response.body)
        if let error = Self.error(response, answer) { throw error }
        return answer
    }

    /// What an answer other than 2xx means. The app's own sentence for the agent is taken where it gives one.
    private static func error(_ response: Response, _ answer: JSON?) -> ChannelError? {
        let status = response.status.code
        guard !(200..<300).contains(status) else { return nil }
        let named = answer?["code"]?.string.flatMap(ChannelError.Code.init)
        let code: ChannelError.Code
        switch status {
        case 401: code = .unauthorized
        case 404, 410: code = .threadGone
        case 413: code = .tooLarge
        case 429: code = .throttled
        case 503 where response.retryAfterMilliseconds != nil: code = .throttled
        case 500...: code = .failed
        case 400, 403, 409, 422: code = named.flatMap { [.recipientRefused, .threadGone, .contentRefused, .tooLarge].contains($0) ? $0 : nil } ?? .rejected
        default: code = .rejected
        }
        return ChannelError(
            code, reason: "status \(status)", sentence: status < 500 ? answer?["reason"]?.string : nil,
            retryAfterMilliseconds: response.retryAfterMilliseconds, mayHaveArrived: status >= 500)
    }
}
