import CXone
import Conversation
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@Test("§12: every failure of an agent is a valid answer, with our words only", arguments: AgentError.Code.allCases)
func answersFailures(code: AgentError.Code) async throws {
    let agent = FakeAgent { turn throws(AgentError) in
        if turn.number == 1 { return Reply(parts: [.text(plain: "hi")], state: .string("kept")) }
        throw AgentError(code, reason: "canary-reason", mayHaveArrived: true)
    }
    let bench = try ExchangeBench(agent)
    try await bench.turn(5, "WELCOME")
    let failed = try await bench.turn(1, "where is it")
    #expect(failed.branch == "Error" && failed.utterance == "where is it" && failed.note("outcome") == code.rawValue)
    let details = failed.json["errorDetails"]
    #expect(details?["errorBehavior"]?.string == "ReturnControlToScriptThroughErrorBranch")
    #expect(details?["errorPromptSequence"]?["prompts"]?.count == 1)
    let message = details?["systemErrorMessage"]?.string ?? ""
    #expect(message.hasSuffix("ref 7f2c0001") && !failed.text.contains("canary") && message.utf8.count < 120)
    // The state survives: the next turn is the third of the same conversation.
    _ = try await bench.turn(1, "again")
    #expect(agent.turns.last?.state?.text == #""kept""# && agent.turns.last?.number == 3)
}

