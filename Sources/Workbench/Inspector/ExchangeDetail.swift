import CXone
import Conversation
import JSON
import Simulator

/// One exchange as the page shows it: who asked the middleware, whom the middleware asked, and what went from one to the other.
struct ExchangeDetail {
    private let entry: InspectorEntry
    /// Which of the middleware's calls stands on the far side.
    private let call: Int?
    private let mask: TraceMask
    private let kind: BodyKind

    /// - Parameter chosen: The place of a call; the last one that got an answer when `nil`.
    init(_ entry: InspectorEntry, call chosen: Int? = nil) {
        self.entry = entry
        let calls = entry.trace?.calls ?? []
        if case .call(let own) = entry.call {
            call = own
        } else if let chosen, calls.indices.contains(chosen) {
            call = chosen
        } else {
            call = calls.indices.last { calls[$0].status != nil } ?? calls.indices.last
        }
        mask = TraceMask(for: entry.exchange.flatMap { try? JSON(parsing: $0.requestBody) })
        kind = BodyKind(entry.row)
    }

    var shownCall: Int? { call }

    /// A body and what is said of it.
    struct Pane {
        var title: String
        /// `POST /exchange`, `200, 41 ms`.
        var line = ""
        var fields: [(name: String, value: String)] = []
        /// Masked.
        var json: JSON?
        /// What is no JSON.
        var text: String?
        /// Why there is nothing.
        var note: String?
        var marks: [Mark] = []
    }

    struct Mark {
        let path: String
        /// `fault`, `nearMiss`.
        let kind: String
        let message: String
    }

    // MARK: The four

    private var isToCXone: Bool { entry.row.direction == .toCXone }
    private var near: String { isToCXone || entry.row.direction == .fromPlatform ? "The platform" : "CXone" }
    private var far: String {
        if isToCXone || call.map({ isCXone(entry.trace?.calls[$0].url ?? "") }) == true { return "CXone" }
        return entry.row.half == .virtualAgentHub ? "The virtual agent" : "The platform"
    }

    private func isCXone(_ url: String) -> Bool { url.contains("/dfo/3.0/") || url.contains("/.well-known/") || url.hasSuffix("/auth/token") }

    /// In the order of time: near request, far request, far response, near response.
    var panes: [Pane] {
        var panes = [nearRequest, farRequest, farResponse, nearResponse]
        let violations = (entry.exchange?.violations ?? []).map(Self.mark)
        // CXone complains of what the middleware sent: its request to CXone, or its answer to CXone.
        let blamed = isToCXone ? 1 : 3
        panes[blamed].marks += violations
        // The exchange's own request and answer; the others are told of by their own rows.
        let own = isToCXone ? (request: 1, response: 2) : (request: 0, response: 3)
        for (index, side) in [(own.request, BodyKind.Side.request), (own.response, .response)] {
            guard kind.judges(side, entry.row.direction), let json = panes[index].json else { continue }
            panes[index].marks += NearMiss.found(in: json, kind).map {
                Mark(path: $0.path, kind: "nearMiss", message: "\($0.name): did you mean \($0.meant)?")
            }
        }
        return panes
    }

    private var nearRequest: Pane {
        var pane = Pane(title: "\(near) asks")
        if isToCXone {
            guard let trace = entry.trace else {
                return pane.saying("What made the middleware ask is in no trace: `trace.file` of its settings names one.")
            }
            pane.line = [trace.json["method"]?.string, trace.json["path"]?.string].compactMap(\.self).joined(separator: " ")
            if trace.isAskedByCXone { pane.title = "CXone asks" }
            return pane.showing(trace.json["request"])
        }
        pane.line = "\(entry.row.method) \(entry.row.path)"
        guard let exchange = entry.exchange else { return pane.showing(entry.trace?.json["request"]) }
        pane.fields = shown(exchange.requestFields)
        return pane.showing(exchange.requestBody, mask)
    }

    private var nearResponse: Pane {
        var pane = Pane(title: "\(near) is answered")
        if isToCXone {
            guard let trace = entry.trace else { return pane.saying("It is in no trace.") }
            pane.line = "\(trace.json["status"]?.numberLiteral ?? "200"), \(trace.milliseconds) ms"
            if trace.isAskedByCXone { pane.title = "CXone is answered" }
            return pane.showing(trace.json["answer"])
        }
        let status = entry.row.status.map(String.init) ?? "no answer"
        pane.line = "\(status), \(entry.row.milliseconds) ms"
        guard let exchange = entry.exchange else { return pane.showing(entry.trace?.json["answer"]) }
        guard exchange.status != nil else { return pane.saying("No answer came: \(mask.text(exchange.outcome)).") }
        pane.fields = shown(exchange.responseFields)
        return pane.showing(exchange.responseBody, mask)
    }

