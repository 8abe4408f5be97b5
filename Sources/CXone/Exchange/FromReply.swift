import Conversation
import JSON
import Secrets

/// A neutral reply as CXone's answer: outcome → branch, parts → prompts, the rest to script and behaviours. Pure.
struct FromReply {
    let settings: ExchangeSettings
    let medium: Medium
    let input: Input
    let isFirst: Bool
    var warnings: [StaticString] = []

    private var mediumSettings: MediumSettings { settings.medium(medium) }

    init(settings: ExchangeSettings, medium: Medium, input: Input, isFirst: Bool) {
        self.settings = settings
        self.medium = medium
        self.input = input
        self.isFirst = isFirst
    }

    /// The whole answer but the session state.
    mutating func answer(_ reply: Reply) -> ExchangeAnswer {
        var payload = ScriptPayload()
        var prompts = prompts(reply.parts, &payload)
        for element in reply.scriptPayloads {
            if let message = payload.route(element, warnings: &warnings) { prompts.append(rich(message)) }
        }
        for value in reply.scriptValues { payload.add(name: value.name, value.value, warnings: &warnings) }
        let saysSilence = dropMarker(&prompts)

        let isEmpty = reply.parts.isEmpty && reply.scriptPayloads.isEmpty && reply.scriptValues.isEmpty
        var signal = isEmpty && reply.signal == .continue ? .noMatch : reply.signal
        if saysSilence, signal == .continue { signal = .noInput }
        let intent = payload.intent ?? reply.understanding.intent
        signal = recognised(signal, intent)
        if case .handover(let reason, let target) = signal {
            if let reason, !payload.has("reason") { payload.add(name: "reason", .string(reason), warnings: &warnings) }
            if let target, !payload.has("target") { payload.add(name: "target", .string(target), warnings: &warnings) }
        }
        if input == .end { return ended(intent: intent) }

        let branch = payload.branch ?? self.branch(signal)
        if prompts.isEmpty { prompts = ownWords(branch, signal) }
        return ExchangeAnswer(
            branch: branch, prompts: prompts,
            intent: .init(
                intent: intent ?? intentName(branch, signal), context: reply.understanding.context,
                confidence: reply.understanding.confidence, lastUserUtterance: utterance(reply.understanding.transcript),
                slots: reply.understanding.slots),
            behaviors: branch.collects ? PromptBehaviors(mediumSettings, expects: reply.expects, medium: medium) : nil,
            customPayload: payload.written(asObject: settings.script.payloadsAsObject, warnings: &warnings))
    }

    /// The contact is gone: nobody hears a prompt.
    func ended(intent: String?) -> ExchangeAnswer {
        ExchangeAnswer(branch: .returnControl, intent: .init(intent: intent ?? "End", lastUserUtterance: ""))
    }

    /// Sound came that nobody could make out.
    func untranscribable() -> ExchangeAnswer {
        let branch = branch(.untranscribable)
        return ExchangeAnswer(
            branch: branch, prompts: ownWords(branch, .untranscribable), intent: .init(intent: intentName(branch, .untranscribable)),
            behaviors: PromptBehaviors(mediumSettings, expects: nil, medium: medium))
    }

    // MARK: Outcome

    /// Agents that only name intents still signal: by lists in the settings.
    private func recognised(_ signal: Signal, _ intent: String?) -> Signal {
        guard let intent, signal == .continue || signal == .noMatch || signal == .noInput else { return signal }
        let names = settings.intents
        if intent.isIn(names.escalation) || names.escalationContains.contains(where: { !$0.isEmpty && intent.containsIgnoringCase($0) }) {
            return .handover(reason: nil, target: nil)
        }
        if intent.isIn(names.end) { return .end(reason: nil) }
        if intent.isIn(names.silence) { return .noInput }
        if intent.isIn(names.fallback) { return .noMatch }
        return signal
    }

    /// Exactly one branch for each outcome (V53).
    private func branch(_ signal: Signal) -> Branch {
        switch signal {
        case .continue, .noMatch, .noInput:
            if case .silence = input { return mediumSettings.silenceBranch.branch }
            return signal == .continue ? .promptAndCollect
                : signal == .noInput ? mediumSettings.silenceBranch.branch : mediumSettings.fallbackBranch.branch
        case .end: return settings.script.endBranch.branch
        case .handover: return .returnControl
        case .decline: return isFirst ? .doNotBegin : .returnControl
        case .untranscribable: return medium == .voice ? .untranscribable : mediumSettings.fallbackBranch.branch
        case .breakout: return medium == .voice ? .digitsBreakout : .returnControl
        }
    }

