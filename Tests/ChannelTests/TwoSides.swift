import HTTP
import HTTPTypes
import Synchronization
import TestSupport
import Time

/// The network of a channel's tests: CXone on one side, the platform on the other. Each gives its prepared answers in order and keeps what it was
/// asked; CXone's sign-in answers by itself.
final class TwoSides: HTTPTransport {
    static let contactCentre = "https://api.cxone.example"
    static let signIn = "https://sign-in.cxone.example"

    enum Answer: Sendable {
        case response(Int, type: String?, [UInt8], fields: [(String, String)] = [])
        case fails(TransportError.Code, mayHaveArrived: Bool)

        /// What an `answers` section says.
        init(section: String) throws {
            let head = section.prefix { $0 != "\n" }
            let body = Array(section.dropFirst(head.count).drop(while: \.isNewline).utf8)
            let words = head.split(separator: " ")
            switch words.first {
            case "refused": self = .fails(.notConnected, mayHaveArrived: false)
            case "reset": self = .fails(.receiveFailed, mayHaveArrived: true)
            case "timeout": self = .fails(.timedOut, mayHaveArrived: true)
            case let status?:
                guard let code = Int(status) else { throw MessageFileError(message: "not an answer: \(head)") }
                let fields = words.dropFirst(2).compactMap { word -> (String, String)? in
                    let parts = word.split(separator: ":", maxSplits: 1)
                    return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
                }
                self = .response(code, type: words.count > 1 ? String(words[1]) : body.isEmpty ? nil : "application/json", body, fields: fields)
            case nil: throw MessageFileError(message: "an empty answer")
            }
        }
    }

    private struct Side {
        var answers: [Answer] = []
        var calls: [Call] = []
    }

    private let state = Mutex((contactCentre: Side(), platform: Side()))

    var contactCentreCalls: [Call] { state.withLock { $0.contactCentre.calls } }
    var platformCalls: [Call] { state.withLock { $0.platform.calls } }
    var unused: Int { state.withLock { $0.contactCentre.answers.count + $0.platform.answers.count } }

    func add(contactCentre answer: Answer) { state.withLock { $0.contactCentre.answers.append(answer) } }
    func add(platform answer: Answer) { state.withLock { $0.platform.answers.append(answer) } }

    func send(_ call: Call) async throws(TransportError) -> Response {
        if call.url.hasPrefix(Self.signIn + "/") { return Self.signInAnswer(call) }
        let answer: Answer? = state.withLock { state in
            func next(_ side: inout Side) -> Answer? {
                side.calls.append(call)
                return side.answers.isEmpty ? nil : side.answers.removeFirst()
            }
            return call.url.hasPrefix(Self.contactCentre + "/") ? next(&state.contactCentre) : next(&state.platform)
        }
        switch answer {
        case nil: throw TransportError(.internalFailure, mayHaveArrived: false, reason: "asked once too often")
        case .fails(let code, let mayHaveArrived): throw TransportError(code, mayHaveArrived: mayHaveArrived)
        case .response(let status, let type, let bytes, let fields):
            guard bytes.count <= call.responseLimit else { throw TransportError(.tooLarge, mayHaveArrived: true) }
            var response = Response(status: HTTPResponse.Status(code: status), body: bytes)
            if let type { response.fields[.contentType] = type }
            for (name, value) in fields { if let name = HTTPField.Name(name) { response.fields[name] = value } }
            if response.status.kind == .successful, !bytes.isEmpty { call.receive?(bytes) }
            return response
        }
    }

    private static func signInAnswer(_ call: Call) -> Response {
        let text = call.url.contains("/.well-known/")
            ? #"{"issuer":"\#(signIn)","token_endpoint":"\#(signIn)/auth/token"}"#
            : #"{"access_token":"token-of-cxone","token_type":"Bearer","expires_in":3600}"#
        return .json(.ok, Array(text.utf8))
    }
}
