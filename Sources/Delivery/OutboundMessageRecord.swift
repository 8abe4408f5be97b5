import Conversation
import JSON

// An agent's message as JSON: for the digest that tells a repeat from another message, and for the queue that keeps it.

extension OutboundMessage {
    /// - Parameter forDigest: Leaves out what may differ between two copies of one message: the key, and signatures in the URLs of files.
    func write(to writer: inout JSONWriter, forDigest: Bool = false) {
        writer.object { json in
            if !forDigest {
                json.field("key", key)
                if keyIsDigest { json.field("keyIsDigest", true) }
                json.field("author", author)
            }
            json.field("visibility", visibility.rawValue)
            json.field("thread", thread?.text)
            json.field("threadName", threadName)
            json.field("recipients", array: { json in for person in recipients { json.object { person.write(to: &$0) } } })
            json.field("content", object: { content.write(to: &$0) })
            json.field("files", array: { json in
                for file in files {
                    json.object { json in
                        json.field("url", forDigest ? String(file.url.prefix { $0 != "?" }) : file.url)
                        json.field("name", file.name)
                    }
                }
            })
            json.field("replyTo", replyTo?.text)
            if isQuote { json.field("isQuote", true) }
            json.field("title", title)
        }
    }

    init?(_ json: JSON) {
        guard let key = json["key"]?.string, let content = json["content"].flatMap(OutboundContent.init) else { return nil }
        self.init(
            key: key, visibility: json["visibility"]?.string.flatMap(Visibility.init) ?? .direct,
            thread: json["thread"]?.string.map { ThreadID($0) }, recipients: json["recipients"].map { $0.elements.compactMap(Person.init) } ?? [],
            content: content,
            files: json["files"].map { $0.elements.compactMap { file in
                guard let url = file["url"]?.string, let name = file["name"]?.string else { return nil }
                return OutboundFile(url: url, name: name)
            } } ?? [],
            replyTo: json["replyTo"]?.string.map { MessageID($0) }, isQuote: json["isQuote"]?.bool ?? false)
        keyIsDigest = json["keyIsDigest"]?.bool ?? false
        threadName = json["threadName"]?.string
        title = json["title"]?.string
        author = json["author"]?.string
    }
}

extension OutboundContent {
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .none: json.field("kind", "none")
        case .text(let text):
            json.field("kind", "text")
            json.field("text", text)
        case .link(let link):
            json.field("kind", "link")
            json.field("title", link.title)
            json.field("url", link.url)
            json.field("image", link.image)
        case .card(let card, let kind, let words):
            json.field("kind", "card")
            json.field("card", card)
            json.field("cardKind", kind)
            json.field("text", words)
        case .choices(let choices):
            json.field("kind", "choices")
            json.field("title", choices.title)
            json.field("text", choices.text)
            json.field("choices", array: { json in
                for choice in choices.choices {
                    json.object { json in
                        json.field("title", choice.title)
                        json.field("description", choice.description)
                        json.field("value", choice.value)
                        json.field("url", choice.url)
                        json.field("image", choice.image)
                    }
                }
            })
        }
    }

    fileprivate init?(_ json: JSON) {
        let text = json["text"]?.string ?? ""
        switch json["kind"]?.string {
        case "none": self = .none
        case "text": self = .text(text)
        case "link": self = .link(.init(title: json["title"]?.string ?? "", url: json["url"]?.string ?? "", image: json["image"]?.string))
        case "card":
            guard let card = json["card"] else { return nil }
            self = .card(RawJSON(card), kind: json["cardKind"]?.string ?? "", words: text)
        case "choices":
            let choices = json["choices"].map { $0.elements.map { choice in
                Choice(
                    title: choice["title"]?.string ?? "", description: choice["description"]?.string, value: choice["value"]?.string,
                    url: choice["url"]?.string, image: choice["image"]?.string)
            } }
            self = .choices(.init(title: json["title"]?.string, text: text, choices: choices ?? []))
        default: return nil
        }
    }
}
