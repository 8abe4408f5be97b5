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

    @Test("V100: a messaging conversation: what a contact wrote, what an agent answered, marks that name the message alone")
    func messages() throws {
        let file = TraceFile(Array("""
            {"time":1000,"function":"webhook","channel":"app","method":"POST","path":"/webhook/app","status":202,"milliseconds":30,"request":{"id":"m-1","text":"Lost"},\
            "calls":[{"method":"POST","url":"https://api.example/dfo/3.0/channels/c/messages","at":1,"milliseconds":20,"status":200,\
            "request":{"idOnExternalPlatform":"m-1","thread":{"idOnExternalPlatform":"t-1"},"messageContent":{"payload":{"text":"Lost"}}},"answer":{}}],"answer":"0 octets"}
            {"time":2000,"function":"byoc-outbound","channel":"app","method":"POST","path":"/byoc/2.0/channel/c/outbound","status":401,"milliseconds":1,\
            "request":{"thread":{"idOnExternalPlatform":"t-1"},"messageContent":{"payload":{"text":"Found"}}},"calls":[],"answer":{}}
            {"time":2100,"function":"byoc-outbound","channel":"app","method":"POST","path":"/byoc/2.0/channel/c/outbound","status":200,"milliseconds":40,\
            "request":{"thread":{"idOnExternalPlatform":"t-1"},"messageContent":{"payload":{"text":"Found"}}},\
            "calls":[{"method":"POST","url":"https://app.example/messages","at":2,"milliseconds":9,"status":204,"request":{},"answer":"0 octets"}],\
            "answer":{"message":{"idOnExternalPlatform":"m-2"},"thread":{"idOnExternalPlatform":"t-1"}}}
            {"time":2900,"function":"webhook","channel":"app","method":"POST","path":"/webhook/app","status":202,"milliseconds":8,"request":{"seen":"m-2"},\
            "calls":[{"method":"PUT","url":"https://api.example/dfo/3.0/channels/c/messages/m-2/status","at":1,"milliseconds":5,"status":204,"request":{"status":"seen"},"answer":"0 octets"}],"answer":"0 octets"}
            """.utf8))
        #expect(file.conversations.map(\.key) == ["t-1"] && file.unreadable == 0)
        let text = SequenceDiagram(file.conversations[0]).mermaid
        let wanted = [
            "p0->>p1: “Lost”", "p1->>p2: POST /webhook/app", "p2->>p3: POST /channels/c/messages", "p3->>p4: “Lost”", "p4-->>p3: (shown)", "p3-->>p2: 200, 20 ms",
            "p2-->>p1: 202, 30 ms", "p1-->>p0: taken", "p3->>p2: POST /byoc/2.0/channel/c/outbound", "p2-->>p3: 401, 1 ms", "p4->>p3: “Found”",
            "p2->>p1: POST /messages", "p1-->>p2: 204, 9 ms", "p1->>p0: “Found”", "p0-->>p1: (shown)", "p2-->>p3: 200, 40 ms", "p3-->>p4: done",
            "p2->>p3: PUT /channels/c/messages/m-2/status", "p3-->>p2: 204, 5 ms",
        ]
        var rest = text[...]
        for arrow in wanted {
            let found = try #require(rest.firstRange(of: "  \(arrow)\n"), "\(arrow) in its place")
            rest = rest[found.upperBound...]
        }
        #expect(text.matches(of: /->>/).count == 2 * text.matches(of: /-->>/).count)
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
