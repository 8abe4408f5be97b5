import Conversation

/// What CXone is answered when an agent gave no reply: one table, error code → text for CXone's log (`virtual-agent.md` §4.4, §12).
enum ExchangeFailure {
    /// Fixed words only: nothing that an agent, a contact or a setting said can get in.
    static func explanation(_ code: AgentError.Code) -> StaticString {
        switch code {
        case .unreachable: "the virtual agent cannot be reached"
        case .timedOut: "the virtual agent did not answer in time"
        case .throttled: "the virtual agent is busy"
        case .unauthorized: "the virtual agent does not accept our credential"
        case .rejected: "the virtual agent refused the request"
        case .failed: "the virtual agent failed"
        case .malformed: "the virtual agent's answer cannot be read"
        case .noToken: "no access token for the virtual agent"
        case .cancelled: "the call was given up"
        }
    }

    /// - Parameters:
    ///   - milliseconds: Since the request arrived.
    ///   - reference: Finds the turn in our log.
    static func answer(
        _ code: AgentError.Code, _ settings: ExchangeSettings, medium: Medium, milliseconds: Int, reference: String
    ) -> ExchangeAnswer {
        let failure = settings.failure
        let intent = ExchangeAnswer.IntentInfo(intent: "Error")
        guard !failure.goOn else {
            return ExchangeAnswer(
                branch: .promptAndCollect, prompts: failure.prompt.isEmpty ? [] : [.init(transcript: failure.prompt)], intent: intent,
                behaviors: PromptBehaviors(settings.medium(medium), expects: nil, medium: medium))
        }
        return ExchangeAnswer(
            branch: .error, intent: intent,
            error: .init(
                behavior: failure.behavior, prompt: failure.prompt,
                systemMessage: "\(explanation(code)), after \(milliseconds) ms, ref \(reference)"))
    }

    /// The same for every reason why an agent may not be used: not configured, another business unit's, another credential's.
    static func unknownAgent(declines: Bool, reference: String) -> ExchangeAnswer {
        let intent = ExchangeAnswer.IntentInfo(intent: "Error")
        guard !declines else { return ExchangeAnswer(branch: .doNotBegin, intent: intent) }
        return ExchangeAnswer(
            branch: .error, intent: intent,
            error: .init(
                behavior: .errorBranch, prompt: "Something went wrong on our side.",
                systemMessage: "no such virtual agent here, ref \(reference)"))
    }
}
