import JSON

/// What was said so far. The model keeps nothing, so it travels in the session state, the oldest messages dropped first.
struct History: Sendable {
    enum Role: String, Sendable { case user, assistant }

    struct Message: Sendable, Equatable {
        let role: Role
        let content: String
    }

    var messages: [Message] = []
    /// Values that the model set, newest wins.
    var slots: [(name: String, value: RawJSON)] = []

    /// A state of another shape reads as an empty history.
    init(_ state: RawJSON?) {
        guard let json = state?.parsed() else { return }
        messages = json["messages"]?.elements.compactMap { element in
            guard let role = element["role"]?.string.flatMap(Role.init), let content = element["content"]?.string else { return nil }
            return Message(role: role, content: content)
        } ?? []
        slots = json["slots"]?.members.map { ($0.name, RawJSON($0.value)) } ?? []
    }

    mutating func add(_ role: Role, _ content: String) {
        if !content.isEmpty { messages.append(Message(role: role, content: content)) }
    }

    mutating func set(_ name: String, _ value: RawJSON) {
        slots.removeAll { $0.name == name }
        slots.append((name, value))
    }

    /// The newest messages that fit the budget, beginning with one of the contact.
    func trimmed(to budget: Int) -> RawJSON {
        var left = budget
        var kept = messages[messages.endIndex...]
        while kept.startIndex > 0 {
            // 32: what one message costs beside its text.
            left -= messages[kept.startIndex - 1].content.utf8.count + 32
            guard left >= 0 else { break }
            kept = messages[(kept.startIndex - 1)...]
        }
        while kept.first?.role == .assistant { kept = kept.dropFirst() }
        return RawJSON { json in
            json.object { json in
                json.field("messages", array: { json in
                    for message in kept {
                        json.object { json in
                            json.field("role", message.role.rawValue)
                            json.field("content", message.content)
                        }
                    }
                })
                if !slots.isEmpty { json.field("slots", object: { json in for slot in slots { json.field(slot.name, slot.value) } }) }
            }
        }
    }
}
