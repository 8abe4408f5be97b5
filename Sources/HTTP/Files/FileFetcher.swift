import HTTPTypes
package import Time

/// Fetches files from URLs that CXone or a platform names. Only allowed hosts, only addresses of the public Internet, no credential but what the
/// URL itself carries; redirects are checked like the first URL, at most three.
package struct FileFetcher: Sendable {
    private let transport: any HTTPTransport
    package let rules: FileAddress.Rules
    /// Octets of the largest file.
    package let limit: Int

    private static let redirects = 3

    package init(over transport: any HTTPTransport, _ rules: FileAddress.Rules, limit: Int = 40 << 20) {
        self.transport = transport
        self.rules = rules
        self.limit = limit
    }

    /// What is known of a file before its octets.
    package struct Head: Sendable, Equatable {
        package let mediaType: String?
        package let size: Int?
    }

    /// Fetches a file piece by piece at the pace of `take`. Either closure ends the fetch by answering false.
    package func fetch(
        _ url: String, by deadline: Instant, head: @Sendable (Head) async -> Bool = { _ in true }, take: @Sendable ([UInt8]) async -> Bool
    ) async throws(FileFetchError) {
        guard var address = FileAddress(url, rules) else { throw FileFetchError(.refused, reason: "the URL or its host is not allowed") }
        for _ in 0...Self.redirects {
            var call = Call(method: .get, url: address.url, deadline: deadline, responseLimit: limit)
            call.reach = rules.allowsLoopback ? .publicOrLoopback : .publicOnly
            let limit = limit
            let told = Whole()
            let result = await transport.download(call, head: { answer in
                told.head = Head(answer)
                return answer.status == .ok && told.head.size ?? 0 <= limit ? await head(told.head) : false
            }, take: take)
            // A transfer that was ended because of its size fails in the transport's own words.
            guard told.head.size ?? 0 <= limit else { throw FileFetchError(.tooLarge, reason: "more than \(limit) octets") }
            let response: Response
            switch result {
            case .success(let answer): response = answer
            case .failure(let error): throw FileFetchError(error)
            }
            switch response.status.code {
            case 200: return
            case 301, 302, 303, 307, 308:
                guard let next = response.fields.value(.location).flatMap({ address.followed(to: $0, rules) }) else {
                    throw FileFetchError(.refused, reason: "a redirect leads where it must not")
                }
                address = next
            default: throw FileFetchError(status: response.status.code)
            }
        }
        throw FileFetchError(.refused, reason: "more than \(Self.redirects) redirects")
    }

    /// A file that is small enough to stand in memory.
    package func read(_ url: String, atMost limit: Int, by deadline: Instant) async throws(FileFetchError) -> (octets: [UInt8], head: Head) {
        let whole = Whole()
        try await FileFetcher(over: transport, rules, limit: min(limit, self.limit)).fetch(url, by: deadline, head: { head in
            whole.head = head
            return true
        }, take: { octets in
            whole.octets += octets
            return true
        })
        return (whole.octets, whole.head)
    }

    private final class Whole: @unchecked Sendable {
        // @unchecked: filled by one task, read behind it.
        var octets: [UInt8] = []
        var head = Head(mediaType: nil, size: nil)
    }
}

extension FileFetcher.Head {
    fileprivate init(_ response: Response) {
        let type = response.fields.value(.contentType)?.prefix { $0 != ";" && $0 != "," && $0 != " " }.lowercased()
        mediaType = type.flatMap { $0.isEmpty || $0.utf8.count > 100 ? nil : $0 }
        size = response.fields.value(.contentLength).flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// Why a file could not be fetched. Equal by code.
package struct FileFetchError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Its URL or address is not one that we call.
        case refused
        /// 4xx: gone, or its signature has expired.
        case notThere
        case tooLarge
        case unreachable, timedOut, failed, cancelled
    }

    package let code: Code
    /// For logs; never the URL, which is a credential.
    package let reason: String

    package init(_ code: Code, reason: String) {
        self.code = code
        self.reason = reason
    }

    init(_ error: TransportError) {
        let code: Code = switch error.code {
        case .badURL: .refused
        case .tooLarge: .tooLarge
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        case .notResolved, .notConnected, .tlsFailed, .certificateRefused, .proxyFailed, .sendFailed, .receiveFailed: .unreachable
        case .protocolViolated, .misconfigured, .internalFailure, .notAuthorized: .failed
        }
        self.init(code, reason: error.description)
    }

    init(status: Int) {
        let code: Code = switch status {
        case 413: .tooLarge
        case 408, 429: .failed
        case 400..<500: .notThere
        default: .failed
        }
        self.init(code, reason: "status \(status)")
    }

    /// Whether fetching it again may help.
    package var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .failed, .cancelled: true
        case .refused, .notThere, .tooLarge: false
        }
    }

    package static func == (left: FileFetchError, right: FileFetchError) -> Bool { left.code == right.code }
    package var description: String { "\(code.rawValue): \(reason)" }
}
