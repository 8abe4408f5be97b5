import JSON

/// The switches of `HubBehaviour` for a page that offers them.
enum HubSwitches {
    private static let all = [
        Switch("inputTypeForm", .choice(HubBehaviour.InputTypeForm.allCases.map(\.rawValue)), "How userInputType is spelled."),
        Switch("botConfigForm", .choice(HubBehaviour.BotConfigForm.allCases.map(\.rawValue)), "Whether botConfig is text that holds JSON, or an object."),
        Switch("violations", .choice(HubBehaviour.Violations.allCases.map(\.rawValue)), "What a wrong field of an answer comes to."),
        Switch("unknownFields", .choice(HubBehaviour.Violations.allCases.map(\.rawValue)), "What a member comes to that the contract lacks."),
        Switch("textBranches", .choice(HubBehaviour.TextBranches.allCases.map(\.rawValue)), "Branches that TEXTBOT EXCHANGE shows, beside Default."),
        Switch("unconnected", .choice(HubBehaviour.Unconnected.allCases.map(\.rawValue)), "What becomes of a branch that nobody connected."),
        Switch("choiceSends", .choice(HubBehaviour.ChoiceSends.allCases.map(\.rawValue)), "What a tapped choice sends."),
        Switch("emptyEntry", .choice(HubBehaviour.EmptyEntry.allCases.map(\.rawValue)), "What an entry of the terminator alone sends."),
        Switch("silenceMarker", .text, "What silence sends in userInput; empty for nothing."),
        Switch("forgetsRefusedToken", .flag, "Whether a token is fetched anew after a 401."),
        Switch("retries", .number(unit: "times"), "How often a turn is repeated after no answer, 429 or 5xx."),
        Switch("voiceMediaType", .text, "mediaType of calls."),
        Switch("chatMediaType", .text, "mediaType of chats."),
    ]

    /// All, with what each is now and from the beginning.
    static func list(_ behaviour: HubBehaviour) -> RawJSON {
        Switch.list(all, now: RawJSON { behaviour.write(to: &$0) }, standard: RawJSON { HubBehaviour().write(to: &$0) })
    }
}
