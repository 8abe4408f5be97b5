import Conversation
import JSON
import Secrets

/// Turn → wire, pure.
enum ToWebhook {
    static func body(of turn: Turn, deadlineMilliseconds: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.field("conversation", object: { conversation in
                conversation.field("id", turn.conversation.text)
                conversation.field("turn", turn.number)
                conversation.field("channel", turn.medium.rawValue)
                conversation.field("locale", turn.locale)
                conversation.field("facts", object: { facts in for fact in turn.facts { facts.field(fact.name, fact.value) } })
            })
            body.field("input", object: { write(turn.input, &$0) })
            body.field("deadlineMs", deadlineMilliseconds)
            body.field("state", turn.state)
        }
        return writer.bytes
    }

    private static func write(_ input: Input, _ json: inout JSONWriter) {
        switch input {
        case .start(let event): json.field("start", object: { $0.field("event", event) })
        case .text(let text): json.field("text", text)
        case .event(let name): json.field("event", object: { $0.field("name", name) })
        case .digits(let digits): json.field("dtmf", object: { $0.field("digits", digits) })
        case .silence(let count): json.field("silence", object: { $0.field("count", count) })
        case .audio(let audio):
            json.field("audio", object: { json in
                json.field("mime", audio.mediaType)
                json.name("data")
                json.plainString(Base64.encode(audio.bytes))
            })
        case .archived: json.field("archived", object: { _ in })
        case .end: json.field("end", object: { _ in })
        }
    }

    /// `v1=` and the HMAC of `timestamp.body` in hex, one for each secret, separated by commas.
    static func signature(of body: [UInt8], at timestamp: String, by secrets: [Secret]) -> String {
        let signed = Array((timestamp + ".").utf8) + body
        return secrets.map { "v1=" + Digest.hex(Digest.hmac(signed, key: $0)) }.joined(separator: ",")
    }
}
