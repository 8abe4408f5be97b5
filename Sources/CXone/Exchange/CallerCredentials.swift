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
    }

    private let agents: [[Header]]

    enum Finding: Equatable {
        /// For each agent, in order, whether its headers were presented.
        case presented([Bool])
        /// A header that carries a credential came twice.
        case repeated
        case refused
    }

    init(agents: [ExchangeAgent]) {
        self.agents = agents.map { agent in
            agent.settings.caller.headers.compactMap { header in
                // An absent header has the digest of nothing, so nothing may never be a valid value.
                HTTPField.Name(header.name).map { Header(name: $0, digests: header.values.filter { $0.byteCount > 0 }.map { Digest.sha256($0.reveal()) }) }
            }
        }
    }

    func check(_ fields: HTTPFields) -> Finding {
        var presented = [Bool](repeating: false, count: agents.count)
        var seen: [(name: HTTPField.Name, digest: [UInt8])] = []
        for (index, headers) in agents.enumerated() {
            var matches = headers.count
            for header in headers {
                let digest: [UInt8]
                if let known = seen.first(where: { $0.name == header.name }) {
                    digest = known.digest
                } else {
                    var value: [UInt8]?
                    for index in fields.startIndex..<fields.endIndex where fields[index].name == header.name {
                        guard value == nil else { return .repeated }
                        value = fields[index].withUnsafeBytesOfValue { Array($0) }
                    }
                    digest = Digest.sha256(value ?? [])
                    seen.append((header.name, digest))
                }
                var isValid = false
                for valid in header.digests where Digest.equal(valid, digest) { isValid = true }
                if isValid { matches -= 1 }
            }
            presented[index] = matches == 0 && !headers.isEmpty
        }
        return presented.contains(true) ? .presented(presented) : .refused
    }
}
