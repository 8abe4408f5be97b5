import CXone
import JSON
import Simulator

extension SequenceDiagram {
    /// A conversation of live traffic: what the traces tell, and where there is none what CXone's side saw.
    init(_ entries: [InspectorEntry]) {
        var records: [JSON] = []
        var seen: Set<String> = []
        for entry in entries {
            // One request of a function may stand behind several exchanges.
            if let trace = entry.trace {
                guard seen.insert("\(trace.function ?? "")\(trace.began)\(trace.milliseconds)").inserted else { continue }
                records.append(trace.json)
            } else if let record = entry.record {
                records.append(record)
            }
        }
        let row = entries.first?.row
        let isMessaging = row?.half == .digitalExperience
        self.init(
            TraceFile.Conversation(
                key: row?.conversation ?? "", agent: entries.lazy.compactMap(\.row.name).first ?? (isMessaging ? "platform" : "virtual agent"),
                isMessaging: isMessaging,
                turns: records))
    }
}

extension InspectorEntry {
    /// The exchange in the shape of a trace's line, as far as CXone's side knows it.
    var record: JSON? {
        guard let exchange, let request = requestJSON ?? RawJSON.emptyObject.parsed() else { return nil }
        let mask = TraceMask(for: request)
        let isTurn = exchange.half == .virtualAgentHub
        return RawJSON { writer in
            writer.object { record in
                record.field("time", Int(exchange.time) + exchange.milliseconds)
                record.field(isTurn ? "agent" : "channel", row.name)
                if !isTurn { record.field("function", exchange.isFromCXone ? "byoc" : "unknown") }
                record.field("milliseconds", exchange.milliseconds)
                record.field("outcome", row.outcome)
                record.field("method", exchange.method)
                record.field("path", row.path)
                record.field("status", exchange.status)
                if exchange.isFromCXone {
                    record.name("request")
                    mask.write(request, to: &record)
                    if isTurn { record.field("turn", object: { $0.field("input", Self.input(request, mask)) }) }
                    record.name("answer")
                    if let response = responseJSON { mask.write(response, to: &record) } else { record.null() }
                } else {
                    record.field("calls", array: { list in list.object { write(call: exchange, row.path, mask, &$0) } })
                    record.field("answer", "")
                }
            }
        }.parsed()
    }

    private func write(call exchange: RecordedExchange, _ path: String, _ mask: TraceMask, _ call: inout JSONWriter) {
        call.field("method", exchange.method)
        call.field("url", exchange.url.urlOrigin + path)
        call.field("status", exchange.status)
        call.field("milliseconds", exchange.milliseconds)
        call.name("request")
        mask.write(exchange.requestBody, to: &call)
        call.name("answer")
        mask.write(exchange.responseBody, to: &call)
    }

    /// As a trace would name the input of a turn.
    private static func input(_ request: JSON, _ mask: TraceMask) -> String {
        let type = request["userInputType"].flatMap { $0.string ?? $0.numberLiteral } ?? ""
        let said = request["userInput"].flatMap { $0.string ?? $0.numberLiteral } ?? ""
        switch type.uppercased() {
        case "0", "NO_INPUT": return "silence:1"
        case "2", "BASE64_ENCODED_G711_ULAW_WAV_FILE": return "audio:sound"
        case "3", "USER_INPUT_ARCHIVED_AS_SPECIFIED": return "archived"
        case "4", "USER_ENDED_SESSION": return "end"
        case "5", "AUTOMATED_TEXT": return "start:" + mask.text(said)
        case "6", "DTMF_AS_TEXT": return "digits:\(said.utf8.count)"
        default: return "text:" + mask.text(said)
        }
    }
}
