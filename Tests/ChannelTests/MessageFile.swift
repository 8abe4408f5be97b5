import JSON
import TestSupport

/// A `.message` file: one situation on a channel as it goes over both wires, readable as documentation.
///
///     A sentence that says what happens.
///     ---- settings            (optional; what differs from the folder's settings.jsonc)
///     ---- X posts             POST /webhook/jungle/rest, header lines, blank line, body
///     ---- CXone is asked      POST /channels/ch-direct/messages, blank line, body       (below /dfo/3.0; any number, in order)
///     ---- CXone answers       200, then the body; or refused, reset, timeout
///     ---- X is answered       200 and the body
///     ---- CXone posts         POST /2.0/channel/ch-direct/outbound, blank line, body    (below /byoc)
///     ---- X is asked          POST https://…, header lines, blank line, body            (any number, in order)
///     ---- X answers           200 content/type, then the body; or refused, reset, timeout
///     ---- CXone is answered   200 and the body
///
/// Halves repeat in any order; both may ask both sides. `"…"` in an expected body stands for any value, `…` in a text or a header for anything.
/// In what X posts, `{now}` is the time in seconds, `{secret}` the platform's secret, and `{hmac a.b.body}` the base64 of HMAC-SHA256 by that secret
/// over the values of the headers `a` and `b` and the body, joined by dots. Anywhere, `{answered x}` is the text `x` of an earlier answer to X.
/// What X posts below `/chat` goes to the web chat, all else to the webhook.
struct MessageFile: Sendable {
    struct Asked: Sendable {
        var section: String
        var answer = ""
    }

    struct Half: Sendable {
        let isInbound: Bool
        let request: String
        var platform: [Asked] = []
        var contactCentre: [Asked] = []
        var answer = ""
    }

    let file: String
    let sentence: String
    let settings: String?
    let halves: [Half]

    var testDescription: String { file.split(separator: "/").suffix(3).filter { $0 != "Messages" }.joined(separator: "/") }

    init(file: String, text: String) throws {
        let situation = SituationText(text)
        self.file = file
        sentence = situation.sentence
        var settings: String?
        var halves: [Half] = []
        for (title, content) in situation.sections {
            let last = halves.count - 1
            switch title {
            case "settings": settings = content
            case "CXone posts": halves.append(Half(isInbound: false, request: content))
            case "CXone is asked" where last >= 0: halves[last].contactCentre.append(Asked(section: content))
            case "CXone answers" where last >= 0 && !halves[last].contactCentre.isEmpty:
                halves[last].contactCentre[halves[last].contactCentre.count - 1].answer = content
            case "CXone is answered" where last >= 0 && !halves[last].isInbound: halves[last].answer = content
            case _ where title.hasSuffix(" posts"): halves.append(Half(isInbound: true, request: content))
            case _ where title.hasSuffix(" is asked") && last >= 0: halves[last].platform.append(Asked(section: content))
            case _ where title.hasSuffix(" answers") && last >= 0 && !halves[last].platform.isEmpty:
                halves[last].platform[halves[last].platform.count - 1].answer = content
            case _ where title.hasSuffix(" is answered") && last >= 0 && halves[last].isInbound: halves[last].answer = content
            default: throw MessageFileError(message: "\(file): \(title) cannot stand here")
            }
        }
        self.settings = settings
        self.halves = halves
        let isWhole = halves.allSatisfy { half in
            !half.answer.isEmpty && (half.platform + half.contactCentre).allSatisfy { !$0.answer.isEmpty }
        }
        guard !sentence.isEmpty, !halves.isEmpty, isWhole else {
            throw MessageFileError(message: "\(file): needs a sentence, and every question an answer")
        }
    }
}

struct MessageFileError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
