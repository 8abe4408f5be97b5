package import JSON

/// What a virtual agent answers to a `Turn`.
package struct Reply: Sendable {
    /// In the order in which the contact shall meet them.
    package var parts: [Part]
    package var understanding: Understanding
    package var signal: Signal
    /// What should be collected next; `nil` leaves it to the caller's settings.
    package var expects: Expectation?
    /// Handed back as `Turn.state` next turn. Travels through the caller, so keep it small and free of secrets.
    package var state: RawJSON?
    /// Payloads for the calling script, not for the contact; one element each, none lost.
    package var scriptPayloads: [RawJSON]
    /// Flat values for the calling script.
    package var scriptValues: [(name: String, value: RawJSON)]

    package init(
        parts: [Part] = [], understanding: Understanding = Understanding(), signal: Signal = .continue,
        expects: Expectation? = nil, state: RawJSON? = nil, scriptPayloads: [RawJSON] = [],
        scriptValues: [(name: String, value: RawJSON)] = []
    ) {
        self.parts = parts
        self.understanding = understanding
        self.signal = signal
        self.expects = expects
        self.state = state
        self.scriptPayloads = scriptPayloads
        self.scriptValues = scriptValues
    }

    package enum Part: Sendable, Equatable {
        /// `spoken` is SSML for voice; `plain` is always there and never SSML.
        case text(plain: String, spoken: String? = nil)
        case choices(prompt: String, [Choice])
        case media(Media)
        case pause(milliseconds: Int)
        /// Sound to be played, with the words it says.
        case audio(Audio, transcript: String)
        /// A recording that the caller's side knows by path, with the words it says.
        case recording(path: String, transcript: String)
        /// A provider's payload that the near side routes: rich message, script payload or override.
        case custom(RawJSON)
    }

    package struct Choice: Sendable, Equatable {
        package let title: String
        /// What comes back when it is chosen.
        package let value: String
        package init(title: String, value: String) {
            self.title = title
            self.value = value
        }
    }

    package struct Media: Sendable, Equatable {
        package let url: String
        package let mediaType: String?
        package let caption: String?
        package init(url: String, mediaType: String? = nil, caption: String? = nil) {
            self.url = url
            self.mediaType = mediaType
            self.caption = caption
        }
    }
}

/// What the agent understood of the turn.
package struct Understanding: Sendable {
    package var intent: String?
    package var context: String?
    /// 0…1.
    package var confidence: Double?
    /// What the contact said, when the agent transcribed audio itself.
    package var transcript: String?
    package var slots: [(name: String, value: RawJSON)]

    package init(
        intent: String? = nil, context: String? = nil, confidence: Double? = nil, transcript: String? = nil,
        slots: [(name: String, value: RawJSON)] = []
    ) {
        self.intent = intent
        self.context = context
        self.confidence = confidence
        self.transcript = transcript
        self.slots = slots
    }
}

/// How the conversation goes on; exactly one a reply. An empty reply without a signal of its own is `noMatch`, never `continue`.
package enum Signal: Sendable, Equatable {
    case `continue`
    case noMatch
    case noInput
    /// The agent is done.
    case end(reason: String?)
    /// A person is wanted.
    case handover(reason: String?, target: String?)
    /// The agent does not take this conversation.
    case decline(reason: String?)
    /// The agent could not make out the audio.
    case untranscribable
    /// Leave because of the keys that were pressed.
    case breakout
}

extension Signal {
    /// What follows from the input alone, for an agent that gave no signal: an empty answer is `noMatch`, never `continue`.
    package init(after input: Input, isEmpty: Bool) {
        switch input {
        case .silence: self = .noInput
        case .end: self = .end(reason: nil)
        default: self = isEmpty ? .noMatch : .continue
        }
    }
}

/// What the agent expects next.
package struct Expectation: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case anything
        /// Keys: at most `most`, ended early by one of `terminators`; speech as well unless `only`.
        case digits(most: Int?, terminators: String?, only: Bool)
        /// Nothing is collected; the caller goes on at once.
        case nothing
    }

    package var kind: Kind
    /// How long to wait for the contact, when the agent wants another value than the settings.
    package var patienceMilliseconds: Int?
    /// Whether speech interrupts the prompts.
    package var mayInterrupt: Bool?

    package init(_ kind: Kind, patienceMilliseconds: Int? = nil, mayInterrupt: Bool? = nil) {
        self.kind = kind
        self.patienceMilliseconds = patienceMilliseconds
        self.mayInterrupt = mayInterrupt
    }
}
