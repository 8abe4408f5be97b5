import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Settings
import TestSupport
import Testing

private let turnBody = #"{"virtualAgentId":"orders","userInput":"x","userInputType":1,"executionInfo":{"contactId":1,"busNo":4600001}}"#

private func quiet() -> FakeAgent { FakeAgent { _ in Reply(parts: [.text(plain: "ok")]) } }

private func field(_ name: String, _ value: String) -> HTTPField? { HTTPField.Name(name).map { HTTPField(name: $0, value: value) } }

@Test("V62, V64, V66–V68: credentials decide before anything else, and nothing is said about why", arguments: [
    ([], 401), ([("Authorization", ExchangeBench.credential)], 200), ([("authorization", ExchangeBench.credential)], 200),
    ([("Authorization", ExchangeBench.credential + "x")], 401), ([("Authorization", String(ExchangeBench.credential.dropLast()))], 401),
    ([("Authorization", ExchangeBench.credential.lowercased())], 401), ([("Authorization", "")], 401), ([("X-Authorization", ExchangeBench.credential)], 401),
    ([("Authorization", ExchangeBench.credential), ("Authorization", ExchangeBench.credential)], 400),
    ([("Authorization", "wrong"), ("Authorization", ExchangeBench.credential)], 400),
] as [([(String, String)], Int)])
func checksCaller(fields: [(String, String)], status: Int) async throws {
    let agent = quiet()
    let bench = try ExchangeBench(agent)
    for body in [turnBody, "not json"] {
        var request = bench.request(body)
        request.fields = [.contentType: "application/json"]
        for (name, value) in fields { if let field = field(name, value) { request.fields.append(field) } }
        let response = await bench.handler.respond(to: request)
        #expect(response.status.code == (status == 200 && body != turnBody ? 400 : status))
        if status == 401 { #expect(response.body.isEmpty && response.fields.isEmpty) }
    }
    #expect(agent.turns.count == (status == 200 ? 1 : 0))
}

@Test("V68, V88: two headers, all of which must match; several values stand while one replaces the other")
func checksHeaderSets() async throws {
    let agent = quiet()
    let bench = try ExchangeBench(agent, #""caller":{"headers":[{"name":"accessKeyId","values":[{"env":"OTHER"},{"env":"THIRD"}]},{"name":"accessKeySecret","values":[{"env":"CREDENTIAL"}]}]}"#)
    for (id, secret, status) in [
        ("another value that is long", ExchangeBench.credential, 200), ("a third value that is long", ExchangeBench.credential, 200),
        ("another value that is long", "", 401), ("", ExchangeBench.credential, 401), (ExchangeBench.credential, "another value that is long", 401),
    ] {
        var request = bench.request(turnBody)
        request.fields = [.contentType: "application/json"]
        if let field = field("ACCESSKEYID", id) { request.fields.append(field) }
        if let field = field("accesskeysecret", secret) { request.fields.append(field) }
        #expect(await bench.handler.respond(to: request).status.code == status)
    }
}

@Test("A credential in the query string is never read")
func ignoresQuery() async throws {
    let bench = try ExchangeBench(quiet())
    var request = bench.request(turnBody, path: "/exchange?Authorization=\(ExchangeBench.credential)")
    request.fields = [.contentType: "application/json"]
    #expect(await bench.handler.respond(to: request).status.code == 401)
}

@Test("V10: the body or the path chooses the agent; another's credential is as good as none")
func choosesAgent() async throws {
    let orders = quiet()
    let billing = quiet()
    let bench = try ExchangeBench([
        .init(agent: orders), .init(name: "billing", settings: #""virtualAgentIds":["bill","bill 2"]"#, credential: "billing has its own key", agent: billing),
    ])
    func status(_ path: String, _ id: String, _ credential: String) async -> (Int, String) {
        var request = bench.request(#"{"virtualAgentId":"\#(id)","userInput":"x","userInputType":1,"executionInfo":{"contactId":1,"busNo":1}}"#, path: path)
        request.fields = [.contentType: "application/json", .authorization: credential]
        let response = await bench.handler.respond(to: request)
        return (response.status.code, (try? JSON(parsing: response.body))?["branchName"]?.string ?? "")
    }
    let own = ExchangeBench.credential
    #expect(await status("/exchange", "orders", own) == (200, "PromptAndCollectNextResponse"))
    #expect(await status("/exchange", "bill 2", "billing has its own key") == (200, "PromptAndCollectNextResponse"))
    #expect(await status("/exchange", "bill", own) == (200, "Error"))
    #expect(await status("/exchange", "nobody", own) == (200, "Error"))
    #expect(await status("/exchange", "billing", "billing has its own key") == (200, "Error"))
    #expect(await status("/exchange/orders", "whatever", own) == (200, "PromptAndCollectNextResponse"))
    #expect(await status("/exchange/%6Frders", "whatever", own) == (200, "PromptAndCollectNextResponse"))
    #expect(await status("/exchange/billing", "bill", own) == (401, ""))
    #expect(await status("/exchange/billing", "other", "billing has its own key") == (200, "Error"))
    #expect(await status("/exchange/nobody", "orders", own) == (401, ""))
    #expect(await status("/exchange/orders/more", "orders", own) == (404, ""))
    #expect(orders.turns.count == 3 && billing.turns.count == 1)
}

@Test("Unknown agents and agents of others give the same answer; a first turn can be declined instead")
func hidesOtherAgents() async throws {
    let offers: [ExchangeBench.Offer] = [.init(agent: quiet()), .init(name: "billing", credential: "billing has its own key", agent: quiet())]
    let bench = try ExchangeBench(offers)
    bench.virtualAgentId = "billing"
    let others = try await bench.turn(1, "x")
    bench.virtualAgentId = "unknown"
    let unknown = try await bench.turn(1, "x")
    #expect(others.text == unknown.text && unknown.json["errorDetails"]?["systemErrorMessage"]?.string?.contains("7f2c0001") == true)
    let declining = try ExchangeBench(offers, declinesUnknownAgents: true)
    declining.virtualAgentId = "unknown"
    #expect(try await declining.turn(5, "WELCOME").branch == "DoNotBegin")
    declining.state = .string("something")
    #expect(try await declining.turn(1, "x").branch == "Error")
}

@Test("Business units can be pinned to an agent")
func pinsBusinessUnits() async throws {
    let bench = try ExchangeBench(quiet(), #""businessUnits":["4600002"]"#)
    #expect(try await bench.turn(1, "x").branch == "Error")
    #expect(try await ExchangeBench(quiet(), #""businessUnits":["4600001"]"#).turn(1, "x").branch == "PromptAndCollectNextResponse")
}

@Test("V13: every method but POST is refused, with Allow", arguments: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
func refusesMethods(method: String) async throws {
    let bench = try ExchangeBench(quiet())
    var request = bench.request(turnBody)
    request.method = HTTPRequest.Method(method) ?? .get
    let response = await bench.handler.respond(to: request)
    #expect(response.status == .methodNotAllowed && response.fields[.allow] == "POST")
}

@Test("§2: JSON in UTF-8 is taken under each of its media types, nothing else", arguments: [
    ("application/json", 200), ("Application/JSON;charset=UTF-8", 200), ("application/json ; charset=\"utf-8\"", 200), ("text/json", 200),
    ("text/json; charset=utf-8", 200), ("application/vnd.nice+json", 200), ("application/json; charset=utf-16", 415), ("text/plain", 415),
    ("application/xml", 415), ("application/jsonp", 415), ("application/+json", 415), ("", 415), ("multipart/form-data", 415),
])
func checksMediaType(type: String, status: Int) async throws {
    let bench = try ExchangeBench(quiet())
    var request = bench.request(turnBody)
    request.fields[.contentType] = type.isEmpty ? nil : type
    #expect(await bench.handler.respond(to: request).status.code == status)
}

@Test("Packed and oversize bodies are refused; text has the smaller limit")
func checksSize() async throws {
    let bench = try ExchangeBench(quiet())
    var packed = bench.request(turnBody)
    packed.fields[.contentEncoding] = "gzip"
    #expect(await bench.handler.respond(to: packed).status.code == 415)
    let padding = #"{"virtualAgentId":"orders","userInput":"x","userInputType":1,"pad":"\#(String(repeating: "x", count: 1 << 20))""#
    #expect(await bench.handler.respond(to: bench.request(padding + "}")).status.code == 413)
    #expect(await bench.handler.respond(to: bench.request(padding + #","mediaType":"voip"}"#)).status.code == 200)
    let huge = bench.request(#"{"mediaType":"voip","pad":"\#(String(repeating: "x", count: 8 << 20))"}"#)
    #expect(await bench.handler.respond(to: huge).status.code == 413)
}

@Test("V16: an unencrypted request is refused, but on loopback where the settings say so", arguments: [
    (false, "127.0.0.1", 403), (true, "127.0.0.1", 200), (true, "::1", 200), (true, "192.0.2.7", 403), (true, nil, 200),
] as [(Bool, String?, Int)])
func refusesPlainHTTP(isAllowed: Bool, peer: String?, status: Int) async throws {
    let bench = try ExchangeBench([.init(agent: quiet())], allowsPlainHTTP: isAllowed)
    var request = bench.request(turnBody)
    request.front.isSecure = false
    request.front.peer = peer
    #expect(await bench.handler.respond(to: request).status.code == status)
}

@Test("V20, V21, V63, V66: versions and their headers are checked in the settings", arguments: [
    (#""integrationVersion":"1.0.0""#, true), (#""integrationVersion":"2.0.0""#, true), (#""integrationVersion":"4.0.0""#, false),
    (#""integrationVersion":"1.0.0","caller":{"headers":[{"name":"X-Key","values":[{"env":"OTHER"}]}]}"#, false),
    (#""integrationVersion":"1.0.0","caller":{"headers":[{"name":"Authorization","values":[{"env":"OTHER"}]},{"name":"B","values":[{"env":"OTHER"}]}]}"#, false),
    (#""integrationVersion":"3.0.0","caller":{"headers":[{"name":"A","values":[{"env":"OTHER"}]},{"name":"B","values":[{"env":"OTHER"}]}]}"#, true),
    (#""caller":{"headers":[]}"#, false), (#""caller":{}"#, false), (#""caller":{"headers":[{"name":"A","values":["inline"]}]}"#, false),
    (#""caller":{"headers":[{"name":"A","values":[{"env":"OTHER"}]},{"name":"a","values":[{"env":"THIRD"}]}]}"#, false), (#""voice":{"silenceBranch":"Error"}"#, false),
])
func checksVersions(settings: String, isValid: Bool) throws {
    if isValid { _ = try exchangeSettings(settings) } else { #expect(throws: SettingsError.self) { try exchangeSettings(settings) } }
}

@Test("V21: the versions to be deprecated are served with a warning that names the way to 3.0.0")
func warnsOfOldVersions() throws {
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        let text = #"{"integrationVersion":"\#(version)","caller":{"headers":[{"name":"Authorization","values":[{"env":"KEY"}]}]}}"#
        let read = try SettingsFile.read(ExchangeSettings.self, text: Array(text.utf8), path: "t", environment: ["KEY": "a key of some length"])
        #expect(read.warnings.contains { $0.message.contains("3.0.0") && $0.message.contains("StandardBot") } == (version != "3.0.0"))
    }
}
