import Conversation
import JSON

/// Payloads of the buttons that the bot offered last, as far as they are commands. They travel in the session state, so that choosing one
/// reaches Rasa as the command that it is, while typing any other command does not.
struct Offered: Sendable {
    let payloads: [String]

    init(_ state: RawJSON?) { payloads = state?.parsed()?["offered"]?.elements.compactMap(\.string) ?? [] }

    init(_ parts: [Reply.Part]) {
        payloads = parts.flatMap { part -> [String] in
            guard case .choices(_, let choices) = part else { return [] }
            return choices.map(\.value).filter { $0.hasPrefix("/") }
        }
    }

    var raw: RawJSON? {
        payloads.isEmpty ? nil : RawJSON { $0.object { $0.field("offered", array: { list in for payload in payloads { list.value(payload) } }) } }
    }
}
