import HTTP
import HTTPTypes
import Secrets
import Settings
import Time

/// Everything beyond static headers that proves who calls, for all agents: certificates and tokens. There is none of these, and nothing of this
/// runs, when no agent's settings ask for more than headers.
final class CallerProofs: Sendable {
    private struct Proof: Sendable {
        let name: String
        let certificate: CertificateCheck?
        let token: (any TokenCheck)?
        /// Where the token is: a header with what stands before the token, or places in the body.
        let header: HTTPField.Name?
        let prefix: [UInt8]
        let places: [CarriedToken.Place]
        let rate: CallerRate?
    }

    private let proofs: [Proof]
    private let time: any TimeSource

    /// Milliseconds that finding out about a token may take.
    private static let patience = 1500

    /// `nil` when static headers are all that any of the callers needs.
    /// - Parameter services: `nil` where nobody is to be asked; tokens that need it are then never accepted.
    init?(
        _ agents: [ExchangeAgent], services: CallerServices?, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        guard agents.contains(where: { !$0.settings.caller.isStatic }) else { return nil }
        self.time = time
        var proofs: [Proof] = []
        for agent in agents {
            let caller = agent.settings.caller
            let token = caller.token
            proofs.append(Proof(
                name: agent.name,
                certificate: caller.certificate.flatMap { $0.mode == .off ? nil : CertificateCheck($0) },
                token: token.map { Self.check($0, agent.name, services, time, sleep) },
                header: token.flatMap { $0.isInBody ? nil : HTTPField.Name($0.header) },
                prefix: token.map { $0.prefix.isEmpty ? [] : Array(($0.prefix + " ").utf8) } ?? [],
                places: token.map { token in
                    [token.sessionState.map { .sessionState($0) }, token.customPayload.map { .customPayload($0) }].compactMap(\.self)
                } ?? [],
                rate: caller.turnsPerSecond.map { CallerRate(perSecond: $0) }))
        }
        self.proofs = proofs
    }

    private static func check(
        _ settings: CallerTokenSettings, _ agent: String, _ services: CallerServices?, _ time: any TimeSource,
        _ sleep: @escaping @Sendable (Instant) async -> Void
    ) -> any TokenCheck {
        if let jwt = settings.jwt {
            guard let url = jwt.keysURL else { return WebTokenCheck(jwt, source: nil, time: time) }
            guard let services else { return NoCheck() }
            return WebTokenCheck(
                jwt, source: KeySource(jwt, url: url, tenant: agent, services: services, time: time, sleep: sleep), time: time)
        }
        if let introspection = settings.introspection {
            guard let services else { return NoCheck() }
            return IntrospectionCheck(introspection, tenant: agent, services: services, time: time, sleep: sleep)
        }
        return FixedTokenCheck(settings.values)
    }

    /// Stands where a token cannot be checked.
    private struct NoCheck: TokenCheck {
        func verdict(on token: [UInt8], by deadline: Instant) async -> TokenVerdict { .undecided }
    }

    // MARK: Deciding

    enum Finding: Sendable {
        /// For each agent, in order, whether the caller may use it.
        case presented([Bool])
        /// A header that carries a credential came twice.
        case repeated
        /// Why the last one that was looked at refused, and whether it looks like guessing.
        case refused(String, isAttempt: Bool)
        /// Nobody could be refused or let in.
        case undecided
    }

    /// What headers and connection say, before a body is looked at. An agent whose token is in the body passes so far.
    /// - Parameter presented: For each agent, whether its static headers were there.
    func checkHead(_ request: Request, _ presented: [Bool]) async -> Finding {
        var verdicts = Verdicts(presented)
        // One for all: many agents must not make the caller wait many times.
        let deadline = deadline
        for (index, proof) in proofs.enumerated() where presented[index] {
            if let why = refusal(by: proof.certificate, request.front) {
                verdicts.refuse(index, why, isAttempt: false)
            } else if let name = proof.header, let check = proof.token {
                switch Self.token(name, proof.prefix, request.fields) {
                case .repeated: return .repeated
                case .absent: verdicts.take(.refused(.absent), index)
                case .token(let token): verdicts.take(await check.verdict(on: token, by: deadline), index)
                }
            }
        }
        return verdicts.finding
    }

