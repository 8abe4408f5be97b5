import JSON

/// What is not known about Virtual Agent Hub, as switches (`virtual-agent.md` §14, §15). May be changed at any time.
package struct HubBehaviour: Sendable {
    /// `userInputType` (§14.1): seen as a number, documented as a name.
    package var inputTypeForm = InputTypeForm.number
    /// `botConfig` (§14.3): seen as text that holds JSON, documented as an object.
    package var botConfigForm = BotConfigForm.text
    /// What an answer comes to that breaks the contract (§12): the Error branch, or a remark.
    package var violations = Violations.refuse
    /// Members that the description does not know (§2): it says closed objects; decoders often ignore them.
    package var unknownFields = Violations.refuse
    /// Branches that TEXTBOT EXCHANGE shows (§14.15).
    package var textBranches = TextBranches.nine
    /// What becomes of a branch that nobody connected.
    package var unconnected = Unconnected.default
    /// What a tapped choice sends as `userInput`.
    package var choiceSends = ChoiceSends.postback
    /// What an entry of the terminator alone sends.
    package var emptyEntry = EmptyEntry.digits
    /// What silence sends as `userInput` (§5.1): nothing, or a marker.
    package var silenceMarker: String?
    /// Whether a token that was refused with 401 is fetched anew for the next turn.
    package var forgetsRefusedToken = true
    /// Repetitions of a turn that got no answer or a 5xx (§12: none are documented).
    package var retries = 0
    package var voiceMediaType = "voip"
    package var chatMediaType = "Chat"

    package enum InputTypeForm: String, Sendable, CaseIterable { case number, name }
    package enum BotConfigForm: String, Sendable, CaseIterable { case text, object }
    package enum Violations: String, Sendable, CaseIterable { case refuse, note }
    package enum TextBranches: String, Sendable, CaseIterable { case nine, three }
    package enum Unconnected: String, Sendable, CaseIterable { case `default`, ends }
    package enum ChoiceSends: String, Sendable, CaseIterable { case postback, text }
    package enum EmptyEntry: String, Sendable, CaseIterable { case digits, silence }

    package init() {}

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("inputTypeForm", inputTypeForm.rawValue)
            object.field("botConfigForm", botConfigForm.rawValue)
            object.field("violations", violations.rawValue)
            object.field("unknownFields", unknownFields.rawValue)
            object.field("textBranches", textBranches.rawValue)
            object.field("unconnected", unconnected.rawValue)
            object.field("choiceSends", choiceSends.rawValue)
            object.field("emptyEntry", emptyEntry.rawValue)
            object.name("silenceMarker")
            if let silenceMarker { object.value(silenceMarker) } else { object.null() }
            object.field("forgetsRefusedToken", forgetsRefusedToken)
            object.field("retries", retries)
            object.field("voiceMediaType", voiceMediaType)
            object.field("chatMediaType", chatMediaType)
        }
    }

    static let shape: Shape = .object([
        .optional("inputTypeForm", .choice(of: InputTypeForm.self)), .optional("botConfigForm", .choice(of: BotConfigForm.self)),
        .optional("violations", .choice(of: Violations.self)), .optional("unknownFields", .choice(of: Violations.self)),
        .optional("textBranches", .choice(of: TextBranches.self)), .optional("unconnected", .choice(of: Unconnected.self)),
        .optional("choiceSends", .choice(of: ChoiceSends.self)), .optional("emptyEntry", .choice(of: EmptyEntry.self)),
        .nullable("silenceMarker", .text), .optional("forgetsRefusedToken", .boolean), .optional("retries", .integer),
        .optional("voiceMediaType", .text), .optional("chatMediaType", .text),
    ])

    /// Changes what the object names.
    mutating func apply(_ json: JSON) {
        inputTypeForm = json["inputTypeForm"]?.choice() ?? inputTypeForm
        botConfigForm = json["botConfigForm"]?.choice() ?? botConfigForm
        violations = json["violations"]?.choice() ?? violations
        unknownFields = json["unknownFields"]?.choice() ?? unknownFields
        textBranches = json["textBranches"]?.choice() ?? textBranches
        unconnected = json["unconnected"]?.choice() ?? unconnected
        choiceSends = json["choiceSends"]?.choice() ?? choiceSends
        emptyEntry = json["emptyEntry"]?.choice() ?? emptyEntry
        if let marker = json["silenceMarker"] { silenceMarker = marker.string }
        forgetsRefusedToken = json["forgetsRefusedToken"]?.bool ?? forgetsRefusedToken
        retries = json["retries"]?.integer.map { min(max(0, $0), 3) } ?? retries
        voiceMediaType = json["voiceMediaType"]?.string ?? voiceMediaType
        chatMediaType = json["chatMediaType"]?.string ?? chatMediaType
    }
}

extension Shape {
    static func choice<Choice: CaseIterable & RawRepresentable>(of: Choice.Type) -> Shape where Choice.RawValue == String {
        .choice(Choice.allCases.map(\.rawValue))
    }
}

extension JSON {
    func choice<Choice: RawRepresentable>() -> Choice? where Choice.RawValue == String { string.flatMap { Choice(rawValue: $0) } }
}
