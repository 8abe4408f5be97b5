import HTTP
import HTTPTypes
import JSON
import Secrets
import Simulator
import Testing
import TestSupport
import Workbench

/// The interface under `/hub`, and StandardBot's tests.
@Suite("Virtual Agent Hub: its interface")
struct HubInterfaceTests {
    private static func send(_ hub: any Handler, _ method: HTTPRequest.Method, _ path: String, _ body: String = "") async -> Response {
        await hub.respond(to: Request(method: method, target: path, body: Array(body.utf8)))
    }

    @Test("an app is made, changed and shown; its secrets go in and never come out")
    func apps() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            let form = """
                {"agent":"orders","url":"https://va.example/turn","action":"textbotExchange","headers":[{"name":"X-Key","value":"very-secret-1"}],
                 "oauth":{"url":"https://auth.example/t","body":[{"name":"client_secret","value":"very-secret-2"}]},"scriptDrops":{"state":true},
                 "connectedBranches":["PromptAndCollectNextResponse","Default"],"rules":{"maxDigits":null}}
                """
            let made = await Self.send(stage.hub, .put, "/hub/apps/orders%20chat", form)
            #expect(made.status == .created)
            for path in ["/hub", "/hub/apps", "/hub/apps/orders%20chat"] {
                let text = String(decoding: await Self.send(stage.hub, .get, path).body, as: UTF8.self)
                #expect(text.contains("orders chat") && !text.contains("very-secret"))
            }
            let changed = try await Self.send(stage.hub, .put, "/hub/apps/orders%20chat", #"{"headers":[{"name":"X-Key"}],"locale":"de","oauth":null}"#).json()
            #expect(changed["locale"]?.string == "de" && changed["headers"]?.elements.map { $0["isSet"]?.bool } == [true] && changed["oauth"]?.isNull == true)
            #expect(changed["warnings"]?.elements.contains { $0.string == "OnUserInputTimeout is not connected; all branches should be." } == true)
            #expect(stage.hub.app("orders chat")?.headers.first?.value.revealText() == "very-secret-1")
            #expect(await Self.send(stage.hub, .delete, "/hub/apps/orders%20chat").status == .noContent && stage.hub.apps.isEmpty)
        }
    }

    @Test("what an integration version or a media type does not have is refused by name (V31, V39, V63)", arguments: [
        (#"{"action":"textbotConversation"}"#, "action"), (#"{"action":"voicebotExchange","medium":"chat"}"#, "medium"),
        (#"{"version":"1.0.0","headers":[{"name":"X","value":"y"}]}"#, "headers"), (#"{"version":"1.0.0","oauth":{"url":"https://a.example"}}"#, "oauth"),
        (#"{"version":"2.0.0","clientCertificate":{"certificateFile":"/c.pem"}}"#, "clientCertificate"), (#"{"authorizationHeader":"x"}"#, "authorizationHeader"),
        (#"{"version":"4.0.0"}"#, "version"), (#"{"colour":"red"}"#, "colour"), (#"{"headers":[{"name":"bad name","value":"x"}]}"#, "headers[0].name"),
        (#"{"connectedBranches":["Errors"]}"#, "connectedBranches[0]"), (#"{"url":"ftp://x"}"#, "url"),
    ])
    func refusals(_ form: String, _ field: String) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            let whole = form.contains(#""url":"ftp"#) ? form : #"{"url":"https://va.example","# + form.dropFirst()
            let answer = await Self.send(stage.hub, .put, "/hub/apps/meadow", whole)
            #expect(answer.status == .badRequest && stage.hub.apps.isEmpty)
            #expect(try answer.json()["errors"]?.elements.contains { $0["field"]?.string == field } == true)
        }
    }

    @Test("an interaction from its first turn to its end, with sound, diagram and file")
    func interaction() async throws {
        try await staged { () async throws in
            let sound = Base64.encodeText(WaveFile(samples: [Int16](repeating: 5000, count: 800), rate: 8000).muLawFile)
            let stage = HubStage(HubStage.asks.replacing(#""transcript":"Yes?""#, with: #""transcript":"<Yes> & \"no\"?","base64EncodedG711ulawWithWavHeader":"\#(sound)""#))
            stage.app()
            let pages = HubPages(stage.hub)
            let begun = try await Self.send(pages, .post, "/hub/interactions", #"{"app":"meadow","from":"+41 44 000 00 00"}"#).json()
            let path = "/hub/interactions/\(try #require(begun["id"]?.string))"
            #expect(begun["state"]?.string == "waiting" && begun["behaviour"]?["digitLimit"]?.integer == 10 && begun["keysDue"]?.isNull == true)
            let keyed = try await Self.send(pages, .post, path + "/input", #"{"key":"12"}"#).json()
            #expect(keyed["keys"]?.string == "12" && (keyed["keysDue"]?.integer ?? 0) > 0 && keyed["turns"]?.count == 1)
            _ = await Self.send(pages, .post, path + "/input", #"{"clear":true}"#)
            _ = await Self.send(pages, .post, path + "/faults", #"{"kind":"unknownField"}"#)
            let asked = try await Self.send(pages, .post, path + "/input", #"{"text":"<script>alert(1)</script>","customPayload":{"a":1}}"#).json()
            let turn = try #require(asked["turns"]?.elements.map { $0 }.last)
            #expect(turn["faults"]?.elements.map(\.string) == ["unknownField"] && turn["request"]?["customPayload"]?["a"]?.integer == 1)
            let wave = await Self.send(pages, .get, try #require(turn["says"]?.elements.map { $0 }.first?["audioURL"]?.string))
            #expect(try WaveFile(parsing: wave.body).milliseconds == 100 && wave.fields[.contentType] == "audio/wav")
            let svg = String(decoding: await Self.send(pages, .get, path + "/diagram.svg").body, as: UTF8.self)
            #expect(svg.contains("&lt;script&gt;") && !svg.contains("<script") && svg.contains("OnPromptAndCollectNextResponse"))
            #expect(String(decoding: await Self.send(pages, .get, path + "/diagram.mmd").body, as: UTF8.self).hasPrefix("sequenceDiagram"))
            #expect(String(decoding: await Self.send(pages, .get, path + "/chat").body, as: UTF8.self).contains("contact says <script>alert(1)</script>"))
            #expect(try await Self.send(pages, .get, "/hub").json()["interactions"]?.elements.map { $0["turns"]?.integer } == [2])
            #expect(await Self.send(pages, .delete, path).status == .noContent)
            #expect(await Self.send(pages, .get, path).status == .notFound)
        }
    }

    @Test("inputs that make no sense are refused and change nothing", arguments: [
        "{}", #"{"text":"a","silence":true}"#, #"{"text":""}"#, #"{"key":"A"}"#, #"{"audio":"%"}"#, #"{"choice":"x"}"#, #"{"shout":"x"}"#, "[", #"{"pause":"1"}"#,
    ])
    func inputs(_ body: String) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app()
            let id = try await stage.begin().id
            #expect(await Self.send(stage.hub, .post, "/hub/interactions/\(id)/input", body).status == .badRequest)
            #expect(stage.hub.interaction(id)?.phase == .waiting && stage.seen.count == 1)
        }
    }

    @Test("what is not there is 404; every other path too", arguments: ["/hub/interactions/1", "/hub/apps/none", "/hub/nothing", "/hub/interactions/1/audio/1/1"])
    func absent(_ path: String) async throws {
        try await staged { () async throws in #expect(await Self.send(HubPages(HubStage().hub), .get, path).status == .notFound) }
    }

    @Test("switches are read and set; one of a wrong kind is refused")
    func switches() async throws {
        try await staged { () async throws in
            let stage = HubStage()
            #expect(try await Self.send(stage.hub, .patch, "/hub/behaviour", #"{"textBranches":"three","silenceMarker":"SILENCE"}"#).json()["textBranches"]?.string == "three")
            #expect(try await Self.send(stage.hub, .get, "/hub/behaviour").json()["silenceMarker"]?.string == "SILENCE")
            #expect(await Self.send(stage.hub, .patch, "/hub/behaviour", #"{"textBranches":"four"}"#).status == .badRequest)
        }
    }

    @Test("the agent that misbehaves by order does so as often as ordered")
    func faultAgent() async throws {
        try await staged { () async throws in
            let hub = HubStage().hub
            func ask() async -> Response { await Self.send(hub.faultAgent, .post, "/fault-agent/turn", #"{"input":{"text":"hi"}}"#) }
            for body in [#"{"kind":"status"}"#, #"{"kind":"html"}"#, #"{"kind":"drop","count":2}"#, #"{"kind":"dribble","milliseconds":20}"#] {
                #expect(await Self.send(hub, .post, "/hub/faults", body).status == .ok)
            }
            let first = await ask()
            #expect(first.status == .tooManyRequests && first.fields[.retryAfter] == "30")
            #expect(await ask().fields[.contentType] == "text/html")
            for _ in 0..<2 { #expect(await ask().status == DigitalExperience.hangUp) }
            #expect(await ask().stream != nil)
            #expect(try await ask().json()["replies"]?.elements.map { $0["text"]?.string } == ["You said: hi"])
            #expect(await Self.send(hub, .post, "/hub/faults", #"{"kind":"melt"}"#).status == .badRequest)
        }
    }

    @Test("StandardBot's tests pass with the standard bot, and fail with a reason elsewhere (V22)")
    func standardBot() async throws {
        let exchange = try RealExchange(RealExchange.standard + "," + RealExchange.orders)
        try await staged { () async throws in
            for app in HubApps.all(of: exchange.settings, front: "https://mw.example") { exchange.hub.add(app) }
            for name in ["standard-chat", "standard-phone"] {
                let results = try await Self.send(exchange.hub, .post, "/hub/standard-bot", #"{"app":"\#(name)"}"#).json()
                let failed = results.elements.filter { $0["passed"]?.bool != true }.map { "\($0["name"]?.string ?? ""): \($0["why"]?.string ?? "")" }
                // A rich message has no place on a call.
                #expect(failed == (name == "standard-chat" ? [] : ["StandardBotDfoMessage: no prompt has one"]) && results.count == 11)
            }
            let others = await exchange.hub.standardBot("orders-chat") ?? []
            #expect(others.filter(\.passed).map(\.name).contains("StandardBotUserInputTimeout"))
            #expect(others.first { $0.name == "StandardBotExchange" }?.why == "the branch is UserInputNotUnderstood")
        }
    }

    @Test("every switch that the README's fidelity table names exists, and every switch stands in it")
    func fidelity() async throws {
        try await staged { () async throws in
            let stage = HubStage()
            stage.app()
            let readme = try #require(Files.read(#filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/Sources/Simulator/README.md"))
            let from = try #require(readme.firstRange(of: "### Virtual Agent Hub\n")?.upperBound)
            let table = readme[from...].prefix(upTo: try #require(readme[from...].firstRange(of: "\n### ")?.lowerBound))
            let rows = table.split(separator: "\n").dropFirst(2).map { $0.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false) }
            #expect(rows.count > 30 && rows.allSatisfy { $0.count == 4 })
            let named = rows.flatMap { ($0.last ?? "").split(separator: ",").map { String($0.filter { $0 != "`" && $0 != " " }) } }.filter { !$0.isEmpty }
            let switches = try await Self.send(stage.hub, .get, "/hub/switches").json().elements.compactMap { $0["name"]?.string }
            let behaviour = try await Self.send(stage.hub, .get, "/hub/behaviour").json()
            let app = try await Self.send(stage.hub, .get, "/hub/apps/meadow").json()
            #expect(Set(switches) == Set(behaviour.members.map(\.name)) && Set(switches).isSubset(of: named))
            for name in named { #expect(behaviour[name] != nil || app[name] != nil, "\(name) switches nothing") }
        }
    }
}
