package import HTTP
import HTTPTypes
package import JSON

extension HTTPTransport {
    /// Sends a provider its turn and reads the JSON that it answers; every other outcome is an `AgentError`, decided here once for all adapters.
    ///
    /// - Parameter limits: Bounds of the answer. A provider's answer is trusted no more than a caller's request.
    package func askForJSON(_ call: Call, limits: JSONLimits = .standard) async throws(AgentError) -> JSON {
        let response = try await ask(call)
        guard response.holdsJSON else {
            throw AgentError(.malformed, reason: "the answer's content type is not JSON")
        }
        do {
            return try JSON(parsing: response.body, limits: limits)
        } catch {
            throw AgentError(.malformed, reason: "the answer is not JSON: \(error.code.text)")
        }
    }

    /// Sends the call and gives its 200 answer. Nothing of the answer's text gets into the error: it may repeat what the contact said.
    package func ask(_ call: Call) async throws(AgentError) -> Response {
        let response: Response
        do {
            response = try await send(call)
        } catch {
            throw AgentError(error)
        }
        if let error = AgentError(response) { throw error }
        return response
    }
}

extension AgentError {
    package init(_ error: TransportError) {
        let code: Code = switch error.code {
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        case .tooLarge, .protocolViolated: .malformed
        case .badURL, .misconfigured: .rejected
        case .notResolved, .notConnected, .tlsFailed, .certificateRefused, .proxyFailed: .unreachable
        case .sendFailed, .receiveFailed: .unreachable
        case .notAuthorized: .noToken
        case .internalFailure: .failed
        }
        self.init(code, reason: error.code.rawValue, mayHaveArrived: error.mayHaveArrived)
    }

    /// The error that an answer's status tells; `nil` for 200. Redirects are never followed, so that a credential stays where it belongs.
    package init?(_ response: Response) {
        let status = response.status.code
        let wait = response.fields[.retryAfter].flatMap { Int($0) }.flatMap { (0...86_400).contains($0) ? $0 * 1000 : nil }
        let code: Code
        switch status {
        case 200: return nil
        case 401, 403: code = .unauthorized
        case 429: code = .throttled
        case 503 where wait != nil: code = .throttled
        case 500...: code = .failed
        case 400..<500, 300..<400: code = .rejected
        default: code = .malformed
        }
        self.init(code, reason: "status \(status)", retryAfterMilliseconds: wait)
    }
}

extension Response {
    /// Whether the content type is one of JSON's: `application/json`, `text/json`, `application/problem+json`, whatever parameters follow.
    package var holdsJSON: Bool {
        guard let type = fields.value(.contentType) else { return false }
        let name = type.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return name.suffix(4).elementsEqual("json".utf8) { $0 | 0x20 == $1 }
    }
}
