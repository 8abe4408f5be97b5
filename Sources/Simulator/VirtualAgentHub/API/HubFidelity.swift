package import JSON

/// What this hub does as CXone does it, where that is known from, and how certain it is (`virtual-agent.md`). The README's table says the same.
package enum HubFidelity {
    package struct Row: Sendable {
        package let behaviour: String
        /// D documented, O observed, I inferred, C our choice, `unknown`.
        package let mark: String
        /// Sections of `virtual-agent.md`.
        package let section: String
        /// Names under `/hub/behaviour` or members of an app, where it can be switched.
        package let switches: String

        init(_ behaviour: String, _ mark: String, _ section: String, _ switches: String = "") {
            (self.behaviour, self.mark, self.section, self.switches) = (behaviour, mark, section, switches)
        }
    }

    static func write(to writer: inout JSONWriter) {
        writer.array { list in
            for row in rows {
                list.object { entry in
                    entry.field("behaviour", row.behaviour.replacing("`", with: ""))
                    entry.field("mark", row.mark)
                    entry.field("certainty", certainty(row.mark))
                    entry.field("section", row.section)
                    entry.field("switches", array: { names in
                        for name in row.switches.split(separator: ",") { names.value(String(name.filter { $0 != "`" && $0 != " " })) }
                    })
                }
            }
        }
    }

    /// The weakest of the marks counts.
    private static func certainty(_ mark: String) -> String {
        if mark.isEmpty { return "not played" }
        if mark.contains("unknown") { return "unknown" }
        if mark.contains("I") || mark.contains("C") { return "assumed" }
        return mark.contains("O") ? "observed" : "documented"
    }

    package static let rows: [Row] = [
        Row("One POST a turn, JSON in camelCase, one answer; no push", "D", "1, 2"),
        Row("A request's members and their order; explicit nulls", "O", "3"),
        Row("`userInputType` is a number; documented is a name", "O, D", "3, 14.1", "`inputTypeForm`"),
        Row("`botConfig` is text that holds JSON, with the app's secrets; documented is an object", "O, D", "3.4, 14.3", "`botConfigForm`"),
        Row("`contactId` has 14 digits; a test's is negative", "O", "3.1, 14.13"),
        Row("`mediaType` is `Chat`, on calls `voip`", "O", "3.3", "`chatMediaType`, `voiceMediaType`"),
        Row("`actionType` is `TextBotExchange`; those of calls are named after it", "O, I", "3.1"),
        Row("The Test step posts `RESTPROXY` from `System\\Imposters\\RestProxy_Imposter`", "O", "13"),
        Row("An answer that breaks the contract leaves by the Error branch", "O", "12", "`violations`"),
        Row("So does one with members that the contract lacks: it declares its objects closed", "D, I", "2", "`unknownFields`"),
        Row("No answer, a status other than 200, no JSON: the Error branch, without a word of the agent", "O", "12"),
        Row("A turn is not repeated", "unknown", "12", "`retries`"),
        Row("The app waits 10 s", "O", "12", "`timeoutSeconds`"),
        Row("The branches of VOICEBOT EXCHANGE and VOICEBOT CONVERSATION are the nine and Default", "I", "5.2, 13"),
        Row("TEXTBOT EXCHANGE shows the nine, or three and Default", "D, O", "14.15", "`textBranches`"),
        Row("A branch that is not connected goes to Default, and what was said is lost", "I", "13", "`unconnected`, `atDefault`"),
        Row(
            "`PromptAndCollectNextResponse`, `UserInputTimeout`, `UserInputNotUnderstood`, `AudioInputUntranscribeable`: prompts, then the next turn",
            "O, I", "5.2, 7.1"),
        Row(
            "`ReturnControlToScript` ends the loop; the script asks for a person when the intent or `customPayload` says so",
            "D, C", "7.1", "`transferSkill`"),
        Row("`errorPromptSequence` is played, then `errorBehavior` is done", "D", "4.4"),
        Row("A contact that leaves is `USER_ENDED_SESSION`; its answer's prompts are heard by nobody", "D, I", "5.1"),
        Row("TEXTBOT CONVERSATION is refused", "D", "1"),
        Row("VOICEBOT CONVERSATION keeps the state itself and hands the payload over once", "I", "1"),
        Row("A digit entry ends at `maxDigits`, at a terminator, after the gap; `@` is any key; `clearDigits` forgets keys pressed before", "D", "4.3"),
        Row("The gap runs from the last key on", "I", "4.3"),
        Row("An entry of the terminator alone is sent as empty digits", "unknown", "4.3", "`emptyEntry`"),
        Row("An object of rules without `collectionType` collects nothing", "O", "5.3"),
        Row("Rules that an answer leaves out are the script's: NICE's snippet, with keys listened to", "D, C", "4.3", "`rules`"),
        Row("Speech arrives transcribed as `TEXT`; sound is sent when a sound is given", "D, I", "13"),
        Row("Silence carries nothing in `userInput`; several implementations expect a marker", "O", "5.1", "`silenceMarker`"),
        Row("Sound is G.711 µ-law, 8 kHz, mono, in WAV, both ways", "D, I", "12"),
        Row("Sound goes before synthesis, synthesis before the transcript", "D, I", "4.1"),
        Row("`{name}` in a prompt is the script's value of that name", "D", "8.3"),
        Row("A rich message that the channel does not show becomes `fallbackText`", "D", "9", "`richTypes`"),
        Row("A tapped choice sends its `postback`", "I", "9", "`choiceSends`"),
        Row("1.0.0: one header `Authorization`; 2.0.0: any, and tokens; 3.0.0: client certificates too", "D", "6", "`version`"),
        Row("A token's life: the answer's, the app's, 3600 s; it overrides a header of the same name", "D", "6"),
        Row("After a 401 the next turn fetches a new token", "unknown", "6", "`forgetsRefusedToken`"),
        Row("A 1.0.0 script fetches the token and puts it into state or payload", "D, C (name)", "6", "`scriptToken`"),
        Row("StandardBot's tests: triggers and criteria", "D, O, I as there", "10"),
        Row("Transcript and intents are collected as the app says, until the interaction is forgotten", "D", "11", "`transcript`"),
        Row("Speech recognition, synthesis, noise, timing of prompts, `requestId` beyond counting: not played", "", ""),
    ]
}
