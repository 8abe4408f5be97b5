import CXone
import Conversation
import JSON
import TestSupport
import Testing

/// The order-status use case of `virtual-agent.md` §7.2, by an agent that keeps its context in its state.
let orderAgent = FakeAgent { turn in
    func reply(_ text: String, _ intent: String, state: String?, expects: Conversation.Expectation? = nil, signal: Signal = .continue) -> Reply {
        Reply(
            parts: [.text(plain: text)], understanding: Understanding(intent: intent, context: state, confidence: 0.94), signal: signal,
            expects: expects, state: state.map { RawJSON.string($0) })
    }
    let context = turn.state?.parsed()?.string
    switch turn.input {
    case .start: return reply("How can I help you?", "Welcome", state: "greeted")
    case .silence(let count): return reply("Are you still there? (\(count))", "Silence", state: context, signal: .noInput)
    case .digits(let keys) where context == "number", .text(let keys) where context == "number":
        var answer = reply("Order \(keys) is delayed by three days.", "OrderStatus", state: "told")
        answer.understanding.slots = [("orderNumber", .string(keys))]
        answer.scriptValues = [("orderNumber", .string(keys)), ("delayDays", RawJSON { $0.value(3) })]
        return answer
    case .text(let text) where text.contains("order"):
        return reply(
            "Please say or key in your 13-digit order number.", "OrderStatus", state: "number",
            expects: Conversation.Expectation(.digits(most: 13, terminators: "#", only: false), patienceMilliseconds: 15_000))
    case .text(let text) where text.contains("someone"):
        return reply("I will connect you with a colleague.", "Escalation", state: nil, signal: .handover(reason: "late-order", target: nil))
    case .text(let text) where text.contains("bye"): return reply("Good-bye.", "Bye", state: nil, signal: .end(reason: nil))
    default: return reply("Sorry?", "Default Fallback Intent", state: context, signal: .noMatch)
    }
}

@Test("V25, V99: the order-status conversation by text: welcome, question, number, delay, transfer")
func orderStatusByText() async throws {
    let bench = try ExchangeBench(orderAgent)
    let welcome = try await bench.turn(5, "WELCOME")
    #expect(welcome.branch == "PromptAndCollectNextResponse" && welcome.transcripts == ["How can I help you?"])
    #expect(welcome.intent == "Welcome" && welcome.utterance == "")
    let question = try await bench.turn(1, "where is my order")
    #expect(question.transcripts == ["Please say or key in your 13-digit order number."] && question.utterance == "where is my order")
    let told = try await bench.turn(1, "2390294837290")
    #expect(told.transcripts == ["Order 2390294837290 is delayed by three days."])
    #expect(told.json["customPayload"]?["delayDays"]?.integer == 3 && told.json["intentInfo"]?["slots"]?["orderNumber"]?.string == "2390294837290")
    let transfer = try await bench.turn(1, "can I talk to someone")
    #expect(transfer.branch == "ReturnControlToScript" && transfer.intent == "Escalation")
    #expect(transfer.json["customPayload"]?["reason"]?.string == "late-order" && transfer.json["botSessionState"] == nil)
}

@Test("V25, V27, V28: the same by voice and keys: leading zeros kept, digits in no log")
func orderStatusByKeys() async throws {
    let bench = try ExchangeBench(orderAgent)
    bench.mediaType = "voip"
    try await bench.turn(5, "WELCOME")
    let question = try await bench.turn(1, "where is my order")
    let rules = question.json["nextPromptBehaviors"]?["audioCollectionRules"]
    let keys = rules?["dtmfRules"]
    #expect(keys?["maxDigits"]?.integer == 13)
    #expect(keys?["terminationCharacters"]?.string == "#")
    #expect(rules?["collectionType"]?.string == "SEND_UTTERANCE_AUDIO")
    #expect(question.json["nextPromptBehaviors"]?["silenceRules"]?["millisecondsToWaitForUserResponse"]?.integer == 15_000)
    let told = try await bench.turn(6, "0090294837290")
    #expect(told.transcripts == ["Order 0090294837290 is delayed by three days."] && told.utterance == "0090294837290")
    #expect(told.note("input") == "digits:13" && !told.log.contains("0090294837290"))
}
