import CXone
import Glibc
import HTTP
import HTTPTypes
import JSON
import Simulator
import TestSupport
import Testing
import Time
import Workbench

/// A turn as Virtual Agent Hub records it.
private func turn(
    _ number: Int = 1, said: String = "Where is my order?", type: String = "1", at time: Int64 = start, agent: String = "orders",
    answer: String = #"{"branchName":"PromptAndCollectNextResponse","nextPromptSequence":{"prompts":[{"transcript":"Which order?"}]},"botSessionState":"canary-state"}"#
) -> RecordedExchange {
    let body = """
        {"virtualAgentId":"\(agent)","botConfig":"canary-config","userInput":\(RawJSON.string(said).text),"userInputType":\(type),\
        "executionInfo":{"contactId":900000000123,"requestId":\(number)},"botSessionState":"canary-state","mediaType":"Chat"}
        """
    var exchange = RecordedExchange(
        half: .virtualAgentHub, isFromCXone: true, time: time, milliseconds: 40, method: "POST", url: "http://127.0.0.1:8080/exchange",
        requestBody: Array(body.utf8), status: 200, responseBody: Array(answer.utf8), outcome: "taken")
    exchange.conversation = "i-1"
    exchange.requestFields = [("Content-Type", "application/json"), ("Authorization", "canary-credential"), ("X-Api-Token", "canary-token")]
    return exchange
}

private func ask(_ inspector: Inspector, _ method: HTTPRequest.Method, _ target: String, _ body: String = "") async -> (status: Int, text: String, json: JSON?) {
    let response = await inspector.respond(to: Request(method: method, target: "/inspector" + target, body: Array(body.utf8)))
    return (response.status.code, String(decoding: response.body, as: UTF8.self), try? JSON(parsing: response.body))
}

/// Where `ManualTime` begins.
private let start: Int64 = 1_700_000_000_000

