import Testing
import Workbench

private let trace = """
    {"time":1000,"ref":"a","agent":"orders","outcome":"continue","milliseconds":42,"request":{"userInputType":5},\
    "turn":{"conversation":"c-1","number":1,"input":"start:WELCOME"},"calls":[{"method":"POST","url":"https://bot.example/turn","status":200}],\
    "answer":{"branchName":"PromptAndCollectNextResponse","nextPromptSequence":{"prompts":[{"transcript":"Welcome."},{"transcript":"How can I help?"}]}}}
    {"time":2000,"ref":"b","agent":"orders","milliseconds":1,"request":{"userInputType":6},"turn":{"conversation":"c-2","number":1,"input":"digits:4"},"answer":{"branchName":"Error"}}
    {"time":3500,"ref":"c","agent":"orders","milliseconds":7,"request":{"userInputType":1},"turn":{"conversation":"c-1","number":2,"input":"text:<b>;# \\"x\\""},"answer":{"branchName":"ReturnControlToScript"}}
    {"time":1
    """

@Suite("Diagrams") struct DiagramTests {
    @Test("V100: every arrow with its reply, branch and time; conversations apart; a torn line is counted")
    func conversations() throws {
        let file = TraceFile(Array(trace.utf8))
        #expect(file.conversations.map(\.key) == ["c-1", "c-2"] && file.conversations[0].turns.count == 2 && file.unreadable == 1)
        let text = SequenceDiagram(file.conversations[0]).mermaid
        for line in [
            "  p0->>p1: begins (WELCOME)", "  p2->>p3: POST /exchange, type 5", "  p3->>p4: POST /turn", "  p4-->>p3: 200", "  p3-->>p2: 200, 42 ms",
            "  p2-->>p1: PromptAndCollectNextResponse", "  p1-->>p0: Welcome. How can I help?", "  Note over p0,p4: 2.5 s later",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        #expect(SequenceDiagram(file.conversations[1]).mermaid.contains("keys: 4 digits"))
    }

    @Test("What people say cannot become markup, neither in Mermaid nor in SVG", arguments: [
        "<script>alert(1)</script>", "x;y#z\nend", "\"><svg onload=alert(1)>", "a & b", "]]>", "\u{202E}gnp.exe", "\u{0}\u{1B}[31m", "%%{init:{}}%%", "",
    ])
    func injection(text: String) {
        var diagram = SequenceDiagram(title: text, participants: [.init(text, isPerson: true), .init("tunnel")])
        diagram.ask(0, 1, text)
        diagram.answer(1, 0, text)
        diagram.note(text)
        let lines = diagram.mermaid.split(separator: "\n")
        #expect(lines.count == 7)
        for line in lines.dropFirst(2) { #expect(!line.contains("<") && !line.contains("%%") && !line.contains("%%{")) }
        let inner = diagram.svg
        #expect(!inner.contains("<script") && !inner.contains("onload=alert(1)>\"") && !inner.contains("<svg onload"))
        #expect(!inner.contains("\u{202E}") && !inner.contains("\u{0}") && !inner.contains("\u{1B}"))
        #expect(inner.matches(of: /<text/).count == inner.matches(of: /<\/text>/).count)
    }

    @Test("The same conversation draws the same picture, long texts in lines that fit")
    func layout() {
        var diagram = SequenceDiagram(title: "t", participants: [.init("a"), .init("b")])
        diagram.ask(0, 1, String(repeating: "many words ", count: 40))
        let svg = diagram.svg
        #expect(svg == diagram.svg && svg.contains("…</text>"))
        #expect(svg.matches(of: /class="words"/).count == 3)
    }
}