    private var farRequest: Pane {
        var pane = Pane(title: "\(far) is asked")
        if isToCXone, let exchange = entry.exchange {
            pane.line = "\(exchange.method) \(entry.row.path)"
            pane.fields = shown(exchange.requestFields)
            return pane.showing(exchange.requestBody, mask)
        }
        guard let trace = entry.trace else {
            return pane.saying(
                entry.row.half == .virtualAgentHub
                    ? "It is in no trace: `exchange.trace.file` of the function's settings names one."
                    : "It is in no trace: `trace.file` of the settings names one.")
        }
        guard let call, let record = trace.call(call) else {
            guard trace.isTurn else { return pane.saying("Nobody was asked.") }
            pane.title = "The agent inside the function is told"
            pane.line = "no call"
            return pane.showing(trace.json["turn"])
        }
        pane.line = "\(record["method"]?.string ?? "") \(record["url"]?.string ?? "")"
        return pane.showing(record["request"])
    }

    private var farResponse: Pane {
        var pane = Pane(title: "\(far) answers")
        if isToCXone, let exchange = entry.exchange {
            guard let status = exchange.status else { return pane.saying("No answer was sent: \(mask.text(exchange.outcome)).") }
            pane.line = "\(status), \(exchange.milliseconds) ms"
            pane.fields = shown(exchange.responseFields)
            return pane.showing(exchange.responseBody, mask)
        }
        guard let trace = entry.trace else { return pane.saying("It is in no trace.") }
        guard let call, let record = trace.call(call) else { return pane.saying(trace.isTurn ? "It answers within the function." : "Nobody was asked.") }
        let milliseconds = record["milliseconds"]?.numberLiteral.map { ", \($0) ms" } ?? ""
        guard let status = record["status"]?.numberLiteral else {
            return pane.saying("No answer came: \(record["problem"]?.string ?? "unknown")\(milliseconds).")
        }
        pane.line = status + milliseconds
        return pane.showing(record["answer"])
    }

    private func shown(_ fields: [(name: String, value: String)]) -> [(name: String, value: String)] {
        let secrets = ["authorization", "cookie", "set-cookie", "proxy-authorization"]
        return fields.map { field in
            let isSecret = secrets.contains(field.name.lowercased()) || TraceMask.hides(field.name)
            return (field.name, isSecret ? TraceMask.standIn : mask.text(field.value))
        }
    }

    /// `nextPromptSequence.prompts[0].transcript: This value …`; what names no place belongs to the whole.
    private static func mark(_ violation: String) -> Mark {
        guard let colon = violation.firstRange(of: ": "), !violation[..<colon.lowerBound].contains(" ") else {
            return Mark(path: "", kind: "fault", message: violation)
        }
        return Mark(path: String(violation[..<colon.lowerBound]), kind: "fault", message: String(violation[colon.upperBound...]))
    }
}

extension TraceRecord {
    func call(_ place: Int) -> JSON? { json["calls"]?.elements.enumerated().first { $0.offset == place }?.element }
}

extension ExchangeDetail.Pane {
    fileprivate func saying(_ note: String) -> Self {
        var pane = self
        pane.note = note
        return pane
    }

    /// A body out of a trace, masked already. What was no JSON is its length there.
    fileprivate func showing(_ json: JSON?) -> Self {
        guard let json else { return saying("Nothing was kept.") }
        if let text = json.string, text.hasSuffix(" octets") { return saying(text == "0 octets" ? "No body." : "\(text) that are no JSON.") }
        var pane = self
        pane.json = json
        return pane
    }

    /// A body as it was.
    fileprivate func showing(_ body: [UInt8], _ mask: TraceMask) -> Self {
        guard !body.isEmpty else { return saying("No body.") }
        var pane = self
        do {
            let json = try JSON(parsing: body)
            pane.json = RawJSON { mask.write(json, to: &$0) }.parsed()
        } catch {
            pane.text = MaskedText.text(body)
            let first = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return pane }
            pane.marks = [.init(path: "\(error.position.line):\(error.position.column)", kind: "syntax", message: "\(error)")]
        }
        return pane
    }
}
