import Conversation
import HTTP
import HTTPTypes
import JSON
import MatrixChannel
import Settings
import Synchronization
import TestSupport
import Testing
import Time

/// A homeserver that answers by method and path, yes to everything that no test has written an answer for.
final class FakeHomeserver: HTTPTransport {
    private let state = Mutex(State())

    private struct State {
        var answers: [(call: String, answer: Result<Response, TransportError>)] = []
        var calls: [Call] = []
    }

    /// The answer to the next call that begins with `call`, such as `PUT /_matrix/client/v3/devices/`; used once.
    func answer(_ call: String, _ status: Int, _ body: String) {
        state.withLock { $0.answers.append((call, .success(.json(HTTPResponse.Status(code: status), Array(body.utf8))))) }
    }

    func fail(_ call: String, _ error: TransportError) { state.withLock { $0.answers.append((call, .failure(error))) } }

    /// Method, path and query of every call, decoded.
    var calls: [String] { state.withLock { $0.calls.map(Self.name) } }
    var bodies: [String] { state.withLock { $0.calls.map { String(decoding: $0.body, as: UTF8.self) } } }
    var sent: [Call] { state.withLock { $0.calls } }
    /// What no call asked for; must be empty in the end.
    var unused: [String] { state.withLock { $0.answers.map(\.call) } }

    func send(_ call: Call) async throws(TransportError) -> Response {
        var call = call
        while let octets = await call.upload?.pipe.read() { call.body += octets }
        let arrived = call
        return try respond(to: arrived)
    }

    private func respond(to call: Call) throws(TransportError) -> Response {
        let answer: Result<Response, TransportError>? = state.withLock { state in
            state.calls.append(call)
            guard let index = state.answers.firstIndex(where: { Self.name(call).hasPrefix($0.call) }) else { return nil }
            return state.answers.remove(at: index).answer
        }
        return try answer?.get() ?? .json(.ok, Array(#"{"event_id":"$sent","displayname":"Customer service"}"#.utf8))
    }

    private static func name(_ call: Call) -> String {
        let path = call.url.hasPrefix("https://hs.example") ? call.url.dropFirst("https://hs.example".count) : call.url[...]
        return call.method.rawValue + " " + (PathSegment.decoded(path) ?? String(path))
    }
}

/// The adapter between a fake homeserver and a store in memory.
struct Stage {
    let homeserver = FakeHomeserver()
    let store = MemoryStore()
    let time = ManualTime()
    let matrix: Matrix

    static let asToken = "as-token-of-the-tests-0001"
    static let hsToken = "hs-token-of-the-tests-0001"
    static let hsNext = "hs-token-of-the-tests-0002"

    init(_ more: String = "") throws {
        let text = """
            {"homeserver": "https://hs.example", "serverName": "hs.example", "asToken": {"env": "AS"}, "hsTokens": [{"env": "HS"}, {"env": "HS2"}]\(more)}
            """
        let settings = try SettingsFile.read(
            MatrixChannelSettings.self, text: Array(text.utf8), path: "causeway.jsonc",
            environment: ["AS": Self.asToken, "HS": Self.hsToken, "HS2": Self.hsNext]).settings
        let fetcher = FileFetcher(over: homeserver, FileAddress.Rules(hosts: ["files.cxone.example"]), limit: 1 << 20)
        matrix = Matrix(settings, channel: "desk", tenant: "acme", over: homeserver, store: store, fetcher: fetcher, time: time)
    }

    var deadline: Instant { time.now().advanced(byMilliseconds: 4000) }

    func call(_ method: HTTPRequest.Method, _ path: String, _ body: String = "", token: String? = hsToken) async throws(WebhookRefusal) -> Webhook {
        var fields = HTTPFields()
        if let token { fields[.authorization] = "Bearer " + token }
        return try await matrix.read(
            Request(method: method, target: "/webhook/desk/" + path, fields: fields, body: Array(body.utf8)), path: path[...], by: deadline)
    }

    /// The events that come of a transaction.
    func take(_ events: String, ephemeral: String = "") async throws(WebhookRefusal) -> [InboundEvent] {
        let body = "{\"ephemeral\":[\(ephemeral)],\"events\":[\(events)]}"
        switch try await call(.put, "_matrix/app/v1/transactions/1", body) {
        case .events(let taken):
            #expect(taken.answer.status == .ok && taken.answer.body == Array("{}".utf8))
            return taken.0
        case .answer(let answer, _):
            #expect(answer.status == .ok)
            return []
        }
    }

    func message(_ events: String) async throws -> InboundMessage {
        let taken = try await take(events)
        guard case .message(let message)? = taken.first, taken.count == 1 else { throw Missing() }
        return message
    }

    struct Missing: Error {}
}

/// One event as Synapse delivers it.
func event(
    _ content: String, type: String = "m.room.message", id: String = "$1", sender: String = "@alice:hs.example", more: String = ""
) -> String {
    #"{"type":"\#(type)","event_id":"\#(id)","room_id":"!room","sender":"\#(sender)","origin_server_ts":1700000000123,"content":\#(content)\#(more)}"#
}
