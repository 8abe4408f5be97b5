package import Conversation
package import HTTP
import HTTPTypes
import JSON

extension ContactCentreError {
    package init(_ error: TransportError) {
        let code: Code = switch error.code {
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        case .tooLarge, .protocolViolated: .malformed
        case .badURL, .misconfigured: .refused
        case .notResolved, .notConnected, .tlsFailed, .certificateRefused, .proxyFailed, .sendFailed, .receiveFailed: .unreachable
        case .notAuthorized: .unauthorized
        case .internalFailure: .failed
        }
        self.init(code, reason: error.code.rawValue, mayHaveArrived: error.mayHaveArrived)
    }

    /// The error that a status tells (`byoc.md` §5.4); `nil` for any 2xx, with a body or without.
    package init?(_ response: Response) {
        let status = response.status.code
        let wait = response.fields.value(.retryAfter).flatMap { Int($0) }.flatMap { (0...86_400).contains($0) ? $0 * 1000 : nil }
        let code: Code
        switch status {
        case 200..<300: return nil
        case 401: code = .unauthorized
        case 403: code = .forbidden
        case 404: code = .notFound
        case 409: code = .exists
        case 429: code = .throttled
        case 503 where wait != nil: code = .throttled
        case 500...: code = .failed
        default: code = .refused
        }
        self.init(code, reason: Self.reason(response), retryAfterMilliseconds: wait, mayHaveArrived: status >= 500)
    }

    /// Status, codes, fields and the `uid` that support asks for. Messages are left out: they may repeat what a person wrote.
    private static func reason(_ response: Response) -> String {
        var parts = ["status \(response.status.code)"]
        if let body = try? JSON(parsing: response.body), body.kind == .object {
            if let errors = body["errors"], errors.kind == .array {
                for error in errors.elements {
                    guard parts.count < 5 else { break }
                    parts.append([error["field"], error["errorCode"]].compactMap { $0?.string.map(plain) }.joined(separator: " "))
                }
            }
            if let uid = body["uid"]?.string { parts.append("uid \(plain(uid))") }
        }
        return parts.filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// Names and codes only: whatever else stands there may be a person's words.
    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value) || "-._[]".unicodeScalars.contains(scalar))
        }).prefix(80))
    }
}
