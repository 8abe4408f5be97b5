package import JSON
package import Secrets
package import Settings

/// `channels.<name>.webchat`.
package struct WebChatChannelSettings: SettingsGroup {
    package let origins: [String]
    package let sessionKeys: [Secret]
    package let sessionSeconds: Int
    package let title: String?
    package let texts: RawJSON?
    package let colours: WebChatColours
    package let limits: WebChatLimits
    package let endsWhenLeft: Bool
    package let graceSeconds: Int

    package init(from reader: SettingsReader) {
        origins = reader.value("origins", .texts, default: [],
            "Sites that may show the chat, such as `https://shop.example`, also its page in a frame. The page by itself needs no entry.")
        sessionKeys = reader.required("sessionKeys", .secrets, "Sign the browsers' session tokens; the first signs, all verify.")
        sessionSeconds = reader.value("sessionSeconds", .integer(60...86_400), default: 3600, "How long a token is valid before the browser renews it.")
        title = reader.optional("title", .text, "What stands above the conversation; otherwise *Chat*.")
        texts = reader.optional("texts", .json,
            "Words to show instead of the built-in ones (English, German), by language and name: `{\"fr\": {\"send\": \"Envoyer\"}}`. "
                + "The names are those of `TEXTS` in `Assets/chat.js`.")
        colours = reader.group("colours", WebChatColours.self, "Colours, as `#rrggbb`.")
        limits = reader.group("limits", WebChatLimits.self, "What one browser may send.")
        endsWhenLeft = reader.value("endsWhenLeft", .flag, default: true,
            "Whether closing the last window ends the conversation. Without it only *End chat* does, and 24 hours of silence.")
        graceSeconds = reader.value("graceSeconds", .integer(2...25), default: 15,
            "How long after a window was closed another page of the site may still take the conversation on.")
        for origin in origins where !Self.isOrigin(origin) {
            reader.problem("holds \"\(origin)\", which is no origin: scheme and host, such as https://shop.example, without path", at: "origins")
        }
        if let texts, !Self.areTexts(texts) { reader.problem("must hold objects of texts by language: {\"fr\": {\"send\": \"Envoyer\"}}", at: "texts") }
    }

    static func isOrigin(_ text: String) -> Bool {
        guard let rest = ["https://", "http://"].first(where: text.hasPrefix).map({ text.dropFirst($0.count) }) else { return false }
        return !rest.isEmpty && rest.utf8.allSatisfy { octet in
            (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet) || ".-:[]".utf8.contains(octet)
        }
    }

    private static func areTexts(_ texts: RawJSON) -> Bool {
        guard let json = texts.parsed(), json.kind == .object else { return false }
        return json.members.allSatisfy { language in
            language.value.kind == .object && language.value.members.allSatisfy { $0.value.string != nil }
        }
    }
}

/// `channels.<name>.webchat.colours`.
package struct WebChatColours: SettingsGroup {
    package let accent: String?
    package let accentDark: String?

    package init(from reader: SettingsReader) {
        accent = reader.optional("accent", .text, "The contact's messages, buttons, the launcher; text on it is black or white, whichever reads better.")
        accentDark = reader.optional("accentDark", .text, "The same for dark mode.")
        for (key, colour) in [("accent", accent), ("accentDark", accentDark)] {
            if let colour, !Self.isColour(colour) { reader.problem("must be a colour such as #1d4ed8", at: key) }
        }
    }

    private static func isColour(_ text: String) -> Bool {
        text.utf8.count == 7 && text.hasPrefix("#") && text.utf8.dropFirst().allSatisfy { octet in
            (0x30...0x39).contains(octet) || (0x41...0x46).contains(octet) || (0x61...0x66).contains(octet)
        }
    }
}

/// `channels.<name>.webchat.limits`.
package struct WebChatLimits: SettingsGroup {
    package let text: Int
    package let files: Int
    package let fileMiB: Int
    package let messagesPerMinute: Int
    package let sessionsPerMinute: Int
    package let requestsPerMinute: Int

    package var fileOctets: Int { fileMiB << 20 }

    package init(from reader: SettingsReader) {
        text = reader.value("text", .integer(1...20_000), default: 4000, "Characters of one message.")
        files = reader.value("files", .integer(0...20), default: 10, "Files of one message; 0: none.")
        fileMiB = reader.value("fileMiB", .integer(1...20), default: 10, "Size of one file, MiB.")
        messagesPerMinute = reader.value("messagesPerMinute", .integer(1...1000), default: 30, "Messages and files of one browser.")
        sessionsPerMinute = reader.value("sessionsPerMinute", .integer(1...100_000), default: 30, "Conversations begun from one address.")
        requestsPerMinute = reader.value("requestsPerMinute", .integer(1...1_000_000), default: 600,
            "Requests other than waiting for messages, from one address; behind a proxy all browsers have its address.")
    }
}
