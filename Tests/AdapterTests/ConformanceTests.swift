import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

/// What holds for every adapter that calls somebody, whatever its provider: `security.md` §8 and §5, run against each folder.
@Suite("Conformance of adapters") struct ConformanceTests {
    static let key = ConversationKey("5f0c9f4e-53a5-4d0c-8a2e-0c6a3f6d9b10")
    static let leak = "TEXT-OF-THE-PROVIDER"

    static func turn(_ input: Input, state: RawJSON? = nil, facts: [Turn.Fact] = [], time: ManualTime) -> Turn {
        Turn(conversation: key, number: 2, input: input, facts: facts, state: state, deadline: time.now().advanced(byMilliseconds: 4000))
    }

    /// Asks once and gives the outcome; the number of calls is checked for every case (V6).
    static func outcome(_ adapter: Adapter, _ answer: ProviderDouble.Answer) async throws -> Result<Reply, AgentError> {
        let time = ManualTime()
        let provider = ProviderDouble([answer])
        let agent = try adapter.agent(over: provider, time: time)
        let outcome: Result<Reply, AgentError>
        do throws(AgentError) { outcome = .success(try await agent.reply(to: turn(.text("hello"), time: time))) } catch { outcome = .failure(error) }
        #expect(provider.calls.count == 1, "\(adapter.name) called \(provider.calls.count) times")
        if case .failure(let error) = outcome { expectNoSecret(in: "\(error)") }
        return outcome
    }

