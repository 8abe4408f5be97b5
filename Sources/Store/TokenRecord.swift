import JSON
import Secrets

/// What is kept about one token: the token with its windows, and the last failure to get a newer one. All times are milliseconds after the
/// moment of writing, so that no machine's wall clock matters: a reader learns the age from what is left of the stored life.
struct TokenRecord: Sendable {
    struct Held: Sendable {
        let secret: Secret
        let type: String?
        /// Zero or less: when its request was about to be sent.
        var born: Int
        /// From here on somebody should refresh it.
        var soft: Int
        /// From here on everybody waits for the refresh.
        var hard: Int
        /// From here on it is of no use.
        var end: Int
    }

    var held: Held?
    var failure: (TokenFailure, until: Int)?

    /// How long the store shall keep it.
    var life: Int { max(1, held?.end ?? 0, failure?.until ?? 0) }

    /// The windows of a fresh token (`state.md` §10.3).
    ///
    /// - Parameters:
    ///   - elapsed: Milliseconds since the moment before the request was sent.
    ///   - jitter: 0.5…1; spreads the refreshes of many holders.
    init(_ grant: TokenGrant, elapsed: Int, jitter: Double) {
        let hard = grant.life - min(60_000, grant.life / 10)
        var soft = hard - Int(jitter * Double(min(300_000, grant.life / 100 * 15)))
        if let renewal = grant.renewal { soft = min(soft, Int(Double(grant.life) * (renewal - 0.04 * (jitter - 0.5)))) }
        held = Held(
            secret: grant.secret, type: grant.type, born: -elapsed, soft: soft - elapsed, hard: hard - elapsed,
            end: grant.life - elapsed)
    }

    /// What was known, `age` milliseconds later, with the failure that has come since.
    init(_ earlier: TokenRecord?, age: Int, failure: TokenFailure) {
        held = earlier?.shifted(by: age).held
        self.failure = (failure, failure.pause)
    }

    private init() {}

    private func shifted(by age: Int) -> TokenRecord {
        var record = self
        guard let held, held.end > age else {
            record.held = nil
            return record
        }
        record.held?.born -= age
        record.held?.soft -= age
        record.held?.hard -= age
        record.held?.end -= age
        return record
    }

    // MARK: Stored shape

    var octets: [UInt8] {
        Array(RawJSON { writer in
            writer.object {
                $0.field("life", life)
                if let held {
                    $0.field("token", held.secret.revealText())
                    $0.field("type", held.type)
                    $0.field("born", held.born)
                    $0.field("soft", held.soft)
                    $0.field("hard", held.hard)
                    $0.field("end", held.end)
                }
                if let (failure, until) = failure {
                    $0.field("failure", failure.code.rawValue)
                    $0.field("reason", failure.reason)
                    $0.field("until", until)
                }
            }
        }.bytes)
    }

    /// The record and its age in milliseconds, or `nil` for octets of another shape.
    static func read(_ value: StoredValue) -> (record: TokenRecord, age: Int)? {
        guard let json = try? JSON(parsing: value.octets), let life = json["life"]?.integer else { return nil }
        var record = TokenRecord()
        if let token = json["token"]?.string, let born = json["born"]?.integer, let soft = json["soft"]?.integer,
            let hard = json["hard"]?.integer, let end = json["end"]?.integer
        {
            record.held = Held(secret: Secret(token), type: json["type"]?.string, born: born, soft: soft, hard: hard, end: end)
        }
        if let code = json["failure"]?.string.flatMap(TokenFailure.Code.init), let until = json["until"]?.integer {
            record.failure = (TokenFailure(code, reason: json["reason"]?.string ?? ""), until)
        }
        // A store whose clock went back would make the record younger than new.
        return (record, max(0, life - value.rest))
    }
}
