import Conversation
import JSON

/// CXone's `messageContent` as a neutral kind (`byoc.md` §10). Whatever comes, something can be shown: a type that nobody knows yet becomes
/// its own fallback text, or a neutral sentence.
enum FromMessageContent {
    /// What an agent's message says when nothing better is known.
    static let neutral = "This message cannot be shown here."

    /// `nil` when there is nothing in it: a text without text.
    static func content(_ content: JSON) -> OutboundContent? {
        let type = (content["type"]?.string ?? "").uppercased()
        let payload = content["payload"]
        let fallback = words(content["fallbackText"])
        switch type {
        case "TEXT", "":
            let text = words(payload?["text"]) ?? words(content["text"]) ?? fallback
            if let text { return .text(text) }
            guard type.isEmpty, let payload, payload.count > 0 else { return nil }
            return general(payload, fallback)
        case "QUICK_REPLIES", "LIST_PICKER":
            return payload.flatMap(actions) ?? .text(fallback ?? neutral)
        case "RICH_LINK":
            return payload.flatMap { link($0, fallback) } ?? .text(fallback ?? neutral)
        case "ADAPTIVE_CARD":
            guard let payload, payload.kind == .object else { return .text(fallback ?? neutral) }
            return .card(RawJSON(payload), kind: type, words: fallback ?? lines(blocks(payload)) ?? neutral)
        case "PLUGIN":
            return payload.flatMap { plugin($0, fallback) } ?? .text(fallback ?? neutral)
        case "TIME_PICKER":
            return payload.flatMap(times) ?? .text(fallback ?? neutral)
        case "FORM":
            guard let payload, payload.kind == .object else { return .text(fallback ?? neutral) }
            return .card(RawJSON(payload), kind: type, words: fallback ?? form(payload) ?? neutral)
        default:
            return general(payload, fallback)
        }
    }

    /// A kind that has no place of its own. What it offers in known shapes is used when it brings no words for such as us.
    private static func general(_ payload: JSON?, _ fallback: String?) -> OutboundContent {
        if let fallback { return .text(fallback) }
        guard let payload else { return .text(neutral) }
        if payload["actions"]?.kind == .array, let found = actions(payload) { return found }
        if payload["elements"]?.kind == .array, let found = plugin(payload, nil) { return found }
        return .text(words(payload["text"]) ?? words(payload["title"]) ?? neutral)
    }

    // MARK: Kinds

    /// `QUICK_REPLIES`, `LIST_PICKER`: `title`, `text`, `actions[]`.
    private static func actions(_ payload: JSON) -> OutboundContent? {
        let (title, text) = (words(payload["title"]), words(payload["text"]))
        var choices: [OutboundContent.Choice] = []
        for action in payload["actions"].map({ Array($0.elements) }) ?? [] {
            guard let name = words(action["text"]) ?? words(action["title"]) ?? words(action["postback"]) else { continue }
            choices.append(.init(
                title: name, description: words(action["description"]), value: plain(action["postback"]), url: plain(action["url"]),
                image: plain(action["icon"]?["url"])))
        }
        guard !choices.isEmpty else { return lines([title, text]).map { .text($0) } }
        return .choices(.init(title: title, text: text ?? "", choices: choices))
    }

    /// `RICH_LINK`: `media`, `title`, `url`.
    private static func link(_ payload: JSON, _ fallback: String?) -> OutboundContent? {
        let image = plain(payload["media"]?["url"])
        let title = words(payload["title"])
        guard let url = plain(payload["url"]) ?? image else { return title.map { .text($0) } }
        return .link(.init(title: title ?? fallback ?? url, url: url, image: image))
    }

    /// `PLUGIN`: texts, a title, and buttons at any depth of its elements.
    private static func plugin(_ payload: JSON, _ fallback: String?) -> OutboundContent? {
        var found = Plugin()
        found.collect(payload["elements"], depth: 0)
        let text = lines(found.texts) ?? (found.choices.isEmpty ? fallback : nil)
        guard !found.choices.isEmpty else { return lines([found.title, text]).map { .text($0) } }
        return .choices(.init(title: found.title, text: text ?? "", choices: found.choices))
    }

