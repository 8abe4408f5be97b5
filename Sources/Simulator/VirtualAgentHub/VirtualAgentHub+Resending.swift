import HTTP
import HTTPTypes
import JSON
import Synchronization
import Time

extension VirtualAgentHub: ExchangeResender {
    /// Through the app that sent it, with its credentials of this moment; outside of any script, so that the interaction stays where it is.
    package func resend(_ exchange: RecordedExchange, body: [UInt8]) async -> String? {
        let interaction = exchange.conversation.flatMap { self.interaction($0) }
        let named = state.withLock { state in state.apps.first { $0.agent == exchange.name && $0.url == exchange.url } }
        guard let app = named ?? interaction?.app else { return "The app that asked \(exchange.name ?? "the agent") is no longer there." }
        let plan = Plan(
            interaction: interaction ?? HubInteraction(
                id: exchange.conversation ?? "", app: app, contact: 0, from: nil, begun: exchange.time, payload: nil, timers: .none),
            app: app, number: 1, input: .test, payload: nil, faults: [], behaviour: behaviour)
        let credentials = await credentials(plan)
        if let failure = credentials.failure { return "It was not sent: \(failure)." }
        let call = call(plan, credentials, body)
        let began = time.epochMilliseconds()
        let outcome = await send(call)
        let branch = outcome.response.flatMap { try? JSON(parsing: $0.body) }?["branchName"]?.string
        var again = RecordedExchange(
            half: .virtualAgentHub, isFromCXone: true, time: began, milliseconds: outcome.milliseconds, method: exchange.method, url: call.url,
            requestBody: body, status: outcome.response?.status.code, responseBody: outcome.response?.body ?? [],
            outcome: branch ?? (outcome.response == nil ? "no answer" : "failed"))
        (again.name, again.conversation) = (app.agent, exchange.conversation)
        again.note(call, outcome.response)
        if outcome.response?.status != .ok { again.violations.append(outcome.words(app.timeoutSeconds)) }
        recorder?.record(again)
        return nil
    }
}
