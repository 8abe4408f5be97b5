import CLinux
package import HTTP
import HTTPTypes
import Synchronization
import Time

/// What all ways of being called share: the checks before the handler, the bound on running requests, what every answer carries, and the
/// log line. One per process.
package final class Service: Sendable {
    let function: String
    let mode: StaticString
    let limits: GatewayLimits
    let handler: any Handler
    private let running = Atomic<Int>(0)

    package init(function: String, mode: StaticString, limits: GatewayLimits, handler: any Handler) {
        self.function = function
        self.mode = mode
        self.limits = limits
        self.handler = handler
    }

    /// Takes a place among the running requests; false when all are taken. `leave` gives it back.
    func enter() -> Bool {
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= limits.turns else {
            leave()
            return false
        }
        return true
    }

    func leave() { running.wrappingSubtract(1, ordering: .relaxed) }

    /// The handler's answer, or ours when the request must not reach it.
    func answer(_ request: Request) async -> Response {
        if let refusal = Service.refusal(of: request) { return Service.finished(refusal.response(requestID: request.front.requestID)) }
        return Service.finished(await handler.respond(to: request))
    }

    static func answer(_ refusal: Refusal, requestID: String) -> Response { finished(refusal.response(requestID: requestID)) }

    private static func refusal(of request: Request) -> Refusal? {
        var authorizations = 0
        for field in request.fields {
            switch field.name {
            case .contentEncoding where !field.value.isEmpty && field.value.lowercased() != "identity": return .encoded
            case .authorization:
                authorizations += 1
                if authorizations > 1 { return .repeatedCredential }
            default: break
            }
        }
        return nil
    }

    /// The same in all modes: no transport's own fields, nothing to cache or to sniff unless the handler says otherwise.
    private static func finished(_ response: Response) -> Response {
        var response = response
        if response.fields.contains(where: { isTransportOwned($0.name) }) {
            response.fields.removeAll { isTransportOwned($0.name) }
        }
        if !response.fields.contains(.cacheControl) { response.fields.append(HTTPField(name: .cacheControl, value: "no-store")) }
        if !response.fields.contains(.xContentTypeOptions) {
            response.fields.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
        }
        // A 1xx would be taken for the final answer by some servers, and none of these has a body (RFC 9110 §6.4.1).
        if response.status.code < 200 || response.status.code > 599 { response.status = .internalServerError }
        if response.status.code == 204 || response.status.code == 304 { (response.body, response.stream) = ([], nil) }
        return response
    }

    private static func isTransportOwned(_ name: HTTPField.Name) -> Bool {
        switch name.canonicalName {
        case "connection", "content-length", "date", "keep-alive", "status", "trailer", "transfer-encoding", "upgrade": true
        default: false
        }
    }

    // MARK: The log line

    /// What a request's line says beside the answer. Never a query, a field or a body.
    package struct Record {
        /// A new one until the request says otherwise.
        var requestID: String
        var method = ""
        var path: Substring = ""
        var arrived: Instant
        var received = 0

        init() {
            requestID = RequestID.make()
            arrived = .now()
        }

        init(_ request: Request) {
            requestID = request.front.requestID
            method = request.method.rawValue
            path = request.path
            arrived = request.front.arrived
            received = request.body.count
        }
    }

    /// One line for one request. `sent` counts the answer's body; `isComplete` is false when its making or its way broke off.
    func log(_ record: Record, _ response: Response, sent: Int, isComplete: Bool = true) {
        let status = response.status.code
        let level: StaticString = status >= 500 ? "error" : status >= 400 && !response.isRoutine ? "warning" : "info"
        var line = LogLine(epochMilliseconds: clinux_epoch_milliseconds(), level: level)
        line.field("function", function)
        line.field("request", record.requestID)
        line.field("method", record.method, limit: 32)
        line.field("path", response.route.map { $0[...] } ?? record.path)
        line.field("status", status)
        let elapsed = Instant.now().nanoseconds &- record.arrived.nanoseconds
        line.field("duration_ms", microseconds: Int(clamping: elapsed / 1000))
        line.field("bytes_in", record.received)
        line.field("bytes_out", sent)
        line.field("mode", mode.description)
        if !isComplete { line.field("incomplete", true) }
        for note in response.notes {
            switch note.value {
            case .text(let text): line.field(note.name, text)
            case .number(let number): line.field(note.name, number)
            case .flag(let flag): line.field(note.name, flag)
            }
        }
        line.write()
    }
}

