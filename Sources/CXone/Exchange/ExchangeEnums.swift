/// The integration version of the app in Virtual Agent Hub (`virtual-agent.md` §6). It decides which caller credentials the app can send.
package enum IntegrationVersion: String, Sendable, CaseIterable {
    /// One header, always named `Authorization`.
    case v1 = "1.0.0"
    /// Any named headers, tokens managed by CXone.
    case v2 = "2.0.0"
    /// As 2.0.0, with StandardBot and mutual TLS.
    case v3 = "3.0.0"
}

/// What CXone says the contact did (§5.1). The raw value is the number on the wire.
package enum UserInputType: Int, Sendable, CaseIterable {
    case noInput = 0, text, audio, archived, userEnded, automatedText, digits

    /// The documented spelling.
    package var name: StaticString {
        switch self {
        case .noInput: "NO_INPUT"
        case .text: "TEXT"
        case .audio: "BASE64_ENCODED_G711_ULAW_WAV_FILE"
        case .archived: "USER_INPUT_ARCHIVED_AS_SPECIFIED"
        case .userEnded: "USER_ENDED_SESSION"
        case .automatedText: "AUTOMATED_TEXT"
        case .digits: "DTMF_AS_TEXT"
        }
    }

    /// A name in any case, or the number as text.
    init?(spelled text: some Sequence<UInt8>) {
        let text = Array(text)
        if text.count == 1, let digit = text.first, let found = UserInputType(rawValue: Int(digit) - 0x30) {
            self = found
            return
        }
        guard let found = UserInputType.allCases.first(where: { $0.name.equalsIgnoringCase(text) }) else { return nil }
        self = found
    }
}

/// Which way the Studio action is left (§5.2).
package enum Branch: String, Sendable, CaseIterable {
    case doNotBegin = "DoNotBegin"
    case promptAndCollect = "PromptAndCollectNextResponse"
    case returnControl = "ReturnControlToScript"
    case endContact = "EndContact"
    case untranscribable = "AudioInputUntranscribeable"
    case error = "Error"
    case digitsBreakout = "DTMFBreakout"
    case timeout = "UserInputTimeout"
    case notUnderstood = "UserInputNotUnderstood"

    /// The branch of that name in any case.
    init?(spelled text: String) {
        guard let found = Branch.allCases.first(where: { $0.rawValue.equalsIgnoringCase(text) }) else { return nil }
        self = found
    }

    /// Whether CXone collects again and comes back with the session state.
    var goesOn: Bool {
        switch self {
        case .promptAndCollect, .timeout, .notUnderstood, .untranscribable, .error: true
        case .doNotBegin, .returnControl, .endContact, .digitsBreakout: false
        }
    }
}

/// Branches that a silent turn may take.
package enum SilenceBranch: String, Sendable, CaseIterable {
    case timeout = "UserInputTimeout"
    case promptAndCollect = "PromptAndCollectNextResponse"
    var branch: Branch { self == .timeout ? .timeout : .promptAndCollect }
}

/// Branches that a turn may take which the agent did not understand.
package enum FallbackBranch: String, Sendable, CaseIterable {
    case notUnderstood = "UserInputNotUnderstood"
    case promptAndCollect = "PromptAndCollectNextResponse"
    var branch: Branch { self == .notUnderstood ? .notUnderstood : .promptAndCollect }
}

/// Branches that the end of a conversation may take. NICE advises the first.
package enum EndBranch: String, Sendable, CaseIterable {
    case returnControl = "ReturnControlToScript"
    case endContact = "EndContact"
    var branch: Branch { self == .returnControl ? .returnControl : .endContact }
}

/// What CXone collects next (§5.3). Zero means *do not collect*, so the object that holds it is left out rather than sent without it.
package enum CollectionType: String, Sendable, CaseIterable {
    case nothing = "DO_NOT_COLLECT_USER_RESPONSE"
    case utterance = "SEND_UTTERANCE_AUDIO"
    case digitsOnly = "SEND_DTMF_ONLY_AS_TEXT"
}

/// What CXone does after it has played the error prompts (§5.4).
package enum ErrorBehavior: String, Sendable, CaseIterable {
    case errorBranch = "ReturnControlToScriptThroughErrorBranch"
    case endContact = "EndContact"
}

extension StaticString {
    /// ASCII comparison; both sides are names of the contract.
    func equalsIgnoringCase(_ other: [UInt8]) -> Bool {
        withUTF8Buffer { own in own.count == other.count && zip(own, other).allSatisfy { $0.lowercased == $1.lowercased } }
    }
}

extension String {
    /// ASCII comparison without regard to case; other octets must be equal.
    func equalsIgnoringCase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { $0.lowercased == $1.lowercased }
    }

    /// The same for a part of this text.
    func containsIgnoringCase(_ part: String) -> Bool {
        let wanted = part.utf8
        var rest = utf8[...]
        while rest.count >= wanted.count {
            if zip(rest, wanted).allSatisfy({ $0.lowercased == $1.lowercased }) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    func isIn(_ list: [String]) -> Bool { list.contains { equalsIgnoringCase($0) } }
}

extension UInt8 {
    var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}
