import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import TestSupport
import Testing
import Time

/// Answers every turn with what it was asked, in one word.
private func echo() -> FakeAgent {
    FakeAgent { turn in
        let word = switch turn.input {
        case .start(let event): "start:\(event)"
        case .text(let text): "text:\(text)"
        case .event(let name): "event:\(name)"
        case .digits(let keys): "digits:\(keys)"
        case .silence(let count): "silence:\(count)"
        case .audio(let audio): "audio:\(audio.bytes.count)"
        case .archived: "archived"
        case .end: "end"
        }
        return Reply(parts: [.text(plain: word)], state: RawJSON.string("s"))
    }
}

private let execution = #""executionInfo":{"contactId":900000000123,"busNo":4600001,"requestId":1}"#

@Test("V14, V24: input types as number, numeric text or name in any case", arguments: [
    (#"0"#, #"null"#, "start:WELCOME"), (#"0"#, #""SILENCE""#, "silence:1"), (#""NO_INPUT""#, #""x""#, "silence:1"),
    (#"1"#, #""hello""#, "text:hello"), (#""1""#, #""hello""#, "text:hello"), (#""TEXT""#, #""hello""#, "text:hello"),
    (#""text""#, #""hello""#, "text:hello"), (#"1"#, #""""#, "silence:1"), (#"1"#, #"42"#, "text:42"), (#"1"#, #"{"a":1}"#, "silence:1"),
    (#"3"#, #"null"#, "archived"), (#""USER_INPUT_ARCHIVED_AS_SPECIFIED""#, #"null"#, "archived"),
    (#"5"#, #""welcome""#, "start:welcome"), (#"5"#, #""AutoWelcome""#, "start:AutoWelcome"), (#"5"#, #"null"#, "start:WELCOME"),
    (#""automated_text""#, #""Reminder""#, "event:Reminder"), (#"5"#, #""silence""#, "silence:1"), (#"1"#, #""SILENCE""#, "text:SILENCE"),
    (#"6"#, #""0012""#, "digits:0012"), (#""Dtmf_As_Text""#, #""*12#""#, "digits:*12#"), (#"6"#, #""12 34""#, "digits:1234"),
    (#"6"#, #""abc""#, "silence:1"), (#"99"#, #""hello""#, "text:hello"), (#""NOPE""#, #"null"#, "start:WELCOME"), (#"null"#, #""hi""#, "text:hi"),
    (#"1.5"#, #""hi""#, "text:hi"), (#"[]"#, #""hi""#, "text:hi"),
])
func readsInputTypes(type: String, input: String, expected: String) async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent)
    let answered = try await bench.post(#"{"virtualAgentId":"orders","userInput":\#(input),"userInputType":\#(type),\#(execution)}"#)
    #expect(answered.transcripts == [expected])
    #expect(agent.turns.count == 1)
}

@Test("V14: the form in which the input type arrived is told")
func tellsInputForm() async throws {
    let bench = try ExchangeBench(echo())
    for (type, form) in [("1", "int"), (#""1""#, "numeric text"), (#""TEXT""#, "name"), ("null", "missing"), ("99", "unknown")] {
        let answered = try await bench.post(#"{"virtualAgentId":"orders","userInput":"a","userInputType":\#(type),\#(execution)}"#)
        #expect(answered.note("inputForm") == form)
        #expect(answered.warnings.contains("userInputTypeUnknown") == ["missing", "unknown"].contains(form))
    }
}

@Test("V14: an automated intent in its own field counts where the input is empty")
func readsAutomatedIntent() async throws {
    let bench = try ExchangeBench(echo())
    for (type, input, expected) in [("5", "null", "event:Hello"), ("0", "null", "event:Hello"), ("null", "null", "event:Hello"), ("1", #""typed""#, "text:typed")] {
        let body = #"{"virtualAgentId":"orders","automatedIntent":"Hello","userInput":\#(input),"userInputType":\#(type),\#(execution)}"#
        #expect(try await bench.post(body).transcripts == [expected])
    }
}

/// A whole first turn as CXone sends it (§3.5).
private let wholeTurn = #"""
    {"virtualAgentId":"orders","botConfig":"{\n \"webhookUrl\":\"https://va.example.com\",\"customHeaders\":[{\"name\":\"k\",\"value\":\"canary-header\"}],\"endpointParameters\":[{\"name\":null,\"value\":null},{\"name\":\"language\",\"value\":\"de-CH\"}],\"timeout\":10000}",
    "userInput":"where is my order","userInputType":1,"executionInfo":{"contactId":900000000123,"busNo":4600001,"requestId":1,"actionType":"TextBotExchange","actionId":12,"scriptName":"Demo\\OrdersChat"},
    "systemTelemetryData":{"consumerProcessHost":"HOST-01","consumerMetaData":null},"base64wavFile":null,"botSessionState":null,"customPayload":{"a":1},"mediaType":"Chat"}
    """#

@Test("V14, V18: each field of a turn removed, null or of another type still gives a valid answer")
func survivesEveryMistype() async throws {
    let whole = try JSON(parsing: Array(wholeTurn.utf8))
    let names = whole.members.map(\.name)
    let inner = whole["executionInfo"]?.members.map(\.name) ?? []
    let wrongs = ["null", "true", "17", "-1.5e400", "\"\"", "\"\\u0000\\u202e\"", "[]", "[[{}]]", "{}", "{\"x\":{\"y\":null}}", "12345678901234567890"]
    var count = 0
    for name in names + inner.map({ "executionInfo.\($0)" }) {
        for wrong in [nil] + wrongs.map(Optional.some) {
            let body = RawJSON { writer in
                writer.object { object in
                    for member in whole.members {
                        if member.name == name {
                            if let wrong { object.name(name); object.value((try? RawJSON(parsing: Array(wrong.utf8))) ?? .null) }
                        } else if member.name == "executionInfo", name.hasPrefix("executionInfo.") {
                            object.field("executionInfo", object: { info in
                                for field in member.value.members {
                                    let isIt = "executionInfo." + field.name == name
                                    guard !isIt || wrong != nil else { continue }
                                    info.name(field.name)
                                    info.value(isIt ? (try? RawJSON(parsing: Array((wrong ?? "null").utf8))) ?? .null : RawJSON(field.value))
                                }
                            })
                        } else {
                            object.field(member.name, RawJSON(member.value))
                        }
                    }
                }
            }
            let bench = try ExchangeBench(echo())
            let answered = try await bench.post(body.text)
            // Only the agent's name decides whether the turn is served.
            #expect((answered.branch == "Error") == (name == "virtualAgentId"), "\(name) as \(wrong ?? "absent")")
            count += 1
        }
    }
    #expect(count == (names.count + inner.count) * 12)
}

@Test("V18: unknown fields, any order, a byte-order mark and other spellings of JSON are no trouble")
func toleratesForm() async throws {
    let bench = try ExchangeBench(echo())
    let body = "\u{FEFF} " + #"{"new":{"deep":[1,2]},"userInputType":1,"mediaType":"CHAT","userInput":"\u0068i","executionInfo":{"later":1,"busNo":"4600001","contactId":"-5"},"virtualAgentId":"orders"}"#
    #expect(try await bench.post(body).transcripts == ["text:hi"])
}

@Test("V14: contact numbers of every kind name their own conversation", arguments: [
    "900000000123", "\"900000000123\"", "2147483648", "9223372036854775807", "99999999999999999999", "\"7f7f7f7f-aaaa-4bbb-8ccc-123456789abc\"",
])
func readsContacts(contact: String) async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent)
    bench.contact = contact
    for _ in 0..<3 { try await bench.turn(1, "x", keepState: false) }
    #expect(Set(agent.turns.map(\.conversation)).count == 1, "a script that forgets the state keeps the conversation")
    bench.contact = "900000000124"
    try await bench.turn(1, "x")
    #expect(Set(agent.turns.map(\.conversation)).count == 2)
    #expect(agent.turns.allSatisfy { $0.conversation.text.utf8.count == 36 })
}

@Test("Contact numbers of test runs, which repeat, get a random part, and the state keeps it", arguments: ["-1", "0", "null", "\"-17\""])
func randomForTestRuns(contact: String) async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent)
    bench.contact = contact
    try await bench.turn(5, "WELCOME")
    try await bench.turn(1, "a")
    bench.state = nil
    try await bench.turn(5, "WELCOME")
    let keys = agent.turns.map(\.conversation)
    #expect(keys[0] == keys[1] && keys[1] != keys[2])
}

@Test("V34: the medium follows mediaType, and the input where it must be a call", arguments: [
    ("Chat", 1, Medium.text), ("voip", 1, .voice), ("VoIP", 1, .voice), ("", 1, .text), ("digital", 1, .text), ("", 6, .voice), ("Chat", 6, .voice),
])
func readsMedium(mediaType: String, type: Int, expected: Medium) async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent)
    bench.mediaType = mediaType
    try await bench.turn(type, "123")
    #expect(agent.turns.first?.medium == expected)
}

@Test("V5: only declared values reach the agent; a payload is unwrapped once, and read from text", arguments: [
    #"{"echoValue":"v","secret":"s"}"#, #"{"customPayload":{"echoValue":"v","secret":"s"}}"#, #""{\"echoValue\":\"v\",\"secret\":\"s\"}""#,
    #"{"customPayload":{"echoValue":"v"},"lifespan":"1"}"#,
])
func carriesDeclaredFacts(payload: String) async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent, #""carry":["echoValue","missing"],"endpointParameters":["language"]"#)
    try await bench.turn(1, "x", extra: #""customPayload":\#(payload),"botConfig":{"endpointParameters":[{"name":"language","value":"de-CH"},{"name":"key","value":"k"}]}"#)
    #expect(agent.turns.first?.facts.map { "\($0.name)=\($0.value.text)" } == [#"echoValue="v""#, #"language="de-CH""#])
    #expect(agent.turns.first?.locale == "de-CH")
}

@Test("A payload with two objects is not unwrapped; dotted names reach inside, and a star carries all")
func carriesNested() async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent, #""carry":["context.parameters.echoValue","*"]"#)
    let payload = #"{"customPayload":{"a":1},"context":{"parameters":{"echoValue":12345678901234567890.10}}}"#
    try await bench.turn(1, "x", extra: #""customPayload":\#(payload)"#)
    #expect(agent.turns.first?.facts.map(\.name) == ["context.parameters.echoValue", "customPayload", "context"])
    #expect(agent.turns.first?.facts.first?.value.text == "12345678901234567890.10")
}

@Test("A body that is no turn is refused with a small problem document", arguments: [
    ("", 400), ("nonsense", 400), ("[]", 400), ("\"text\"", 400), ("null", 400), ("{\"a\":1,\"a\":2}", 400), ("{\"a\":1,}", 400), ("{\"a\":\"\\ud800\"}", 400),
    (#"{"contactId":1,"busNo":2,"participantId":"Patron","messageBody":"hi"}"#, 400), (String(repeating: "[", count: 100_000), 400),
])
func refusesNonTurns(body: String, status: Int) async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent)
    let response = await bench.handler.respond(to: bench.request(body))
    #expect(response.status.code == status && response.fields[.contentType] == "application/problem+json")
    #expect(try JSON(parsing: response.body)["status"]?.integer == status)
    #expect(agent.turns.isEmpty)
}

@Test("A text-assist message sent here by mistake is told apart")
func tellsTextAssist() async throws {
    let bench = try ExchangeBench(echo())
    let response = await bench.handler.respond(to: bench.request(#"{"contactId":1,"participantId":"Patron","messageBody":"hi"}"#))
    #expect(String(decoding: response.body, as: UTF8.self).contains("textAssist"))
}

@Test("V93: silences in a row are counted, and anything else ends the count")
func countsSilences() async throws {
    let agent = echo()
    let bench = try ExchangeBench(agent)
    try await bench.turn(5, "WELCOME")
    for (type, text) in [(0, ""), (0, "SILENCE"), (1, "hello"), (0, "x")] { try await bench.turn(type, text) }
    #expect(agent.turns.dropFirst().map(\.input) == [.silence(count: 1), .silence(count: 2), .text("hello"), .silence(count: 1)])
    #expect(agent.turns.map(\.number) == [1, 2, 3, 4, 5])
}
