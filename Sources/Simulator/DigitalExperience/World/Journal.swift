import Time

/// What was seen, for tests and for the person at the desk.
struct Journal {
    var records: [Record] = []
    var counters = Counters()
    var lines: [String] = []
    /// Threads of creates that are being answered at this moment.
    var running: [ThreadKey: Int] = [:]
    /// The same by request.
    var busy: [String: ThreadKey] = [:]
    /// Faults that happened.
    var taken: [TakenFault] = []
    /// What `note` wrote in the work at hand, under one lock; `takeNotes` ends it.
    private var notes: [String] = []
    private static let kept = 20_000

    mutating func note(_ text: String) { notes.append(text) }

    mutating func takeNotes() -> [String] {
        defer { notes = [] }
        return notes
    }

    mutating func add(_ record: Record, at epoch: Int64) {
        records.append(record)
        lines.append("\(ISOTime.text(epoch).dropFirst(11).prefix(12)) \(record.line)")
        // In halves, so that cutting costs nothing that is seen.
        if records.count > 2 * Journal.kept { records.removeFirst(Journal.kept) }
        if lines.count > 2 * Journal.kept { lines.removeFirst(Journal.kept) }
    }

    /// A line that belongs to no request, with the notes of the work at hand.
    mutating func say(_ text: String, at epoch: Int64) {
        let words = [text] + takeNotes()
        lines.append("\(ISOTime.text(epoch).dropFirst(11).prefix(12)) \(words.joined(separator: " · "))")
    }
}

/// One request and its answer, in either direction. Holds no credential.
package struct Record: Sendable {
    package enum Side: String, Sendable {
        /// The middleware called CXone.
        case received
        /// CXone called the middleware.
        case sent
    }

    package let side: Side
    package let operation: Operation
    package let method: String
    /// Path and query.
    package let target: String
    /// 0 when there was no answer.
    package let status: Int
    package let milliseconds: Int
    /// The request's body, empty for those that hold credentials; at most 64 KiB of it.
    package let body: [UInt8]
    /// What was wrong with the request, or with the middleware's answer.
    package let violations: [Violation]
    /// What it meant.
    package let notes: [String]

    package var line: String {
        let arrow = side == .received ? "→ CXone" : "← CXone"
        var text = "\(arrow)  \(method) \(target)  \(status == 0 ? "no answer" : String(status))  \(milliseconds) ms"
        for note in notes { text += " · \(note)" }
        for violation in violations { text += " · \(violation.field.map { "\($0): " } ?? "")\(violation.message)" }
        return text
    }
}

/// Counts of a run.
package struct Counters: Sendable, Equatable {
    /// Messages that were stored.
    package var created = 0
    /// Creates of a message that was known already.
    package var duplicates = 0
    /// Refusals by a limit.
    package var breaches: [Limits.Name: Int] = [:]
    /// Creates that began while another one of the same thread was not answered yet.
    package var overlaps = 0
    /// Messages older, by their own time, than the one before in their thread.
    package var disorders = 0
    /// States that came behind a higher one of the same message.
    package var regressions = 0
    /// Requests of the API without a valid token.
    package var unauthorized = 0
    /// Sign-ins, refreshes included.
    package var signIns = 0
    /// Requests that broke the contract.
    package var refused = 0
    /// Requests that found no operation.
    package var unknown = 0
    /// Attempts at callbacks, and those that the middleware answered against the contract.
    package var callbacks = 0
    package var badAnswers = 0
    /// Tokens that the middleware gave.
    package var tokensFetched = 0

    package init() {}
}
