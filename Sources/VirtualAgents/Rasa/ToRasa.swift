import Conversation
import JSON

/// Turn → wire, pure.
enum ToRasa {
    static func body(of turn: Turn, message: String) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256 + message.utf8.count)
        writer.object { body in
            body.field("sender", turn.conversation.text)
            body.field("message", message)
            body.field("metadata", object: { metadata in
                metadata.field("channel", turn.medium.rawValue)
                metadata.field("locale", turn.locale)
                metadata.field("turn", turn.number)
                metadata.field("facts", object: { facts in for fact in turn.facts { facts.field(fact.name, fact.value) } })
            })
        }
        return writer.bytes
    }

    /// The text of the message, or `nil` when Rasa need not be asked.
    static func message(for turn: Turn, _ settings: RasaSettings) -> String? {
        switch turn.input {
        case .start: "/" + settings.startIntent
        // A button's payload may be a command, which the contact may choose because the bot offered it.
        case .text(let text): Offered(turn.state).payloads.contains(text) ? text : escaped(text)
        case .event(let name) where isIntent(name): "/" + name
        case .event(let name): intent(settings.eventIntent) { $0.field("name", name) }
        case .digits(let digits): intent(settings.digitsIntent) { $0.field("digits", digits) }
        case .silence(let count): intent(settings.silenceIntent) { $0.field("count", count) }
        case .audio, .archived: nil
        case .end: settings.endIntent.map { "/" + $0 }
        }
    }

    /// `/name{"entity": value}`, which Rasa reads without asking its language model.
    private static func intent(_ name: String, _ entities: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object(entities)
        return "/" + name + String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A contact's words are never a command: what begins with `/` gets a zero-width space in front. A blank would not do, since Rasa
    /// strips white space at both ends before it looks for the slash (`rasa/core/channels/channel.py`, 3.6.21).
    static func escaped(_ text: String) -> String {
        let first = text.unicodeScalars.first { scalar in
            !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format
        }
        return first == "/" ? "\u{200B}" + text : text
    }

    static func isIntent(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100 && name.utf8.allSatisfy { octet in
            (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || octet == 0x5F || octet == 0x2D
        }
    }

    /// RFC 3986: all but unreserved octets.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        return text.utf8.reduce(into: "") { out, octet in
            if isIntent(String(UnicodeScalar(octet))) || octet == UInt8(ascii: ".") || octet == UInt8(ascii: "~") {
                out.unicodeScalars.append(UnicodeScalar(octet))
            } else {
                out.unicodeScalars.append("%")
                out.unicodeScalars.append(digits[Int(octet >> 4)])
                out.unicodeScalars.append(digits[Int(octet & 15)])
            }
        }
    }
}
