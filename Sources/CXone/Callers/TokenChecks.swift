import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import Synchronization
import Time

/// What is thought of one token.
enum TokenVerdict: Sendable {
    case valid
    case refused(TokenDefect)
    /// It cannot be said now: keys or authorization server cannot be reached. Never lets anybody in.
    case undecided
}

/// Decides about tokens.
protocol TokenCheck: Sendable {
    func verdict(on token: [UInt8], by deadline: Instant) async -> TokenVerdict
}

/// Tokens that were found to be good, by their digests, until they end. Of this process, and bounded.
final class KnownTokens: Sendable {
    /// SHA-256 of a token: whoever finds out what is known learns no token from it, nor by how long a look takes.
    private let ends = Mutex<[[UInt8]: Int64]>([:])
    private static let most = 1024

    func contains(_ digest: [UInt8], now: Int64) -> Bool { ends.withLock { $0[digest].map { now < $0 } ?? false } }

    /// - Parameter end: Milliseconds since 1970.
    func insert(_ digest: [UInt8], until end: Int64, now: Int64) {
        guard now < end else { return }
        ends.withLock { ends in
            if ends.count >= Self.most { ends = ends.filter { now < $0.value } }
            if ends.count >= Self.most { ends.removeAll() }
            ends[digest] = end
        }
    }

    func removeAll() { ends.withLock { $0.removeAll() } }
}

/// Values that are valid as they stand.
struct FixedTokenCheck: TokenCheck {
    private let digests: [[UInt8]]

    init(_ values: [Secret]) { digests = values.filter { $0.byteCount > 0 }.map { Digest.sha256($0.reveal()) } }

    func verdict(on token: [UInt8], by deadline: Instant) async -> TokenVerdict {
        let presented = Digest.sha256(token)
        var isValid = false
        for digest in digests where Digest.equal(digest, presented) { isValid = true }
        return isValid ? .valid : .refused(.value)
    }
}

/// Signed tokens.
final class WebTokenCheck: TokenCheck {
    private let settings: WebTokenSettings
    private let source: KeySource?
    private let time: any TimeSource
    private let known = KnownTokens()
    /// Of the keys by which the known ones were found good.
    private let digest = Mutex<[UInt8]>([])

    /// - Parameter source: `nil` when the keys are in files.
    init(_ settings: WebTokenSettings, source: KeySource?, time: any TimeSource) {
        self.settings = settings
        self.source = source
        self.time = time
    }

    func verdict(on token: [UInt8], by deadline: Instant) async -> TokenVerdict {
        let now = time.epochMilliseconds()
        let name = Digest.sha256(token)
        // Keys are looked at again when they are due, so that one that was withdrawn ends what it signed.
        if source == nil, known.contains(name, now: now) { return .valid }
        do throws(TokenDefect) {
            if let source, known.contains(name, now: now), let held = await source.keys(by: deadline, suffice: { _ in true }), isPresent(held) {
                return .valid
            }
            let read = try WebToken(token)
            guard settings.algorithms.contains(read.algorithm) else { throw .algorithm }
            // Before keys are fetched for it: a token that says the wrong things needs none.
            let end = try settings.rules.end(of: read.claims, now: Double(now) / 1000, isEndNeeded: true) ?? 0
            let set: WebKeySet
            if let source {
                guard let held = await source.keys(by: deadline, suffice: { !$0.candidates(for: read).isEmpty }) else { return .undecided }
                _ = isPresent(held)
                set = held.set
            } else {
                set = settings.keys
            }
            let candidates = set.candidates(for: read)
            guard !candidates.isEmpty else { throw .unknownKey }
            guard candidates.contains(where: { $0.key.verifies(read.signature, of: read.signed, by: read.algorithm) }) else { throw .signature }
            known.insert(name, until: Int64(end * 1000), now: now)
            return .valid
        } catch {
            return .refused(error)
        }
    }

    /// Whether these are the keys by which the known ones were found good; if not, nothing is known any more.
    private func isPresent(_ held: KeySource.Held) -> Bool {
        let isSame = digest.withLock { digest in
            defer { digest = held.digest }
            return digest == held.digest
        }
        if !isSame { known.removeAll() }
        return isSame
    }
}

