/// The port to a virtual agent: one outbound call a turn, no state kept between turns, no logging.
///
/// `reply` is called concurrently for different conversations and never twice at once for one. It must return or throw before
/// `turn.deadline`; a later answer is thrown away. It waits in nothing but its transport and other calls that end when their task is
/// cancelled, because the caller's answer waits for it. Every failure is an `AgentError`, whose code the near side maps to a valid answer.
package protocol VirtualAgent: Sendable {
    var capabilities: AgentCapabilities { get }
    func reply(to turn: Turn) async throws(AgentError) -> Reply
}

/// What an agent takes and gives by itself; what is missing is degraded once, by `Degrading`, and reported.
package struct AgentCapabilities: Sendable, Equatable {
    /// Takes `Input.audio`. Without it an audio turn is answered `untranscribable` and the agent is not asked.
    package var hearsAudio: Bool
    /// Takes `Input.digits`; else digits come as text.
    package var takesDigits: Bool
    /// The same turn may be sent again after octets were sent (a chat completion has no side effect).
    package var isRepeatable: Bool
    /// Every wait of a reply ends by `turn.deadline` by itself, because each of its calls carries it, or because there is none. Then no clock is
    /// raced against it, which costs two tasks a turn.
    package var keepsDeadline: Bool

    package init(hearsAudio: Bool = false, takesDigits: Bool = true, isRepeatable: Bool = false, keepsDeadline: Bool = false) {
        self.hearsAudio = hearsAudio
        self.takesDigits = takesDigits
        self.isRepeatable = isRepeatable
        self.keepsDeadline = keepsDeadline
    }
}

/// Why an agent gave no reply. Equal by code.
package struct AgentError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// Not reached: name, connection, TLS.
        case unreachable
        case timedOut
        /// 429, or 503 that names a time.
        case throttled
        /// 401, 403: our credential is not accepted.
        case unauthorized
        /// Other 4xx: the request or the settings are wrong.
        case rejected
        /// 5xx.
        case failed
        /// An answer that cannot be read: wrong type, bad JSON, too large, missing parts.
        case malformed
        /// The token that the call needs could not be had.
        case noToken
        case cancelled
    }

    package let code: Code
    /// For logs: bounded, without URL, header, body or anything that the contact said.
    package let reason: String
    package let retryAfterMilliseconds: Int?
    /// Whether the agent may have taken the turn: then it must not be sent again unless the agent is repeatable.
    package let mayHaveArrived: Bool

    package init(_ code: Code, reason: String, retryAfterMilliseconds: Int? = nil, mayHaveArrived: Bool = true) {
        self.code = code
        self.reason = String(reason.prefix(200))
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.mayHaveArrived = mayHaveArrived
    }

    /// Whether the same turn may be sent once more within its deadline.
    package var isRetryable: Bool {
        switch code {
        case .unreachable: !mayHaveArrived
        case .throttled: true
        default: false
        }
    }

    package static func == (left: AgentError, right: AgentError) -> Bool { left.code == right.code }
    package var description: String { "\(code.rawValue): \(reason)" }
}