@Test("The contact can be kept in the conversation instead, or the contact ended, by settings")
func choosesFailureBehaviour() async throws {
    let agent = FakeAgent { _ throws(AgentError) in throw AgentError(.failed, reason: "") }
    let going = try await ExchangeBench(agent, #""failure":{"goOn":true,"prompt":"Please try again."}"#).turn(1, "x")
    #expect(going.branch == "PromptAndCollectNextResponse" && going.transcripts == ["Please try again."])
    let ended = try await ExchangeBench(agent, #""failure":{"behavior":"EndContact","prompt":""}"#).turn(1, "x")
    #expect(ended.json["errorDetails"]?["errorBehavior"]?.string == "EndContact" && ended.json["errorDetails"]?["errorPromptSequence"] == nil)
}

@Test("A stand-in answers while the agent is down, and keeps its own state")
func fallsBack() async throws {
    let agent = FakeAgent { turn throws(AgentError) in
        if turn.number == 2 { throw AgentError(.failed, reason: "down") }
        return Reply(parts: [.text(plain: "agent")], state: .string("agent's"))
    }
    let standIn = FakeAgent { _ in Reply(parts: [.text(plain: "stand-in")], state: .string("stand-in's")) }
    let bench = try ExchangeBench([.init(agent: agent, fallback: standIn)])
    var said: [[String]] = []
    for _ in 0..<3 { said.append(try await bench.turn(1, "x").transcripts) }
    #expect(said == [["agent"], ["stand-in"], ["agent"]])
    #expect(agent.turns.map { $0.state?.text } == [nil, #""agent's""#, #""agent's""#])
}

@Test("§8: deadlines by medium, by the app's timeout and by the host", arguments: [
    ("voip", nil, nil, "", 4_500), ("Chat", nil, nil, "", 8_500), ("Chat", "10000", nil, "", 8_500), ("Chat", "8000", nil, "", 6_500),
    ("voip", "\"5000\"", nil, "", 3_500), ("voip", "1000", nil, "", nil), ("Chat", "0", nil, "", 8_500), ("Chat", "\"x\"", nil, "", 8_500),
    ("Chat", nil, 3_000, "", 2_500), ("Chat", "5000", 3_000, "", 2_500), ("voip", nil, nil, #""voice":{"deadlineMilliseconds":2000}"#, 2_000),
] as [(String, String?, Int?, String, Int?)])
func keepsDeadlines(mediaType: String, timeout: String?, host: Int?, settings: String, expected: Int?) async throws {
    let agent = FakeAgent { _ in Reply(parts: [.text(plain: "x")]) }
    let bench = try ExchangeBench(agent, settings)
    let configuration = timeout.map { #","botConfig":{"timeout":\#($0)}"# } ?? ""
    var request = bench.request(
        #"{"virtualAgentId":"orders","userInput":"x","userInputType":1,"mediaType":"\#(mediaType)","executionInfo":{"contactId":1,"busNo":1}\#(configuration)}"#)
    request.front.deadline = host.map { bench.time.now().advanced(byMilliseconds: $0) }
    let response = await bench.handler.respond(to: request)
    #expect(response.status == .ok && AnswerSchema.problems(in: response.body).isEmpty)
    #expect(agent.turns.first.map { $0.deadline.milliseconds(since: request.front.arrived) } == expected)
}

@Test("An agent that is late or hangs is cut off at the deadline, and its late answer is thrown away")
func cutsOffLateAgents() throws {
    let loop = try EventLoop()
    let wasCancelled = Mutex(false)
    let agent = FakeAgent(AgentCapabilities()) { _ throws(AgentError) in
        await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 5_000))
        wasCancelled.withLock { $0 = Task.isCancelled }
        return Reply(parts: [.text(plain: "too late")])
    }
    let settings = try exchangeSettings(#""voice":{"deadlineMilliseconds":500}"#)
    let handler = ExchangeHandler(
        agents: [ExchangeAgent(name: "orders", settings: settings, agent: agent)], sessionKeys: [], time: SystemTime(), sleep: EventLoop.sleep)
    let start = Instant.now()
    let response = loop.run {
        let body = #"{"virtualAgentId":"orders","userInput":"x","userInputType":1,"mediaType":"voip","executionInfo":{"contactId":1,"busNo":1}}"#
        return await handler.respond(to: Request(
            method: .post, target: "/exchange", fields: [.contentType: "application/json", .authorization: ExchangeBench.credential],
            body: Array(body.utf8)))
    }
    #expect((450...1_500).contains(Instant.now().milliseconds(since: start)))
    #expect(try JSON(parsing: response.body)["branchName"]?.string == "Error" && AnswerSchema.problems(in: response.body).isEmpty)
    #expect(wasCancelled.withLock { $0 })
}

@Test("A caller that goes away cancels the agent's call")
func cancelsWithCaller() throws {
    let loop = try EventLoop()
    let agent = FakeAgent(AgentCapabilities()) { _ throws(AgentError) in
        await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 5_000))
        throw AgentError(.cancelled, reason: "")
    }
    let handler = ExchangeHandler(
        agents: [ExchangeAgent(name: "orders", settings: try exchangeSettings(""), agent: agent)], sessionKeys: [], time: SystemTime(),
        sleep: EventLoop.sleep)
    let start = Instant.now()
    let status = loop.run {
        await withTaskGroup(of: Int.self) { group in
            group.addTask {
                let body = #"{"virtualAgentId":"orders","userInput":"x","userInputType":1,"executionInfo":{"contactId":1,"busNo":1}}"#
                return await handler.respond(to: Request(
                    method: .post, target: "/exchange", fields: [.contentType: "application/json", .authorization: ExchangeBench.credential],
                    body: Array(body.utf8))).status.code
            }
            group.addTask {
                await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 20))
                return 0
            }
            _ = await group.next()
            group.cancelAll()
            return await group.next() ?? 0
        }
    }
    #expect(status == 200 && Instant.now().milliseconds(since: start) < 2_000 && agent.turns.count == 1)
}

