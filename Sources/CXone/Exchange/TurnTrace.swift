import Conversation
import JSON

/// Appends a record of each turn to a file, one JSON line each, for diagrams and replay at the desk. Off unless the settings name a file.
///
/// A record never holds `botConfig`, sound, session state, header fields, or a run of four or more digits: what a caller keyed may come
/// back in any later slot or prompt.
struct TurnTrace: Sendable {
    private let log: TraceLog

    init(file: String) { log = TraceLog(file: file) }

    /// - Parameters:
    ///   - duration: Milliseconds from the request's arrival to its answer.
    ///   - budget: Milliseconds from the request's arrival until the agent is given up.
    func append(
        milliseconds: Int64, reference: String, agent: String?, body: [UInt8], turn: Turn?, calls: TracedCalls?, answer: [UInt8],
        outcome: String, duration: Int, budget: Int?
    ) {
        var keyed = ""
        if case .digits(let keys)? = turn?.input { keyed = keys }
        let mask = TraceMask(keyed: keyed)
        log.append { record in
            record.field("time", Int(milliseconds))
            record.field("ref", reference)
            record.field("agent", agent)
            record.field("outcome", outcome)
            record.field("milliseconds", duration)
            record.field("budget", budget)
            record.name("request")
            mask.write(body, to: &record)
            if let turn { record.field("turn", object: { Self.write(turn, mask, &$0) }) }
            record.calls(calls, mask)
            record.name("answer")
            mask.write(answer, to: &record)
        }
    }

    private static func write(_ turn: Turn, _ mask: TraceMask, _ record: inout JSONWriter) {
        record.field("conversation", turn.conversation.text)
        record.field("number", turn.number)
        record.field("medium", turn.medium.rawValue)
        record.field("locale", turn.locale)
        switch turn.input {
        case .start(let event): record.field("input", "start:" + mask.text(event))
        case .text(let text): record.field("input", "text:" + mask.text(text))
        case .event(let name): record.field("input", "event:" + mask.text(name))
        case .digits(let keys): record.field("input", "digits:\(keys.utf8.count)")
        case .silence(let count): record.field("input", "silence:\(count)")
        case .audio(let audio): record.field("input", "audio:\(audio.bytes.count) octets")
        case .archived: record.field("input", "archived")
        case .end: record.field("input", "end")
        }
        guard !turn.facts.isEmpty else { return }
        record.field("facts", array: { facts in
            for fact in turn.facts {
                facts.object { item in
                    item.field("name", fact.name)
                    item.name("value")
                    mask.write(Array(fact.value.bytes), to: &item)
                }
            }
        })
    }
}
