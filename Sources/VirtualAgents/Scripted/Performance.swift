import Conversation
import JSON

/// One intent being carried out for one turn: its lines in order, each adding to the reply or to the memory.
struct Performance {
    let turn: Turn
    var memory: ScriptedMemory
    let meeting: Meeting
    private var reply = Reply()
    private var kind: Expectation.Kind?
    private var patience: Int?
    private var mayInterrupt: Bool?

    init(turn: Turn, memory: ScriptedMemory, meeting: Meeting) {
        self.turn = turn
        self.memory = memory
        self.meeting = meeting
    }

    mutating func run() -> Reply {
        reply.understanding = Understanding(
            intent: meeting.intent.name, context: nil, confidence: meeting.confidence,
            slots: meeting.slots.map { ($0.name, RawJSON.string($0.value)) })
        reply.signal = natural
        for action in meeting.intent.actions { perform(action) }
        if reply.understanding.context == nil { reply.understanding.context = memory.state }
        if kind != nil || patience != nil || mayInterrupt != nil {
            reply.expects = Expectation(kind ?? .anything, patienceMilliseconds: patience, mayInterrupt: mayInterrupt)
        }
        if case .end = reply.signal { reply.state = nil } else { reply.state = memory.raw }
        return reply
    }

    /// What the trigger itself says about the outcome, unless a line says otherwise.
    private var natural: Signal {
        switch meeting.trigger {
        case .silence: .noInput
        case .fallback: .noMatch
        case .left: .end(reason: nil)
        default: .continue
        }
    }

    private mutating func perform(_ action: Script.Action) {
        switch action {
        case .say(let text): reply.parts.append(.text(plain: fill(text)))
        case .speak(let markup):
            guard case .text(let plain, _)? = reply.parts.popLast() else { return }
            reply.parts.append(.text(plain: plain, spoken: fill(markup, Template.escapedForMarkup)))
        case .offer(let choices):
            var prompt = ""
            if case .text(let plain, _)? = reply.parts.last {
                prompt = plain
                reply.parts.removeLast()
            }
            reply.parts.append(.choices(prompt: prompt, choices.map { Reply.Choice(title: fill($0.title), value: fill($0.value)) }))
        case .play(let path, let words): reply.parts.append(.recording(path: path, transcript: fill(words)))
        case .sound(let mediaType, let bytes, let words):
            reply.parts.append(.audio(Audio(mediaType: mediaType, bytes: bytes), transcript: fill(words)))
        case .show(let url, let caption):
            let words = fill(caption)
            reply.parts.append(.media(Reply.Media(url: fill(url), caption: words.isEmpty ? nil : words)))
        case .pause(let milliseconds): reply.parts.append(.pause(milliseconds: milliseconds))
        case .custom(let json): fillJSON(json).map { reply.parts.append(.custom($0)) }
        case .pass(let json): fillJSON(json).map { reply.scriptPayloads.append($0) }
        case .tell(let name, let text): tell(name, text)
        case .remember(let name, let text):
            memory[name] = fill(text)
            reply.understanding.slots.removeAll { $0.name == name }
            memory[name].map { reply.understanding.slots.append((name, .string($0))) }
        case .forget(let name): memory[name] = nil
        case .go(let state): memory.state = state
        case .expect(let expecting): kind = Performance.kind(expecting)
        case .wait(let milliseconds): patience = milliseconds
        case .interruptible(let flag): mayInterrupt = flag
        case .context(let text): reply.understanding.context = fill(text)
        case .signal(let ending): reply.signal = signal(ending)
        }
    }

    private func signal(_ ending: Script.Ending) -> Signal {
        switch ending {
        case .goOn: .continue
        case .notUnderstood: .noMatch
        case .noInput: .noInput
        case .end(let reason): .end(reason: reason.map { fill(Template($0)) })
        case .transfer(let target, let reason):
            .handover(reason: reason.map { fill(Template($0)) }, target: target.map { fill(Template($0)) })
        case .decline(let reason): .decline(reason: reason)
        case .breakOut: .breakout
        }
    }

    private static func kind(_ expecting: Script.Expecting) -> Expectation.Kind {
        switch expecting {
        case .anything: .anything
        case .nothing: .nothing
        case .digits(let most, let terminators, let only): .digits(most: most, terminators: terminators, only: only)
        }
    }

    // MARK: Places

    private func fill(_ template: Template, _ escape: (String) -> String = { $0 }) -> String {
        template.filled(from: value, escape: escape)
    }

    private func fillJSON(_ template: Template) -> RawJSON? {
        try? RawJSON(parsing: Array(fill(template, Template.escapedForJSON).utf8))
    }

    /// A number or truth value that stands in the script itself becomes a JSON one. What fills a place stays a text, so that an order number
    /// has one type whether it begins with zero or not; a place alone that nothing fills tells nothing.
    private mutating func tell(_ name: String, _ template: Template) {
        switch template.pieces.first {
        case .text(let text)? where template.pieces.count == 1:
            reply.scriptValues.append((name, Performance.literal(text)))
        case .variable(let variable)? where template.pieces.count == 1:
            if let value = value(variable) { reply.scriptValues.append((name, .string(value))) }
        default: reply.scriptValues.append((name, .string(fill(template))))
        }
    }

    private static func literal(_ text: String) -> RawJSON {
        guard let json = try? JSON(parsing: Array(text.utf8)) else { return .string(text) }
        return switch json.kind {
        case .number, .true, .false: RawJSON(json)
        default: .string(text)
        }
    }

    /// Slots of this turn, then what is remembered, then facts of the request, then `input` and `silences`.
    private func value(_ name: String) -> String? {
        if let slot = meeting.slots.first(where: { $0.name == name }) { return slot.value }
        if let remembered = memory[name] { return remembered }
        if let fact = fact(name) { return fact }
        switch (name, turn.input) {
        case ("input", .text(let text)): return text
        case ("input", .event(let text)): return text
        case ("silences", .silence(let count)): return String(count)
        default: return nil
        }
    }

    /// A fact by its name; `context.parameters.echoValue` reaches into one that is an object.
    private func fact(_ name: String) -> String? {
        for fact in turn.facts {
            if fact.name == name { return fact.value.parsed().flatMap(Performance.text) }
            guard name.hasPrefix(fact.name + "."), var json = fact.value.parsed() else { continue }
            var found = true
            for step in name.dropFirst(fact.name.count + 1).split(separator: ".") {
                guard let next = json[String(step)] else {
                    found = false
                    break
                }
                json = next
            }
            if found { return Performance.text(json) }
        }
        return nil
    }

    private static func text(_ json: JSON) -> String? {
        if json.isNull { return nil }
        return json.string ?? RawJSON(json).text
    }
}
