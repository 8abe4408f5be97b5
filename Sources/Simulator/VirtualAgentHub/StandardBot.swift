import JSON

/// StandardBot's behaviour tests, as NICE's test script runs them (§10): each in a conversation of its own, with the criterion by which it passes.
package struct StandardBotResult: Sendable {
    package let name: String
    package let trigger: String
    package let criterion: String
    package let passed: Bool
    package let why: String
    package let interaction: String
    package let milliseconds: Int

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("name", name)
            object.field("trigger", trigger)
            object.field("criterion", criterion)
            object.field("passed", passed)
            object.field("why", why)
            object.field("interaction", interaction)
            object.field("milliseconds", milliseconds)
        }
    }
}

struct StandardBotTest: Sendable {
    let name: String
    /// What the contact says; `nil` for the welcome itself.
    let command: HubCommand?
    let trigger: String
    let criterion: String
    var payload: RawJSON?
    /// Why it has not passed; `nil` when it has.
    let fault: @Sendable (HubTurn) -> String?

    private static func says(_ name: String, _ criterion: String, _ fault: @escaping @Sendable (HubTurn) -> String?) -> StandardBotTest {
        StandardBotTest(name: name, command: .text("debug" + name), trigger: "debug" + name, criterion: criterion, fault: fault)
    }

    private static func branch(_ wanted: ExchangeBranch..., in turn: HubTurn) -> String? {
        if let failure = turn.failure { return failure }
        return wanted.contains { $0.rawValue == turn.branch } ? nil : "the branch is \(turn.branch ?? "none")"
    }

    private static func intent(_ wanted: String, in turn: HubTurn) -> String? {
        let name = turn.intent?.parsed()?["name"]?.string
        return name == wanted ? nil : "the intent is \(name ?? "missing")"
    }

    static let all: [StandardBotTest] = [
        StandardBotTest(
            name: "Default Welcome Intent", command: nil, trigger: "the automated intent", criterion: "PromptAndCollectNextResponse with a prompt"
        ) { branch(.promptAndCollect, in: $0) ?? ($0.says.isEmpty ? "there is no prompt" : nil) },
        says("StandardBotExchange", "a prompt says “bot response”") { turn in
            branch(.promptAndCollect, in: turn) ?? (turn.says.contains { $0.text == "bot response" } ? nil : "no prompt says “bot response”")
        },
        says("StandardBotMultipleMessages", "two or more prompts, in order") { turn in
            branch(.promptAndCollect, in: turn) ?? (turn.says.count >= 2 ? nil : "there is \(turn.says.count == 1 ? "one prompt" : "no prompt")")
        },
        says("StandardBotDfoMessage", "a prompt has mediaSpecificObject.dfoMessage.messageContent") { turn in
            let prompts = turn.response?.parsed()?["nextPromptSequence"]?["prompts"]
            let isThere = prompts?.elements.contains { $0["mediaSpecificObject"]?["dfoMessage"]?["messageContent"]?.kind == .object } ?? false
            return branch(.promptAndCollect, in: turn) ?? (isThere ? nil : "no prompt has one")
        },
        says("StandardBotScriptPayload", "customPayload.scriptPayloads holds the bot's payload") { turn in
            branch(.promptAndCollect, in: turn) ?? ((turn.customPayload?.parsed()?["scriptPayloads"]?.count ?? 0) > 0 ? nil : "there is no scriptPayloads")
        },
        StandardBotTest(
            name: "StandardBotExchangeCustomInput", command: .text("debugStandardBotExchangeCustomInput"),
            trigger: "debugStandardBotExchangeCustomInput with a custom payload",
            criterion: "the reply repeats the value passed directly and the one passed by context parameters", payload: customInput
        ) { turn in
            let said = turn.says.map(\.text).joined(separator: "\n") + (turn.customPayload?.text ?? "")
            return branch(.promptAndCollect, in: turn) ?? (!said.contains("value passed directly") ? "the value passed directly is missing"
                : !said.contains("value passed by context") ? "the value passed by context is missing" : nil)
        },
        StandardBotTest(
            name: "StandardBotUserInputTimeout", command: .silence, trigger: "silence",
            criterion: "UserInputTimeout (or PromptAndCollectNextResponse) with a prompt that is not the marker word"
        ) { turn in
            branch(.timeout, .promptAndCollect, in: turn) ?? (turn.says.isEmpty ? "there is no prompt"
                : turn.says.contains { $0.text.uppercased() == "SILENCE" } ? "the marker word is spoken" : nil)
        },
        StandardBotTest(
            name: "Default Fallback Intent", command: .text("xyzzy unmatched words"), trigger: "anything unmatched",
            criterion: "UserInputNotUnderstood (or PromptAndCollectNextResponse) with that intent's name and a prompt"
        ) { turn in
            branch(.notUnderstood, .promptAndCollect, in: turn) ?? intent("Default Fallback Intent", in: turn)
                ?? (turn.says.isEmpty ? "there is no prompt" : nil)
        },
        says("StandardBotEscalation", "ReturnControlToScript with the intent StandardBotEscalation") {
            branch(.returnControl, in: $0) ?? intent("StandardBotEscalation", in: $0)
        },
        says("StandardBotEndConversation", "ReturnControlToScript with the intent StandardBotEndConversation") {
            branch(.returnControl, in: $0) ?? intent("StandardBotEndConversation", in: $0)
        },
        says("StandardBotBranchOverride", "ReturnControlToScript with the intent OverrideIntent") {
            branch(.returnControl, in: $0) ?? intent("OverrideIntent", in: $0)
        },
    ]

    /// Nested twice and with `lifespan` as text, as test scripts send it.
    private static let customInput = RawJSON { $0.object { outer in
        outer.field("customPayload", object: { payload in
            payload.field("echoValue", "value passed directly")
            payload.field("context", object: { context in
                context.field("id", "autoContext")
                context.field("lifespan", "1")
                context.field("parameters", object: { $0.field("echoValue", "value passed by context") })
            })
        })
    } }
}

extension VirtualAgentHub {
    /// Runs all tests, one after the other; `nil` when there is no such app.
    package func standardBot(_ name: String) async -> [StandardBotResult]? {
        guard let app = app(name) else { return nil }
        var results: [StandardBotResult] = []
        for test in StandardBotTest.all {
            guard let begun = await begin(name, timers: .none) else { return nil }
            var interaction = begun
            if let command = test.command, begun.phase == .waiting {
                interaction = (try? await act(begun.id, command, payload: test.payload)) ?? begun
            }
            let isAsked = test.command == nil || interaction.turns.count > 1
            let turn = interaction.turns.last
            let why = !isAsked ? "the conversation ended at its welcome: \(begun.ended?.why ?? "")" : turn.flatMap(test.fault)
            results.append(StandardBotResult(
                name: test.name, trigger: test.command == nil ? app.welcome : test.trigger, criterion: test.criterion, passed: why == nil,
                why: why ?? "", interaction: interaction.id, milliseconds: turn?.milliseconds ?? 0))
            if interaction.phase == .waiting { _ = try? await act(interaction.id, .hangUp) }
        }
        return results
    }
}
