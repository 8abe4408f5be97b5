import CXone
import Conversation
import JSON
import TestSupport
import Testing

private func agent(_ reply: Reply) -> FakeAgent { FakeAgent { _ in reply } }
private func said(_ text: String, _ signal: Signal = .continue, intent: String? = nil) -> Reply {
    Reply(parts: [.text(plain: text)], understanding: Understanding(intent: intent), signal: signal)
}

@Test("V37, V53: every outcome takes exactly one branch, by medium and settings", arguments: [
    (Signal.continue, "voip", "", "PromptAndCollectNextResponse", "Conversation"),
    (.noMatch, "voip", "", "UserInputNotUnderstood", "Fallback"), (.noMatch, "Chat", "", "UserInputNotUnderstood", "Fallback"),
    (.noMatch, "Chat", #""text":{"fallbackBranch":"PromptAndCollectNextResponse"}"#, "PromptAndCollectNextResponse", "Fallback"),
    (.noMatch, "voip", #""text":{"fallbackBranch":"PromptAndCollectNextResponse"}"#, "UserInputNotUnderstood", "Fallback"),
    (.noInput, "voip", "", "UserInputTimeout", "Silence"),
    (.noInput, "voip", #""voice":{"silenceBranch":"PromptAndCollectNextResponse"}"#, "PromptAndCollectNextResponse", "Silence"),
    (.end(reason: nil), "Chat", "", "ReturnControlToScript", "End"), (.end(reason: "x"), "Chat", #""script":{"endBranch":"EndContact"}"#, "EndContact", "End"),
    (.handover(reason: "r", target: "t"), "Chat", "", "ReturnControlToScript", "Escalation"),
    (.decline(reason: nil), "Chat", "", "DoNotBegin", "Declined"),
    (.untranscribable, "voip", "", "AudioInputUntranscribeable", "Fallback"), (.untranscribable, "Chat", "", "UserInputNotUnderstood", "Fallback"),
    (.breakout, "voip", "", "DTMFBreakout", "Breakout"), (.breakout, "Chat", "", "ReturnControlToScript", "Breakout"),
])
func takesBranches(signal: Signal, mediaType: String, settings: String, branch: String, intent: String) async throws {
    let bench = try ExchangeBench(agent(said("words", signal)), settings)
    bench.mediaType = mediaType
    let answered = try await bench.turn(1, "hello")
    #expect(answered.branch == branch && answered.intent == intent)
    #expect(answered.utterance == "hello" && answered.transcripts == ["words"])
    let goesOn = ["PromptAndCollectNextResponse", "UserInputTimeout", "UserInputNotUnderstood", "AudioInputUntranscribeable"].contains(branch)
    #expect((answered.json["botSessionState"] != nil) == goesOn)
}

@Test("A later decline leaves the script in control, and an empty reply was not understood")
func namesEdges() async throws {
    let declining = try ExchangeBench(FakeAgent { $0.number == 1 ? said("hello") : said("closed", .decline(reason: nil)) })
    try await declining.turn(5, "WELCOME")
    #expect(try await declining.turn(1, "x").branch == "ReturnControlToScript")
    let empty = try await ExchangeBench(agent(Reply())).turn(1, "x")
    #expect(empty.branch == "UserInputNotUnderstood" && empty.transcripts == ["Sorry, I did not get that."])
}

@Test("V96: intents that ask for a person or end the conversation are recognised by name", arguments: [
    ("StandardBotEscalation", "ReturnControlToScript"), ("please_ESCALATE_now", "ReturnControlToScript"), ("human", "ReturnControlToScript"),
    ("standardbotendconversation", "ReturnControlToScript"), ("Default Fallback Intent", "UserInputNotUnderstood"),
    ("StandardBotUserInputTimeout", "UserInputTimeout"), ("OrderStatus", "PromptAndCollectNextResponse"),
])
func recognisesIntents(intent: String, branch: String) async throws {
    let bench = try ExchangeBench(agent(said("words", intent: intent)), #""intents":{"escalation":["Human"]}"#)
    let answered = try await bench.turn(1, "x")
    #expect(answered.branch == branch && answered.intent == intent)
}

/// A bot that behaves as StandardBot's templates do, spoken to through the neutral port.
private let standardBot = FakeAgent { turn in
    func json(_ text: String) -> RawJSON { (try? RawJSON(parsing: Array(text.utf8))) ?? .null }
    func named(_ intent: String, _ parts: [Reply.Part]) -> Reply { Reply(parts: parts, understanding: Understanding(intent: intent, confidence: 1)) }
    switch turn.input {
    case .start: return named("Default Welcome Intent", [.text(plain: "welcome")])
    case .silence: return named("StandardBotUserInputTimeout", [.text(plain: "SILENCE")])
    case .text("debugStandardBotExchange"): return named("StandardBotExchange", [.text(plain: "bot response")])
    case .text("debugStandardBotMultipleMessages"): return named("StandardBotMultipleMessages", [.text(plain: "one"), .text(plain: "two"), .text(plain: "three")])
    case .text("debugStandardBotDfoMessage"):
        return named("StandardBotDfoMessage", [.custom(json(#"{"dfomessage":{"messagecontent":{"type":"TEXT","payload":{"text":"rich words"}}}}"#))])
    case .text("debugStandardBotScriptPayload"):
        return named("StandardBotScriptPayload", [.text(plain: "see payload"), .custom(json(#"{"scriptpayloads":[{"Intent":"a"},{"Params":{"x":1.50}}],"flat":true}"#))])
    case .text("debugStandardBotExchangeCustomInput"):
        return named("StandardBotExchangeCustomInput", turn.facts.map { .text(plain: $0.value.parsed()?.string ?? "") })
    case .text("debugStandardBotEscalation"): return named("StandardBotEscalation", [.text(plain: "a person")])
    case .text("debugStandardBotEndConversation"): return named("StandardBotEndConversation", [.text(plain: "bye")])
    case .text("debugStandardBotBranchOverride"):
        return named("x", [
            .custom(json(#"{"contentType":"ExchangeResultOverride","content":{"vahExchangeResultBranch":"returncontroltoscript","intent":"OverrideIntent"}}"#)),
            .text(plain: "overridden"),
        ])
    default: return Reply(parts: [.text(plain: "sorry")], understanding: Understanding(intent: "Default Fallback Intent"), signal: .noMatch)
    }
}

@Test("V22, V90–V94: every row of StandardBot", arguments: [
    (5, "AutoWelcome", "PromptAndCollectNextResponse", "Default Welcome Intent", ["welcome"]),
    (1, "debugStandardBotExchange", "PromptAndCollectNextResponse", "StandardBotExchange", ["bot response"]),
    (1, "debugStandardBotMultipleMessages", "PromptAndCollectNextResponse", "StandardBotMultipleMessages", ["one", "two", "three"]),
    (1, "debugStandardBotDfoMessage", "PromptAndCollectNextResponse", "StandardBotDfoMessage", ["rich words"]),
    (1, "debugStandardBotScriptPayload", "PromptAndCollectNextResponse", "StandardBotScriptPayload", ["see payload"]),
    (1, "debugStandardBotExchangeCustomInput", "PromptAndCollectNextResponse", "StandardBotExchangeCustomInput", ["value passed directly", "value passed by context"]),
    (0, "silence", "UserInputTimeout", "StandardBotUserInputTimeout", ["Are you still there?"]),
    (1, "no such thing", "UserInputNotUnderstood", "Default Fallback Intent", ["sorry"]),
    (1, "debugStandardBotEscalation", "ReturnControlToScript", "StandardBotEscalation", ["a person"]),
    (1, "debugStandardBotEndConversation", "ReturnControlToScript", "StandardBotEndConversation", ["bye"]),
    (1, "debugStandardBotBranchOverride", "ReturnControlToScript", "OverrideIntent", ["overridden"]),
])
func behavesAsStandardBot(type: Int, input: String, branch: String, intent: String, transcripts: [String]) async throws {
    let bench = try ExchangeBench(standardBot, #""carry":["echoValue","context.parameters.echoValue"]"#)
    let payload = #"{"customPayload":{"echoValue":"value passed directly","context":{"id":"autoContext","lifespan":"1","parameters":{"echoValue":"value passed by context"}}}}"#
    let answered = try await bench.turn(type, input, extra: #""customPayload":\#(payload)"#)
    #expect(answered.branch == branch && answered.intent == intent && answered.transcripts == transcripts)
    if input.hasSuffix("DfoMessage") {
        let content = answered.prompts.first?["mediaSpecificObject"]?["dfoMessage"]?["messageContent"]
        #expect(content?["type"]?.string == "TEXT" && content?["fallbackText"]?.string == "rich words")
    }
    if input.hasSuffix("ScriptPayload") {
        #expect(answered.json["customPayload"].map { RawJSON($0).text } == #"{"flat":true,"scriptPayloads":[{"Intent":"a"},{"Params":{"x":1.50}}]}"#)
    }
}

@Test("§8.3: payloads are sorted, none is lost, reserved names are never sent", arguments: [
    (#"{"a":1}"#, #"{"scriptPayloads":[{"a":1}]}"#), (#""text""#, #"{"scriptPayloads":["text"]}"#), (#"[1,2]"#, #"{"scriptPayloads":[[1,2]]}"#),
    (#"null"#, nil), (#"{"scriptPayloads":{"a":1}}"#, #"{"scriptPayloads":[{"a":1}]}"#), (#"{"SCRIPTPAYLOADS":[1],"b":12345678901234567890}"#, #"{"b":12345678901234567890,"scriptPayloads":[1]}"#),
    (#"{"scriptPayloads":[1],"callbackTime":1,"DIAGNOSTICS":{},"httpStatusCode":200}"#, #"{"scriptPayloads":[1]}"#),
    (#"{"dfoMessage":{"messageContent":null}}"#, #"{"scriptPayloads":[{"dfoMessage":{"messageContent":null}}]}"#),
    (#"{"dfoMessage":{"messageContent":{"type":"TEXT","payload":{"text":"t"}}},"scriptPayloads":[{"k":1}]}"#, #"{"scriptPayloads":[{"k":1}]}"#),
    (#"{"contentType":"exchangeresultoverride","content":{"intent":"I"}}"#, nil), (#"{"contentType":"other","content":{}}"#, #"{"scriptPayloads":[{"contentType":"other","content":{}}]}"#),
] as [(String, String?)])
func sortsPayloads(payload: String, expected: String?) async throws {
    let raw = try RawJSON(parsing: Array(payload.utf8))
    for reply in [Reply(parts: [.text(plain: "x"), .custom(raw)]), Reply(parts: [.text(plain: "x")], scriptPayloads: [raw])] {
        let answered = try await ExchangeBench(agent(reply)).turn(1, "x")
        #expect(answered.json["customPayload"].map { RawJSON($0).text } == expected)
    }
}

@Test("An override wins over every branch, whatever its place; an unknown name is ignored with a warning", arguments: [
    (#"{"vahExchangeResultBranch":"DTMFBREAKOUT"}"#, "DTMFBreakout", "given", 0), (#"{"vahExchangeResultBranch":"Nowhere"}"#, "ReturnControlToScript", "given", 1),
    (#"{"intent":"Mine"}"#, "ReturnControlToScript", "Mine", 0), (#"{}"#, "ReturnControlToScript", "given", 0), (#"17"#, "ReturnControlToScript", "given", 0),
])
func overrides(content: String, branch: String, intent: String, warnings: Int) async throws {
    let payload = try RawJSON(parsing: Array(#"{"contentType":"ExchangeResultOverride","content":\#(content)}"#.utf8))
    var reply = said("x", .end(reason: nil), intent: "given")
    reply.parts.insert(.custom(payload), at: 0)
    let answered = try await ExchangeBench(agent(reply)).turn(1, "x")
    #expect(answered.branch == branch && answered.intent == intent && answered.warnings.count == warnings)
}

@Test("Script payloads as an object, and payloads beyond 16 KiB")
func shapesAndLimitsPayload() async throws {
    let two = Reply(parts: [.text(plain: "x")], scriptPayloads: [.string("a"), RawJSON { $0.object { $0.field("b", 1) } }])
    let asObject = try await ExchangeBench(agent(two), #""script":{"payloadsAsObject":true}"#).turn(1, "x")
    #expect(asObject.json["customPayload"]?["scriptPayloads"]?["b"]?.integer == 1)
    let big = Reply(parts: [.text(plain: "x")], scriptPayloads: (0..<40).map { _ in .string(String(repeating: "y", count: 1_000)) }, scriptValues: [("n", .string("v"))])
    let cut = try await ExchangeBench(agent(big)).turn(1, "x")
    #expect(cut.warnings.contains("payloadCut") && cut.json["customPayload"]?["n"]?.string == "v")
    #expect((10...16).contains(cut.json["customPayload"]?["scriptPayloads"]?.count ?? 0))
    var doubled = said("x")
    doubled.scriptValues = [("a", .string("1")), ("a", .string("2")), ("scriptPayloads", .string("in")), ("Diagnostics", .null)]
    let once = try await ExchangeBench(agent(doubled)).turn(1, "x")
    #expect(once.json["customPayload"].map { RawJSON($0).text } == #"{"a":"2","scriptPayloads":["in"]}"#)
}

@Test("V34, §9: parts by medium", arguments: [
    (Reply.Part.choices(prompt: "Which slot?", [.init(title: "Morning", value: "am"), .init(title: "Evening", value: "pm")]), "Chat", "Which slot?", "QUICK_REPLIES"),
    (.choices(prompt: "Which slot?", [.init(title: "Morning", value: "am"), .init(title: "Evening", value: "pm")]), "voip", "Which slot? 1: Morning. 2: Evening.", nil),
    (.media(.init(url: "https://example.com/a.png?x=1", mediaType: "image/png", caption: "A picture")), "Chat", "A picture", "RICH_LINK"),
    (.media(.init(url: "https://example.com/a.png", caption: "A picture")), "voip", "A picture", nil),
    (.recording(path: "/prompts/hello.wav", transcript: "hello"), "voip", "hello", "/prompts/hello.wav"),
    (.recording(path: "/prompts/hello.wav", transcript: "hello"), "Chat", "hello", nil),
    (.audio(Audio(mediaType: "audio/basic", bytes: [0xFF, 0x7F]), transcript: "beep"), "voip", "beep", "UklGR"),
    (.audio(Audio(mediaType: "audio/mpeg", bytes: [1, 2, 3]), transcript: "beep"), "voip", "beep", nil),
    (.audio(Audio(mediaType: "audio/basic", bytes: [0xFF]), transcript: "beep"), "Chat", "beep", nil),
    (.text(plain: "a < b", spoken: "<speak>a &lt; b</speak>"), "voip", "a < b", "<speak>a &lt; b</speak>"),
    (.text(plain: "a < b", spoken: "<speak>a &lt; b</speak>"), "Chat", "a < b", nil),
    (.text(plain: "<speak>a <b>bold</b> &amp; more</speak>"), "Chat", "a bold & more", nil),
    (.text(plain: "<speak>a bold</speak>"), "voip", "a bold", "<speak>a bold</speak>"),
] as [(Reply.Part, String, String, String?)])
func rendersParts(part: Reply.Part, mediaType: String, transcript: String, extra: String?) async throws {
    let bench = try ExchangeBench(agent(Reply(parts: [part])))
    bench.mediaType = mediaType
    let prompt = try #require(try await bench.turn(1, "x").prompts.first)
    #expect(prompt["transcript"]?.string == transcript)
    let rich = prompt["mediaSpecificObject"]?["dfoMessage"]?["messageContent"]
    let shown = rich?["type"]?.string ?? prompt["audioFilePath"]?.string ?? prompt["textToSpeech"]?.string
        ?? prompt["base64EncodedG711ulawWithWavHeader"]?.string.map { String($0.prefix(5)) }
    #expect(shown == extra)
    if rich != nil { #expect(rich?["fallbackText"]?.string?.isEmpty == false && rich?["payload"]?.kind == .object) }
}

@Test("A pause becomes a break before the next words, which are escaped")
func pauses() async throws {
    let bench = try ExchangeBench(agent(Reply(parts: [.text(plain: "one"), .pause(milliseconds: 500), .text(plain: "R&D <now>")])))
    bench.mediaType = "voip"
    let answered = try await bench.turn(1, "x")
    #expect(answered.prompts.last?["textToSpeech"]?.string == #"<speak><break time="500ms"/>R&amp;D &lt;now&gt;</speak>"#)
    #expect(answered.transcripts == ["one", "R&D <now>"])
    bench.mediaType = "Chat"
    #expect(try await bench.turn(1, "x").warnings == ["pauseDropped"])
}

@Test("§4.3: behaviours follow the settings, and the agent's expectation overrides them", arguments: [
    ("", nil, "voip", nil), ("", Conversation.Expectation(.anything), "voip", nil),
    (#""voice":{"patienceMilliseconds":9000,"bargeIn":true}"#, nil, "voip", #"{"silenceRules":{"engageComfortSequence":false,"millisecondsToWaitForUserResponse":9000},"audioCollectionRules":{"collectionType":"SEND_UTTERANCE_AUDIO","bargeConfiguration":{"enableSpeakerBarge":true}}}"#),
    (#""voice":{"comfortPrompts":["One moment."]}"#, nil, "voip", #"{"silenceRules":{"engageComfortSequence":true,"botResponseDelayTolerance":2500,"comfortPromptSequence":{"prompts":[{"transcript":"One moment."}]}}}"#),
    (#""voice":{"bargeIn":true}"#, .init(.nothing, patienceMilliseconds: 100, mayInterrupt: false), "voip", #"{"silenceRules":{"engageComfortSequence":false,"millisecondsToWaitForUserResponse":100},"audioCollectionRules":{"collectionType":"DO_NOT_COLLECT_USER_RESPONSE","bargeConfiguration":{"enableSpeakerBarge":false}}}"#),
    ("", .init(.digits(most: 4, terminators: nil, only: true)), "voip", ##"{"audioCollectionRules":{"collectionType":"SEND_DTMF_ONLY_AS_TEXT","dtmfRules":{"detectDtmf":true,"clearDigits":true,"terminationCharacters":"#","stripTerminator":true,"interDigitTimeoutMilliseconds":5000,"maxDigits":4}}}"##),
    (#""voice":{"digits":{"detect":true,"terminators":"@","most":2,"gapMilliseconds":3000,"clear":false,"stripTerminator":false}}"#, nil, "voip", #"{"audioCollectionRules":{"collectionType":"SEND_UTTERANCE_AUDIO","dtmfRules":{"detectDtmf":true,"clearDigits":false,"terminationCharacters":"@","stripTerminator":false,"interDigitTimeoutMilliseconds":3000,"maxDigits":2}}}"#),
    (#""voice":{"transcriptionProfile":"p1","hintPhrases":["order"]}"#, nil, "voip", #"{"audioCollectionRules":{"collectionType":"SEND_UTTERANCE_AUDIO","audioTranscriptionConfig":{"transcriptionProfileId":"p1","hintPhrases":["order"]}}}"#),
    (#""voice":{"collect":"SEND_DTMF_ONLY_AS_TEXT"}"#, nil, "voip", #"{"audioCollectionRules":{"collectionType":"SEND_DTMF_ONLY_AS_TEXT"}}"#),
    (#""voice":{"bargeIn":true},"text":{"patienceMilliseconds":60000}"#, .init(.digits(most: 4, terminators: nil, only: true)), "Chat", #"{"silenceRules":{"engageComfortSequence":false,"millisecondsToWaitForUserResponse":60000}}"#),
] as [(String, Conversation.Expectation?, String, String?)])
func behaves(settings: String, expects: Conversation.Expectation?, mediaType: String, expected: String?) async throws {
    var reply = said("x")
    reply.expects = expects
    let bench = try ExchangeBench(agent(reply), settings)
    bench.mediaType = mediaType
    #expect(try await bench.turn(1, "x").json["nextPromptBehaviors"].map { RawJSON($0).text } == expected)
}

@Test("The contact left: the agent is told, nobody hears a prompt, nothing is kept, whatever the agent does")
func endsQuietly() async throws {
    for failing in [false, true] {
        let agent = FakeAgent { _ throws(AgentError) in
            if failing { throw AgentError(.failed, reason: "x") }
            return said("bye", .continue)
        }
        let answered = try await ExchangeBench(agent).turn(4, nil)
        #expect(answered.branch == "ReturnControlToScript" && answered.transcripts.isEmpty && answered.json["botSessionState"] == nil)
        #expect(agent.turns.map(\.input) == [.end])
    }
}

@Test("V113: intent, context, confidence and slots arrive, confidence within 0…1")
func tellsUnderstanding() async throws {
    var reply = said("x")
    reply.understanding = Understanding(
        intent: "OrderStatus", context: "c", confidence: 93, slots: [("a", .string("1")), ("b", .null), ("a", RawJSON { $0.value(2) })])
    let info = try #require(try await ExchangeBench(agent(reply)).turn(1, "hi").json["intentInfo"])
    #expect(RawJSON(info).text == #"{"intent":"OrderStatus","context":"c","intentConfidence":1.0,"lastUserUtterance":"hi","slots":{"b":null,"a":2}}"#)
}