    /// Whether any of these agents wants a token out of the body.
    func needsBody(_ presented: [Bool]) -> Bool { proofs.indices.contains { presented[$0] && !proofs[$0].places.isEmpty } }

    /// What the body says, for agents that want it to, and the body without anything that may be a token.
    func checkBody(_ body: [UInt8], _ presented: [Bool]) async -> (finding: Finding, body: [UInt8]) {
        var verdicts = Verdicts(presented)
        let deadline = deadline
        var rest = body
        var taken: [(place: CarriedToken.Place, token: [UInt8]?)] = []
        for (index, proof) in proofs.enumerated() where presented[index] && !proof.places.isEmpty {
            for place in proof.places where !taken.contains(where: { $0.place == place }) {
                let (token, left) = CarriedToken.take(place, from: rest)
                taken.append((place, token))
                rest = left
            }
            let tokens = proof.places.compactMap { place in taken.first { $0.place == place }?.token }
            if let token = tokens.first, let check = proof.token {
                verdicts.take(await check.verdict(on: token, by: deadline), index)
            } else {
                verdicts.take(.refused(.absent), index)
            }
        }
        return (verdicts.finding, rest)
    }

    /// Milliseconds to wait, when the agent's caller has had its share of turns; `nil` when this one is served.
    func wait(for agent: String) -> Int? {
        guard let rate = proofs.first(where: { $0.name == agent })?.rate else { return nil }
        return rate.take(at: time.now())
    }

    private var deadline: Instant { time.now().advanced(byMilliseconds: Self.patience) }

    private func refusal(by check: CertificateCheck?, _ front: Front) -> String? {
        guard let check else { return nil }
        switch check.finding(front.clientCertificate, now: time.epochMilliseconds() / 1000) {
        case .fits: return nil
        case .absent: return check.isRequired ? "certificateAbsent" : nil
        case .refused(let why): return why
        }
    }

    private struct Verdicts {
        private var presented: [Bool]
        private var why = TokenDefect.absent.rawValue
        private var isAttempt = false
        private var isUndecided = false

        init(_ presented: [Bool]) { self.presented = presented }

        mutating func refuse(_ index: Int, _ why: String, isAttempt: Bool) {
            presented[index] = false
            self.why = why
            self.isAttempt = self.isAttempt || isAttempt
        }

        mutating func take(_ verdict: TokenVerdict, _ index: Int) {
            switch verdict {
            case .valid: break
            case .refused(let defect): refuse(index, defect.rawValue, isAttempt: defect.isAttempt)
            case .undecided:
                presented[index] = false
                isUndecided = true
            }
        }

        var finding: Finding {
            if presented.contains(true) { return .presented(presented) }
            return isUndecided ? .undecided : .refused(why, isAttempt: isAttempt)
        }
    }

    // MARK: Header

    private enum Presented {
        case absent, repeated
        case token([UInt8])
    }

    private static func token(_ name: HTTPField.Name, _ prefix: [UInt8], _ fields: HTTPFields) -> Presented {
        var value: [UInt8]?
        for index in fields.startIndex..<fields.endIndex where fields[index].name == name {
            guard value == nil else { return .repeated }
            value = fields[index].withUnsafeBytesOfValue { Array($0) }
        }
        // The scheme is compared as HTTP compares it, in any case (RFC 9110 §11.1); exactly one space stands behind it.
        guard let value, value.count > prefix.count, zip(prefix, value).allSatisfy({ lower($0) == lower($1) }) else { return .absent }
        return .token(Array(value.dropFirst(prefix.count)))
    }

    private static func lower(_ octet: UInt8) -> UInt8 { (0x41...0x5A).contains(octet) ? octet | 0x20 : octet }
}
