import Conversation
import Delivery
import EventLoop
import HTTP
import HTTPTypes
import JSON
import Settings
import Synchronization
import TestSupport
import Testing
import Time
import WebChatChannel

/// An inbox that keeps what it is given, and refuses when a test says so.
final class RecordingInbox: Inbox {
    private let state = Mutex((events: [InboundEvent](), refusal: String?.none))

    var events: [InboundEvent] { state.withLock { $0.events } }
    func refuse(_ reason: String?) { state.withLock { $0.refusal = reason } }

    func accept(_ events: [InboundEvent], from channel: Channel, by deadline: Instant) async -> Acceptance {
        state.withLock { state in
            if let reason = state.refusal { return Acceptance(.notNow(retryAfterMilliseconds: 4000, reason: reason)) }
            state.events += events
            var acceptance = Acceptance(.taken)
            acceptance.taken = events.count
            return acceptance
        }
    }

    var messages: [InboundMessage] { events.compactMap { if case .message(let message) = $0 { message } else { nil } } }
    var receipts: [Receipt] { events.compactMap { if case .receipt(let receipt) = $0 { receipt } else { nil } } }
    var endings: Int { events.count { if case .ending = $0 { true } else { false } } }
}

/// A web chat over a store in memory, with a clock that moves by hand.
struct Stage {
    let time = ManualTime()
    let store: MemoryStore
    let inbox = RecordingInbox()
    let transport: FakeTransport
    let channel: Channel
    let chat: WebChat
    let kept: FileStore
    let handler: WebChatHandler

    static let own = "https://chat.example"
    static let site = "https://shop.example"

    init(_ settings: String = "", answers: [Result<Response, TransportError>] = []) throws {
        store = MemoryStore(time: time)
        transport = FakeTransport(answers)
        let text = """
            {"sessionKeys": [{"env": "KEY"}], "origins": ["\(Stage.site)"]\(settings.isEmpty ? "" : ", " + settings)}
            """
        let settings = try SettingsFile.read(
            WebChatChannelSettings.self, text: Array(text.utf8), path: "causeway.jsonc", environment: ["KEY": "a-key-of-this-test-0123456789"]).settings
        channel = Channel(
            name: "web", tenant: "t", pointsOfContact: [PointOfContact(id: "c1", visibility: .direct)],
            capabilities: WebChat.capabilities(settings))
        let fetcher = FileFetcher(over: transport, FileAddress.Rules(hosts: ["files.example"]), limit: 1 << 20)
        let kept = FileStore(store: store, tenant: "t", life: ChatFiles.life)
        chat = WebChat(settings, channel: channel, fetcher: fetcher, kept: kept, store: store, time: time)
        self.kept = kept
        let time = time
        handler = WebChatHandler(
            places: [WebChatPlace(channel: channel, chat: chat)], inbox: inbox, publicURL: Stage.own + "/", hold: 25_000, allowsPlainHTTP: false,
            time: time, sleep: { instant in time.advance(milliseconds: max(1, instant.milliseconds(since: time.now()))) })
    }

    var soon: Instant { time.now().advanced(byMilliseconds: 10_000) }

    /// One request as a web server hands it over.
    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, octets: [UInt8]? = nil, token: String? = nil,
        origin: String? = Stage.own, type: String? = "application/json", fields more: HTTPFields = [:]
    ) async -> Response {
        var fields = more
        fields[.origin] = method == .get ? nil : origin
        if let token { fields[.authorization] = "Bearer " + token }
        if body != nil || octets != nil { fields[.contentType] = type }
        var request = Request(method: method, target: path, fields: fields, body: octets ?? body.map { Array($0.utf8) } ?? [])
        request.front.prefix = "/chat"
        request.front.isSecure = true
        request.front.peer = "192.0.2.7"
        request.front.arrived = time.now()
        return await handler.respond(to: request)
    }

    /// Begins a conversation; its token.
    func begin(origin: String = Stage.own) async throws -> String {
        let answer = await ask(.post, "/chat/web/sessions", "{}", origin: origin)
        return try #require(answer.json["token"]?.string)
    }

    func thread(_ token: String) throws -> ThreadID {
        let claims = try #require(token.split(separator: ".").first.flatMap { decode(String($0)) })
        return ThreadID(try #require(try JSON(parsing: claims)["t"]?.string))
    }

    func part(_ text: String, key: String = "k1", in thread: ThreadID, files: [OutboundFile] = []) -> OutboundPart {
        OutboundPart(body: .text(text), files: files, key: key, visibility: .direct, thread: thread, deadline: soon)
    }
}

extension Response {
    /// The body, or `null` when it is not JSON.
    var json: JSON { (try? JSON(parsing: body)) ?? (try! JSON(parsing: Array("null".utf8))) }
    /// The last part of a problem's type.
    var problem: String? { json["type"]?.string?.split(separator: ":").last.map(String.init) }
}
