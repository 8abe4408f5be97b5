import Conversation
package import JSON

/// Writes bodies with everything hidden that must not be kept or shown (`security.md` §7): members that hold secrets or persons, runs of four
/// or more digits, what was keyed, sound. For traces and for the desk's pages; nothing is ever masked on its way.
package struct TraceMask: Sendable {
    /// What the contact keyed on this turn.
    private let keyed: String

    package static let standIn = "[hidden]"

    package init(keyed: String = "") { self.keyed = keyed }

    /// As it was keyed on the turn that this body asks for.
    package init(for body: JSON?) {
        let type = body?["userInputType"]
        let isKeyed = (type?.string ?? type?.numberLiteral).flatMap { UserInputType(spelled: $0.utf8) } == .digits
        let input = isKeyed ? body?["userInput"]?.string ?? body?["userInput"]?.numberLiteral ?? "" : ""
        // A body out of a trace tells how many there were, no more.
        keyed = input.hasPrefix("digits:") ? "" : input
    }

    /// Members whose value is never shown, lower case; those that end in one of `hiddenEndings` neither.
    private static let hidden = [
        "botconfig", "botsessionstate", "base64wavfile", "base64encodedg711ulawwithwavheader", "contactid", "authorization", "client_assertion",
        "api_key", "apikey", "accesskey", "signature", "cookie",
    ]
    private static let hiddenEndings = ["token", "secret", "password"]

    package static func hides(_ name: String) -> Bool {
        let name = name.lowercased()
        return hidden.contains(name) || hiddenEndings.contains { name.hasSuffix($0) }
    }

    package func text(_ text: String) -> String {
        guard text.utf8.count > 4096 else { return Self.isIdentifier(text) && text != keyed ? text : Masking.digits(in: text, orEqualTo: keyed) }
        return Masking.digits(in: String(text.prefix(200)), orEqualTo: keyed) + "… (\(text.utf8.count) octets)"
    }

    /// A path, segment by segment: ids may be telephone numbers.
    package func path(_ path: some StringProtocol) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { text(String($0)) }.joined(separator: "/")
    }

    /// A URL without its query: some providers put a token there. Where it goes is from the settings, so only the path is masked.
    package func url(_ url: String) -> String {
        let url = url.prefix { $0 != "?" }
        guard let scheme = url.firstRange(of: "://") else { return path(url) }
        let end = url[scheme.upperBound...].firstIndex(of: "/") ?? url.endIndex
        return url[..<end] + path(url[end...])
    }

    /// A body as JSON with everything personal hidden; what is no JSON becomes its length.
    package func write(_ body: [UInt8], to writer: inout JSONWriter) {
        guard !body.isEmpty, let json = try? JSON(parsing: body) else { return writer.value("\(body.count) octets") }
        write(json, to: &writer)
    }

    package func write(_ value: JSON, to writer: inout JSONWriter) { write(value, named: "", to: &writer) }

    private func write(_ value: JSON, named: String, to writer: inout JSONWriter) {
        switch value.kind {
        case .object: write(object: value, to: &writer)
        case .array: writer.array { array in for element in value.elements { write(element, named: named, to: &array) } }
        case .string: writer.value(text(value.string ?? ""))
        case .number:
            let literal = value.numberLiteral ?? ""
            let shown = Self.isMeasure(named, literal) && literal != keyed ? literal : Masking.digits(in: literal, orEqualTo: keyed)
            if shown == literal { writer.value(value) } else { writer.value(shown) }
        default: writer.value(value)
        }
    }

    private func write(object value: JSON, to writer: inout JSONWriter) {
        // Kept even when the turn itself was refused and its digits were never read.
        let type = value["userInputType"]
        let isKeyed = (type?.string ?? type?.numberLiteral).flatMap { UserInputType(spelled: $0.utf8) } == .digits
        writer.object { object in
            for (index, member) in value.members.enumerated() {
                let name = member.name
                let shown = text(name)
                object.name(shown == name ? name : "\(shown) (\(index))")
                if Self.hides(name), !member.value.isNull {
                    object.value(Self.standIn)
                } else if isKeyed, name == "userInput" || name == "automatedIntent" {
                    object.value("digits:\(member.value.string?.utf8.count ?? member.value.raw.count)")
                } else {
                    write(member.value, named: name, to: &object)
                }
            }
        }
    }

    /// Ids and times that machines write: nobody keys or says them.
    private static func isIdentifier(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        func fits(_ pattern: StaticString) -> Bool {
            guard octets.count >= pattern.utf8CodeUnitCount else { return false }
            return pattern.withUTF8Buffer { pattern in
                zip(pattern, octets).allSatisfy { wanted, found in
                    switch wanted {
                    case UInt8(ascii: "x"): (0x30...0x39).contains(found) || (0x61...0x66).contains(found | 0x20)
                    case UInt8(ascii: "0"): (0x30...0x39).contains(found)
                    default: wanted == found
                    }
                }
            }
        }
        return octets.count == 36 && fits("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") || octets.count <= 30 && fits("0000-00-00T00:00:00")
    }

    /// Numbers of a few digits that say how long or how many.
    private static func isMeasure(_ name: String, _ literal: String) -> Bool {
        guard literal.utf8.count <= 6 else { return false }
        if name.hasSuffix("Ms") { return true }
        let name = name.lowercased()
        return ["timeout", "millis", "delay", "seconds", "length", "count", "interval", "_in"].contains { name.contains($0) }
    }
}