    private struct Plugin {
        var title: String?
        var texts: [String?] = []
        var choices: [OutboundContent.Choice] = []

        mutating func collect(_ elements: JSON?, depth: Int) {
            guard let elements, depth < 8 else { return }
            for element in elements.elements {
                let text = words(element["text"])
                switch element["type"]?.string?.uppercased() {
                case "TITLE" where title == nil: title = text
                case "BUTTON", "IFRAME_BUTTON":
                    guard let name = text ?? plain(element["url"]) ?? plain(element["postback"]) else { break }
                    choices.append(.init(title: name, value: plain(element["postback"]), url: plain(element["url"])))
                default:
                    texts.append(text)
                    if let url = plain(element["url"]), text == nil { texts.append(url) }
                }
                collect(element["elements"], depth: depth + 1)
            }
        }
    }

    /// `TIME_PICKER`: each slot is a choice that carries its id.
    private static func times(_ payload: JSON) -> OutboundContent? {
        let text = lines([words(payload["event"]?["title"]), words(payload["location"]?["title"])])
        var choices: [OutboundContent.Choice] = []
        for slot in payload["event"]?["timeSlots"].map({ Array($0.elements) }) ?? [] {
            guard let start = plain(slot["startTime"]) else { continue }
            choices.append(.init(title: moment(start, lasting: slot["duration"]?.integer), value: plain(slot["id"])))
        }
        guard !choices.isEmpty else { return nil }
        return .choices(.init(title: words(payload["title"]), text: text ?? "", choices: choices))
    }

    /// `2026-03-04T09:15:00.000+0100` as people write it; what is no such time stays. Durations are seconds, as in Apple's picker, whose shape this is.
    private static func moment(_ start: String, lasting duration: Int?) -> String {
        let octets = Array(start.utf8)
        var text = start
        if octets.count >= 16, octets[10] == UInt8(ascii: "T"), octets[13] == UInt8(ascii: ":") {
            text = String(decoding: octets[..<10], as: UTF8.self) + " " + String(decoding: octets[11..<16], as: UTF8.self)
        }
        guard let duration, duration >= 60, duration <= 86_400 else { return text }
        return "\(text) (\(duration / 60) min)"
    }

    /// `FORM`: its labels, for whoever cannot fill it in.
    private static func form(_ payload: JSON) -> String? {
        var parts = [words(payload["title"]), words(payload["description"])]
        for field in payload["fields"].map({ Array($0.elements) }) ?? [] { parts.append(words(field["label"]).map { "- " + $0 }) }
        return lines(parts)
    }

    /// The texts of an adaptive card, in the order in which it shows them.
    private static func blocks(_ card: JSON, depth: Int = 0) -> [String?] {
        guard depth < 16 else { return [] }
        var found: [String?] = []
        for key in ["text", "title"] where card[key]?.kind == .string { found.append(words(card[key])) }
        for key in ["body", "items", "columns", "facts", "actions"] {
            for part in card[key].map({ Array($0.elements) }) ?? [] {
                if let value = words(part["value"]), key == "facts" {
                    found.append((words(part["title"]).map { $0 + ": " } ?? "") + value)
                } else {
                    found += blocks(part, depth: depth + 1)
                }
            }
        }
        return found
    }

    // MARK: Words

    private static func lines(_ parts: [String?]) -> String? {
        let text = parts.compactMap { $0 }.joined(separator: "\n")
        return text.isEmpty ? nil : text
    }

    /// Words for people: a text, or an object that holds one as `content`; markup taken off.
    static func words(_ value: JSON?) -> String? {
        guard let value else { return nil }
        let text = value.kind == .object ? value["content"] ?? value["text"] : value
        return plain(text).map { Markup.stripped($0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What is for machines: as it stands.
    private static func plain(_ value: JSON?) -> String? { value.flatMap(CallbackValue.text) }
}
