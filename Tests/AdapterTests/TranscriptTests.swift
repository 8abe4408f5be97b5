import CXone
import Catalog
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

/// Every `.turn` file of every adapter, through the whole exchange: CXone's request in, the provider's request out, its answer in, CXone's
/// answer out.
@Suite("Transcripts") struct TranscriptTests {
    @Test("V2, V3, V6, P4: each situation goes over both wires as written", arguments: Adapter.all.flatMap { adapter in
        adapter.transcripts.map { (adapter, $0) }
    })
    func replays(adapter: Adapter, transcript: Transcript) async throws {
        let provider = ProviderDouble([])
        let handler = try Stage.handler(adapter, transcript.settings, over: provider)
        var state: RawJSON?
        for (index, turn) in transcript.turns.enumerated() {
            for answer in turn.answers { provider.add(try ProviderDouble.Answer(section: answer)) }
            let before = provider.calls.count
            let response = await handler.respond(to: try Stage.request(turn.request, state: state))
            let calls = provider.calls[before...]
            #expect(calls.count == turn.asked.count, "turn \(index + 1): the provider was asked \(calls.count) times")
            for (call, asked) in zip(calls, turn.asked) { try Stage.compare(call, asked) }
            #expect(provider.unused == 0, "turn \(index + 1): an answer was not fetched")
            state = try Stage.compare(response, turn.answer)
        }
    }

    @Test("Every adapter shows the four intents that CXone asks for, and what happens when the provider fails (V90)", arguments: Adapter.all)
    func shows(adapter: Adapter) {
        let shown = Set(adapter.transcripts.map { $0.file.split(separator: "/").last.map(String.init) ?? "" })
        for wanted in ["welcome.turn", "fallback.turn", "silence.turn", "end.turn", "dtmf.turn", "escalation.turn"] {
            #expect(shown.contains(wanted), "\(adapter.name) has no \(wanted)")
        }
    }

    @Test("Every folder is an adapter with settings and transcripts")
    func everyAdapterIsFound() {
        #expect(Adapter.all.map(\.name) == Adapter.entries(of: Files.adapters))
        #expect(Adapter.all.count >= 4)
    }
}

/// The exchange with one adapter behind it.
enum Stage {
    static func handler(_ adapter: Adapter, _ own: String?, over provider: any HTTPTransport) throws -> ExchangeHandler {
        let settings = try adapter.read(own)
        let time = ManualTime()
        return ExchangeHandler(
            agents: settings.exchangeAgents(over: provider, time: time), sessionKeys: settings.exchange.sessionKeys, time: time,
            sleep: { _ in try? await Task.sleep(for: .seconds(60)) }, allowsPlainHTTP: true)
    }

    static func request(_ body: String, state: RawJSON?) throws -> Request {
        var body = body
        if body.contains(#""botSessionState": "…""#) {
            body = body.replacing(#""botSessionState": "…""#, with: "\"botSessionState\": " + (state?.text ?? "null"))
        }
        _ = try JSON(parsing: Array(body.utf8))
        var front = Front()
        front.peer = "127.0.0.1"
        return Request(
            method: .post, target: "/exchange", fields: [.contentType: "application/json", .authorization: Adapter.authorization],
            body: Array(body.utf8), front: front)
    }

    /// The call against an `is asked` section: method and URL, every header, the body.
    static func compare(_ call: Call, _ section: String) throws {
        var lines = section.split(separator: "\n", omittingEmptySubsequences: false)[...]
        let head = lines.popFirst() ?? ""
        #expect(Difference.matches("\(call.method.rawValue) \(call.url)", String(head)), "\(call.method.rawValue) \(call.url)")
        var expected: [String: String] = [:]
        while let line = lines.popFirst(), !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1)
            expected[parts[0].lowercased()] = String(parts.count > 1 ? parts[1] : "").trimmed
        }
        for field in call.fields {
            let wanted = expected.removeValue(forKey: field.name.canonicalName)
            #expect(wanted.map { Difference.matches(field.value, $0) } == true, "\(field.name): \(field.value)")
        }
        #expect(expected.isEmpty, "headers not sent: \(expected)")
        let text = lines.joined(separator: "\n").trimmed
        guard !text.isEmpty else {
            #expect(call.body.isEmpty)
            return
        }
        let found = Difference.between(try JSON(parsing: call.body), try JSON(parsing: Array(text.utf8)))
        #expect(found == nil, "\(found ?? "")")
    }

    /// The answer against a `CXone is answered` section; gives its session state.
    static func compare(_ response: Response, _ section: String) throws -> RawJSON? {
        let head = section.prefix { $0 != "\n" }
        #expect(String(response.status.code) == String(head).trimmed)
        let body = try JSON(parsing: response.body)
        let found = Difference.between(body, try JSON(parsing: Array(section.dropFirst(head.count).utf8)))
        #expect(found == nil, "\(found ?? "")")
        return body["botSessionState"].map { RawJSON($0) }
    }
}
