/// The Studio actions for virtual agents (`virtual-agent.md` §1, §13).
package enum StudioAction: String, Sendable, CaseIterable {
    case voicebotExchange, textbotExchange, voicebotConversation, textbotConversation

    package var title: String {
        switch self {
        case .voicebotExchange: "VOICEBOT EXCHANGE"
        case .textbotExchange: "TEXTBOT EXCHANGE"
        case .voicebotConversation: "VOICEBOT CONVERSATION"
        case .textbotConversation: "TEXTBOT CONVERSATION"
        }
    }

    /// The media type of the script that may hold it (V31).
    package var medium: HubMedium { self == .voicebotExchange || self == .voicebotConversation ? .voice : .chat }

    /// Why it cannot be used; `nil` when it can (V39).
    package var refusal: String? {
        self == .textbotConversation ? "TEXTBOT CONVERSATION is not supported for custom virtual agents at present; use TEXTBOT EXCHANGE." : nil
    }

    /// Whether the action holds the whole dialogue, so that the script sees no turn and changes nothing between them (V38).
    package var holdsDialogue: Bool { self == .voicebotConversation || self == .textbotConversation }

    /// `executionInfo.actionType`. Only the text one has been seen in traffic.
    var wireName: String {
        switch self {
        case .voicebotExchange: "VoiceBotExchange"
        case .textbotExchange: "TextBotExchange"
        case .voicebotConversation: "VoiceBotConversation"
        case .textbotConversation: "TextBotConversation"
        }
    }

    /// The branches that Studio shows.
    func branches(_ behaviour: HubBehaviour) -> [ExchangeBranch] {
        self == .textbotExchange && behaviour.textBranches == .three
            ? [.promptAndCollect, .returnControl, .error] : ExchangeBranch.allCases
    }
}

package enum HubMedium: String, Sendable, CaseIterable { case voice, chat }

/// Which way the action is left, `BotExchangeBranch` (§5.2). Written apart from the middleware's own list, so that nobody agrees with himself.
package enum ExchangeBranch: String, Sendable, CaseIterable {
    case doNotBegin = "DoNotBegin"
    case promptAndCollect = "PromptAndCollectNextResponse"
    case returnControl = "ReturnControlToScript"
    case endContact = "EndContact"
    case untranscribable = "AudioInputUntranscribeable"
    case error = "Error"
    case breakout = "DTMFBreakout"
    case timeout = "UserInputTimeout"
    case notUnderstood = "UserInputNotUnderstood"

    /// Whether the script says the prompts and comes back with the contact's next input.
    var collects: Bool {
        switch self {
        case .promptAndCollect, .untranscribable, .timeout, .notUnderstood: true
        case .doNotBegin, .returnControl, .endContact, .error, .breakout: false
        }
    }
}

/// Integration version of an app (§6).
package enum HubVersion: String, Sendable, CaseIterable {
    case v1 = "1.0.0"
    case v2 = "2.0.0"
    case v3 = "3.0.0"
}
