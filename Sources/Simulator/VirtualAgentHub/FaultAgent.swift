import EventLoop
package import HTTP
import HTTPTypes
import JSON
import Synchronization
package import Time

/// A bot behind the middleware's `webhook` adapter that answers sensibly until it is told to misbehave. The desk's sample calls it `faulty`.
package final class FaultAgent: Handler {
    package struct Order: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// Milliseconds.
            case slow(Int)
            /// The answer comes piece by piece, this long in all.
            case dribble(Int)
            /// The connection ends, and nothing has been answered.
            case drop
            /// The same after the bot has done its work.
            case reset
            case status(Int, retryAfter: Int?)
            /// A proxy's page with this status in place of JSON.
            case html(Int)
        }

        package let kind: Kind
        /// `nil` until it is taken away.
        package var count: Int?

        package init(_ kind: Kind, count: Int? = 1) { (self.kind, self.count) = (kind, count) }
    }

    private let orders = Mutex<[Order]>([])
    private let answered = Atomic<Int>(0)
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void

    package init(time: any TimeSource = SystemTime(), sleep: @escaping @Sendable (Instant) async -> Void = EventLoop.sleep) {
        (self.time, self.sleep) = (time, sleep)
    }

    package var toCome: [Order] { orders.withLock { $0 } }
    package func order(_ order: Order) { orders.withLock { $0.append(order) } }
    package func behave() { orders.withLock { $0 = [] } }
    /// Turns that it has answered, or done and not told.
    package var turns: Int { answered.load(ordering: .relaxed) }

    package func respond(to request: Request) async -> Response {
        guard request.method == .post else { return Response(status: .methodNotAllowed, fields: [.allow: "POST"]) }
        let order: Order.Kind? = orders.withLock { orders in
            guard let first = orders.first else { return nil }
            if let count = first.count {
                if count <= 1 { orders.removeFirst() } else { orders[0].count = count - 1 }
            }
            return first.kind
        }
        switch order {
        case .drop: return Response(status: DigitalExperience.hangUp)
        case .status(let status, let retryAfter):
            var response = Response.json(HTTPResponse.Status(code: status), Array(#"{"error":"by order"}"#.utf8))
            if let retryAfter { response.fields[.retryAfter] = String(retryAfter) }
            return response
        case .html(let status):
            let page = "<html><head><title>\(status)</title></head><body><h1>\(status)</h1><hr>proxy</body></html>\n"
            return Response(status: HTTPResponse.Status(code: status), fields: [.contentType: "text/html"], body: Array(page.utf8))
        case .slow(let milliseconds): await sleep(time.now().advanced(byMilliseconds: milliseconds))
        case .reset, .dribble, nil: break
        }
        answered.add(1, ordering: .relaxed)
        let response = Response.json(.ok, FaultAgent.reply(to: request.body))
        switch order {
        case .reset: return Response(status: DigitalExperience.hangUp)
        case .dribble(let milliseconds): return dribbling(response, milliseconds)
        default: return response
        }
    }

    /// The contract of the adapter: `Sources/VirtualAgents/Webhook/openapi.json`.
    private static func reply(to body: [UInt8]) -> [UInt8] {
        let input = (try? JSON(parsing: body))?["input"]
        let digits = input?["dtmf"]?["digits"]?.string
        let text = input?["text"]?.string
        let (intent, words, signal): (String, String, String?) = if input?["start"] != nil {
            ("Welcome", "Hello. I answer everything, until you order a fault.", nil)
        } else if let digits {
            ("Keys", "You keyed \(digits).", nil)
        } else if input?["silence"] != nil {
            ("Silence", "Are you still there?", "noInput")
        } else if input?["end"] != nil {
            ("End", "", "end")
        } else if let text, text.lowercased().contains("person") {
            ("Escalation", "I will connect you with a colleague.", "handover")
        } else if let text, text.lowercased().contains("bye") {
            ("Goodbye", "Goodbye.", "end")
        } else if let text {
            ("Echo", "You said: \(text)", nil)
        } else {
            ("Fallback", "I did not get that.", "noMatch")
        }
        return Array(RawJSON { $0.object { reply in
            reply.field("replies", array: { list in if !words.isEmpty { list.object { $0.field("text", words) } } })
            reply.field("understanding", object: { $0.field("intent", object: { $0.field("name", intent) }) })
            reply.field("signal", signal)
        } }.bytes)
    }
}

extension FaultAgent {
    private func dribbling(_ whole: Response, _ milliseconds: Int) -> Response {
        var response = whole
        let (body, time, sleep) = (whole.body, time, sleep)
        response.body = []
        response.stream = ResponseStream(length: body.count) { sink in
            let piece = max(1, body.count / 10)
            for start in stride(from: 0, to: body.count, by: piece) {
                guard await sink.write(Array(body[start..<min(body.count, start + piece)])) else { return false }
                await sleep(time.now().advanced(byMilliseconds: milliseconds / 10))
            }
            return true
        }
        return response
    }
}

extension FaultAgent.Order {
    static let shape: Shape = .object([
        .required("kind", .choice(["slow", "dribble", "drop", "reset", "status", "html"])), .optional("milliseconds", .integer),
        .optional("status", .integer), .optional("retryAfter", .integer), .nullable("count", .integer),
    ])

    init(_ json: JSON) {
        let milliseconds = min(max(0, json["milliseconds"]?.integer ?? 6000), 120_000)
        func status(_ usual: Int) -> Int { json["status"]?.integer.flatMap { (200...599).contains($0) ? $0 : nil } ?? usual }
        let kind: Kind = switch json["kind"]?.string {
        case "slow": .slow(milliseconds)
        case "dribble": .dribble(milliseconds)
        case "reset": .reset
        case "status": .status(status(429), retryAfter: json["retryAfter"]?.integer ?? (json["status"] == nil ? 30 : nil))
        case "html": .html(status(502))
        default: .drop
        }
        let count = json["count"]
        self.init(kind, count: count?.isNull == true ? nil : count?.integer ?? 1)
    }

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            switch kind {
            case .slow(let milliseconds):
                object.field("kind", "slow")
                object.field("milliseconds", milliseconds)
            case .dribble(let milliseconds):
                object.field("kind", "dribble")
                object.field("milliseconds", milliseconds)
            case .drop: object.field("kind", "drop")
            case .reset: object.field("kind", "reset")
            case .status(let status, let retryAfter):
                object.field("kind", "status")
                object.field("status", status)
                object.field("retryAfter", retryAfter)
            case .html(let status):
                object.field("kind", "html")
                object.field("status", status)
            }
            object.field("count", count.map(RawJSON.number) ?? .null)
        }
    }
}
