/// Text that agents wrote in a rich editor (`contentFormat: html`), as plain text (`byoc.md` §10).
///
/// Only what is unmistakably markup is touched: a text with at least one closing tag of a known element, or a break or paragraph. A text with
/// `a < b` or `List<Int>` in it stays as it is, octet for octet.
enum Markup {
    private static let blocks: Set<String> = [
        "p", "div", "ul", "ol", "li", "blockquote", "table", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "section", "article",
    ]
    private static let inline: Set<String> = [
        "a", "b", "strong", "i", "em", "u", "s", "strike", "del", "span", "font", "small", "sub", "sup", "code", "img", "br", "td", "th", "tbody",
        "thead", "body", "html", "head", "wbr", "mark", "label",
    ]
    private static let hidden: Set<String> = ["script", "style", "title", "template", "iframe", "object"]

    /// Octets of a text that is looked at, and of one tag: what is longer was typed by nobody.
    private static let mostOctets = 64 << 10
    private static let mostOfTag = 2048

    static func stripped(_ text: String) -> String {
        guard text.utf8.count <= mostOctets, text.utf8.contains(UInt8(ascii: "<")), isMarkup(text) else { return text }
        var reader = Reader(rest: Array(text.utf8)[...])
        reader.read()
        return reader.text
    }

    private static func isMarkup(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while let place = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[place...]
            guard let tag = Tag(rest) else {
                rest = rest.dropFirst()
                continue
            }
            if tag.isClosing || ["br", "p", "hr", "img"].contains(tag.name) { return true }
            rest = rest.dropFirst(tag.length)
        }
        return false
    }

    /// `<name …>` or `</name>` of a known element.
    private struct Tag {
        let name: String
        let isClosing: Bool
        let length: Int
        let attributes: ArraySlice<UInt8>

        init?(_ text: ArraySlice<UInt8>) {
            var rest = text.dropFirst()
            isClosing = rest.first == UInt8(ascii: "/")
            if isClosing { rest = rest.dropFirst() }
            let letters = rest.prefix(12).prefix { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x31 && $0 <= 0x36) }
            let name = String(decoding: letters.map { $0 | 0x20 >= 0x61 ? $0 | 0x20 : $0 }, as: UTF8.self)
            guard blocks.contains(name) || inline.contains(name) || hidden.contains(name) else { return nil }
            rest = rest.dropFirst(letters.count)
            guard let next = rest.first, next == UInt8(ascii: ">") || next == UInt8(ascii: "/") || next <= 0x20 else { return nil }
            // A `>` inside quotes does not end a tag.
            var quote: UInt8?
            var end: Int?
            for index in rest.prefix(Markup.mostOfTag).indices {
                let octet = rest[index]
                if let open = quote {
                    if octet == open { quote = nil }
                } else if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'") {
                    quote = octet
                } else if octet == UInt8(ascii: ">") {
                    end = index
                    break
                } else if octet == UInt8(ascii: "<") {
                    return nil
                }
            }
            guard let end else { return nil }
            self.name = name
            attributes = rest[..<end]
            length = end + 1 - text.startIndex
        }

        /// The value of `href`.
        var link: String? {
            let text = String(decoding: attributes, as: UTF8.self)
            guard let start = text.range(ofASCII: "href=") else { return nil }
            let value = text[start...]
            guard let quote = value.first, quote == "\"" || quote == "'" else { return String(value.prefix { $0 != " " }) }
            return String(value.dropFirst().prefix { $0 != quote })
        }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        var out: [UInt8] = []
        var link: (url: String, start: Int)?

        init(rest: ArraySlice<UInt8>) { self.rest = rest }

        var text: String {
            var lines = String(decoding: out, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)[...]
            while let first = lines.first, first.allSatisfy({ $0 == " " }) { lines = lines.dropFirst() }
            while let last = lines.last, last.allSatisfy({ $0 == " " }) { lines = lines.dropLast() }
            return lines.joined(separator: "\n")
        }

        mutating func read() {
            while let octet = rest.first {
                if octet == UInt8(ascii: "<"), rest.starts(with: "<!--".utf8) {
                    skipComment()
                } else if octet == UInt8(ascii: "<"), let tag = Tag(rest) {
                    rest = rest.dropFirst(tag.length)
                    take(tag)
                } else if octet == UInt8(ascii: "&"), let (character, length) = Entity.read(rest) {
                    out += Array(character.utf8)
                    rest = rest.dropFirst(length)
                } else {
                    out.append(octet)
                    rest = rest.dropFirst()
                }
            }
        }

        private mutating func skipComment() {
            while !rest.isEmpty, !rest.starts(with: "-->".utf8) { rest = rest.dropFirst() }
            rest = rest.dropFirst(3)
        }

        private mutating func take(_ tag: Tag) {
            if Markup.hidden.contains(tag.name), !tag.isClosing {
                while !rest.isEmpty {
                    if rest.first == UInt8(ascii: "<"), let end = Tag(rest), end.isClosing, end.name == tag.name {
                        rest = rest.dropFirst(end.length)
                        return
                    }
                    rest = rest.dropFirst()
                }
            } else if tag.name == "br" {
                out.append(0x0A)
            } else if Markup.blocks.contains(tag.name) {
                if let last = out.last, last != 0x0A { out.append(0x0A) }
                if tag.name == "li", !tag.isClosing { out += Array("- ".utf8) }
            } else if tag.name == "td" || tag.name == "th", tag.isClosing {
                out.append(0x20)
            } else if tag.name == "a" {
                takeLink(tag)
            }
        }

        /// A link keeps its address where the words do not say it.
        private mutating func takeLink(_ tag: Tag) {
            if !tag.isClosing {
                link = tag.link.map { ($0, out.count) }
            } else if let (url, start) = link {
                link = nil
                let words = String(decoding: out[min(start, out.count)...], as: UTF8.self)
                guard url.hasPrefix("https://") || url.hasPrefix("http://"), words != url else { return }
                out += Array((words.isEmpty ? url : " (\(url))").utf8)
            }
        }
    }

    /// The few names that editors write, and numbers.
    private enum Entity {
        private static let names: [String: String] = [
            "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "hellip": "…", "ndash": "–", "mdash": "—",
            "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "euro": "€", "copy": "©", "reg": "®", "bull": "•",
        ]

        static func read(_ text: ArraySlice<UInt8>) -> (String, Int)? {
            guard let end = text.prefix(12).firstIndex(of: UInt8(ascii: ";")) else { return nil }
            let name = String(decoding: text[(text.startIndex + 1)..<end], as: UTF8.self)
            let length = end + 1 - text.startIndex
            if let found = names[name] { return (found == "\u{A0}" ? " " : found, length) }
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let code = digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard let code, code >= 0x20, let scalar = Unicode.Scalar(code) else { return nil }
            return (String(Character(scalar)), length)
        }
    }
}

extension String {
    /// Where the text behind an ASCII word begins, case ignored.
    fileprivate func range(ofASCII word: StaticString) -> String.Index? {
        let wanted = word.withUTF8Buffer { Array($0) }
        let octets = Array(utf8)
        guard octets.count >= wanted.count else { return nil }
        for start in 0...(octets.count - wanted.count) where zip(octets[start...], wanted).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
            return utf8.index(startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }
}
