import Conversation
import JSON
import Secrets

/// The entries of a log, as browsers get them (`openapi.json`, `Entry`).
enum ChatEntry {
    static func agent(
        _ number: Int, id: MessageID, body: OutboundPart.Body?, files: [ChatFile], author: String?, occurred: Int
    ) -> RawJSON {
        RawJSON { json in
            json.object { json in
                begin(&json, number, id: id.text, from: "agent", occurred: occurred)
                json.field("author", author)
                switch body {
                case .text(let text): json.field("text", text)
                case .choices(let choices): write(choices, to: &json)
                case .link(let link):
                    json.field("link", object: { json in
                        json.field("title", link.title)
                        json.field("url", link.url)
                    })
                // No card is among the capabilities, so that none comes here; its words would have come as text.
                case .card, nil: break
                }
                write(files, to: &json)
            }
        }
    }

    private static func write(_ choices: OutboundContent.Choices, to json: inout JSONWriter) {
        json.field("title", choices.title)
        json.field("text", choices.text)
        json.field("choices", array: { json in
            for choice in choices.choices {
                json.object { json in
                    json.field("title", choice.title)
                    json.field("description", choice.description)
                    json.field("value", choice.value)
                    json.field("url", choice.url)
                }
            }
        })
    }

    static func contact(_ number: Int, id: String, text: String?, files: [ChatFile], occurred: Int) -> RawJSON {
        RawJSON { json in
            json.object { json in
                begin(&json, number, id: id, from: "contact", occurred: occurred)
                json.field("text", text)
                write(files, to: &json)
            }
        }
    }

    static func end(_ number: Int, by who: ChatHead.Ending, occurred: Int) -> RawJSON {
        RawJSON { json in
            json.object { json in
                begin(&json, number, id: "end", from: who.rawValue, occurred: occurred)
                json.field("event", "end")
            }
        }
    }

    private static func begin(_ json: inout JSONWriter, _ number: Int, id: String, from: String, occurred: Int) {
        json.field("number", number)
        json.field("id", id)
        json.field("from", from)
        json.field("occurred", occurred)
    }

    private static func write(_ files: [ChatFile], to json: inout JSONWriter) {
        guard !files.isEmpty else { return }
        json.field("files", array: { json in for file in files { json.object { file.write(to: &$0) } } })
    }

    /// The same file gets the same id at each attempt.
    static func fileID(_ key: String, _ index: Int) -> String {
        "a-" + Base64.encodeText(Digest.sha256(Array("\(key)\u{0}\(index)".utf8)).prefix(16), .url)
    }
}
