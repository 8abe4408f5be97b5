import Secrets
import Time

/// Tokens that CXone gave out, and one-time tokens of the administrator's pages. Lifetimes run on the monotonic clock.
struct Tokens {
    private struct Access {
        let user: User?
        let expires: Instant
    }

    struct OneTime {
        let user: User
        let expires: Instant
    }

    private var access: [String: Access] = [:]
    private var refresh: Set<String> = []
    private var oneTime: [String: OneTime] = [:]

    mutating func giveAccess(to user: User?, until expires: Instant) -> String {
        let token = Digest.hex(Random.bytes(24))
        access[token] = Access(user: user, expires: expires)
        return token
    }

    mutating func giveRefresh() -> String {
        let token = Digest.hex(Random.bytes(24))
        refresh.insert(token)
        return token
    }

    /// A refresh token serves once.
    mutating func takeRefresh(_ token: String) -> Bool { refresh.remove(token) != nil }

    func isValid(_ token: String, at now: Instant) -> Bool { access[token].map { now < $0.expires } ?? false }
    func user(of token: String) -> User? { access[token]?.user }

    mutating func revokeAll() {
        access = [:]
        refresh = []
    }

    mutating func giveOneTime(to user: User, until expires: Instant) -> String {
        let token = Digest.hex(Random.bytes(16))
        oneTime[token] = OneTime(user: user, expires: expires)
        return token
    }

    /// Gone after the first look, whatever comes of it.
    mutating func takeOneTime(_ token: String, at now: Instant) -> OneTime? {
        oneTime.removeValue(forKey: token).flatMap { now < $0.expires ? $0 : nil }
    }
}
