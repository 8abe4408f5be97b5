import ArgumentParser
import Workbench

/// `causeway diagram`: sequence diagrams from the record of real turns.
struct DiagramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagram", abstract: "Draw the sequence diagram of a conversation from a trace file, as Mermaid or SVG.",
        discussion: """
            The exchange writes the file that `exchange.trace.file` of the settings names, the functions of messaging that of `trace.file`. Digits,
            secrets and contacts' numbers are hidden when it is written, not only here.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument { case mermaid, svg }

    @Argument(help: "The trace file.")
    var file: String

    @Option(help: "Which conversation, as --list shows them; the last one when not given.")
    var conversation: String?

    @Option(help: "mermaid or svg.")
    var format: Format = .mermaid

    @Option(help: "File to write; standard output when not given.")
    var out: String?

    @Flag(help: "List the conversations of the file instead.")
    var list = false

    func run() throws {
        guard let text = Files.read(file) else { throw ValidationError("cannot read \(file)") }
        let trace = TraceFile(Array(text.utf8))
        if list {
            for conversation in trace.conversations {
                let what = conversation.isMessaging ? "requests" : "turns"
                print("\(conversation.key)  \(conversation.agent)  \(conversation.turns.count) \(what)")
            }
            if trace.unreadable > 0 { print("\(trace.unreadable) lines are no records") }
            return
        }
        let found = conversation.map { key in trace.conversations.first { $0.key == key } } ?? trace.conversations.last
        guard let found else {
            throw ValidationError(conversation.map { "\(file) has no conversation \($0); --list shows those it has" } ?? "\(file) holds no turn and no message")
        }
        let diagram = SequenceDiagram(found)
        let drawing = format == .svg ? diagram.svg : diagram.mermaid
        if let out { try Files.write(drawing, to: out) } else { print(drawing, terminator: "") }
    }
}
