package import JSON
package import Time

/// What a virtual agent is asked: one turn of one conversation, in words that no provider and no contact centre owns.
package struct Turn: Sendable {
    package var conversation: ConversationKey
    /// Counts from 1 within the conversation, as far as the session state survived.
    package var number: Int
    package var input: Input
    package var medium: Medium
    /// BCP 47 tag such as `de-CH`, when the settings or the caller name one.
    package var locale: String?
    /// Values of the script that the settings declare as carried to the agent; order as received. Never credentials.
    package var facts: [Fact]
    /// What this agent returned as `Reply.state` last turn; `nil` on the first turn, or when the caller lost it.
    package var state: RawJSON?
    /// When an answer is of no use any more. Our own margin is already taken off.
    package var deadline: Instant

    package init(
        conversation: ConversationKey, number: Int = 1, input: Input, medium: Medium = .text, locale: String? = nil,
        facts: [Fact] = [], state: RawJSON? = nil, deadline: Instant
    ) {
        self.conversation = conversation
        self.number = number
        self.input = input
        self.medium = medium
        self.locale = locale
        self.facts = facts
        self.state = state
        self.deadline = deadline
    }

    package struct Fact: Sendable, Equatable {
        package let name: String
        package let value: RawJSON
        package init(name: String, value: RawJSON) {
            self.name = name
            self.value = value
        }
    }
}

/// Names one conversation for a provider: a UUID text, 36 characters, derived by hash from tenant, agent and contact, so that it satisfies
/// the strictest provider and tells nothing about the contact. Stable over all turns; never parsed.
package struct ConversationKey: Sendable, Hashable {
    package let text: String
    package init(_ text: String) { self.text = text }
}

package enum Medium: String, Sendable { case voice, text }

/// What the contact did; exactly one a turn.
package enum Input: Sendable, Equatable {
    /// The conversation begins; `event` is the caller's name for it (`WELCOME`).
    case start(event: String)
    case text(String)
    /// An automated intent other than the start, with its name as received.
    case event(String)
    /// Keys in order: `0`–`9`, `*`, `#`. A text, never a number: leading zeros count. Must not reach a log, trace or store.
    case digits(String)
    /// Nothing was said for the `count`-th time in a row (from 1).
    case silence(count: Int)
    case audio(Audio)
    /// Something was captured elsewhere and is not given to the agent.
    case archived
    /// The contact left, or the caller ended the session. No reply will be heard.
    case end
}

/// Sound with its media type, such as `audio/wav` holding G.711 µ-law at 8 kHz.
package struct Audio: Sendable, Equatable {
    package let mediaType: String
    package let bytes: [UInt8]
    package init(mediaType: String, bytes: [UInt8]) {
        self.mediaType = mediaType
        self.bytes = bytes
    }
}