    private func intentName(_ branch: Branch, _ signal: Signal) -> String {
        if case .handover = signal { return "Escalation" }
        if case .start = input, branch == .promptAndCollect { return "Welcome" }
        if case .silence = input { return "Silence" }
        switch signal {
        case .end: return "End"
        case .noInput: return "Silence"
        case .noMatch, .untranscribable: return "Fallback"
        case .decline: return "Declined"
        case .breakout: return "Breakout"
        case .continue, .handover: return "Conversation"
        }
    }

    /// What CXone keeps as the contact's side of the turn.
    func utterance(_ transcript: String?) -> String {
        switch input {
        case .text(let text): text
        case .digits(let keys): settings.script.digitsInTranscript ? keys : ""
        default: transcript ?? ""
        }
    }

    private func ownWords(_ branch: Branch, _ signal: Signal) -> [ExchangeAnswer.Prompt] {
        let words: String
        if case .silence = input, branch.collects {
            words = mediumSettings.silencePrompt
        } else {
            switch (branch, signal) {
            case (.timeout, _), (.promptAndCollect, .noInput): words = mediumSettings.silencePrompt
            case (.notUnderstood, _), (.untranscribable, _), (.promptAndCollect, .noMatch), (.promptAndCollect, .untranscribable):
                words = mediumSettings.fallbackPrompt
            default: words = ""
            }
        }
        return words.isEmpty ? [] : [.init(transcript: words)]
    }

    // MARK: Prompts

    private mutating func prompts(_ parts: [Reply.Part], _ payload: inout ScriptPayload) -> [ExchangeAnswer.Prompt] {
        let shown = MediumCapabilities(medium, showsRichContent: mediumSettings.richContent, readsMarkup: mediumSettings.markup)
        var prompts: [ExchangeAnswer.Prompt] = []
        for part in Degrading.parts(parts, for: shown, losses: &warnings) {
            switch part {
            case .text(let plain, let spoken): prompts.append(.init(transcript: plain, textToSpeech: spoken))
            case .choices(let prompt, let choices):
                prompts.append(.init(
                    transcript: prompt.isEmpty ? Degrading.numbered(prompt, choices, medium) : prompt,
                    mediaSpecificObject: RichContent.quickReplies(prompt, choices)))
            case .media(let media):
                prompts.append(.init(
                    transcript: RichContent.transcript(of: media), mediaSpecificObject: RichContent.richLink(media)))
            case .recording(let path, let transcript): prompts.append(.init(transcript: transcript, standIn: "Recording", audioFilePath: path))
            case .audio(let audio, let transcript): sound(audio, transcript, &prompts)
            case .custom(let json):
                if let message = payload.route(json, warnings: &warnings) { prompts.append(rich(message)) }
            case .pause: break
            }
        }
        return prompts
    }

    private mutating func sound(_ audio: Audio, _ transcript: String, _ prompts: inout [ExchangeAnswer.Prompt]) {
        var file: AudioFile?
        switch audio.mediaType.lowercased() {
        case "audio/basic", "audio/pcmu", "audio/x-mulaw": if audio.bytes.count <= AudioFile.mostSamples { file = AudioFile(samples: audio.bytes) }
        default: file = try? AudioFile(parsing: audio.bytes)
        }
        guard let file, !file.samples.isEmpty else {
            warnings.append("audioNotMuLaw")
            if !transcript.isEmpty { prompts.append(.init(transcript: transcript)) }
            return
        }
        prompts.append(.init(transcript: transcript, standIn: "Recording", sound: Base64.encode(file.bytes)))
    }

    /// An agent's own rich message; on a call only its words.
    private mutating func rich(_ message: JSON) -> ExchangeAnswer.Prompt {
        let words = RichContent.words(of: message)
        guard medium == .text else {
            warnings.append("richMessageAsText")
            return .init(transcript: words)
        }
        return .init(transcript: words, mediaSpecificObject: RichContent.envelope(of: message))
    }

    /// Some agents answer silence with the marker itself, which the contact must never hear (§10).
    private func dropMarker(_ prompts: inout [ExchangeAnswer.Prompt]) -> Bool {
        guard prompts.count == 1, prompts[0].transcript.isIn(settings.intents.silenceMarkers) else { return false }
        prompts = []
        return true
    }
}

extension Branch {
    /// Whether CXone plays the prompts and then collects, so that behaviours mean something.
    var collects: Bool {
        switch self {
        case .promptAndCollect, .timeout, .notUnderstood, .untranscribable: true
        default: false
        }
    }
}
