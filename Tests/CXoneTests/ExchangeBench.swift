import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Synchronization
import TestSupport
import Testing
import Time

/// One agent, or several, behind the handler, and a caller that keeps the session state as a script does.
final class ExchangeBench {
    static let credential = "Basic b25l-long-enough-value"
    static let sessionKey = "the first session key of the tests"
    let time = ManualTime()
    let handler: ExchangeHandler
    /// What the caller sends next unless a turn says otherwise.
    var contact = "900000000123"
    var virtualAgentId = "orders"
    var mediaType = "Chat"
    var state: RawJSON?
    private var requestNumber = 0

    struct Offer {
        var name = "orders"
        /// Members beside the credential, as they stand in a settings file.
        var settings = ""
        var credential = ExchangeBench.credential
        var agent: any VirtualAgent
        var fallback: (any VirtualAgent)?
    }

    init(
        _ offers: [Offer], keys: [String] = [ExchangeBench.sessionKey], allowsPlainHTTP: Bool = false, declinesUnknownAgents: Bool = false,
        traceFile: String? = nil, sleep: (@Sendable (Instant) async -> Void)? = nil
    ) throws {
        let agents = try offers.map { offer in
            ExchangeAgent(
                name: offer.name, settings: try exchangeSettings(offer.settings, credential: offer.credential), agent: offer.agent,
                fallback: offer.fallback)
        }
        let time = time
        handler = ExchangeHandler(
            agents: agents, sessionKeys: keys.map { Secret($0) }, time: time, sleep: sleep ?? { @Sendable _ in },
            allowsPlainHTTP: allowsPlainHTTP, declinesUnknownAgents: declinesUnknownAgents, traceFile: traceFile)
    }

    convenience init(_ agent: any VirtualAgent, _ settings: String = "") throws {
        try self.init([Offer(settings: settings, agent: agent)])
    }

    /// One turn; checks the answer against the schema and keeps its state.
    @discardableResult
    func turn(_ type: Int, _ input: String?, extra: String = "", keepState: Bool = true) async throws -> Answered {
        requestNumber += 1
        let body = """
            {"virtualAgentId":\(quote(virtualAgentId)),"userInput":\(input.map(quote) ?? "null"),"userInputType":\(type),\
            "executionInfo":{"contactId":\(contact),"busNo":4600001,"requestId":\(requestNumber),"actionType":"TextBotExchange"},\
            "base64wavFile":null,"botSessionState":\(state?.text ?? "null"),"mediaType":\(quote(mediaType))\(extra.isEmpty ? "" : "," + extra)}
            """
        let answered = try await post(body)
        if keepState { state = answered.json["botSessionState"].map { RawJSON($0) } }
        return answered
    }

    func post(_ body: String, path: String = "/exchange") async throws -> Answered {
        let response = await handler.respond(to: request(body, path: path))
        try #require(response.status == .ok, "status \(response.status) for \(body.prefix(300))")
        let problems = AnswerSchema.problems(in: response.body)
        #expect(problems.isEmpty, "\(problems) in \(String(decoding: response.body, as: UTF8.self))")
        return Answered(json: try JSON(parsing: response.body), response: response)
    }

    func request(_ body: String, path: String = "/exchange") -> Request {
        var front = Front()
        front.arrived = time.now()
        front.requestID = "7f2c-0001-aaaa"
        front.isSecure = true
        return Request(
            method: .post, target: path,
            fields: [.contentType: "application/json; charset=utf-8", .authorization: Self.credential], body: Array(body.utf8), front: front)
    }
}

struct Answered {
    let json: JSON
    let response: Response

    var branch: String { json["branchName"]?.string ?? "" }
    var transcripts: [String] { json["nextPromptSequence"]?["prompts"]?.elements.map { $0["transcript"]?.string ?? "" } ?? [] }
    var prompts: [JSON] { json["nextPromptSequence"]?["prompts"].map { Array($0.elements) } ?? [] }
    var intent: String { json["intentInfo"]?["intent"]?.string ?? "" }
    var utterance: String { json["intentInfo"]?["lastUserUtterance"]?.string ?? "" }
    var text: String { String(decoding: response.body, as: UTF8.self) }

    func note(_ name: String) -> String? {
        response.notes.first { $0.name.description == name }.map { note in
            switch note.value {
            case .text(let text): text
            case .number(let number): "\(number)"
            case .flag(let flag): "\(flag)"
            }
        }
    }
    var warnings: [String] { note("warnings")?.split(separator: ",").map(String.init) ?? [] }
    /// All that the log would say, in one text.
    var log: String { response.notes.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}

func quote(_ text: String) -> String { RawJSON.string(text).text }

/// Settings as a file would hold them, with one `Authorization` header unless `members` brings its own `caller`.
func exchangeSettings(_ members: String, credential: String = ExchangeBench.credential) throws -> ExchangeSettings {
    let caller = members.contains("\"caller\"")
        ? "" : #""caller":{"headers":[{"name":"Authorization","values":[{"env":"CREDENTIAL"}]}]}"#
    let text = "{" + [caller, members].filter { !$0.isEmpty }.joined(separator: ",") + "}"
    let environment = ["CREDENTIAL": credential, "OTHER": "another value that is long", "THIRD": "a third value that is long"]
    return try SettingsFile.read(ExchangeSettings.self, text: Array(text.utf8), path: "test.jsonc", environment: environment).settings
}