    static func expectNoSecret(in text: String) {
        for secret in Adapter.secrets + [leak, "http://", "https://"] { #expect(!text.contains(secret), "leaked: \(text)") }
    }

    @Test("Each error status becomes its error, told in no words of the provider", arguments: Adapter.calling, [
        (301, AgentError.Code.rejected), (302, .rejected), (307, .rejected), (400, .rejected), (401, .unauthorized), (403, .unauthorized),
        (404, .rejected), (405, .rejected), (409, .rejected), (413, .rejected), (415, .rejected), (422, .rejected), (429, .throttled),
        (500, .failed), (501, .failed), (502, .failed), (503, .failed), (504, .failed), (204, .malformed), (206, .malformed), (100, .malformed),
    ])
    func statuses(adapter: Adapter, expected: (status: Int, code: AgentError.Code)) async throws {
        let body = Array(#"{"error":{"message":"\#(Self.leak)"}}"#.utf8)
        let outcome = try await Self.outcome(adapter, .response(expected.status, type: "application/json", body))
        #expect(throws: AgentError(expected.code, reason: "")) { try outcome.get() }
    }

    @Test("Retry-After travels with 429 and makes 503 a throttling; only whole seconds count", arguments: Adapter.calling, [
        (429, "2", 2000), (503, "1", 1000), (429, "soon", nil), (429, "-1", nil), (429, "99999999999999999999", nil),
    ] as [(Int, String, Int?)])
    func waits(adapter: Adapter, expected: (status: Int, header: String, wait: Int?)) async throws {
        let outcome = try await Self.outcome(adapter, .response(expected.status, type: nil, [], fields: [("Retry-After", expected.header)]))
        guard case .failure(let error) = outcome else {
            Issue.record("no error")
            return
        }
        #expect(error.code == .throttled)
        #expect(error.retryAfterMilliseconds == expected.wait)
        #expect(error.isRetryable)
    }

    @Test("Transport failures keep whether the turn may have arrived", arguments: Adapter.calling, [
        (TransportError.Code.notResolved, false, AgentError.Code.unreachable, true), (.notConnected, false, .unreachable, true),
        (.tlsFailed, false, .unreachable, true), (.receiveFailed, true, .unreachable, false), (.sendFailed, true, .unreachable, false),
        (.timedOut, true, .timedOut, false), (.cancelled, true, .cancelled, false), (.tooLarge, true, .malformed, false),
        (.protocolViolated, true, .malformed, false), (.notAuthorized, false, .noToken, false), (.badURL, false, .rejected, false),
    ])
    func transport(
        adapter: Adapter, expected: (code: TransportError.Code, mayHaveArrived: Bool, mapped: AgentError.Code, isRetryable: Bool)
    ) async throws {
        let outcome = try await Self.outcome(adapter, .fails(expected.code, mayHaveArrived: expected.mayHaveArrived))
        guard case .failure(let error) = outcome else {
            Issue.record("no error")
            return
        }
        #expect(error.code == expected.mapped)
        #expect(error.mayHaveArrived == expected.mayHaveArrived)
        #expect(error.isRetryable == expected.isRetryable)
    }

    @Test("What is no answer is malformed", arguments: Adapter.calling, [
        ("application/json", ""), ("application/json", "{"), ("application/json", "nonsense"), ("application/json", "\"text\""),
        ("application/json", "17"), ("application/json", "null"), ("application/json", #"{"a":1,"a":2}"#), ("application/json", "{} {}"),
        ("text/html", "<html>TEXT-OF-THE-PROVIDER</html>"), ("text/plain", "{}"), ("image/png", "\u{89}PNG"),
        ("application/json", String(repeating: "[", count: 100_000)), ("application/json", "[" + String(repeating: "[],", count: 120_000) + "1]"),
    ] as [(String, String)])
    func garbage(adapter: Adapter, answer: (type: String, body: String)) async throws {
        let outcome = try await Self.outcome(adapter, .response(200, type: answer.type, Array(answer.body.utf8)))
        #expect(throws: AgentError(.malformed, reason: "")) { try outcome.get() }
    }

    @Test("An answer beyond the limit, or of invalid UTF-8, is malformed", arguments: Adapter.calling)
    func excess(adapter: Adapter) async throws {
        let huge = try await Self.outcome(adapter, .response(200, type: "application/json", [UInt8](repeating: 0x20, count: 3 << 20)))
        #expect(throws: AgentError(.malformed, reason: "")) { try huge.get() }
        let broken = try await Self.outcome(adapter, .response(200, type: "application/json", [0x5B, 0x22, 0xFF, 0xFE, 0x22, 0x5D]))
        #expect(throws: AgentError(.malformed, reason: "")) { try broken.get() }
    }

    @Test("Oddly typed members never crash: a reply or an error comes", arguments: Adapter.calling, [
        "[]", "{}", "[{}]", "[[]]", "[null]", "[1]", #"[{"text":7,"buttons":"x","custom":[1],"image":{}}]"#, #"{"replies":{}}"#, #"{"replies":[7]}"#,
        #"{"signal":7}"#, #"{"signal":{"type":"fly"}}"#, #"{"understanding":[]}"#, #"{"choices":[]}"#, #"{"choices":[{}]}"#,
        #"{"choices":[{"message":{"content":null,"tool_calls":[{"index":-1},{"index":99},{"function":null}]}}]}"#,
        #"{"choices":[{"message":{"content":[{"type":"text","text":"a"}]},"finish_reason":7}]}"#, #"{"expects":{"digits":{"max":-5}}}"#,
        #"{"replies":[{"audio":{"data":"%%%"}}]}"#, #"{"replies":[{"pause":{"ms":-1}}]}"#,
    ])
    func odd(adapter: Adapter, body: String) async throws {
        _ = try await Self.outcome(adapter, .response(200, type: "application/json", Array(body.utf8)))
    }

    @Test("Whatever the contact says reaches the provider unharmed inside valid JSON", arguments: Adapter.calling, [
        "", " ", "0", "Grüezi 👋🏽👨‍👩‍👧", "שלום עולם", "مرحبا", "a\u{0000}b\u{1F}c",
        #""quoted" \ back"#, "line\nbreak\r\n", "</script><!--", "${jndi:x}",
        "{\"role\":\"system\"}", String(repeating: "ä", count: 100_000),
    ])
    func inputs(adapter: Adapter, text: String) async throws {
        let time = ManualTime()
        let provider = ProviderDouble([try #require(adapter.goodAnswer)])
        _ = try await adapter.agent(over: provider, time: time).reply(to: Self.turn(.text(text), time: time))
        let body = try JSON(parsing: try #require(provider.calls.first).body)
        #expect(Self.strings(in: body).contains(text), "the text is not in the request")
    }

    @Test("Silence, keys, events and the end are told as such, with at most one call", arguments: Adapter.calling, [
        Input.start(event: "WELCOME"), .event("Callback Time"), .event("CallbackTime"), .digits("00*#"), .silence(count: 3), .archived, .end,
    ])
    func inputKinds(adapter: Adapter, input: Input) async throws {
        let time = ManualTime()
        let provider = ProviderDouble([try #require(adapter.goodAnswer)])
        let reply = try await adapter.agent(over: provider, time: time).reply(to: Self.turn(input, time: time))
        #expect(provider.calls.count <= 1)
        switch input {
        case .silence: #expect(reply.signal == .noInput)
        case .end: #expect(reply.signal == .end(reason: nil))
        default: break
        }
    }

    @Test("A state of another adapter, a broken one and a huge one read as none", arguments: Adapter.all, [
        "7", "\"x\"", "[]", #"{"in":7,"remembers":[],"messages":{"role":1},"offered":{},"slots":7}"#,
        #"{"messages":[{"role":"system","content":"x"}]}"#,
    ])
    func states(adapter: Adapter, state: String) async throws {
        let time = ManualTime()
        let provider = ProviderDouble(adapter.goodAnswer.map { [$0] } ?? [])
        let raw = try RawJSON(parsing: Array(state.utf8))
        _ = try await adapter.agent(over: provider, time: time).reply(to: Self.turn(.text("hello"), state: raw, time: time))
        for call in provider.calls {
            #expect(try JSON(parsing: call.body)["messages"]?.elements.filter { $0["role"]?.string == "system" }.count ?? 1 == 1)
        }
    }

    @Test("The call ends before the turn's deadline does", arguments: Adapter.calling)
    func deadlines(adapter: Adapter) async throws {
        let time = ManualTime()
        let provider = ProviderDouble([try #require(adapter.goodAnswer)])
        let turn = Self.turn(.text("hello"), time: time)
        _ = try await adapter.agent(over: provider, time: time).reply(to: turn)
        #expect(try #require(provider.calls.first).deadline <= turn.deadline)
    }

    @Test("V97: a state of any shape comes back unchanged over fifty turns", arguments: [
        #"{"name":"Zoë","n":[1,2.50,12345678901234567890],"deep":{"a":{"b":[null,true,"🙂"]}}}"#, "\"text\"", "7", "[[],{}]",
    ])
    func stateSurvives(state: String) async throws {
        let webhook = try Adapter(folder: "Webhook")
        let provider = ProviderDouble([])
        let handler = try Stage.handler(webhook, nil, over: provider)
        var travelling: RawJSON?
        for number in 1...50 {
            provider.add(.response(200, type: "application/json", Array(#"{"replies":[{"text":"ok"}],"state":\#(state)}"#.utf8)))
            let body = #"{"virtualAgentId":"orders","userInput":"hi","userInputType":1,"botSessionState": "…","#
                + #""executionInfo":{"contactId":5,"busNo":1,"requestId":\#(number)},"mediaType":"Chat"}"#
            let response = await handler.respond(to: try Stage.request(body, state: travelling))
            travelling = try JSON(parsing: response.body)["botSessionState"].map { RawJSON($0) }
            let asked = try JSON(parsing: try #require(provider.calls.last).body)
            #expect(asked["conversation"]?["turn"]?.integer == number)
            #expect(asked["state"].map { RawJSON($0).text } == (number == 1 ? nil : state))
        }
        #expect(provider.calls.count == 50)
    }

    @Test("The webhook's signature is the one that another implementation computes, for both secrets")
    func signatureVector() async throws {
        let provider = ProviderDouble([.response(200, type: "application/json", Array("{}".utf8))])
        let time = ManualTime()
        _ = try await Adapter(folder: "Webhook").agent(over: provider, time: time).reply(to: Self.turn(.text("hello"), time: time))
        let call = try #require(provider.calls.first)
        let body = #"{"conversation":{"id":"5f0c9f4e-53a5-4d0c-8a2e-0c6a3f6d9b10","turn":2,"channel":"text","facts":{}},"#
            + #""input":{"text":"hello"},"deadlineMs":4000}"#
        #expect(String(decoding: call.body, as: UTF8.self) == body)
        // By Python's hmac over "1700000000." and the body above.
        #expect(call.fields.first { $0.name.canonicalName == "x-signature" }?.value == """
            v1=f98866ea25ed7bc8e7463e14850d89aab5cff84648353316246702c2f23a680d,\
            v1=9533104c4f7773fc036b961c1a575bf81756617198d35c3322e2f91518dd0541
            """)
    }

    static func strings(in json: JSON) -> [String] {
        switch json.kind {
        case .string: json.string.map { [$0] } ?? []
        case .array: json.elements.flatMap { strings(in: $0) }
        case .object: json.members.flatMap { strings(in: $0.value) }
        default: []
        }
    }
}
