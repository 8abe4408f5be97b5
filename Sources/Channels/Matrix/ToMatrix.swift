import Conversation
import JSON

/// Writes what an agent sends as the content of `m.room.message` (specification, Client-Server API §11.2).
enum ToMatrix {
    /// - Parameter author: Shown before the text, where agents have no accounts of their own.
    static func content(of part: OutboundPart, author: String?) -> RawJSON? {
        switch part.body {
        case .text(let text): words(text, markup: nil, part, author)
        // Choices become numbered lines before they get here; should they come, their words do.
        case .choices(let choices):
            words(([choices.title, choices.text].compactMap(\.self) + choices.choices.map(\.title)).joined(separator: "\n"), markup: nil, part, author)
        case .link(let link):
            words("\(link.title)\n\(link.url)", markup: "<a href=\"\(Markup.escaped(link.url))\">\(Markup.escaped(link.title))</a>", part, author)
        case .card, nil: nil
        }
    }

    private static func words(_ text: String, markup: String?, _ part: OutboundPart, _ author: String?) -> RawJSON {
        RawJSON { json in
            json.object { json in
                json.field("msgtype", "m.text")
                json.field("body", author.map { "\($0): \(text)" } ?? text)
                if markup != nil || author != nil {
                    json.field("format", "org.matrix.custom.html")
                    let name = author.map { "<strong>\(Markup.escaped($0))</strong>: " } ?? ""
                    json.field("formatted_body", name + (markup ?? Markup.escaped(text)))
                }
                finish(&json, part)
            }
        }
    }

    static func notice(_ text: String) -> RawJSON {
        RawJSON { json in
            json.object { json in
                json.field("msgtype", "m.notice")
                json.field("body", text)
                json.field("m.mentions", object: { _ in })
            }
        }
    }

    static func file(_ name: String, _ mediaType: String, size: Int, at url: String, _ part: OutboundPart) -> RawJSON {
        RawJSON { json in
            json.object { json in
                json.field("msgtype", kind(of: mediaType))
                json.field("body", name)
                json.field("filename", name)
                json.field("url", url)
                json.field("info", object: { json in
                    json.field("mimetype", mediaType)
                    json.field("size", size)
                })
                finish(&json, part)
            }
        }
    }

    /// Nobody is mentioned unless it says so; and what it answers, where the agent quoted it.
    private static func finish(_ json: inout JSONWriter, _ part: OutboundPart) {
        json.field("m.mentions", object: { _ in })
        guard part.isQuote, let quoted = part.replyTo else { return }
        json.field("m.relates_to", object: { json in
            json.field("m.in_reply_to", object: { json in json.field("event_id", quoted.text) })
        })
    }

    private static func kind(of mediaType: String) -> String {
        switch mediaType.prefix(while: { $0 != "/" }).lowercased() {
        case "image": "m.image"
        case "audio": "m.audio"
        case "video": "m.video"
        default: "m.file"
        }
    }
}
