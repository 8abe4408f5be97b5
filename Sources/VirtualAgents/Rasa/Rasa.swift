package import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets

/// A Rasa assistant (`providers.md` §5): one POST to the REST channel a turn, whose answer is a list of utterances.
package struct Rasa: VirtualAgent {
    private let settings: RasaSettings
    private let transport: any HTTPTransport

    package init(_ settings: RasaSettings, over transport: any HTTPTransport) {
        self.settings = settings
        self.transport = transport
    }

    package let capabilities = AgentCapabilities(hearsAudio: false, takesDigits: true, isRepeatable: false, keepsDeadline: true)

    package func reply(to turn: Turn) async throws(AgentError) -> Reply {
        guard let message = ToRasa.message(for: turn, settings) else {
            return Reply(signal: turn.input == .end ? .end(reason: nil) : .continue)
        }
        let answer = try await transport.askForJSON(call(for: turn, message))
        var reply = try FromRasa.reply(answer, to: turn, settings)
        if let tracker = settings.tracker, let understood = await understanding(of: turn, tracker) {
            FromRasa.add(understood, to: &reply, tracker)
        }
        return reply
    }

    private static let fields: HTTPFields = [.contentType: "application/json", .accept: "application/json"]

    /// Not inlined: the values of a function that waits stay in memory while it does.
    @inline(never)
    private func call(for turn: Turn, _ message: String) -> Call {
        Call(
            method: .post, url: settings.url + "/webhooks/rest/webhook", fields: Rasa.fields,
            body: ToRasa.body(of: turn, message: message), deadline: turn.deadline)
    }

    /// What the tracker knows. Its failure costs the intent's name, never the reply.
    private func understanding(of turn: Turn, _ tracker: RasaTrackerSettings) async -> JSON? {
        var url = settings.url + "/conversations/\(turn.conversation.text)/tracker?include_events=NONE"
        if let token = tracker.token { url += "&token=" + ToRasa.percentEncoded(token.revealText()) }
        do {
            return try await transport.askForJSON(Call(method: .get, url: url, fields: [.accept: "application/json"], deadline: turn.deadline))
        } catch {
            return nil
        }
    }
}
