import JSON

/// Sorts what an agent sends beside words (`virtual-agent.md` §8.3): rich messages go to the contact, overrides to the branch, everything
/// else to the script, one element per payload and none lost.
struct ScriptPayload {
    private(set) var elements: [RawJSON] = []
    private(set) var values: [(name: String, value: RawJSON)] = []
    private(set) var branch: Branch?
    private(set) var intent: String?

    /// What CXone itself puts into the script's variable on the way back; never sent by us.
    private static let reserved = ["callbackTime", "httpStatusCode", "diagnostics"]

    /// - Returns: the rich message, when the payload is one; its place among the prompts is the caller's business.
    mutating func route(_ payload: RawJSON, warnings: inout [StaticString]) -> JSON? {
        guard let json = payload.parsed() else {
            warnings.append("payloadUnreadable")
            return nil
        }
        return route(json, warnings: &warnings)
    }

    private mutating func route(_ payload: JSON, warnings: inout [StaticString]) -> JSON? {
        guard payload.kind == .object else {
            if !payload.isNull { elements.append(RawJSON(payload)) }
            return nil
        }
        if let type = payload["contentType"]?.string, type.equalsIgnoringCase("ExchangeResultOverride") {
            override(payload["content"], warnings: &warnings)
            return nil
        }
        var message: JSON?
        var scripts: [JSON] = []
        var others: [JSON.Member] = []
        for member in payload.members {
            let name = member.name
            if message == nil, name.equalsIgnoringCase("dfoMessage"), let content = Self.content(of: member.value) {
                message = content
            } else if name.equalsIgnoringCase("scriptPayloads") {
                scripts.append(member.value)
            } else {
                others.append(member)
            }
        }
        guard message != nil || !scripts.isEmpty else {
            elements.append(RawJSON(payload))
            return nil
        }
        for content in scripts { add(scripts: content) }
        for member in others { add(name: member.name, RawJSON(member.value), warnings: &warnings) }
        return message
    }

    private static func content(of message: JSON) -> JSON? {
        message.members.first { $0.name.equalsIgnoringCase("messageContent") && !$0.value.isNull }?.value
    }

    private mutating func add(scripts content: JSON) {
        switch content.kind {
        case .array: elements.append(contentsOf: content.elements.map { RawJSON($0) })
        case .null: break
        default: elements.append(RawJSON(content))
        }
    }

    /// A value under a name of its own. The last of a name stands.
    mutating func add(name: String, _ value: RawJSON, warnings: inout [StaticString]) {
        guard !name.isIn(Self.reserved) else { return warnings.append("payloadReservedName") }
        if name.equalsIgnoringCase("scriptPayloads") {
            if let content = value.parsed() { add(scripts: content) }
            return
        }
        values.removeAll { $0.name == name }
        values.append((name, value))
    }

    /// Whether the script already gets a value of that name.
    func has(_ name: String) -> Bool { values.contains { $0.name == name } }

    private mutating func override(_ content: JSON?, warnings: inout [StaticString]) {
        if let name = content?["vahExchangeResultBranch"]?.string {
            if let found = Branch(spelled: name) { branch = found } else { warnings.append("overrideUnknownBranch") }
        }
        if let name = content?["intent"]?.string, !name.isEmpty { intent = name }
    }

    /// Octets of the payload on the wire, and from which size it deserves a warning.
    static let most = 16 << 10
    static let large = 2 << 10

    /// The answer's `customPayload`, or `nil` when the script gets nothing. Values and elements that no longer fit the limit are left
    /// out whole.
    func written(asObject: Bool, warnings: inout [StaticString]) -> RawJSON? {
        var room = Self.most - 32
        let takes = { (octets: Int) -> Bool in
            guard octets <= room else { return false }
            room -= octets
            return true
        }
        let fittingValues = values.filter { takes(RawJSON.string($0.name).bytes.count + $0.value.bytes.count + 2) }
        let fitting = asObject ? elements.suffix(1).filter { takes($0.bytes.count) } : elements.filter { takes($0.bytes.count + 1) }
        if fittingValues.count < values.count || (fitting.count < elements.count && !(asObject && fitting.count == 1)) {
            warnings.append("payloadCut")
        }
        guard !fittingValues.isEmpty || !fitting.isEmpty else { return nil }
        let written = RawJSON { writer in
            writer.object { payload in
                for value in fittingValues { payload.field(value.name, value.value) }
                if asObject {
                    payload.field("scriptPayloads", fitting.last)
                } else if !fitting.isEmpty {
                    payload.field("scriptPayloads", array: { list in for element in fitting { list.value(element) } })
                }
            }
        }
        if written.bytes.count > Self.large { warnings.append("payloadLarge") }
        return written
    }
}
