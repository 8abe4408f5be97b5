package import JSON

/// `messageContent` of a message that is created (`byoc.md` §10): six types, each with its payload.
package enum ContentShapes {
    private static let words: Shape = .object([.required("content", .text)])
    private static let icon: Shape = .object([.required("fileName", .text), .required("mimeType", .text), .required("url", .url)])
    private static let action: Shape = .object([
        .required("text", .filledText), .required("type", .choice(["REPLY_BUTTON"])), .optional("postback", .text),
        .optional("icon", icon), .optional("description", .text),
    ])

    private static func payload(of type: String) -> Shape? {
        switch type {
        case "TEXT": .object([.required("text", .text)])
        case "QUICK_REPLIES": .object([.required("text", words), .required("actions", .list(action))])
        case "LIST_PICKER":
            .object([.required("title", words), .required("text", words), .required("actions", .list(action))])
        case "RICH_LINK":
            .object([.required("media", icon), .required("title", words), .required("url", .url)])
        case "ADAPTIVE_CARD": .anyObject
        case "PLUGIN":
            .object([.optional("postback", .text), .required("elements", .list(element(depth: 4)))])
        default: nil
        }
    }

    private static func element(depth: Int) -> Shape {
        .object([
            .required("id", .text), .optional("text", .text), .required("type", .filledText),
            .optional("elements", depth > 0 ? .list(element(depth: depth - 1)) : .any), .optional("postback", .text),
            .optional("url", .url), .optional("mimeType", .text), .optional("filename", .text), .optional("variables", .any),
        ])
    }

    private static let types = ["TEXT", "QUICK_REPLIES", "LIST_PICKER", "RICH_LINK", "ADAPTIVE_CARD", "PLUGIN"]
    private static let content: Shape = .object([
        .required("type", .choice(types)), .required("payload", .anyObject), .optional("fallbackText", .text),
        .optional("postback", .text), .optional("parameters", .any),
    ])

    package static func violations(of value: JSON, at path: String, refusingUnknown: Bool) -> [Violation] {
        let found = content.violations(of: value, at: path, refusingUnknown: refusingUnknown)
        guard let shape = value["type"]?.string.flatMap(payload), let payload = value["payload"], payload.kind == .object else {
            return found
        }
        return found + shape.violations(of: payload, at: path + ".payload", refusingUnknown: refusingUnknown)
    }

    /// A content's readable text, for the log and for tests.
    package static func text(of content: JSON) -> String {
        let payload = content["payload"]
        if let text = payload?["text"]?.string { return text }
        return payload?["text"]?["content"]?.string ?? content["fallbackText"]?.string ?? payload?["title"]?["content"]?.string
            ?? content["type"]?.string ?? ""
    }
}
