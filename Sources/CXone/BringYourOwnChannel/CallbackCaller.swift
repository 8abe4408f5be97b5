import HTTP
import HTTPTypes
package import Secrets

/// Who calls back: the client, and so the integration, whose token the request carries. Decided on headers alone, before anything else
/// has an effect (`byoc.md` §3.1, `security.md` §2).
struct CallbackCaller: Sendable {
    /// Client id as the settings name it.
    let client: String
    /// Names of the channels that it may use; `nil`: all.
    let channels: [String]?
}

/// Checks callers by their access tokens.
package struct CallbackCallers: Sendable {
    private let clients: [(name: String, channels: [String]?)]
    private let tokens: AccessTokens

    package init(_ settings: BringYourOwnChannelSettings) {
        clients = settings.clients.map { ($0.name, $0.group.channels.isEmpty ? nil : $0.group.channels) }
        tokens = AccessTokens(keys: settings.tokenKeys, life: settings.tokenLifetimeSeconds)
    }

    func caller(of fields: HTTPFields, now: Int64) throws(CallbackProblem) -> CallbackCaller {
        var credential: [UInt8]?
        for index in fields.startIndex..<fields.endIndex where fields[index].name == .authorization {
            guard credential == nil else { throw .repeatedCredential }
            credential = fields[index].withUnsafeBytesOfValue { Array($0) }
        }
        guard let credential else { throw Self.refused("none") }
        // Some servers join a repeated field by commas; no token holds one.
        guard !credential.contains(UInt8(ascii: ",")) else { throw .repeatedCredential }
        let token = Self.bearer(credential) ?? []
        switch tokens.finding(token, now: now) {
        case .client(let name):
            // A client that was taken out of the settings has no valid token any more.
            guard let client = clients.first(where: { isSame($0.name, name) }) else { throw Self.refused("unknown") }
            return CallbackCaller(client: client.name, channels: client.channels)
        case .expired: throw Self.refused("expired")
        case .unknown: throw Self.refused("unknown")
        }
    }

    /// What follows `Bearer` (in any case) and spaces; `nil` for another scheme.
    private static func bearer(_ credential: [UInt8]) -> ArraySlice<UInt8>? {
        let scheme = credential.prefix(7).map { $0 | 0x20 }
        guard scheme.elementsEqual("bearer ".utf8) else { return nil }
        return credential.dropFirst(7).drop { $0 == 0x20 }
    }

    private static func refused(_ why: String) -> CallbackProblem {
        var problem = CallbackProblem.unauthorized
        problem.notes = [Note("token", why)]
        return problem
    }
}
