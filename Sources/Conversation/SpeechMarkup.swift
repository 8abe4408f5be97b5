/// The few things that anybody needs to do with SSML: write words into it safely, and get words out of it for a transcript.
package enum SpeechMarkup {
    /// Whether a text is an SSML document.
    package static func isMarkup(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return false }
        let start = text.utf8.drop { $0 <= 0x20 }.prefix(6)
        return start.elementsEqual("<speak".utf8)
    }

    /// Words as they may stand between tags. Control characters, which XML cannot carry, become spaces.
    package static func escaped(_ words: String) -> String {
        var out = ""
        out.reserveCapacity(words.utf8.count + 16)
        for scalar in words.unicodeScalars {
            switch scalar {
            case "&", "<", ">", "\"", "'": out += MarkupCharacter.reference(to: scalar) ?? ""
            case "\t", "\n", "\r": out.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}": out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// A document around content that is already escaped.
    package static func document(_ content: String) -> String { "<speak>\(content)</speak>" }

    /// The document with a pause before its first word.
    static func pausing(_ milliseconds: Int, before document: String) -> String {
        let pause = "<break time=\"\(milliseconds)ms\"/>"
        guard isMarkup(document), let end = document.firstIndex(of: ">") else { return self.document(pause + escaped(document)) }
        let next = document.index(after: end)
        // `<speak/>` has no inside.
        guard document[..<end].last != "/" else { return self.document(pause) }
        return String(document[..<next]) + pause + String(document[next...])
    }

    /// The words of a document, tags left out, entities resolved, white space collapsed.
    package static func words(of markup: String) -> String {
        var out: [UInt8] = []
        var isTag = false
        var pendingSpace = false
        var rest = markup.utf8[...]
        func append(_ octets: some Sequence<UInt8>) {
            if pendingSpace, !out.isEmpty { out.append(0x20) }
            pendingSpace = false
            out.append(contentsOf: octets)
        }
        while let octet = rest.first {
            if isTag {
                if octet == UInt8(ascii: ">") {
                    isTag = false
                    pendingSpace = true
                }
                rest = rest.dropFirst()
            } else if octet == UInt8(ascii: "<") {
                isTag = true
                rest = rest.dropFirst()
            } else if octet <= 0x20 {
                pendingSpace = true
                rest = rest.dropFirst()
            } else if octet == UInt8(ascii: "&"), let (text, length) = entity(rest) {
                append(text.utf8)
                rest = rest.dropFirst(length)
            } else {
                append(CollectionOfOne(octet))
                rest = rest.dropFirst()
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func entity(_ text: Substring.UTF8View) -> (String, Int)? {
        for (name, value) in [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'")]
        where text.starts(with: name.utf8) {
            return (value, name.utf8.count)
        }
        return nil
    }
}
