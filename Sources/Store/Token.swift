package import Secrets
import Time

/// An access token as the cache hands it out.
package struct Token: Sendable {
    package let secret: Secret
    /// `Bearer`, as the authorization server told it.
    package let type: String?
    /// Which stored state it came from; `nil` when it never was in the store.
    let version: StoreVersion?
    /// Just before its request was sent.
    let born: Instant
}

/// What an authorization server granted.
package struct TokenGrant: Sendable {
    package let secret: Secret
    package let type: String?
    /// Milliseconds from the moment before the request was sent; 0 means: for this one use only.
    package let life: Int
    /// Share of the life after which somebody should renew it, when that is earlier than the cache's own rule.
    package let renewal: Double?
    /// Who said how long it lives.
    package let lifetimeOrigin: LifetimeOrigin

    /// By precedence (V76–V78).
    package enum LifetimeOrigin: Sendable { case answer, setting, standard }

    package init(secret: Secret, type: String?, life: Int, renewal: Double? = nil, lifetimeOrigin: LifetimeOrigin = .answer) {
        self.lifetimeOrigin = lifetimeOrigin
        self.secret = secret
        self.type = type
        self.life = life
        self.renewal = renewal
    }
}

/// Why there is no token.
package struct TokenFailure: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The authorization server said no (RFC 6749 §5.2); asking again is of no use.
        case refused
        /// It said "not now": 429 or 5xx.
        case busy
        /// It answered 200 without a token where the settings say it stands.
        case malformed
        case notReached, timedOut, cancelled
    }

    package let code: Code
    /// Short, without any value from settings or answers but the standard error code.
    package let reason: String
    /// Milliseconds for which nobody shall ask again.
    package let pause: Int

    package init(_ code: Code, reason: String = "", pause: Int? = nil) {
        self.code = code
        self.reason = reason
        self.pause = pause ?? {
            switch code {
            case .refused: 60_000
            case .busy, .malformed: 5000
            case .notReached, .timedOut: 2000
            case .cancelled: 0
            }
        }()
    }

    package static func == (left: TokenFailure, right: TokenFailure) -> Bool { left.code == right.code }

    package var description: String {
        let text = switch code {
        case .refused: "the authorization server refuses the client"
        case .busy: "the authorization server is busy"
        case .malformed: "the authorization server's answer holds no token"
        case .notReached: "the authorization server cannot be reached"
        case .timedOut: "the token took too long"
        case .cancelled: "the caller went away"
        }
        return reason.isEmpty ? text : "\(text) (\(reason))"
    }
}
