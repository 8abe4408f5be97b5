import TestSupport
import Testing
import JSON

/// A `.turn` file: one situation as it goes over both wires, readable as documentation.
///
///     A sentence that says what happens.
///     ---- settings            (optional; what differs from the folder's settings.jsonc)
///     ---- CXone asks          {the request's body}
///     ---- X is asked          POST url, header lines, blank line, body     (none for an agent that calls nobody)
///     ---- X answers           200 content/type, then the body; or refused, reset, timeout, or 200 type timeout
///     ---- CXone is answered   200 and the body
///
/// The four sections may repeat for the turns that follow. `"…"` in an expected body stands for any value, and as `botSessionState` of a
/// request for the state of the answer before.
struct Transcript: Sendable, CustomTestStringConvertible {
    struct Exchange: Sendable {
        var request = ""
        var asked: [String] = []
        var answers: [String] = []
        var answer = ""
    }

    let file: String
    let sentence: String
    let settings: String?
    let turns: [Exchange]

    var testDescription: String { file.split(separator: "/").suffix(3).filter { $0 != "Transcripts" }.joined(separator: "/") }

    init(file: String, text: String) throws {
        let situation = SituationText(text)
        self.file = file
        sentence = situation.sentence
        var settings: String?
        var turns: [Exchange] = []
        for (title, content) in situation.sections {
            switch title {
            case "settings": settings = content
            case "CXone asks": turns.append(Exchange(request: content))
            case "CXone is answered" where !turns.isEmpty: turns[turns.count - 1].answer = content
            case _ where title.hasSuffix(" is asked") && !turns.isEmpty: turns[turns.count - 1].asked.append(content)
            case _ where title.hasSuffix(" answers") && !turns.isEmpty: turns[turns.count - 1].answers.append(content)
            default: throw TranscriptError(message: "\(file): unknown section \(title)")
            }
        }
        self.settings = settings
        self.turns = turns
        guard !sentence.isEmpty, !turns.isEmpty, turns.allSatisfy({ !$0.answer.isEmpty && $0.asked.count == $0.answers.count }) else {
            throw TranscriptError(message: "\(file): needs a sentence and the sections CXone asks, …, CXone is answered")
        }
    }
}

struct TranscriptError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