/// Tokens about which the authorization server is asked (RFC 7662). Answers are believed for a while; good ones are shared through the store.
final class IntrospectionCheck: TokenCheck {
    private let settings: IntrospectionSettings
    private let tenant: String
    private let services: CallerServices
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void
    private let good = KnownTokens()
    private let bad = KnownTokens()
    private let asking = Mutex<Set<[UInt8]>>([])

    private static let patience = 1500
    /// Milliseconds for which a token is remembered as bad: long enough to stop a storm, short enough for a server that lags behind itself.
    private static let grudge: Int64 = 5000

    init(
        _ settings: IntrospectionSettings, tenant: String, services: CallerServices, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.settings = settings
        self.tenant = tenant
        self.services = services
        self.time = time
        self.sleep = sleep
    }

    func verdict(on token: [UInt8], by deadline: Instant) async -> TokenVerdict {
        guard !token.isEmpty, token.count <= WebToken.mostOctets, token.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return .refused(.malformed) }
        let name = Digest.sha256(token)
        while true {
            let now = time.epochMilliseconds()
            if good.contains(name, now: now) { return .valid }
            if bad.contains(name, now: now) { return .refused(.inactive) }
            // One question about a token at a time; who comes meanwhile waits for the answer.
            if asking.withLock({ $0.insert(name).inserted }) {
                let verdict = await ask(token, name, by: deadline)
                asking.withLock { _ = $0.remove(name) }
                return verdict
            }
            guard time.now() < deadline, !Task.isCancelled else { return .undecided }
            await sleep(min(deadline, time.now().advanced(byMilliseconds: 20)))
        }
    }

    private func ask(_ token: [UInt8], _ name: [UInt8], by deadline: Instant) async -> TokenVerdict {
        let limit = min(deadline, time.now().advanced(byMilliseconds: Self.patience))
        let key = storeKey(token)
        if let key, let store = services.store, case .value(let value) = await store.get(key, by: limit),
            let end = Int64(String(decoding: value.octets, as: UTF8.self)), time.epochMilliseconds() < end {
            good.insert(name, until: end, now: time.epochMilliseconds())
            return .valid
        }
        let now = time.epochMilliseconds()
        guard let answer = try? await services.transport.send(call(token, by: limit)), answer.status == .ok,
            let json = try? JSON(parsing: answer.body), let isActive = json["active"]?.bool
        else { return .undecided }
        do throws(TokenDefect) {
            guard isActive else { throw .inactive }
            let end = try settings.rules.end(of: json, now: Double(now) / 1000, isEndNeeded: false)
            let until = min(now + Int64(settings.cacheSeconds) * 1000, end.map { Int64($0 * 1000) } ?? .max)
            good.insert(name, until: until, now: now)
            if let key, let store = services.store, until > now {
                _ = await store.put(key, Array("\(until)".utf8), life: Int(until - now), by: limit)
            }
            return .valid
        } catch {
            bad.insert(name, until: now + Self.grudge, now: now)
            return .refused(error)
        }
    }

    /// Named so that whoever reads the store can try no guesses. What else decides is part of the name: other settings, other answers.
    private func storeKey(_ token: [UInt8]) -> StoreKey? {
        guard settings.cacheSeconds > 0, let store = services.store else { return nil }
        let secret = Array("\(settings.url)\n\(settings.clientID ?? "")\n".utf8) + token
        return StoreKey(tenant: tenant, purpose: "caller-token", id: store.name(ofSecret: secret))
    }

    private func call(_ token: [UInt8], by deadline: Instant) -> Call {
        var fields: HTTPFields = [.accept: "application/json", .contentType: "application/x-www-form-urlencoded"]
        if let id = settings.clientID {
            let both = FormText.encode(Array(id.utf8)) + [UInt8(ascii: ":")] + FormText.encode(settings.clientSecret?.reveal() ?? [])
            fields[.authorization] = "Basic " + Base64.encodeText(both)
        }
        for pair in settings.headers { if let name = HTTPField.Name(pair.name) { fields[name] = pair.value.revealText() } }
        let form = FormText.encode([(Array("token".utf8), token), (Array("token_type_hint".utf8), Array("access_token".utf8))])
        return Call(
            method: .post, url: settings.url, fields: fields, body: form, deadline: deadline, responseLimit: 64 << 10, connection: settings.options)
    }
}
