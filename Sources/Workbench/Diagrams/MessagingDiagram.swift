import JSON

extension SequenceDiagram {
    /// Participants of a messaging conversation, by their place.
    private enum Who {
        static let contact = 0, platform = 1, middleware = 2, experience = 3, agent = 4
    }

    static func messagingParticipants(_ channel: String) -> [Participant] {
        [
            Participant("contact", isPerson: true), Participant(channel), Participant("middleware"), Participant("Digital Experience"),
            Participant("agent", isPerson: true),
        ]
    }

    /// One request of a function of messaging, with the calls that it brought about.
    mutating func add(message record: JSON) {
        let function = record["function"]?.string ?? ""
        let status = record["status"]?.numberLiteral
        let told = (status ?? "no answer") + Self.took(record)
        let line = [record["method"]?.string, record["path"]?.string].compactMap(\.self).joined(separator: " ")
        switch function {
        case "webhook", "webchat":
            let words = InspectorEntry.text(record["request"])
            if let words { ask(Who.contact, Who.platform, "“\(words)”") }
            ask(Who.platform, Who.middleware, line)
            addCalls(record)
            answer(Who.middleware, Who.platform, told)
            if words != nil { answer(Who.platform, Who.contact, Self.isDone(status) ? "taken" : "not taken") }
        case "unknown": addCalls(record)
        default: addCallback(record, line, told, isDone: Self.isDone(status))
        }
    }

    /// CXone asks: an agent wrote or types, a contact was closed, a token is needed.
    private mutating func addCallback(_ record: JSON, _ line: String, _ told: String, isDone: Bool) {
        let path = record["path"]?.string ?? ""
        let words = InspectorEntry.text(record["request"])
        // The first attempt comes without a token and is no message yet.
        let isTurnedAway = record["status"]?.integer == 401
        let act: String? = isTurnedAway || path.hasSuffix("/token") ? nil
            : path.hasSuffix("/sender-action") ? "types" : path.hasSuffix("/recipients/validation") ? "chooses a recipient"
            : path.contains("/events/") ? "closes the contact" : words.map { "“\($0)”" } ?? "a message"
        if let act { ask(Who.agent, Who.experience, act) }
        ask(Who.experience, Who.middleware, line)
        addCalls(record)
        let isMessage = act != nil && (path.hasSuffix("/outbound") || path.hasSuffix("/messages"))
        if isMessage, isDone {
            ask(Who.platform, Who.contact, words.map { "“\($0)”" } ?? "a message")
            answer(Who.contact, Who.platform, "(shown)")
        }
        answer(Who.middleware, Who.experience, told)
        if act != nil { answer(Who.experience, Who.agent, record["answer"]?["displayErrorMessage"]?.string ?? (isDone ? "done" : "not done")) }
    }

    private mutating func addCalls(_ record: JSON) {
        for call in record["calls"].map({ Array($0.elements) }) ?? [] {
            let url = call["url"]?.string ?? ""
            let isCXone = url.contains("/dfo/3.0/") || url.contains("/.well-known/") || url.hasSuffix("/auth/token")
            let other = isCXone ? Who.experience : Who.platform
            ask(Who.middleware, other, "\(call["method"]?.string ?? "") \(Self.short(url.urlPath))")
            let isNew = isCXone && url.hasSuffix("/messages") && Self.isDone(call["status"]?.numberLiteral)
            if isNew, let words = InspectorEntry.text(call["request"]) {
                ask(Who.experience, Who.agent, "“\(words)”")
                answer(Who.agent, Who.experience, "(shown)")
            }
            answer(other, Who.middleware, (call["status"]?.numberLiteral ?? call["problem"]?.string ?? "no answer") + Self.took(call))
        }
    }

    /// What every path of the API begins with says nothing.
    private static func short(_ path: String) -> String { path.hasPrefix("/dfo/3.0/") ? String(path.dropFirst(8)) : path }

    private static func took(_ record: JSON) -> String { record["milliseconds"]?.numberLiteral.map { ", \($0) ms" } ?? "" }

    private static func isDone(_ status: String?) -> Bool { status?.first == "2" }
}
