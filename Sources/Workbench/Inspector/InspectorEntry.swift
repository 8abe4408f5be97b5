import CXone
import Conversation
import JSON
import Simulator

/// One exchange: as CXone's side saw it, as a function's trace tells of it, or both.
struct InspectorEntry: Sendable {
    var id = 0
    /// Of the log's last change of this entry.
    var version = 0
    let exchange: RecordedExchange?
    var trace: TraceRecord?
    /// What the exchange is in the trace.
    var call = TraceRecord.Place.whole
    /// Whether the person at the desk sent it again.
    var isAgain = false
    var row = Row()

    init(exchange: RecordedExchange) { self.exchange = exchange }

    init(trace: TraceRecord) { (exchange, self.trace) = (nil, trace) }

    var octets: Int { 512 + (exchange.map { $0.requestBody.count + $0.responseBody.count } ?? 0) + (trace?.json.raw.count ?? 0) * 2 }

    /// One line of the list. Holds nothing that must not be shown.
    struct Row: Sendable {
        enum Direction: String, Sendable {
            /// CXone asks the middleware.
            case fromCXone
            /// The middleware asks CXone.
            case toCXone
            /// A platform asks the middleware.
            case fromPlatform
        }

        var time: Int64 = 0
        var direction = Direction.fromCXone
        var half = RecordedExchange.Half.virtualAgentHub
        var name: String?
        /// Hash of the contact.
        var contact: String?
        /// The conversation's key, a hash too.
        var conversation: String?
        var method = ""
        var path = ""
        var status: Int?
        var milliseconds = 0
        var outcome = ""
        /// What was said, cut.
        var words = ""
        var flags: [String] = []
    }

    /// Milliseconds after which CXone or we give up; `nil` where nobody said.
    var budget: Int? {
        if let told = trace?.json["budget"]?.integer { return told }
        guard row.direction == .fromCXone else { return nil }
        return row.half == .virtualAgentHub ? nil : 10_000
    }

    var requestJSON: JSON? { exchange.flatMap { try? JSON(parsing: $0.requestBody) } ?? (isCall ? nil : trace?.json["request"]) }
    var responseJSON: JSON? { exchange.flatMap { try? JSON(parsing: $0.responseBody) } ?? (isCall ? nil : trace?.json["answer"]) }
    private var isCall: Bool { if case .call = call { true } else { false } }

    var direction: Row.Direction {
        if let exchange { return exchange.isFromCXone ? .fromCXone : .toCXone }
        return trace?.isAskedByCXone == false ? .fromPlatform : .fromCXone
    }

    /// - Parameter hash: Of a contact or conversation.
    /// - Returns: The row, and what its conversation is called where it came from.
    func makeRow(hash: (String) -> String) -> (Row, conversation: String?) {
        var row = Row()
        let (request, response) = (requestJSON, responseJSON)
        let mask = TraceMask(for: request)
        row.direction = direction
        row.half = exchange?.half ?? (trace?.isTurn == false ? .digitalExperience : .virtualAgentHub)
        row.time = exchange?.time ?? trace?.began ?? 0
        row.milliseconds = exchange?.milliseconds ?? trace?.milliseconds ?? 0
        row.name = (exchange?.name ?? trace?.name ?? request?["virtualAgentId"]?.string).map { mask.text($0) }
        row.method = exchange?.method ?? trace?.json["method"]?.string ?? "POST"
        row.path = mask.path((exchange?.url).map(\.urlPath) ?? trace?.json["path"]?.string ?? "/exchange")
        row.status = exchange?.status ?? (exchange == nil ? trace?.json["status"]?.integer ?? 200 : nil)
        let conversation = exchange?.conversation ?? trace.flatMap(Self.conversation)
        row.conversation = conversation.map { hash("\(row.half.rawValue)\u{0}\($0)") }
        let person = request?["executionInfo"]?["contactId"].flatMap { $0.string ?? $0.numberLiteral } ?? conversation
        row.contact = person == TraceMask.standIn ? row.conversation : person.map { hash("contact\u{0}\($0)") }
        row.outcome = outcome(response)
        row.words = String(mask.text(Self.words(request, response)).prefix(160))
        row.flags = flags(row, request, response)
        return (row, conversation)
    }

    private func outcome(_ response: JSON?) -> String {
        if let branch = response?["branchName"].flatMap({ $0.string ?? $0.numberLiteral }) { return branch }
        if let exchange { return exchange.outcome }
        return trace?.json["outcome"]?.string ?? trace?.json["problem"]?.string ?? "–"
    }

    private func flags(_ row: Row, _ request: JSON?, _ response: JSON?) -> [String] {
        var flags: [String] = []
        if exchange?.violations.isEmpty == false { flags.append("fault") }
        let kind = BodyKind(row)
        let bodies = [kind.judges(.request, row.direction) ? request : nil, kind.judges(.response, row.direction) ? response : nil]
        if bodies.contains(where: { body in body.map { !NearMiss.found(in: $0, kind).isEmpty } ?? false }) { flags.append("near miss") }
        if row.status == nil { flags.append("no answer") }
        if let status = row.status, status >= 400 { flags.append("refused") }
        if response?["branchName"]?.string == "Error" { flags.append("error") }
        let limit = trace?.json["budget"]?.integer ?? (row.half == .virtualAgentHub ? 4_500 : 10_000)
        if row.milliseconds >= limit { flags.append("late") } else if row.milliseconds * 10 >= limit * 8 { flags.append("slow") }
        if trace?.calls.contains(where: { ($0.status ?? 599) >= 500 }) == true { flags.append("other side failed") }
        if isAgain { flags.append("sent again") }
        return flags
    }

    /// What the contact or the agent said, else what they were told.
    static func words(_ request: JSON?, _ response: JSON?) -> String {
        let said = request?["userInput"].flatMap { $0.string ?? $0.numberLiteral } ?? text(request)
        let prompts = response?["nextPromptSequence"]?["prompts"]?.elements.compactMap { $0["transcript"]?.string }.joined(separator: " ")
        return [said, prompts].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " → ")
    }

    /// The text of a message, on CXone's wire or in a small contract of our own.
    static func text(_ body: JSON?) -> String? {
        let content = body?["messageContent"]
        return content?["payload"]?["text"]?.string ?? content?["payload"]?.string ?? content?["fallbackText"]?.string ?? body?["text"]?.string
            ?? body?["message"]?["text"]?.string ?? body?["data"]?["text"]?.string ?? body?["content"]?["text"]?.string
    }

    /// What a trace calls its conversation: the turn's key, or the thread that some body names.
    static func conversation(_ trace: TraceRecord) -> String? {
        if trace.isTurn { return trace.json["turn"]?["conversation"]?.string ?? trace.json["ref"]?.string }
        let bodies = [trace.json["request"], trace.json["answer"]]
            + (trace.json["calls"]?.elements.flatMap { [$0["request"], $0["answer"]] } ?? [])
        for body in bodies {
            let thread = body?["thread"]
            if let id = thread?["idOnExternalPlatform"]?.string ?? thread?["id"]?.string ?? thread?.string { return id }
        }
        return nil
    }
}
