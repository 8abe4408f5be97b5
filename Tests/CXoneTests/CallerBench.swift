import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import Synchronization
import TestSupport
import Time

/// Somebody else's authorization server: publishes keys, answers questions about tokens, can be down, and counts what it is asked.
final class FakeIssuer: HTTPTransport {
    private struct State {
        var keys = ""
        var answers: [String: String] = [:]
        var status: Int? = 200
        var calls: [Call] = []
    }

    private let state = Mutex(State())

    init(keys: String = "", answers: [String: String] = [:]) { state.withLock { ($0.keys, $0.answers) = (keys, answers) } }

    var calls: [Call] { state.withLock { $0.calls } }
    func publish(_ keys: String) { state.withLock { $0.keys = keys } }
    /// `nil`: cannot be reached.
    func setStatus(_ status: Int?) { state.withLock { $0.status = status } }
    func set(_ answer: String, for token: String) { state.withLock { $0.answers[token] = answer } }

    func send(_ call: Call) async throws(TransportError) -> Response {
        let (status, body): (Int?, String) = state.withLock { state in
            state.calls.append(call)
            guard call.method == .post else { return (state.status, state.keys) }
            let form = String(decoding: call.body, as: UTF8.self)
            let token = form.split(separator: "&").first { $0.hasPrefix("token=") }.map { String($0.dropFirst(6)) } ?? ""
            return (state.status, state.answers[token] ?? #"{"active":false}"#)
        }
        guard let status else { throw TransportError(.notConnected, mayHaveArrived: false) }
        return Response(status: .init(code: status), body: Array(body.utf8))
    }
}

/// What a caller shows.
struct Shown: Sendable {
    var fields: [(String, String)] = []
    var certificate: String?
    var state: String?
    var payload: String?
    var query = ""
    var peer: String? = "192.0.2.10"
}

/// One agent behind the handler, with any caller's settings.
final class CallerBench: Sendable {
    static let now: Int64 = 1_795_000_000_000
    let time = ManualTime()
    let agent = FakeAgent { _ in Reply(parts: [.text(plain: "ok")]) }
    let handler: ExchangeHandler

    /// - Parameters:
    ///   - caller: The object under `caller`.
    ///   - epoch: The wall clock, in milliseconds since 1970; that of the machine for certificates, which are made today.
    init(
        _ caller: String, version: String = "3.0.0", members: String = "", issuer: (any HTTPTransport)? = nil, store: (any KeyValueStore)? = nil,
        epoch: Int64 = CallerBench.now, traceFile: String? = nil, isShortLived: Bool = false
    ) throws {
        time.advance(milliseconds: Int(epoch - time.epochMilliseconds()))
        let settings = try Self.settings(caller, version: version, members: members)
        let time = time
        handler = ExchangeHandler(
            agents: [ExchangeAgent(name: "orders", settings: settings, agent: agent)], sessionKeys: [Secret(ExchangeBench.sessionKey)], time: time,
            sleep: { _ in await Task.yield() }, traceFile: traceFile, services: issuer.map { CallerServices(transport: $0, store: store) },
            isShortLived: isShortLived)
    }

    static func settings(_ caller: String, version: String = "3.0.0", members: String = "") throws -> ExchangeSettings {
        try read(caller, version: version, members: members).settings
    }

    static func read(
        _ caller: String, version: String = "3.0.0", members: String = ""
    ) throws -> (settings: ExchangeSettings, warnings: [SettingsError.Problem]) {
        let text = #"{"integrationVersion":"\#(version)","caller":\#(caller)\#(members.isEmpty ? "" : "," + members)}"#
        let environment = ["ONE": Self.one, "TWO": Self.two, "THREE": Self.three]
        return try SettingsFile.read(ExchangeSettings.self, text: Array(text.utf8), path: "/test.jsonc", environment: environment)
    }

    static let one = "Basic Zmlyc3QtbG9uZy12YWx1ZQ"
    static let two = "The second of the long Values"
    static let three = "third-of-the-long-values"

    func post(_ shown: Shown, body: String? = nil) async -> Response {
        var front = Front()
        front.arrived = time.now()
        front.requestID = "7f2c-0001-aaaa"
        front.isSecure = true
        front.peer = shown.peer
        front.clientCertificate = shown.certificate
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in shown.fields { if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) } }
        let body = body ?? """
            {"virtualAgentId":"orders","userInput":"hello","userInputType":1,"executionInfo":{"contactId":1,"busNo":4600001},\
            "botSessionState":\(shown.state ?? "null"),"customPayload":\(shown.payload ?? "null")}
            """
        return await handler.respond(to: Request(method: .post, target: "/exchange" + shown.query, fields: fields, body: Array(body.utf8), front: front))
    }

    func status(_ shown: Shown) async -> Int { await post(shown).status.code }
}

extension Response {
    var caller: String? {
        notes.first { $0.name.description == "caller" }.flatMap { note in if case .text(let text) = note.value { text } else { nil } }
    }
}
