import JSON

/// What a scripted agent knows from turn to turn. Lives in `Turn.state` and `Reply.state` only.
struct ScriptedMemory: Sendable, Equatable {
    var state: String?
    /// In the order in which they were first remembered; as text, so that leading zeros count.
    var values: [(name: String, value: String)] = []

    init() {}

    /// A state of another shape reads as a new conversation.
    init(_ raw: RawJSON?) {
        guard let json = raw?.parsed() else { return }
        state = json["in"]?.string
        values = json["remembers"]?.members.compactMap { member in member.value.string.map { (member.name, $0) } } ?? []
    }

    var raw: RawJSON {
        RawJSON { json in
            json.object { json in
                json.field("in", state)
                guard !values.isEmpty else { return }
                json.field("remembers", object: { json in for (name, value) in values { json.field(name, value) } })
            }
        }
    }

    subscript(name: String) -> String? {
        get { values.first { $0.name == name }?.value }
        set {
            if let index = values.firstIndex(where: { $0.name == name }) {
                if let newValue { values[index].value = newValue } else { values.remove(at: index) }
            } else if let newValue {
                values.append((name, newValue))
            }
        }
    }

    static func == (left: ScriptedMemory, right: ScriptedMemory) -> Bool { left.raw == right.raw }
}
