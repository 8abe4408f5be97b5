package import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets
package import Time

/// A bot of one's own behind one URL: a signed POST a turn, the neutral turn in, the neutral reply out (`providers.md` §10).
package struct Webhook: VirtualAgent {
    private let settings: WebhookSettings
    private let transport: any HTTPTransport
    private let time: any TimeSource

    /// Octets of an answer; a larger one is refused.
    private static let limit = 256 << 10

    package init(_ settings: WebhookSettings, over transport: any HTTPTransport, time: any TimeSource) {
        self.settings = settings
        self.transport = transport
        self.time = time
    }

    package var capabilities: AgentCapabilities {
        AgentCapabilities(hearsAudio: settings.takesAudio, takesDigits: true, isRepeatable: settings.isRepeatable, keepsDeadline: true)
    }

    package func reply(to turn: Turn) async throws(AgentError) -> Reply {
        let milliseconds = max(0, turn.deadline.milliseconds(since: time.now()))
        let body = ToWebhook.body(of: turn, deadlineMilliseconds: milliseconds)
        var fields: HTTPFields = [.contentType: "application/json", .accept: "application/json"]
        fields[.idempotencyKey] = "\(turn.conversation.text)-\(turn.number)"
        fields[.deadline] = String(milliseconds)
        if let token = settings.token { fields[.authorization] = "Bearer " + token.revealText() }
        if !settings.secrets.isEmpty {
            let timestamp = String(time.epochMilliseconds() / 1000)
            fields[.signatureTimestamp] = timestamp
            fields[.signature] = ToWebhook.signature(of: body, at: timestamp, by: settings.secrets)
        }
        let answer = try await transport.askForJSON(Call(
            method: .post, url: settings.url, fields: fields, body: body, deadline: turn.deadline, responseLimit: Webhook.limit))
        return try FromWebhook.reply(answer, to: turn)
    }
}

extension HTTPField.Name {
    static let idempotencyKey = name("Idempotency-Key")
    static let deadline = name("X-Deadline-Ms")
    static let signatureTimestamp = name("X-Signature-Timestamp")
    static let signature = name("X-Signature")

    /// The names above are tokens; another one would be sent as `Accept`, which does no harm.
    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .accept }
}
