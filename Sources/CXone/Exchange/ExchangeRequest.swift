import JSON

/// One turn as CXone sends it (`virtual-agent.md` §3), read liberally: wrong types and unknown fields never fail it, they leave a warning.
struct ExchangeRequest {
    let virtualAgentId: String?
    /// What was said, typed or keyed, or an automated value.
    let input: String
    let inputType: UserInputType
    /// How the type was spelled: `int`, `numeric text`, `name`, `missing`, `unknown`.
    let inputTypeForm: StaticString
    /// Empty when the request names none.
    let contact: String
    let tenant: String
    let requestNumber: Int?
    /// The sound as it stands in the body: base64 in a JSON string.
    let sound: JSON?
    /// `nil` when null, absent or a placeholder without content.
    let state: JSON?
    /// The script's data, one level of wrapping taken off; `nil` when there is none.
    let payload: JSON?
    /// Lower case.
    let mediaType: String
    let configuration: BotConfiguration
    private(set) var warnings: [StaticString] = []

    /// Why a body is no turn at all.
    enum Refusal: Error { case notAnObject, textAssist }

    init(reading body: JSON) throws(Refusal) {
        guard body.kind == .object else { throw .notAnObject }
        let type = body["userInputType"]
        guard type != nil || body["participantId"] == nil else { throw .textAssist }
        var warnings: [StaticString] = []

        virtualAgentId = body["virtualAgentId"]?.string
        let execution = body["executionInfo"]
        contact = Self.identifier(execution?["contactId"])
        if contact.isEmpty { warnings.append("contactMissing") }
        tenant = Self.identifier(execution?["busNo"])
        requestNumber = execution?["requestId"]?.integer
        sound = Self.present(body["base64wavFile"]) ?? Self.present(body["base64WavFile"])
        state = Self.content(body["botSessionState"])
        payload = Self.unwrapped(Self.content(body["customPayload"]))
        mediaType = (body["mediaType"]?.string ?? "").lowercased()
        configuration = BotConfiguration(reading: body["botConfig"])

        var input = Self.text(body["userInput"])
        if input == nil { warnings.append("userInputNotText") }
        let automated = (input ?? "").isEmpty ? body["automatedIntent"]?.string : nil
        if let automated { input = automated }
        let text = input ?? ""
        self.input = text

        let (read, form) = Self.inputType(type)
        inputTypeForm = form
        if let read {
            // A silent first turn that names an automated intent is that intent.
            inputType = read == .noInput && automated != nil && state == nil ? .automatedText : read
        } else {
            warnings.append("userInputTypeUnknown")
            inputType = automated != nil ? .automatedText : text.isEmpty ? .noInput : .text
        }
        self.warnings = warnings
    }

    /// Whether the request names a real contact: one whose number is not that of a test run.
    var hasStableContact: Bool {
        guard !contact.isEmpty else { return false }
        return Int(contact).map { $0 > 0 } ?? !contact.hasPrefix("-")
    }

    private static func present(_ value: JSON?) -> JSON? { value?.isNull == false ? value : nil }

    private static func identifier(_ value: JSON?) -> String { String((value?.string ?? value?.numberLiteral ?? "").prefix(64)) }

    /// The text of a value; numbers keep their literal, null and absence are empty, other kinds are `nil`.
    private static func text(_ value: JSON?) -> String? {
        guard let value, !value.isNull else { return "" }
        return value.string ?? value.numberLiteral
    }

    private static func inputType(_ value: JSON?) -> (UserInputType?, StaticString) {
        guard let value, !value.isNull else { return (nil, "missing") }
        if let number = value.integer { return UserInputType(rawValue: number).map { ($0, "int") } ?? (nil, "unknown") }
        guard let text = value.string, let type = UserInputType(spelled: text.utf8) else { return (nil, "unknown") }
        return (type, text.utf8.count == 1 ? "numeric text" : "name")
    }

    /// A value with something in it. A text that holds JSON is that JSON, because scripts serialise twice (§8.1).
    private static func content(_ value: JSON?) -> JSON? {
        guard let value, !value.isNull else { return nil }
        guard let text = value.string else { return value.kind == .object && value.count == 0 ? nil : value }
        guard !text.isEmpty else { return nil }
        guard let inner = try? JSON(parsing: Array(text.utf8)) else { return value }
        return inner.isNull || (inner.kind == .object && inner.count == 0) ? nil : inner
    }

    /// Scripts often put the payload into a second `customPayload`: that one counts, when it is the sole member or the sole object (§14, 12).
    private static func unwrapped(_ payload: JSON?) -> JSON? {
        guard let payload, let inner = payload["customPayload"], inner.kind == .object,
            payload.members.allSatisfy({ $0.name == "customPayload" || $0.value.kind != .object })
        else { return payload }
        return inner
    }
}

/// The little that may be read of `botConfig` (§3.4), which holds secrets: the app's timeout and endpoint parameters. The rest is never
/// looked at, kept or told.
struct BotConfiguration {
    /// What CXone waits for us; `nil` when absent or absurd.
    let timeoutMilliseconds: Int?
    private let parameters: JSON?

    init(reading value: JSON?) {
        let object: JSON? = switch value?.kind {
        case .object: value
        case .string: value?.string.flatMap { try? JSON(parsing: Array($0.utf8)) }
        default: nil
        }
        let timeout = object?["timeout"]
        let read = timeout?.integer ?? timeout?.string.flatMap { Int($0) }
        timeoutMilliseconds = read.flatMap { (100...600_000).contains($0) ? $0 : nil }
        parameters = object?["endpointParameters"]
    }

    /// The value of an endpoint parameter; the administrator's form writes empty ones as null.
    func parameter(_ name: String) -> String? {
        parameters?.elements.first { $0["name"]?.string == name }?["value"]?.string
    }
}
