import HTTP
import HTTPTypes
import JSON
import Simulator
import Testing
import TestSupport

/// The Studio script's loop around a virtual agent (V12, V35–V40, V47–V49, V69).
@Suite("Virtual Agent Hub: the loop")
struct HubLoopTests {
    @Test("each thing that a contact does is one request, in order, as traffic shows it (V36)")
    func requests() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app()
            let id = try await stage.begin().id
            for command in [HubCommand.text("where is it"), .keys("12#"), .silence, .hangUp] { _ = try await stage.hub.act(id, command) }
            let bodies = stage.bodies
            #expect(bodies.map { $0["userInputType"]?.integer } == [5, 1, 6, 0, 4])
            #expect(bodies.map { $0["userInput"]?.string } == ["WELCOME", "where is it", "12", nil, nil])
            #expect(bodies.map { $0["executionInfo"]?["requestId"]?.integer } == [1, 2, 3, 4, 5])
            #expect(bodies.allSatisfy { ($0["executionInfo"]?["contactId"]?.integer ?? 0) > Int(Int32.max) })
            #expect(bodies.map { $0["botSessionState"]?["v"]?.integer } == [nil, 1, 1, 1, 1])
            #expect(bodies.allSatisfy { $0["mediaType"]?.string == "voip" && $0["virtualAgentId"]?.string == "meadow-bot" })
            let configuration = try JSON(parsing: Array((bodies[0]["botConfig"]?.string ?? "").utf8))
            #expect(configuration["timeout"]?.integer == 10_000 && configuration["endpointParameters"]?.elements.first { _ in true }?["name"]?.isNull == true)
        }
    }

    @Test("what is shown of a request holds no secret; what is sent does, as CXone's does")
    func secrets() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app()
            let turn = try #require(try await stage.begin().turns.first)
            #expect(!turn.request.text.contains("a-key-of-this-test") && turn.request.text.contains("[redacted]"))
            #expect(String(decoding: stage.seen[0].body, as: UTF8.self).contains("a-key-of-this-test"))
        }
    }

    @Test("every branch leads where Studio's does (V37)", arguments: ExchangeBranch.allCases)
    func branches(_ branch: ExchangeBranch) async throws {
        try await staged { () async throws in
            let details = branch == .error ? #","errorDetails":{"errorBehavior":"ReturnControlToScriptThroughErrorBranch","systemErrorMessage":"ref 1"}"# : ""
            let stage = HubStage(HubStage.asks, HubStage.answer(branch.rawValue, details))
            stage.app()
            let begun = try await stage.begin()
            let after = try await stage.hub.act(begun.id, .text("go"))
            #expect(after.turns.last?.taken == "On\(branch.rawValue)" && after.turns.last?.isConnected == true)
            let goesOn: Set<ExchangeBranch> = [.promptAndCollect, .untranscribable, .timeout, .notUnderstood]
            #expect((after.phase == .waiting) == goesOn.contains(branch))
            #expect(after.ended?.branch == (goesOn.contains(branch) ? nil : branch.rawValue))
            if branch == .doNotBegin { #expect(after.turns.last?.warnings.contains { $0.contains("first turn") } == true) }
            if branch == .error { #expect(after.ended?.why.contains("ref 1") == true && after.turns.last?.experience?.script.contains("OnError") == true) }
        }
    }

    @Test("a branch that nobody connected falls to Default with a warning, and what was said is lost (V47, V48)")
    func unconnected() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks, HubStage.answer("UserInputTimeout"))
            stage.app { $0.connected = ["PromptAndCollectNextResponse", "ReturnControlToScript", "Error", "Default"] }
            let first = try await stage.hub.act(try await stage.begin().id, .silence)
            #expect(first.turns[1].taken == "Default" && !first.turns[1].isConnected && first.turns[1].spoken.isEmpty)
            #expect(first.turns[1].warnings.contains("OnUserInputTimeout is not connected in the script.") && first.ended?.by == "default")

            stage.app { ($0.connected, $0.atDefault) = (["PromptAndCollectNextResponse", "Default"], .asksAgain) }
            let second = try await stage.hub.act(try await stage.begin().id, .silence)
            #expect(second.phase == .waiting || second.turns.count == 1)

            stage.app { $0.connected = ["PromptAndCollectNextResponse"] }
            stage.answer(HubStage.asks)
            stage.answer(HubStage.answer("ReturnControlToScript"))
            _ = try await stage.begin()
            let third = try await stage.hub.act(try await stage.begin().id, .text("bye"))
            #expect(third.turns.last?.taken == nil && third.ended?.why.contains("leads nowhere") == true)
        }
    }

    @Test("TEXTBOT EXCHANGE with three branches has no way for silence; with nine it has (switch)")
    func threeBranches() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks, HubStage.answer("UserInputTimeout"))
            stage.hub.behave { $0.textBranches = .three }
            stage.app(.textbotExchange)
            let after = try await stage.hub.act(try await stage.begin().id, .silence)
            #expect(after.turns[1].warnings.contains("TEXTBOT EXCHANGE shows no branch OnUserInputTimeout."))
        }
    }

    @Test("a script that forgets the state, the headers, the payload, the welcome shows what follows (V49, V69)")
    func drops() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { $0.drops = .init(state: true, headers: true, payload: true, welcome: true) }
            let after = try await stage.hub.act(try await stage.begin().id, .text("hello"))
            #expect(stage.bodies.allSatisfy { $0["botSessionState"]?.isNull == true && $0["customPayload"]?.isNull == true })
            #expect(stage.seen.allSatisfy { $0.fields[.authorization] == nil } && stage.bodies[0]["userInput"]?.isNull == true)
            #expect(after.turns[1].warnings.contains { $0.contains("looks like the first") })
            #expect(after.turns[0].warnings.contains { $0.contains("authorization headers") } && after.turns[0].warnings.contains { $0.contains("automatedIntent") })
        }
    }

    @Test("VOICEBOT CONVERSATION holds the dialogue: its branches between turns need no connection, both ends come back (V38)")
    func conversation() async throws {
        try await staged { () async throws in
            for (intent, isTransfer) in [("StandardBotEscalation", true), ("Goodbye", false)] {
                let stage = HubStage(HubStage.asks, HubStage.answer("UserInputTimeout"), #"{"branchName":"ReturnControlToScript","intentInfo":{"intent":"\#(intent)"}}"#)
                stage.app(.voicebotConversation) {
                    ($0.connected, $0.customPayload) = (["ReturnControlToScript", "Error", "Default"], RawJSON { $0.object { $0.field("tier", "gold") } })
                    $0.drops.state = true
                }
                let id = try await stage.begin().id
                #expect(try await stage.hub.act(id, .silence).phase == .waiting)
                let after = try await stage.hub.act(id, .text("that is all"))
                #expect(after.ended?.by == "agent" && (after.ended?.transfer != nil) == isTransfer)
                // The hub keeps the state itself, and the payload goes with the first turn.
                #expect(stage.bodies.map { $0["botSessionState"]?["v"]?.integer } == [nil, 1, 2])
                #expect(stage.bodies.map { $0["customPayload"]?["tier"]?.string } == ["gold", nil, nil])
                #expect(stage.bodies[0]["executionInfo"]?["actionType"]?.string == "VoiceBotConversation")
            }
        }
    }

    @Test("a transfer names skill, reason and what the agent should know (V96)")
    func transfer() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.answer("ReturnControlToScript", #","customPayload":{"reason":"late order","target":"Billing","order":"0090"}"#))
            stage.app()
            let transfer = try #require(try await stage.begin().ended?.transfer)
            #expect(transfer.skill == "Billing" && transfer.reason == "late order" && transfer.customPayload?.parsed()?["order"]?.string == "0090")
        }
    }

    @Test("a contact that has left hears nothing; another answer than ReturnControlToScript is told", arguments: [true, false])
    func hangUp(_ isRight: Bool) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks, isRight ? #"{"branchName":"ReturnControlToScript","intentInfo":{"intent":"End"}}"# : HubStage.asks)
            stage.app()
            let after = try await stage.hub.act(try await stage.begin().id, .hangUp)
            #expect(after.ended?.by == "contact" && after.turns[1].spoken.isEmpty && after.turns[1].warnings.isEmpty == isRight)
            await #expect(throws: HubProblem.self) { _ = try await stage.hub.act(after.id, .text("still there?")) }
        }
    }

    @Test("what goes wrong on the way leaves by the Error branch and says why", arguments: [
        ("html", "no JSON"), ("503", "HTTP 503"), ("drop", "without an answer"), ("list", "no JSON object"), ("branch", "branchName"), ("slow", "no answer within 1 s"),
    ])
    func failures(_ fault: String, _ words: String) async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { $0.timeoutSeconds = 1 }
            let id = try await stage.begin().id
            switch fault {
            case "html": stage.network.connect("https://va.example") { _ in Response(status: .ok, fields: [.contentType: "text/html"], body: Array("<html>".utf8)) }
            case "503": stage.network.connect("https://va.example") { _ in Response(status: .serviceUnavailable) }
            case "drop": stage.network.connect("https://va.example") { _ in nil }
            case "list": stage.network.connect("https://va.example") { _ in .json(.ok, Array("[]".utf8)) }
            case "branch": stage.network.connect("https://va.example") { _ in .json(.ok, Array("{}".utf8)) }
            default:
                stage.network.connect("https://va.example") { _ in
                    try? await Task.sleep(for: .seconds(20))
                    return nil
                }
            }
            let after = try await stage.hub.act(id, .text("go"))
            #expect(after.turns.last?.failure?.contains(words) == true && after.turns.last?.taken == "OnError" && after.ended?.by == "error")
            #expect(after.turns.last?.experience?.contact.contains("nothing of the agent") == true)
        }
    }

    @Test("repetitions happen only when they are switched on (unknown of CXone)")
    func retries() async throws {
        try await staged { () async throws in
            for retries in [0, 2] {
                let stage = HubStage()
                stage.answer("{}", status: .serviceUnavailable)
                stage.hub.behave { $0.retries = retries }
                stage.app()
                #expect(try await stage.begin().phase == .ended)
                #expect(stage.seen.count == 1 + retries)
            }
        }
    }

    @Test("switches change the form of type and configuration, what silence and choices send")
    func forms() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.hub.behave { ($0.inputTypeForm, $0.botConfigForm, $0.silenceMarker) = (.name, .object, "SILENCE") }
            stage.app(.textbotExchange)
            _ = try await stage.hub.act(try await stage.begin().id, .silence)
            #expect(stage.bodies.map { $0["userInputType"]?.string } == ["AUTOMATED_TEXT", "NO_INPUT"])
            #expect(stage.bodies[0]["botConfig"]?.kind == .object && stage.bodies[1]["userInput"]?.string == "SILENCE" && stage.bodies[0]["mediaType"]?.string == "Chat")
        }
    }

    @Test("the app's Test step is one request outside of any script")
    func test() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app()
            let tested = try #require(await stage.hub.test("meadow"))
            #expect(tested.ended?.why == "the app's test succeeded")
            #expect(stage.bodies[0]["executionInfo"]?["actionType"]?.string == "RESTPROXY" && (stage.bodies[0]["executionInfo"]?["contactId"]?.integer ?? 0) < 0)
            #expect(stage.bodies[0]["executionInfo"]?["scriptName"]?.string == "System\\Imposters\\RestProxy_Imposter")
        }
    }

    @Test("faults of CXone's side come once, and say what they did")
    func faults() async throws {
        try await staged { () async throws in
            let stage = HubStage(HubStage.asks)
            stage.app { $0.headers.append(HubApp.Pair("accessKeyId", .random())) }
            let id = try await stage.begin().id
            func next(_ fault: HubFault) async throws -> HubTurn {
                #expect(stage.hub.order(fault, for: id))
                return try #require(try await stage.hub.act(id, .text("next")).turns.last)
            }
            let twice = try await next(.duplicate)
            #expect(stage.seen.count == 3 && twice.repeats.map(\.isSame) == [true])
            let late = try await next(.lateDuplicate)
            #expect(stage.seen.count == 5 && stage.seen[4].body == stage.seen[1].body && late.repeats.count == 1)
            _ = try await next(.unknownField)
            #expect(stage.bodies[5]["sentiment"] != nil && stage.bodies[5]["executionInfo"]?["flowVersion"] != nil)
            _ = try await next(.alteredState)
            #expect(stage.bodies[6]["botSessionState"]?["v"]?.integer == 1)
            let missing = try await next(.missingHeader)
            #expect(missing.authentication.headers == ["accessKeyId"] && stage.seen[7].fields[.authorization] == nil)
            let old = try await next(.wrongVersion)
            #expect(old.authentication.headers == ["Authorization"])
            _ = try await next(.expiredToken)
            #expect(stage.seen[9].fields.contains { $0.value.hasPrefix("Bearer expired-") })
            #expect(try await stage.hub.act(id, .text("healthy again")).turns.last?.orderedFaults.isEmpty == true)
        }
    }
}

