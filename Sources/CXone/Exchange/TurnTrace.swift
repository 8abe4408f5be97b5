import Conversation
import Glibc
import JSON

/// Appends a record of each turn to a file, one JSON line each, for diagrams and replay at the desk. Off unless the settings name a file.
///
/// A record never holds `botConfig`, sound, session state, header fields, or a run of four or more digits: what a caller keyed may come
/// back in any later slot or prompt. The line is written by one `write` to a file opened for appending, so that processes may share it.
struct TurnTrace: Sendable {
    private let file: String

    init(file: String) { self.file = file }

    func append(
        milliseconds: Int64, reference: String, agent: String?, body: [UInt8], turn: Turn?, calls: TracedCalls?, answer: [UInt8],
        outcome: String, duration: Int
    ) {
        var keyed = ""
        if case .digits(let keys)? = turn?.input { keyed = keys }
        let mask = TraceMask(keyed: keyed)
        var line = RawJSON { writer in
            writer.object { record in
                record.field("time", Int(milliseconds))
                record.field("ref", reference)
                record.field("agent", agent)
                record.field("outcome", outcome)
                record.field("milliseconds", duration)
                record.name("request")
                mask.write(body, &record)
                if let turn { record.field("turn", object: { Self.write(turn, mask, &$0) }) }
                if let calls {
                    record.field("calls", array: { list in for call in calls.entries { list.object { Self.write(call, mask, &$0) } } })
                }
                record.name("answer")
                mask.write(answer, &record)
            }
        }.bytes
        line.append(0x0A)
        let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
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
                    mask.write(Array(fact.value.bytes), &item)
                }
            }
        })
    }

    private static func write(_ call: TracedCalls.Entry, _ mask: TraceMask, _ record: inout JSONWriter) {
        record.field("method", call.method)
        // Some providers put a token into the query; host and path are enough to read a diagram.
        record.field("url", mask.text(String(call.url.prefix { $0 != "?" })))
        record.field("status", call.status)
        record.field("problem", call.problem)
        record.name("request")
        mask.write(call.body, &record)
        record.name("answer")
        mask.write(call.answer, &record)
    }
}

/// Writes values into a trace with everything hidden that must not be kept.
private struct TraceMask {
    /// What the contact keyed on this turn.
    let keyed: String

    /// Members whose value is never shown, lower case.
    private static let hidden = [
        "botconfig", "botsessionstate", "base64wavfile", "base64encodedg711ulawwithwavheader", "contactid", "authorization", "password",
        "client_secret", "access_token", "refresh_token", "id_token", "api_key", "apikey", "token", "secret", "accesskeysecret",
    ]

    func text(_ text: String) -> String { Masking.digits(in: text, orEqualTo: keyed) }

    /// A body as JSON with everything personal hidden; what is no JSON becomes its length.
    func write(_ body: [UInt8], _ writer: inout JSONWriter) {
        guard let json = try? JSON(parsing: body) else { return writer.value("\(body.count) octets") }
        write(json, &writer)
    }

    private func write(_ value: JSON, _ writer: inout JSONWriter) {
        switch value.kind {
        case .object:
            // Kept even when the turn itself was refused and its digits were never read.
            let type = value["userInputType"]
            let isKeyed = (type?.string ?? type?.numberLiteral).flatMap { UserInputType(spelled: $0.utf8) } == .digits
            writer.object { object in
                for (index, member) in value.members.enumerated() {
                    let name = member.name
                    let shown = text(name)
                    object.name(shown == name ? name : "\(shown) (\(index))")
                    if Self.hidden.contains(name.lowercased()), !member.value.isNull {
                        object.value("[hidden]")
                    } else if isKeyed, name == "userInput" || name == "automatedIntent" {
                        object.value("digits:\(member.value.string?.utf8.count ?? member.value.raw.count)")
                    } else {
                        write(member.value, &object)
                    }
                }
            }
        case .array: writer.array { array in for element in value.elements { write(element, &array) } }
        case .string: writer.value(text(value.string ?? ""))
        case .number:
            let literal = value.numberLiteral ?? ""
            let shown = text(literal)
            if shown == literal { writer.value(value) } else { writer.value(shown) }
        default: writer.value(value)
        }
    }
}
