package import Conversation
package import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// A language model behind chat completions (`providers.md` §8): the whole conversation goes out each turn, tool calls steer it, and a
/// streamed answer is cut to complete sentences when time runs out.
package struct OpenAI: VirtualAgent {
    private let settings: OpenAISettings
    private let transport: any HTTPTransport

    /// Milliseconds kept back to put an answer together that was cut.
    private static let cutMargin = 50

    package init(_ settings: OpenAISettings, over transport: any HTTPTransport) {
        self.settings = settings
        self.transport = transport
    }

    package let capabilities = AgentCapabilities(hearsAudio: false, takesDigits: true, isRepeatable: true, keepsDeadline: true)

    package func reply(to turn: Turn) async throws(AgentError) -> Reply {
        var history = History(turn.state)
        if case .start = turn.input { history = History(nil) }
        // A model need not be told that nobody listens any more.
        if turn.input == .end { return Reply(signal: .end(reason: nil)) }
        let call = Call(
            method: .post, url: settings.endpoint, fields: fields, body: ToOpenAI.body(of: turn, history, settings), deadline: turn.deadline)
        let completion = settings.streams ? try await stream(call) : try await whole(try await transport.askForJSON(call))
        return FromOpenAI.reply(completion, to: turn, history, settings)
    }

    private var fields: HTTPFields {
        var fields: HTTPFields = [.contentType: "application/json"]
        fields[.accept] = settings.streams ? "text/event-stream, application/json" : "application/json"
        guard let key = settings.key else { return fields }
        if settings.azure != nil, let name = HTTPField.Name("api-key") {
            fields[name] = key.revealText()
        } else {
            fields[.authorization] = "Bearer " + key.revealText()
        }
        return fields
    }

    private func whole(_ answer: JSON) throws(AgentError) -> Completion {
        guard let completion = Completion(answer: answer) else { throw AgentError(.malformed, reason: "the answer holds no choice") }
        return completion
    }

    private func stream(_ call: Call) async throws(AgentError) -> Completion {
        let events = EventStream()
        var call = call
        call.receive = { events.receive($0) }
        call.deadline = call.deadline.advanced(byMilliseconds: -OpenAI.cutMargin)
        do throws(AgentError) {
            let response = try await transport.ask(call)
            let type = response.fields[.contentType]?.lowercased() ?? ""
            // Some servers do not stream although they are asked to.
            guard type.hasPrefix("text/event-stream") else {
                guard response.holdsJSON, let answer = try? JSON(parsing: response.body) else {
                    throw AgentError(.malformed, reason: "the answer is neither an event stream nor JSON")
                }
                return try whole(answer)
            }
            let completion = try events.closed()
            return completion.isComplete ? completion : try cut(completion, else: AgentError(.malformed, reason: "the event stream ends early"))
        } catch {
            guard error.code == .timedOut else { throw error }
            return try cut(events.received, else: error)
        }
    }

    /// What is complete of an answer that did not come to its end: whole sentences, or a tool call whose name is known.
    private func cut(_ completion: Completion, else error: AgentError) throws(AgentError) -> Completion {
        var completion = completion
        let sentences = Completion.completeSentences(of: completion.content)
        guard sentences != nil || completion.toolCalls.contains(where: { !$0.name.isEmpty }) else { throw error }
        completion.content = sentences ?? ""
        return completion
    }
}
