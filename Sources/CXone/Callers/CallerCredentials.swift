import HTTP
import HTTPTypes
import Secrets

/// Who may call, decided on headers alone, before a body is read (`security.md` §2). Every header of every agent is looked at on every
/// request, over digests of fixed length, so that time tells neither which agent exists nor which part was wrong.
struct CallerCredentials: Sendable {
    private struct Header {
        let name: HTTPField.Name
        /// SHA-256 of each valid value.
        let digests: [[UInt8]]
        /// Which of the distinct names this is.
        let place: Int
    }

    private let agents: [[Header]]
    /// The agents whose callers prove themselves by something else alone; `nil` when there is none of them.
    private let others: [Bool]?

    enum Finding: Equatable {
        /// For each agent, in order, whether its headers were presented.
        case presented([Bool])
        /// A header that carries a credential came twice.
        case repeated
        /// - Parameter isAttempt: Whether something was presented, so that it may have been a guess.
        case refused(isAttempt: Bool)
    }

    init(agents: [ExchangeAgent]) {
        var callers: [[CredentialHeaderSettings]] = []
        for agent in agents { callers.append(agent.settings.caller.comparedHeaders) }
        var others: [Bool]?
        for (index, agent) in agents.enumerated() where callers[index].isEmpty && !agent.settings.caller.isStatic {
            others = others ?? [Bool](repeating: false, count: agents.count)
            others?[index] = true
        }
        self.init(callers: callers, others: others)
    }

    /// - Parameter others: Callers without headers who are let through to be asked for another proof.
    init(callers: [[CredentialHeaderSettings]], others: [Bool]? = nil) {
        self.others = others
        var names: [String] = []
        var all: [[Header]] = []
        for caller in callers {
            var headers: [Header] = []
            for header in caller {
                guard let name = HTTPField.Name(header.name) else { continue }
                let place = names.firstIndex { $0.equalsIgnoringCase(header.name) } ?? names.count
                if place == names.count { names.append(header.name) }
                // An absent header has the digest of nothing, so nothing may never be a valid value.
                var digests: [[UInt8]] = []
                for value in header.values where value.byteCount > 0 { digests.append(Digest.sha256(value.reveal())) }
                headers.append(Header(name: name, digests: digests, place: place))
            }
            all.append(headers)
        }
        self.agents = all
    }

    func check(_ fields: HTTPFields) -> Finding {
        var presented = [Bool](repeating: false, count: agents.count)
        // One for each distinct name, in the order in which they are met.
        var digests: [[UInt8]] = []
        var isAttempt = false
        for (index, headers) in agents.enumerated() {
            var matches = headers.count
            for header in headers {
                if header.place == digests.count {
                    var value: [UInt8]?
                    for index in fields.startIndex..<fields.endIndex where fields[index].name == header.name {
                        guard value == nil else { return .repeated }
                        value = fields[index].withUnsafeBytesOfValue { Array($0) }
                    }
                    if value != nil { isAttempt = true }
                    digests.append(Digest.sha256(value ?? []))
                }
                let digest = digests[header.place]
                var isValid = false
                for valid in header.digests where Digest.equal(valid, digest) { isValid = true }
                if isValid { matches -= 1 }
            }
            presented[index] = matches == 0 && (!headers.isEmpty || others?[index] ?? false)
        }
        return presented.contains(true) ? .presented(presented) : .refused(isAttempt: isAttempt)
    }
}