@Test("§7, §4: secrets and digits are in no note, no trace and no error")
func hidesSecrets() async throws {
    let file = "\(try temporaryFolder())/trace.jsonl"
    defer { unlink(file) }
    let transport = FakeTransport([.success(.json(.ok, Array(#"{"echo":"0090294837290 and 12 34","card":4111111111111111}"#.utf8)))])
    let traced = TracedTransport(transport)
    let agent = FakeAgent { turn throws(AgentError) in
        if case .digits(let keys) = turn.input {
            _ = try? await traced.send(Call(
                method: .post, url: "https://bot.example/turn?token=canary-query", fields: [.authorization: "Bearer canary-bearer"],
                body: Array(#"{"digits":"\#(keys)","password":"canary-password"}"#.utf8), deadline: turn.deadline))
            throw AgentError(.malformed, reason: "bad")
        }
        return Reply(parts: [.text(plain: "your card 4111-1111 1111 1111")], state: .string("canary-state"))
    }
    let bench = try ExchangeBench([.init(agent: agent)], traceFile: file)
    let configuration = #""botConfig":{"authorizationHeader":"canary-config","endpointParameters":[{"name":"p","value":"canary-parameter"}]}"#
    bench.mediaType = "voip"
    var log = try await bench.turn(1, "my card is 4111 1111 1111 1111", extra: configuration).log
    let failed = try await bench.turn(6, "0090294837290", extra: configuration)
    #expect(failed.branch == "Error")
    log += failed.log + (failed.json["errorDetails"].map { RawJSON($0).text } ?? "")
    let trace = try #require(ScratchFile.read(file))
    #expect(trace.split(separator: "\n").count == 2)
    for line in trace.split(separator: "\n") { _ = try JSON(parsing: Array(line.utf8)) }
    #expect(trace.contains("https://bot.example/turn") && trace.contains("digits:13"))
    for canary in ["canary", "0090294837290", "4111", "1111", "900000000123", ExchangeBench.credential, ExchangeBench.sessionKey] {
        #expect(!log.contains(canary), "\(canary) in the log")
        #expect(!trace.contains(canary), "\(canary) in the trace")
    }
}

@Test("A short code that was keyed is hidden too")
func hidesShortCodes() async throws {
    let file = "\(try temporaryFolder())/trace.jsonl"
    defer { unlink(file) }
    let agent = FakeAgent { _ in Reply(parts: [.text(plain: "you keyed 7 5 3")]) }
    let bench = try ExchangeBench([.init(agent: agent)], traceFile: file)
    try await bench.turn(6, "753")
    let trace = try #require(ScratchFile.read(file))
    #expect(!trace.contains("753") && !trace.contains("7 5 3") && trace.contains("digits:3"))
}

@Test("§7: a record of messaging holds the calls with their times and no secret; a reading request that called nobody leaves none")
func tracesMessaging() async throws {
    let file = "\(try temporaryFolder())/messages.trace"
    defer { unlink(file) }
    let time = ManualTime()
    let transport = FakeTransport([.success(.json(.ok, Array(#"{"access_token":"canary-token","name":"Zoe"}"#.utf8)))])
    let calls = TracedTransport(transport)
    let inner = Answering { request in
        guard request.method == .post else { return Response(status: .ok) }
        _ = try? await calls.send(Call(
            method: .put, url: "https://api.example/dfo/3.0/channels/41790001122/messages?key=canary-query", fields: [.authorization: "canary-field"],
            body: Array(#"{"clientSecret":"canary-secret","id":"3f2504e0-4f89-11d3-9a0c-0305e82c3301","at":"2026-03-04T09:15:27.481+00:00"}"#.utf8), deadline: time.now()))
        time.advance(milliseconds: 7)
        return Response(status: .accepted, notes: [Note("channel", "app"), Note("outcome", "taken")])
    }
    let handler = TracedHandler(inner, file: file, function: "webhook", time: time)
    _ = await handler.respond(to: Request(method: .get, target: "/webhook/app"))
    #expect(ScratchFile.read(file) == nil)
    _ = await handler.respond(to: Request(
        method: .post, target: "/webhook/app?token=canary-target", fields: [.cookie: "canary-cookie"], body: Array(#"{"text":"call 079 000 11 22"}"#.utf8)))
    let trace = try #require(ScratchFile.read(file))
    let record = try JSON(parsing: Array(trace.utf8))
    #expect(record["function"]?.string == "webhook" && record["channel"]?.string == "app" && record["status"]?.integer == 202 && record["milliseconds"]?.integer == 7)
    let call = try #require(record["calls"]?.elements.first { _ in true })
    #expect(call["at"]?.integer == 0 && call["status"]?.integer == 200 && call["url"]?.string == "https://api.example/dfo/3.0/channels/digits:11/messages")
    #expect(trace.contains("3f2504e0-4f89-11d3-9a0c-0305e82c3301") && trace.contains("2026-03-04T09:15:27.481+00:00") && trace.contains("Zoe"))
    for canary in ["canary", "079", "0790001122", "41790001122"] { #expect(!trace.contains(canary), "\(canary)") }
}

private struct Answering: Handler {
    let answer: @Sendable (Request) async -> Response
    init(_ answer: @escaping @Sendable (Request) async -> Response) { self.answer = answer }
    func respond(to request: Request) async -> Response { await answer(request) }
}

/// Files of a test's own.
enum ScratchFile {
    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
