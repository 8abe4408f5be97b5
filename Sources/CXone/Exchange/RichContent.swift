import Conversation
import JSON

/// Messages of digital channels, in the envelope `dfoMessage` (`virtual-agent.md` §9). Always with a fallback text: channels that cannot
/// render a type show that.
enum RichContent {
    static func quickReplies(_ prompt: String, _ choices: [Reply.Choice]) -> RawJSON {
        envelope { message in
            message.field("type", "QUICK_REPLIES")
            message.field("payload", object: { payload in
                payload.field("text", object: { $0.field("content", prompt) })
                payload.field("actions", array: { actions in
                    for choice in choices {
                        actions.object { action in
                            action.field("type", "REPLY_BUTTON")
                            action.field("text", choice.title)
                            action.field("postback", choice.value)
                        }
                    }
                })
            })
            message.field("fallbackText", Degrading.numbered(prompt, choices, .text))
            message.field("postback", "")
        }
    }

    static func richLink(_ media: Reply.Media) -> RawJSON {
        let title = transcript(of: media)
        return envelope { message in
            message.field("type", "RICH_LINK")
            message.field("payload", object: { payload in
                payload.field("media", object: { file in
                    file.field("fileName", fileName(of: media.url))
                    file.field("url", media.url)
                    file.field("mimeType", media.mediaType ?? "application/octet-stream")
                })
                payload.field("title", object: { $0.field("content", title) })
                payload.field("url", media.url)
            })
            message.field("fallbackText", title == media.url ? title : "\(title) \(media.url)")
        }
    }

    static func transcript(of media: Reply.Media) -> String {
        guard let caption = media.caption, !caption.isEmpty else { return media.url }
        return caption
    }

    /// The words of an agent's own message, for the transcript.
    static func words(of content: JSON) -> String {
        let payload = content["payload"]
        let candidates = [
            payload?["text"]?["content"], payload?["text"], payload?["title"]?["content"], payload?["title"], content["fallbackText"],
        ]
        for candidate in candidates { if let text = candidate?.string, !text.isEmpty { return text } }
        return content["type"]?.string ?? "Rich message"
    }

    /// An agent's own message, its members as they came; a fallback text is added when it has none.
    static func envelope(of content: JSON) -> RawJSON {
        RawJSON { writer in
            writer.object { outer in
                outer.field("dfoMessage", object: { dfo in
                    guard content.kind == .object else { return dfo.field("messageContent", RawJSON(content)) }
                    dfo.field("messageContent", object: { message in
                        var hasFallback = false
                        for member in content.members {
                            let name = member.name
                            if name == "fallbackText" {
                                guard let text = member.value.string, !text.isEmpty else { continue }
                                hasFallback = true
                            }
                            message.field(name, RawJSON(member.value))
                        }
                        if !hasFallback { message.field("fallbackText", words(of: content)) }
                    })
                })
            }
        }
    }

    private static func envelope(_ body: (inout JSONWriter) -> Void) -> RawJSON {
        RawJSON { $0.object { $0.field("dfoMessage", object: { $0.field("messageContent", object: body) }) } }
    }

    private static func fileName(of url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        return last.isEmpty || last.contains(":") ? "link" : last
    }
}
