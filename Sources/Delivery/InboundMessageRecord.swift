import Conversation
import JSON

// A contact's message as JSON: for the letters that are kept when it was given up.

extension InboundMessage {
    func write(to writer: inout JSONWriter) {
        writer.object { json in
            json.field("id", id.text)
            json.field("thread", thread.text)
            json.field("threadName", threadName)
            json.field("visibility", visibility.rawValue)
            json.field("author", object: { author.write(to: &$0) })
            json.field("content", object: { content.write(to: &$0) })
            json.field("files", array: { json in for file in files { json.object { file.write(to: &$0) } } })
            json.field("replyTo", replyTo?.text)
            if isQuote { json.field("isQuote", true) }
            json.field("occurred", occurred)
            json.field("url", url)
            json.field("title", title)
            json.field("language", language)
            json.field("facts", array: { json in
                for fact in facts {
                    json.object { json in
                        json.field("name", fact.name)
                        json.field("value", fact.value)
                    }
                }
            })
            if isOwn { json.field("isOwn", true) }
        }
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string, let thread = json["thread"]?.string, let author = json["author"].flatMap(Person.init),
            let content = json["content"].flatMap(InboundContent.init), let occurred = json["occurred"]?.integer
        else { return nil }
        self.init(
            id: MessageID(id), thread: ThreadID(thread), visibility: json["visibility"]?.string.flatMap(Visibility.init) ?? .direct, author: author,
            content: content, occurred: occurred, files: json["files"].map { $0.elements.compactMap(InboundFile.init) } ?? [],
            replyTo: json["replyTo"]?.string.map { MessageID($0) }, isQuote: json["isQuote"]?.bool ?? false, isOwn: json["isOwn"]?.bool ?? false)
        threadName = json["threadName"]?.string
        url = json["url"]?.string
        title = json["title"]?.string
        language = json["language"]?.string
        facts = json["facts"].map { $0.elements.compactMap { fact in
            guard let name = fact["name"]?.string, let value = fact["value"]?.string else { return nil }
            return (name, value)
        } } ?? []
    }
}

extension InboundContent {
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .none: json.field("kind", "none")
        case .text(let text):
            json.field("kind", "text")
            json.field("text", text)
        case .choice(let title, let value):
            json.field("kind", "choice")
            json.field("text", title)
            json.field("value", value)
        case .described(let kind, let words):
            json.field("kind", "described")
            json.field("of", kind)
            json.field("text", words)
        }
    }

    fileprivate init?(_ json: JSON) {
        let text = json["text"]?.string ?? ""
        switch json["kind"]?.string {
        case "none": self = .none
        case "text": self = .text(text)
        case "choice": self = .choice(title: text, value: json["value"]?.string)
        case "described": self = .described(kind: json["of"]?.string ?? "", words: text)
        default: return nil
        }
    }
}

extension InboundFile {
    fileprivate func write(to json: inout JSONWriter) {
        switch place {
        case .open(let url): json.field("url", url)
        case .platform(let reference): json.field("reference", reference)
        }
        json.field("name", name)
        json.field("mediaType", mediaType)
        json.field("size", size)
    }

    fileprivate init?(_ json: JSON) {
        let place: Place
        if let url = json["url"]?.string {
            place = .open(url: url)
        } else if let reference = json["reference"]?.string {
            place = .platform(reference: reference)
        } else {
            return nil
        }
        self.init(place, name: json["name"]?.string ?? "", mediaType: json["mediaType"]?.string, size: json["size"]?.integer)
    }
}
