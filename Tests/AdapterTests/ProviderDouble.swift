import HTTP
import HTTPTypes
import JSON
import Synchronization
import Time

/// Stands for a provider: gives prepared answers in order, keeps what it was asked, and can break off in the middle of an answer.
final class ProviderDouble: HTTPTransport {
    enum Answer: Sendable {
        case response(Int, type: String?, [UInt8], fields: [(String, String)] = [])
        /// The body arrives, then nothing more until the deadline.
        case stalls(type: String, [UInt8])
        case fails(TransportError.Code, mayHaveArrived: Bool)
    }

    private let state: Mutex<(answers: [Answer], calls: [Call])>

    init(_ answers: [Answer]) { state = Mutex((answers, [])) }

    var calls: [Call] { state.withLock { $0.calls } }
    var unused: Int { state.withLock { $0.answers.count } }

    func add(_ answer: Answer) { state.withLock { $0.answers.append(answer) } }

    func send(_ call: Call) async throws(TransportError) -> Response {
        let answer = state.withLock { state in
            state.calls.append(call)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        switch answer {
        case nil: throw TransportError(.internalFailure, mayHaveArrived: false, reason: "the provider was asked once too often")
        case .fails(let code, let mayHaveArrived): throw TransportError(code, mayHaveArrived: mayHaveArrived)
        case .stalls(_, let bytes):
            deliver(bytes, to: call)
            throw TransportError(.timedOut, mayHaveArrived: true)
        case .response(let status, let type, let bytes, let fields):
            guard bytes.count <= call.responseLimit else { throw TransportError(.tooLarge, mayHaveArrived: true) }
            var response = Response(status: HTTPResponse.Status(code: status), body: bytes)
            if let type { response.fields[.contentType] = type }
            for (name, value) in fields { if let name = HTTPField.Name(name) { response.fields[name] = value } }
            if response.status.kind == .successful { deliver(bytes, to: call) }
            return response
        }
    }

    /// In pieces of seven octets, so that lines and characters break anywhere.
    private func deliver(_ bytes: [UInt8], to call: Call) {
        var rest = bytes[...]
        while !rest.isEmpty {
            call.receive?(Array(rest.prefix(7)))
            rest = rest.dropFirst(7)
        }
    }
}

extension ProviderDouble.Answer {
    /// What an `X answers` section says.
    init(section: String) throws {
        let head = section.prefix { $0 != "\n" }
        let body = Array(section.dropFirst(head.count).drop(while: \.isNewline).utf8)
        let words = head.split(separator: " ")
        switch words.first {
        case "refused": self = .fails(.notConnected, mayHaveArrived: false)
        case "reset": self = .fails(.receiveFailed, mayHaveArrived: true)
        case "timeout": self = .fails(.timedOut, mayHaveArrived: true)
        case let status?:
            guard let code = Int(status) else { throw TranscriptError(message: "not an answer: \(head)") }
            let type = words.count > 1 ? String(words[1]) : nil
            // An event stream ends its last line.
            let bytes = type == "text/event-stream" ? body + [0x0A, 0x0A] : body
            if words.last == "timeout", let type {
                self = .stalls(type: type, bytes)
            } else {
                let fields = words.dropFirst(2).compactMap { word -> (String, String)? in
                    let parts = word.split(separator: ":", maxSplits: 1)
                    return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
                }
                self = .response(code, type: type, bytes, fields: fields)
            }
        case nil: throw TranscriptError(message: "an empty answer")
        }
    }
}
