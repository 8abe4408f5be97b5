package import JSON
package import Simulator

/// A dialogue as a file that people read and machines replay (V98): what the contact does, and what is expected of each turn. `README.md` has the grammar.
package struct ConversationFile: Sendable {
    /// For people: file name without its folder and ending, unless the file says it.
    package var title: String
    package var agent = "orders"
    package var action = StudioAction.voicebotExchange
    package var version = HubVersion.v3
    package var from: String?
    package var payload: RawJSON?
    package var steps: [Step] = []

    /// One thing that the contact does, and what is expected then.
    package struct Step: Sendable {
        package let line: Int
        /// As it stands in the file.
        package let text: String
        /// `nil` for the beginning.
        package let command: HubCommand?
        package var attached: RawJSON?
        package var fault: HubFault?
        package var expectations: [Expectation] = []
    }

    package struct Expectation: Sendable {
        package let line: Int
        package let kind: Kind
    }

    package enum Kind: Sendable {
        /// The things said, one after the other; `.rest` stands for any number of further ones.
        case says(Matcher)
        case saysRest
        case saysNothing
        case offers([String])
        case branch(Matcher)
        case takes(Matcher)
        case intent(Matcher)
        case context(Matcher)
        case collects(Matcher)
        /// The keys that were sent as one entry.
        case collected(Matcher)
        case tells(String, Matcher)
        case slot(String, Matcher)
        case withinMilliseconds(Int)
        case calls(Int)
        case warns(Matcher)
        case noWarnings
        case ends
        case endsBecause(Matcher)
        case transfers(Matcher)
        case fails(Matcher?)
        case isIgnored
    }

    /// What a text must be.
    package enum Matcher: Sendable {
        case exactly(String)
        case oneOf([String])
        /// The source, which has been compiled once to see that it can be.
        case expression(String)

        package func matches(_ text: String) -> Bool {
            switch self {
            case .exactly(let wanted): text == wanted
            case .oneOf(let wanted): wanted.contains(text)
            case .expression(let source): (try? Regex(source)).map { text.contains($0) } ?? false
            }
        }

        package var words: String {
            switch self {
            case .exactly(let text): "“\(text)”"
            case .oneOf(let texts): "one of \(texts.map { "“\($0)”" }.joined(separator: ", "))"
            case .expression(let source): "what matches /\(source)/"
            }
        }
    }

    /// What is wrong with a file, by line.
    package struct Mistake: Error, Sendable, Equatable, CustomStringConvertible {
        package let line: Int
        package let message: String
        package var description: String { "line \(line): \(message)" }
    }
}