@Suite("Inspector") struct InspectorTests {
    @Test("No secret, digit or contact reaches the page: list, detail, curl, diagram (V100, B30)")
    func hides() async throws {
        let log = InspectorLog(time: ManualTime())
        log.record(turn(said: "my card is 4111 1111 1111 1111"))
        log.record(turn(2, said: "0090294837290", type: "6"))
        log.record(turn(3, said: "{", answer: #"{"branchName": "x", "access_token": "canary-broken" "#))
        let inspector = Inspector(log)
        let list = await ask(inspector, .get, "/exchanges?since=0")
        let key = try #require(list.json?["rows"]?.elements.first { _ in true }?["conversation"]?.string)
        var all = list.text
        for id in 1...3 { for what in ["", "/curl"] { all += await ask(inspector, .get, "/exchanges/\(id)\(what)").text } }
        for what in ["", "/diagram.svg", "/diagram.mmd"] { all += await ask(inspector, .get, "/conversations/\(key)\(what)").text }
        for canary in ["canary", "4111", "0090294837290", "900000000123", "i-1\""] { #expect(!all.contains(canary), "\(canary)") }
        #expect(all.contains("digits:13") && all.contains("digits:16") && all.contains("[hidden]"))
        #expect(all.contains("${CAUSEWAY_AUTHORIZATION}") && all.contains("${BOT_SESSION_STATE:-null}"))
    }

    @Test("Keeps the newest within its bounds and tells only what changed")
    func bounds() async throws {
        var limits = InspectorLog.Limits()
        limits.exchanges = 1_200
        let log = InspectorLog(limits: limits, time: ManualTime())
        for number in 1...5_000 { log.record(turn(number, at: start + Int64(number))) }
        let inspector = Inspector(log)
        let all = try #require(await ask(inspector, .get, "/exchanges").json)
        let count = try #require(all["rows"]).count
        #expect((1_200...1_300).contains(count))
        let rows = try #require(all["rows"]).elements.map { $0 }
        #expect(rows.first?["id"]?.integer == all["first"]?.integer && rows.last?["time"]?.integer == Int(start) + 5_000)
        let version = try #require(all["version"]?.integer)
        log.record(turn(5_001))
        let more = try #require(await ask(inspector, .get, "/exchanges?since=\(version)").json)
        #expect(more["rows"]?.count == 1)
        #expect(await ask(inspector, .get, "/exchanges/1").status == 404)
        #expect(await ask(inspector, .delete, "/exchanges").status == 204)
        #expect(await ask(inspector, .get, "/exchanges").json?["rows"]?.count == 0)
    }

    @Test("A trace finds its exchange by what was asked and when; one without stands alone; torn lines wait for their end")
    func joins() async throws {
        let folder = try temporaryFolder()
        let file = "\(folder)/turns.trace"
        let time = ManualTime()
        let log = InspectorLog(traces: [file], time: time)
        let exchange = turn()
        log.record(exchange)
        let masked = RawJSON { TraceMask().write(exchange.requestBody, to: &$0) }.text
        let line = """
            {"time":1700000000035,"ref":"r","agent":"orders","outcome":"ok","milliseconds":30,"budget":8500,"request":\(masked),"turn":{"conversation":"c","input":"text:x"},\
            "calls":[{"method":"POST","url":"https://bot.example/turn","at":2,"milliseconds":20,"status":200,"request":{"message":"Where is my order?"},"answer":{"text":"Which order?","odd":"thrown away"}}],\
            "answer":{"branchName":"PromptAndCollectNextResponse"}}
            """
        append(line.prefix(60), to: file)
        let inspector = Inspector(log)
        #expect(await ask(inspector, .get, "/exchanges/1").json?["calls"]?.count == 0)
        append(line.dropFirst(60) + "\n", to: file)
        let other = line.replacing("1700000000035", with: "1700000900000").replacing("\"orders\"", with: "\"other\"")
        append(other + "\n", to: file)
        let detail = try #require(await ask(inspector, .get, "/exchanges/1").json)
        #expect(detail["calls"]?.count == 1 && detail["waterfall"]?["budget"]?.integer == 8500)
        let links = detail["request"]?["links"]?.elements.map { link in link.elements.map { $0.string ?? "" } } ?? []
        #expect(links.contains(["userInput", "message"]))
        #expect(detail["response"]?["dropped"]?.elements.map { $0.string }.contains("odd") == true)
        #expect(detail["response"]?["links"]?.elements.first { _ in true }?.elements.map { $0.string } == ["text", "nextPromptSequence.prompts[0].transcript"])
        #expect(await ask(inspector, .get, "/exchanges").json?["rows"]?.count == 1)
        time.advance(milliseconds: 3_000)
        let rows = try #require(await ask(inspector, .get, "/exchanges").json?["rows"])
        #expect(rows.elements.map { $0["name"]?.string } == ["orders", "other"])
    }

    @Test("A message in three systems: what the platform sent stands beside what CXone was sent")
    func joinsMessages() async throws {
        let file = "\(try temporaryFolder())/messages.trace"
        let log = InspectorLog(traces: [file], time: ManualTime())
        var create = RecordedExchange(
            half: .digitalExperience, isFromCXone: false, time: start + 10, milliseconds: 5, method: "POST",
            url: "http://127.0.0.1:8090/dfo/3.0/channels/app/messages",
            requestBody: Array(#"{"idOnExternalPlatform":"m-1","thread":{"idOnExternalPlatform":"t-1"},"messageContent":{"type":"TEXT","payload":{"text":"Lost umbrella"}}}"#.utf8),
            status: 200, responseBody: Array("{}".utf8), outcome: "taken")
        create.violations = ["messageContent.payload.text: This value should not be blank."]
        (create.name, create.conversation) = ("app", "t-1")
        log.record(create)
        append("""
            {"time":1700000000040,"function":"webhook","method":"POST","path":"/webhook/app","status":202,"milliseconds":40,"channel":"app","request":{"id":"m-1","text":"Lost umbrella"},\
            "calls":[{"method":"POST","url":"http://127.0.0.1:8090/dfo/3.0/channels/app/messages","at":8,"milliseconds":9,"status":200,"request":{},"answer":{}}],"answer":"0 octets"}\n
            """, to: file)
        let detail = try #require(await ask(Inspector(log), .get, "/exchanges/1").json)
        let panes = try #require(detail["panes"]).elements.map { $0 }
        #expect(panes.map { $0["title"]?.string } == ["The platform asks", "CXone is asked", "CXone answers", "The platform is answered"])
        #expect(panes[1]["marks"]?.elements.map { $0["path"]?.string } == ["messageContent.payload.text"])
        #expect(detail["request"]?["links"]?.elements.map { $0.elements.map { $0.string ?? "" } }.contains(["text", "messageContent.payload.text"]) == true)
        let key = try #require(detail["row"]?["conversation"]?.string)
        let drawn = await ask(Inspector(log), .get, "/conversations/\(key)/diagram.mmd").text
        for arrow in ["p0->>p1: “Lost umbrella”", "p1->>p2: POST /webhook/app", "p2->>p3: POST /channels/app/messages", "p3-->>p2: 200, 9 ms", "p2-->>p1: 202, 40 ms"] {
            #expect(drawn.contains("  \(arrow)\n"), "\(arrow)")
        }
    }

    @Test("Near-miss names are named, what others may call as they like is left alone", arguments: [
        (#"{"botSesionState":1}"#, "botSesionState: did you mean botSessionState?"), (#"{"branchname":"Error"}"#, "branchname: did you mean branchName?"),
        (#"{"nextPromptSequence":{"prompts":[{"transcirpt":"x"}]}}"#, "transcirpt: did you mean transcript?"),
        (#"{"customPayload":{"branchNam":1},"intentInfo":{"slots":{"intnet":1}}}"#, nil), (#"{"anything":1,"order":2}"#, nil),
    ])
    func nearMisses(answer: String, wanted: String?) async throws {
        let log = InspectorLog(time: ManualTime())
        log.record(turn(answer: answer))
        let detail = try #require(await ask(Inspector(log), .get, "/exchanges/1").json)
        let marks = detail["panes"]?.elements.flatMap { $0["marks"]?.elements.map { $0["message"]?.string } ?? [] } ?? []
        #expect(marks.compactMap { $0 } == [wanted].compactMap { $0 })
        #expect(detail["row"]?["flags"]?.elements.contains { $0.string == "near miss" } == (wanted != nil))
    }

    @Test("Broken JSON is marked where it breaks")
    func syntax() async throws {
        let log = InspectorLog(time: ManualTime())
        log.record(turn(answer: "{\n  \"branchName\": \"Error\",\n  \"x\" 1\n}"))
        let pane = try #require(await ask(Inspector(log), .get, "/exchanges/1").json?["panes"]?.elements.map { $0 }.last)
        #expect(pane["marks"]?.elements.map { $0["path"]?.string } == ["3:7"])
        #expect(pane["text"]?.string?.contains("\"branchName\"") == true)
    }

    private final class Again: ExchangeResender {
        let log: InspectorLog
        init(_ log: InspectorLog) { self.log = log }
        func resend(_ exchange: RecordedExchange, body: [UInt8]) async -> String? {
            log.record(RecordedExchange(
                half: exchange.half, isFromCXone: true, time: exchange.time + 1, milliseconds: 1, method: exchange.method, url: exchange.url,
                requestBody: body, status: 200, responseBody: body, outcome: "taken"))
            return nil
        }
    }

    @Test("Edited and sent again: what was hidden and left alone goes as it was, what was changed goes changed")
    func resends() async throws {
        let log = InspectorLog(time: ManualTime())
        log.record(turn(said: "order 0090294837290"))
        let inspector = Inspector(log, resenders: [.virtualAgentHub: Again(log)])
        let edited = #"{"body":{"virtualAgentId":"orders","botConfig":"[hidden]","userInput":"order digits:13","mediaType":"voip","big":123456789012345678901,"executionInfo":{"contactId":"[hidden]"}}}"#
        let sent = await ask(inspector, .post, "/exchanges/1/resend", edited)
        #expect(sent.status == 200 && sent.json?["id"]?.integer == 2)
        let detail = await ask(inspector, .get, "/exchanges/2").text
        #expect(detail.contains("voip") && detail.contains("order digits:13"))
        // What really went is seen by the one who sent it.
        let body = Unmasking(of: turn(said: "order 0090294837290").requestBody)
        let json = try #require(try JSON(parsing: Array(edited.utf8))["body"])
        let text = String(decoding: try body.restored(json), as: UTF8.self)
        #expect(text == #"{"virtualAgentId":"orders","botConfig":"canary-config","userInput":"order 0090294837290","mediaType":"voip","big":123456789012345678901,"executionInfo":{"contactId":900000000123}}"#)
        let changed = try JSON(parsing: Array(#"{"userInput":"my order digits:13!"}"#.utf8))
        #expect(String(decoding: try body.restored(changed), as: UTF8.self) == #"{"userInput":"my order 0090294837290!"}"#)
        #expect(await ask(inspector, .post, "/exchanges/1/resend", #"{"body":{"userInput":"digits:4"}}"#).status == 422)
        #expect(await ask(inspector, .post, "/exchanges/1/resend", #"{"body":{"elsewhere":"[hidden]"}}"#).status == 422)
        #expect(await ask(inspector, .post, "/exchanges/1/resend", #"{"text":"{"}"#).status == 200)
    }

    @Test("A page that asks again is told what is new, whatever was there before")
    func many() async throws {
        let log = InspectorLog(time: ManualTime())
        for number in 1...2_000 { log.record(turn(number, at: start + Int64(number))) }
        let inspector = Inspector(log)
        let list = try #require(await ask(inspector, .get, "/exchanges").json)
        #expect(list["rows"]?.count == 2_000)
        #expect(await ask(inspector, .get, "/exchanges?since=\(list["version"]?.integer ?? 0)").json?["rows"]?.count == 0)
    }
}

private func append(_ text: some StringProtocol, to file: String) {
    guard let stream = fopen(file, "a") else { return }
    defer { fclose(stream) }
    fputs(String(text), stream)
}
