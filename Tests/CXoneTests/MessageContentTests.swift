import Conversation
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing

/// What the outbox gets for a `messageContent`.
private func content(_ json: String) async throws -> OutboundContent? {
    let bench = try CallbackBench()
    _ = await bench.send(#"{"thread":{"idOnExternalPlatform":"t"},"messageContent":\#(json)}"#)
    return bench.outbox.delivered.first?.content
}

@Suite("Message content")
struct MessageContentTests {
    @Test("B32, byoc.md §10: every kind becomes what channels know", arguments: [
        (#"{"type":"TEXT","payload":{"text":"Hi"}}"#, .text("Hi")), (#"{"type":"TEXT","payload":{"text":{"content":"Hi"}}}"#, .text("Hi")),
        (#"{"type":"TEXT","text":"Hi","payload":null}"#, .text("Hi")), (#"{"type":"TEXT","payload":{"text":""},"fallbackText":"Hi"}"#, .text("Hi")),
        (#"{"type":"QUICK_REPLIES","payload":{"text":{"content":"Which?"},"actions":[{"type":"REPLY_BUTTON","text":"Red","postback":"r","description":"d"},{"text":"Blue","icon":{"url":"https://x/b"}},{"postback":"p"},{},7]}}"#,
            .choices(.init(text: "Which?", choices: [.init(title: "Red", description: "d", value: "r"), .init(title: "Blue", image: "https://x/b"), .init(title: "p", value: "p")]))),
        (#"{"type":"LIST_PICKER","payload":{"title":{"content":"Colours"},"text":{"content":"Which?"},"actions":[{"text":"Red"}]}}"#,
            .choices(.init(title: "Colours", text: "Which?", choices: [.init(title: "Red")]))),
        (#"{"type":"QUICK_REPLIES","payload":{"text":{"content":"Which?"},"actions":[]}}"#, .text("Which?")), (#"{"type":"QUICK_REPLIES","fallbackText":"1. Red"}"#, .text("1. Red")),
        (#"{"type":"RICH_LINK","payload":{"media":{"fileName":"a","mimeType":"image/png","url":"https://x/i"},"title":{"content":"Shop"},"url":"https://x/"}}"#,
            .link(.init(title: "Shop", url: "https://x/", image: "https://x/i"))),
        (#"{"type":"RICH_LINK","payload":{"title":{"content":"Shop"}}}"#, .text("Shop")),
        (#"{"type":"PLUGIN","payload":{"elements":[{"type":"MENU","elements":[{"type":"TITLE","text":"T"},{"type":"TEXT","text":"A"},{"type":"BUTTON","text":"B","postback":"b"},{"type":"IFRAME_BUTTON","text":"C","url":"https://x/"}]},{"type":"NEW","text":"N"}]}}"#,
            .choices(.init(title: "T", text: "A\nN", choices: [.init(title: "B", value: "b"), .init(title: "C", url: "https://x/")]))),
        (#"{"type":"PLUGIN","payload":{"elements":[{"type":"COUNTDOWN"}]},"fallbackText":"F"}"#, .text("F")),
        (#"{"type":"TIME_PICKER","payload":{"title":{"content":"When?"},"event":{"title":"Visit","timeSlots":[{"id":"s1","duration":1800,"startTime":"2026-03-04T09:15:00.000+0100"},{"id":2,"startTime":"noon"}]},"location":{"title":"Zoo"}}}"#,
            .choices(.init(title: "When?", text: "Visit\nZoo", choices: [.init(title: "2026-03-04 09:15 (30 min)", value: "s1"), .init(title: "noon", value: "2")]))),
        (#"{"type":"STREAMED","fallbackText":"F"}"#, .text("F")), (#"{"type":"TOMORROW","payload":{"x":1}}"#, .text("This message cannot be shown here.")),
        (#"{"type":"DYNAMIC_CONTENT"}"#, .text("This message cannot be shown here.")), (#"{"type":"MENU","payload":{"elements":[{"type":"BUTTON","text":"B"}]}}"#, .choices(.init(text: "", choices: [.init(title: "B")]))),
        (#"{"type":"PLUGIN","payload":7}"#, .text("This message cannot be shown here.")), (#"{"type":"TIME_PICKER","payload":{"event":{}},"fallbackText":"F"}"#, .text("F")),
    ] as [(String, OutboundContent)])
    func kinds(json: String, expected: OutboundContent) async throws {
        #expect(try await content(json) == expected)
    }

    @Test("Cards keep their octets, and have words for channels that cannot show them")
    func cards() async throws {
        let card = #"{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"Hello"},{"type":"ColumnSet","columns":[{"items":[{"text":"there"}]}]},{"type":"FactSet","facts":[{"title":"Herd","value":"north"}]}],"n":9007199254740993}"#
        guard case .card(let raw, "ADAPTIVE_CARD", let words)? = try await content(#"{"type":"ADAPTIVE_CARD","payload":\#(card)}"#) else {
            Issue.record("no card")
            return
        }
        #expect(raw.text == card && words == "Hello\nthere\nHerd: north")
        guard case .card(_, "FORM", let form)? = try await content(#"{"type":"FORM","payload":{"title":"Address","fields":[{"label":"Street"},{"label":"Town"}]}}"#) else {
            Issue.record("no form")
            return
        }
        #expect(form == "Address\n- Street\n- Town")
    }

    @Test("Markup of rich editors is taken off; what only looks like it stays", arguments: [
        ("<p>Hello <b>Zoe</b>,</p><p>we&nbsp;found it &amp; &lt;more&gt;.</p>", "Hello Zoe,\nwe found it & <more>."), ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"), ("<a href=\"https://x/y\">here</a>", "here (https://x/y)"), ("<a href='https://x/y'>https://x/y</a>", "https://x/y"),
        ("<a href=\"javascript:alert(1)\">x</a>", "x"), ("<div>x<script>alert(1)</script><style>p{}</style><!-- y --></div>", "x"), ("<p title=\"a>b\">x</p>", "x"), ("<P>X</P>", "X"),
        ("a < b and c > d", "a < b and c > d"), ("List<Int> & <T>", "List<Int> & <T>"), ("<b", "<b"), ("<b>bold", "<b>bold"), ("R&amp;D", "R&amp;D"), ("&#128512;</p>", "😀"), ("&#0;&#xD800;&zz;</p>", "&#0;&#xD800;&zz;"),
        ("<p>", ""), ("  <not-a-tag></not-a-tag>", "  <not-a-tag></not-a-tag>"), ("<h1>A</h1>text<h2>B</h2>", "A\ntext\nB"), ("</p><script>", ""),
    ])
    func markup(text: String, expected: String) async throws {
        let found = try await content(#"{"type":"TEXT","payload":{"text":\#(RawJSON.string(text).text)}}"#)
        #expect(found == (expected.isEmpty ? nil : .text(expected)))
    }

    @Test("Texts that broke other programs, in every field that carries one, are passed on or refused with a valid answer")
    func naughty() async throws {
        let bench = try CallbackBench()
        for text in naughtyTexts {
            let quoted = RawJSON.string(text).text
            let body = #"""
                {"thread":{"idOnExternalPlatform":\#(quoted),"threadName":\#(quoted)},"messageContent":{"type":"QUICK_REPLIES","payload":{"text":{"content":\#(quoted)},"actions":[{"text":\#(quoted),"postback":\#(quoted)}]},"fallbackText":\#(quoted)},
                 "endUserRecipients":[{"idOnExternalPlatform":\#(quoted),"name":\#(quoted)}],"attachments":[{"friendlyName":\#(quoted),"url":\#(quoted)}],"title":\#(quoted),"replyToMessage":{"idOnExternalPlatform":\#(quoted)}}
                """#
            let before = bench.outbox.delivered.count
            let response = await bench.send(body)
            #expect(response.status == (text.isEmpty ? .badRequest : .ok))
            #expect(response.json != nil)
            guard !text.isEmpty else { continue }
            let message = try #require(bench.outbox.delivered.last)
            #expect(bench.outbox.delivered.count == before + 1)
            #expect(message.thread.map { $0.text.utf8.elementsEqual(text.utf8) } == true && message.files.first?.url.utf8.elementsEqual(text.utf8) == true)
            #expect(response.json?["thread"]?["idOnExternalPlatform"]?.string.map { $0.utf8.elementsEqual(text.utf8) } == true)
        }
    }

    @Test("Deep, wide and long content ends in good time")
    func large() async throws {
        let nested = String(repeating: #"{"type":"MENU","elements":["#, count: 25) + #"{"type":"TEXT","text":"x"}"# + String(repeating: "]}", count: 25)
        #expect(try await content(#"{"type":"PLUGIN","payload":{"elements":[\#(nested)]}}"#) == .text("This message cannot be shown here."))
        let tags = String(repeating: "<a <p '<b ", count: 6000) + "</p>"
        #expect(try await content(#"{"type":"TEXT","payload":{"text":\#(RawJSON.string(tags).text)}}"#) != nil)
        let long = String(repeating: "<p>x</p>", count: 100_000)
        #expect(try await content(#"{"type":"TEXT","payload":{"text":"\#(long)"}}"#) == .text(long))
    }
}
