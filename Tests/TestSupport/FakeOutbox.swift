package import Conversation
import Synchronization
package import Time

/// An outbox that remembers what it was given and answers as a test says.
package final class FakeOutbox: Outbox {
    package typealias Answer = @Sendable (OutboundMessage, Channel) async -> DeliveryOutcome

    private let state = Mutex((delivered: [OutboundMessage](), answered: [OutboundMessage]()))
    private let answer: Answer

    /// Without an answer of the test's own, everything arrives under a new id.
    package init(_ answer: Answer? = nil) {
        let number = Mutex(0)
        self.answer = answer ?? { message, _ in
            let number = number.withLock { number in
                number += 1
                return number
            }
            return .delivered(Delivery(
                message: MessageID("out-\(number)"), thread: message.thread ?? ThreadID("new-\(number)"), occurred: 1_772_615_727_481,
                people: message.recipients))
        }
    }

    package var delivered: [OutboundMessage] { state.withLock { $0.delivered } }
    package var answered: [OutboundMessage] { state.withLock { $0.answered } }

    package func deliver(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async -> DeliveryOutcome {
        state.withLock { $0.delivered.append(message) }
        return await answer(message, channel)
    }

    package func answered(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async {
        state.withLock { $0.answered.append(message) }
    }

    package func end(
        _ thread: ThreadID, contact: String?, in channel: Channel, visibility: Visibility, by deadline: Instant
    ) async -> EndingOutcome { .nothingToDo }

    package func end(contact: String, in channels: [Channel], by deadline: Instant) async -> EndingOutcome { .nothingToDo }
}

/// Typing and opening as a test says; what was asked is remembered.
package final class FakeAbilities: OpeningChannel, TypingChannel {
    private let state = Mutex((typing: [(Bool, ThreadID)](), checked: [PersonID]()))
    private let refusal: ChannelError?
    private let wait: @Sendable () async -> Void

    package init(refusal: ChannelError? = nil, wait: @escaping @Sendable () async -> Void = {}) {
        self.refusal = refusal
        self.wait = wait
    }

    package var typing: [(Bool, ThreadID)] { state.withLock { $0.typing } }
    package var checked: [PersonID] { state.withLock { $0.checked } }

    package func check(_ recipient: Person, by deadline: Instant) async throws(ChannelError) {
        state.withLock { $0.checked.append(recipient.id) }
        await wait()
        if let refusal { throw refusal }
    }

    package func open(
        with recipients: [Person], visibility: Visibility, name: String?, key: String, by deadline: Instant
    ) async throws(ChannelError) -> ThreadID { ThreadID("opened") }

    package func showTyping(_ isOn: Bool, in thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        state.withLock { $0.typing.append((isOn, thread)) }
        await wait()
        if let refusal { throw refusal }
    }
}
