package import Conversation
import Synchronization
package import Time

/// A contact centre that remembers what it was given, and fails as a test says: before or after an effect.
///
/// It makes the mistake that callers must avoid: two creates at once in an unknown thread make two contacts.
package final class FakeContactCentre: ContactCentre {
    package enum Asked: Sendable {
        case create(InboundMessage, CreateOptions, PointOfContact)
        case find(MessageID, PointOfContact)
        case report(Receipt, contact: String?, PointOfContact)
        case typing(Bool, ThreadID, PointOfContact)
        case end(ThreadID, contact: String?, wasAnswered: Bool, PointOfContact)
        case reopen(ThreadID, PointOfContact)
    }

    /// `nil` lets the call through.
    package typealias Fault = @Sendable (Asked) async -> ContactCentreError?

    private struct State {
        var asked: [Asked] = []
        var created: [String: CreatedMessage] = [:]
        /// In the order in which they took effect.
        var effects: [(InboundMessage, CreateOptions)] = []
        var contacts: [String: String] = [:]
        var number = 0
        var closed: [ClosedContact] = []
        var polls = 0
    }

    private let state = Mutex(State())
    private let before = Mutex<Fault?>(nil)
    private let after = Mutex<Fault?>(nil)

    package init() {}

    /// Asked before a call has its effect, and after it.
    package func setFault(before: Fault? = nil, after: Fault? = nil) {
        self.before.withLock { $0 = before }
        self.after.withLock { $0 = after }
    }

    package var asked: [Asked] { state.withLock { $0.asked } }
    /// Messages that were stored, in the order in which that happened.
    package var effects: [(message: InboundMessage, options: CreateOptions)] { state.withLock { $0.effects.map { ($0.0, $0.1) } } }
    package var texts: [String] {
        effects.map { effect in
            switch effect.message.content {
            case .none: ""
            case .text(let text), .described(_, let text), .choice(let text, _): text
            }
        }
    }
    package var reports: [Receipt] { asked.compactMap { if case .report(let receipt, _, _) = $0 { receipt } else { nil } } }
    package var endings: [ThreadID] { asked.compactMap { if case .end(let thread, _, _, _) = $0 { thread } else { nil } } }
    package var reopenings: [ThreadID] { asked.compactMap { if case .reopen(let thread, _) = $0 { thread } else { nil } } }
    package var creates: Int { asked.count { if case .create = $0 { true } else { false } } }
    package var finds: Int { asked.count { if case .find = $0 { true } else { false } } }
    /// What agents closed, for those who look.
    package func setClosed(_ closed: [ClosedContact]) { state.withLock { $0.closed = closed } }
    package var polls: Int { state.withLock { $0.polls } }
    /// How many contacts were made.
    package var contacts: Int { state.withLock { $0.number } }

    private func note(_ asked: Asked) async throws(ContactCentreError) {
        state.withLock { $0.asked.append(asked) }
        if let error = await before.withLock({ $0 })?(asked) { throw error }
    }

    private func finish(_ asked: Asked) async throws(ContactCentreError) {
        if let error = await after.withLock({ $0 })?(asked) { throw error }
    }

    package func create(_ message: InboundMessage, _ options: CreateOptions, in place: PointOfContact, by deadline: Instant)
        async throws(ContactCentreError) -> CreatedMessage
    {
        let asked = Asked.create(message, options, place)
        let thread = "\(place.id)_\(message.thread.text)"
        let known = state.withLock { $0.contacts[thread] }
        try await note(asked)
        let id = "\(place.id)_\((options.externalID ?? message.id).text)"
        let created: CreatedMessage = state.withLock { state in
            let contact: String
            if let known { contact = known } else {
                state.number += 1
                contact = "\(48_212 + state.number)"
            }
            state.contacts[thread] = contact
            state.effects.append((message, options))
            let created = CreatedMessage(contact: contact, message: "m-\(state.effects.count)", customer: "c-\(message.author.id.text)")
            state.created[id] = created
            return created
        }
        try await finish(asked)
        return created
    }

    package func find(_ id: MessageID, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) -> CreatedMessage? {
        let asked = Asked.find(id, place)
        try await note(asked)
        try await finish(asked)
        return state.withLock { $0.created["\(place.id)_\(id.text)"] }
    }

    package func report(_ receipt: Receipt, contact: String?, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) {
        let asked = Asked.report(receipt, contact: contact, place)
        try await note(asked)
        try await finish(asked)
    }

    package func showTyping(_ isOn: Bool, in thread: ThreadID, of place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) {
        let asked = Asked.typing(isOn, thread, place)
        try await note(asked)
        try await finish(asked)
    }

    package func end(_ thread: ThreadID, contact: String?, wasAnswered: Bool, in place: PointOfContact, by deadline: Instant)
        async throws(ContactCentreError)
    {
        let asked = Asked.end(thread, contact: contact, wasAnswered: wasAnswered, place)
        try await note(asked)
        state.withLock { $0.contacts["\(place.id)_\(thread.text)"] = nil }
        try await finish(asked)
    }

    package func reopen(_ thread: ThreadID, contact: String?, in place: PointOfContact, by deadline: Instant) async throws(ContactCentreError) {
        let asked = Asked.reopen(thread, place)
        try await note(asked)
        try await finish(asked)
    }

    package func closedContacts(of places: [PointOfContact], since epochMilliseconds: Int, by deadline: Instant)
        async throws(ContactCentreError) -> [ClosedContact]
    {
        state.withLock { state in
            state.polls += 1
            return state.closed.filter { $0.closed >= epochMilliseconds }
        }
    }

    package func keep(_ file: [UInt8], mediaType: String, by deadline: Instant) async throws(ContactCentreError) -> String {
        "https://files.example/kept"
    }
}
