import Conversation
import JSON
import Secrets

/// Wire → reply, pure. Members that are not known are ignored; a known one of the wrong type makes the answer malformed, so that a
/// mistake of the bot shows at once.
enum FromWebhook {
    static func reply(_ answer: JSON, to turn: Turn) throws(AgentError) -> Reply {
        guard answer.kind == .object else { throw malformed("the answer is not an object") }
        var reply = Reply()
        for element in try list(answer, "replies") { reply.parts += try parts(element) }
        reply.understanding = try understanding(answer["understanding"])
        reply.scriptPayloads = try list(answer, "scriptPayloads").map { RawJSON($0) }
        reply.scriptValues = answer["parameters"]?.members.map { ($0.name, RawJSON($0.value)) } ?? []
        reply.expects = try expectation(answer["expects"])
        reply.state = answer["state"].flatMap { $0.isNull ? nil : RawJSON($0) }
        reply.signal = try signal(answer["signal"], of: &reply, to: turn)
        return reply
    }

    private static func parts(_ json: JSON) throws(AgentError) -> [Reply.Part] {
        if let choices = json["choices"] {
            var found: [Reply.Choice] = []
            for choice in choices.elements {
                guard let title = choice["title"]?.string else { throw malformed("a choice has no title") }
                found.append(Reply.Choice(title: title, value: choice["value"]?.string ?? title))
            }
            return [.choices(prompt: json["text"]?.string ?? "", found)]
        }
        if let media = json["media"] {
            guard let url = media["url"]?.string else { throw malformed("media without url") }
            return [.media(Reply.Media(url: url, mediaType: media["mime"]?.string, caption: media["alt"]?.string))]
        }
        if let pause = json["pause"] {
            guard let milliseconds = pause["ms"]?.integer, milliseconds >= 0 else { throw malformed("pause without ms") }
            return [.pause(milliseconds: milliseconds)]
        }
        if let audio = json["audio"] {
            guard let data = audio["data"]?.string, let bytes = Base64.decode(data.utf8) else { throw malformed("audio without base64 data") }
            return [.audio(Audio(mediaType: audio["mime"]?.string ?? "audio/wav", bytes: bytes), transcript: audio["text"]?.string ?? "")]
        }
        if let recording = json["recording"] {
            guard let path = recording["path"]?.string else { throw malformed("recording without path") }
            return [.recording(path: path, transcript: recording["text"]?.string ?? "")]
        }
        if let custom = json["custom"] { return [.custom(RawJSON(custom))] }
        guard let text = json["text"]?.string else { throw malformed("a reply of no known kind") }
        return [.text(plain: text, spoken: json["ssml"]?.string)]
    }

    private static func understanding(_ json: JSON?) throws(AgentError) -> Understanding {
        guard let json, !json.isNull else { return Understanding() }
        guard json.kind == .object else { throw malformed("understanding is not an object") }
        return Understanding(
            intent: json["intent"]?["name"]?.string ?? json["intent"]?.string, context: json["context"]?.string,
            confidence: json["intent"]?["confidence"]?.double, transcript: json["transcript"]?.string,
            slots: json["slots"]?.members.map { ($0.name, RawJSON($0.value)) } ?? [])
    }

    /// `"end"`, or `{"type": "handover", "target": …, "reason": …, "context": …}`. The context of a handover is for the script.
    private static func signal(_ json: JSON?, of reply: inout Reply, to turn: Turn) throws(AgentError) -> Signal {
        guard let json, !json.isNull else {
            if turn.input == .end { return .end(reason: nil) }
            if case .silence = turn.input { return .noInput }
            return reply.parts.isEmpty ? .noMatch : .continue
        }
        guard let type = json.string ?? json["type"]?.string else { throw malformed("a signal without type") }
        if let context = json["context"], !context.isNull { reply.scriptPayloads.append(RawJSON(context)) }
        switch type {
        case "continue": return .continue
        case "noMatch": return .noMatch
        case "noInput": return .noInput
        case "end": return .end(reason: json["reason"]?.string)
        case "handover": return .handover(reason: json["reason"]?.string, target: json["target"]?.string)
        case "decline": return .decline(reason: json["reason"]?.string)
        case "untranscribable": return .untranscribable
        case "breakout": return .breakout
        default: throw malformed("a signal of no known type")
        }
    }

    private static func expectation(_ json: JSON?) throws(AgentError) -> Expectation? {
        guard let json, !json.isNull else { return nil }
        var kind = Expectation.Kind.anything
        if let digits = json["digits"] {
            let most = digits["max"]?.integer
            guard most.map({ (1...100).contains($0) }) ?? true else { throw malformed("digits with an impossible max") }
            kind = .digits(most: most, terminators: digits["finish"]?.string, only: digits["only"]?.bool ?? false)
        } else if json["nothing"]?.bool == true {
            kind = .nothing
        }
        return Expectation(kind, patienceMilliseconds: json["waitMs"]?.integer, mayInterrupt: json["mayInterrupt"]?.bool)
    }

    private static func list(_ json: JSON, _ name: String) throws(AgentError) -> [JSON] {
        guard let value = json[name], !value.isNull else { return [] }
        guard value.kind == .array else { throw malformed("\(name) is not a list") }
        return Array(value.elements)
    }

    private static func malformed(_ reason: String) -> AgentError { AgentError(.malformed, reason: reason) }
}
