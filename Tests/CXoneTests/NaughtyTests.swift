import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing

/// Texts of many kinds that have broken programs: control characters, scripts and directions, joiners, markup, templates, shells, paths,
/// numbers that are no numbers, JSON inside JSON.
let naughtyTexts: [String] = {
    var texts: [String] = (0...0x20).compactMap { Unicode.Scalar(UInt8($0)) }.map { "a\(Character($0))b" }
    for value: UInt32 in [0x7F, 0x80, 0x85, 0xA0, 0xAD, 0x600, 0x61C, 0x180E, 0x200B, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0xFEFF, 0xFFF9, 0xFFFD, 0xFFFE, 0xFFFF, 0x1F600, 0x1D54F, 0xE0001, 0x10FFFF] {
        if let scalar = Unicode.Scalar(value) { texts.append("x\(Character(scalar))y") }
    }
    texts += [
        "ثم نفس سقطت", "בְּרֵאשִׁית", "表ポあA鷗", "Ω≈ç√∫˜µ≤≥÷", "👩‍👩‍👧‍👦🇨🇭🏳️‍🌈", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "ﷺ﷽", "𐐜 𐐔𐐇𐐝", "q\u{0301}\u{0302}\u{0303}", "ｆｕｌｌ",
        "\"", "\\", "\\\"", "\\u0000", "\\ud800", "{}", "{\"a\":1}", "[[[[", "null", "true", "NaN", "Infinity", "-0", "1e309", "0x10", "١٢٣", "1/0", "1,000.00",
        "<script>alert(1)</script>", "<speak>hi</speak>", "<speak", "<speak/>", "<speak><break time=\"9h\"/></speak>", "</speak>", "<![CDATA[x]]>", "<!--", "&amp;&lt;", "&#0;", "&undefined;", "]]>",
        "'; DROP TABLE turns; --", "1' OR '1'='1", "$(reboot)", "`id`", "${jndi:ldap://x}", "{{7*7}}", "{name}", "%s%n%x", "%00", "%2e%2e%2f", "../../etc/passwd", "C:\\con", "\\\\host\\share", "file:///etc",
        "javascript:alert(1)", "http://a@b:1/#?", "mailto:a@b", "=1+1", "@SUM(A1)", "+41 44 000 00 00", "4111 1111 1111 1111", "SILENCE", "silence ", "WELCOME", "debugStandardBot", "ExchangeResultOverride",
        "a\r\nSet-Cookie: x", "a\u{1B}[2J", "a\u{07}", " ", "\t", "   x   ", "", String(repeating: "é", count: 5_000), String(repeating: "\"\\", count: 2_000), String(repeating: "\u{0}", count: 500),
    ]
    return texts
}()

@Test("Texts that broke other programs, in every field that carries text, give valid JSON and come back as they went")
func carriesNaughtyTexts() async throws {
    #expect(naughtyTexts.count >= 100)
    let agent = FakeAgent { turn in
        guard case .text(let text) = turn.input else { return Reply(parts: [.text(plain: "none")]) }
        var reply = Reply(
            parts: [
                .text(plain: text), .choices(prompt: text, [.init(title: text, value: text)]), .media(.init(url: text, mediaType: text, caption: text)),
                .recording(path: text, transcript: text), .audio(Audio(mediaType: text, bytes: []), transcript: text), .pause(milliseconds: 100), .text(plain: text),
                .custom(RawJSON { $0.object { $0.field("dfoMessage", object: { $0.field("messageContent", object: { $0.field("payload", text) }) }) } }),
            ],
            understanding: Understanding(intent: text, context: text, confidence: .nan, slots: [(text, .string(text))]), signal: .handover(reason: text, target: text),
            state: .string(text), scriptPayloads: [.string(text)], scriptValues: [(text, .string(text))])
        if turn.number == 2 { reply.signal = .continue }
        return reply
    }
    for text in naughtyTexts {
        for mediaType in ["Chat", "voip", text] {
            let bench = try ExchangeBench([.init(settings: #""virtualAgentIds":["orders",\#(quote(text))]"#, agent: agent)])
            bench.mediaType = mediaType
            bench.virtualAgentId = text
            try await bench.turn(5, "WELCOME")
            let answered = try await bench.turn(1, text, extra: #""customPayload":{\#(quote(text)):\#(quote(text))},"botConfig":\#(quote(text))"#)
            if !text.isEmpty { #expect(answered.utterance == text) }
            if !text.isEmpty, text.unicodeScalars.allSatisfy({ $0 != "<" }), text != "SILENCE" { #expect(answered.transcripts.first == text, "\(text.debugDescription)") }
        }
    }
}

@Test("Each naughty text as contact, business unit, path and type is served or refused, never more")
func survivesNaughtyNames() async throws {
    let bench = try ExchangeBench(FakeAgent { _ in Reply(parts: [.text(plain: "ok")]) })
    for text in naughtyTexts {
        let answered = try await bench.post(
            #"{"virtualAgentId":"orders","userInputType":\#(quote(text)),"userInput":"x","executionInfo":{"contactId":\#(quote(text)),"busNo":\#(quote(text)),"requestId":\#(quote(text))},"botSessionState":\#(quote(text))}"#)
        #expect(answered.transcripts == ["ok"])
        let response = await bench.handler.respond(to: bench.request("{}", path: "/exchange/" + text))
        #expect([200, 401, 404].contains(response.status.code))
    }
}
