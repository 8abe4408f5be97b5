package import HTTP
import HTTPTypes

extension ChannelError {
    /// A platform that was not reached, or whose answer did not come.
    package init(_ error: TransportError) {
        let code: Code = switch error.code {
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        case .tooLarge, .protocolViolated: .malformed
        case .badURL, .misconfigured: .rejected
        case .notResolved, .notConnected, .tlsFailed, .certificateRefused, .proxyFailed, .sendFailed, .receiveFailed: .unreachable
        case .notAuthorized: .unauthorized
        case .internalFailure: .failed
        }
        self.init(code, reason: error.code.rawValue, mayHaveArrived: error.mayHaveArrived)
    }
}

extension Response {
    /// Milliseconds of a `Retry-After` in seconds, up to a day.
    package var retryAfterMilliseconds: Int? {
        fields.value(.retryAfter).flatMap { Int($0) }.flatMap { (0...86_400).contains($0) ? $0 * 1000 : nil }
    }
}
