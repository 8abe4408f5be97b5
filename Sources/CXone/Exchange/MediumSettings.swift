package import Settings

/// Behaviour on one kind of medium: deadline, branches, silence, keys, barge-in (`virtual-agent.md` §4.3, §7.1).
package final class MediumSettings: SettingsGroup {
    package let deadlineMilliseconds: Int?
    package let silenceBranch: SilenceBranch
    package let fallbackBranch: FallbackBranch
    package let silencePrompt: String
    package let fallbackPrompt: String
    package let patienceMilliseconds: Int?
    package let comfortPrompts: [String]
    package let comfortDelayMilliseconds: Int
    package let collect: CollectionType?
    package let bargeIn: Bool?
    package let markup: Bool
    package let richContent: Bool
    package let digits: DigitSettings
    package let transcriptionProfile: String?
    package let hintPhrases: [String]

    package init(from reader: SettingsReader) {
        deadlineMilliseconds = reader.optional("deadlineMilliseconds", .integer(500...30_000),
            "When an answer must be on its way. Default: 4500 on calls, 8500 on text. The app's own timeout less 1500 always holds.")
        silenceBranch = reader.value("silenceBranch", .choice(), default: .timeout, "Branch taken when the contact is silent.")
        fallbackBranch = reader.value("fallbackBranch", .choice(), default: .notUnderstood, "Branch taken when the agent did not understand.")
        silencePrompt = reader.value("silencePrompt", .text, default: "Are you still there?", "Asked after silence when the agent has no words for it.")
        fallbackPrompt = reader.value("fallbackPrompt", .text, default: "Sorry, I did not get that.",
            "Said when the agent did not understand and has no words for it.")
        patienceMilliseconds = reader.optional("patienceMilliseconds", .integer(500...120_000), "How long CXone waits for the contact.")
        comfortPrompts = reader.value("comfortPrompts", .texts, default: [], "Played while the agent is slow. Empty: none.")
        comfortDelayMilliseconds = reader.value("comfortDelayMilliseconds", .integer(100...30_000), default: 2500,
            "How long the contact hears nothing before the comfort prompts.")
        collect = reader.optional("collect", .choice(), "What CXone collects when the agent names nothing. Absent: left to the script.")
        bargeIn = reader.optional("bargeIn", .flag, "Whether speech interrupts the prompts. Absent: left to the script.")
        markup = reader.value("markup", .flag, default: true, "Whether the speech synthesis of the script understands SSML.")
        richContent = reader.value("richContent", .flag, default: true, "Whether choices and media are sent as rich messages on text.")
        digits = reader.group("digits", DigitSettings.self, "How keys are collected.")
        transcriptionProfile = reader.optional("transcriptionProfile", .text, "Id of the transcription profile to collect with.")
        hintPhrases = reader.value("hintPhrases", .texts, default: [], "Phrases that the transcription should expect.")
    }
}

/// How keys are collected (`CollectDtmfRules`).
package struct DigitSettings: SettingsGroup {
    package let detect: Bool?
    package let clear: Bool
    package let terminators: String
    package let stripTerminator: Bool
    package let gapMilliseconds: Int
    package let most: Int?

    package init(from reader: SettingsReader) {
        detect = reader.optional("detect", .flag, "Listen for keys on every turn. Absent: only when the agent expects digits.")
        clear = reader.value("clear", .flag, default: true, "Forget keys pressed before collection starts.")
        terminators = reader.value("terminators", .text, default: "#", "Keys that end the entry; `@` for any key.")
        stripTerminator = reader.value("stripTerminator", .flag, default: true, "Leave the terminator out of the value.")
        gapMilliseconds = reader.value("gapMilliseconds", .integer(500...30_000), default: 5000, "Pause after which the entry is complete.")
        most = reader.optional("most", .integer(1...64), "Keys after which the entry is complete, when the agent names no number.")
    }
}
