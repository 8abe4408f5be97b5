import Conversation
import JSON

/// Neutral → the app's JSON, pure.
enum ToApp {
    static func message(_ part: OutboundPart) -> [UInt8] {
        written("message") { json in
            json.field("thread", part.thread.text)
            json.field("visibility", part.visibility.rawValue)
            json.field("title", part.title)
            json.field("author", part.author)
            json.field("replyTo", part.replyTo?.text)
            if part.replyTo != nil { json.field("quote", part.isQuote) }
            write(part.body, to: &json)
            if !part.files.isEmpty {
                json.field("files", array: { json in
                    for file in part.files {
                        json.object { json in
                            json.field("name", file.name)
                            json.field("url", file.url)
                        }
                    }
                })
            }
            write(part.recipients, to: &json)
        }
    }

    static func check(_ recipient: Person) -> [UInt8] {
        written("check") { json in json.field("recipient", object: { write(recipient, to: &$0) }) }
    }

    static func open(_ recipients: [Person], _ visibility: Visibility, _ name: String?) -> [UInt8] {
        written("open") { json in
            json.field("visibility", visibility.rawValue)
            json.field("name", name)
            write(recipients, to: &json)
        }
    }

    static func typing(_ isOn: Bool, _ thread: ThreadID) -> [UInt8] {
        written("typing") { json in
            json.field("thread", thread.text)
            json.field("on", isOn)
        }
    }

    static func ended(_ thread: ThreadID) -> [UInt8] { written("ended") { $0.field("thread", thread.text) } }

    private static func written(_ type: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("type", type)
            members(&json)
        }
        return writer.bytes
    }

    private static func write(_ body: OutboundPart.Body?, to json: inout JSONWriter) {
        switch body {
        case nil: break
        case .text(let text): json.field("text", text)
        case .choices(let choices):
            json.field("heading", choices.title)
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
        case .link(let link):
            json.field("link", object: { json in
                json.field("title", link.title)
                json.field("url", link.url)
                json.field("image", link.image)
            })
        case .card(let content, let kind):
            json.field("card", object: { json in
                json.field("kind", kind)
                json.field("content", content)
            })
        }
    }

    private static func write(_ recipients: [Person], to json: inout JSONWriter) {
        guard !recipients.isEmpty else { return }
        json.field("recipients", array: { json in for person in recipients { json.object { write(person, to: &$0) } } })
    }

    private static func write(_ person: Person, to json: inout JSONWriter) {
        json.field("id", person.id.text)
        json.field("firstName", person.firstName)
        json.field("lastName", person.lastName)
        json.field("nickname", person.nickname)
        json.field("image", person.image)
    }
}
