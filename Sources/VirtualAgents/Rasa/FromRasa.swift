import Conversation
import JSON

/// Wire → reply, pure. Each element of the answer is one utterance; `custom` ones may carry a signal.
enum FromRasa {
    static func reply(_ answer: JSON, to turn: Turn, _ settings: RasaSettings) throws(AgentError) -> Reply {
        guard answer.kind == .array else { throw AgentError(.malformed, reason: "the answer is not a list of utterances") }
        var reply = Reply()
        var signal: Signal?
        for utterance in answer.elements {
            guard utterance.kind == .object else { throw AgentError(.malformed, reason: "an utterance is not an object") }
            if let custom = utterance["custom"], custom.kind == .object {
                signal = take(custom, into: &reply, settings.signals) ?? signal
            }
            reply.parts += parts(utterance)
        }
        reply.signal = signal ?? Signal(after: turn.input, isEmpty: reply.parts.isEmpty && reply.scriptPayloads.isEmpty)
        reply.understanding.intent = named(turn.input, settings)
        if reply.understanding.intent != nil { reply.understanding.confidence = 1 }
        reply.state = Offered(reply.parts).raw
        return reply
    }

    private static func parts(_ utterance: JSON) -> [Reply.Part] {
        var parts: [Reply.Part] = []
        let text = utterance["text"]?.string ?? ""
        let choices = (utterance["buttons"]?.elements).map(choices) ?? []
        if !choices.isEmpty { parts.append(.choices(prompt: text, choices)) } else if !text.isEmpty { parts.append(.text(plain: text)) }
        for key in ["image", "attachment"] {
            if let url = utterance[key]?.string, !url.isEmpty { parts.append(.media(Reply.Media(url: url))) }
        }
        return parts
    }

    private static func choices(_ buttons: JSON.Elements) -> [Reply.Choice] {
        buttons.compactMap { button in
            button["title"]?.string.map { Reply.Choice(title: $0, value: button["payload"]?.string ?? $0) }
        }
    }

    /// A custom response is a signal, a request for keys, or a payload that the near side routes.
    private static func take(_ custom: JSON, into reply: inout Reply, _ names: RasaSignalSettings) -> Signal? {
        guard let name = custom[names.key]?.string else {
            reply.parts.append(.custom(RawJSON(custom)))
            return nil
        }
        if let context = custom["context"], !context.isNull { reply.scriptPayloads.append(RawJSON(context)) }
        let reason = custom["reason"]?.string
        if names.handover.contains(name) { return .handover(reason: reason, target: custom["target"]?.string) }
        if names.end.contains(name) { return .end(reason: reason) }
        if names.noMatch.contains(name) { return .noMatch }
        if names.digits.contains(name) {
            let most = custom["max"]?.integer.flatMap { (1...100).contains($0) ? $0 : nil }
            reply.expects = Expectation(.digits(most: most, terminators: custom["finish"]?.string, only: custom["only"]?.bool ?? false))
            return nil
        }
        reply.parts.append(.custom(RawJSON(custom)))
        return nil
    }

    /// The intent that we named ourselves; for what the contact said, only the tracker knows.
    private static func named(_ input: Input, _ settings: RasaSettings) -> String? {
        switch input {
        case .start: settings.startIntent
        case .silence: settings.silenceIntent
        case .digits: settings.digitsIntent
        case .event(let name): ToRasa.isIntent(name) ? name : settings.eventIntent
        case .end: settings.endIntent
        case .text, .audio, .archived: nil
        }
    }

    /// What the tracker adds.
    static func add(_ tracker: JSON, to reply: inout Reply, _ settings: RasaTrackerSettings) {
        if let intent = tracker["latest_message"]?["intent"], let name = intent["name"]?.string {
            reply.understanding.intent = name
            reply.understanding.confidence = intent["confidence"]?.double.map { min(1, max(0, $0)) }
            if settings.fallbackIntents.contains(name), reply.signal == .continue { reply.signal = .noMatch }
        }
        reply.understanding.slots = (tracker["slots"]?.members).map { members in
            members.filter { !$0.value.isNull && $0.name != "session_started_metadata" }.map { ($0.name, RawJSON($0.value)) }
        } ?? []
    }
}
