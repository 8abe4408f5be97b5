import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import TestSupport
import Testing
import Time

/// The functions of Bring Your Own Channel with one outbox, one store and one clock: two clients, of which each has a channel of its own.
struct CallbackBench {
    static let secret = "a client secret that is long"
    static let newSecret = "the next client secret, long too"

    let time = ManualTime()
    let store: MemoryStore
    let outbox: FakeOutbox
    let abilities: FakeAbilities
    let settings: BringYourOwnChannelSettings
    let handler: CallbackHandler
    let tokens: TokenHandler

    /// - Parameter members: More of `byoc`, such as `"callbacks":[…]`.
    init(
        outbox: FakeOutbox = FakeOutbox(), abilities: FakeAbilities = FakeAbilities(), members: String = "", opens: Bool = true, posts: Bool = true,
        serving: Set<CallbackHandler.Call> = [.outbound, .unknown], sleep: @escaping @Sendable (Instant) async -> Void = { _ in await Self.never() }
    ) throws {
        store = MemoryStore(time: time)
        self.outbox = outbox
        self.abilities = abilities
        let text = """
            {"clients": {"cxone": {"secrets": [{"env": "NEW"}, {"env": "OLD"}], "channels": ["herd", "quiet"]},
                         "rival": {"secrets": [{"env": "RIVAL"}], "channels": ["den"]}},
             "tokenKeys": [{"env": "KEY"}, {"env": "OLDKEY"}]\(members.isEmpty ? "" : "," + members)}
            """
        let environment = [
            "NEW": Self.newSecret, "OLD": Self.secret, "RIVAL": "the secret of the other client", "KEY": "a token key that is long enough",
            "OLDKEY": "the token key of last month",
        ]
        settings = try SettingsFile.read(
            BringYourOwnChannelSettings.self, text: Array(text.utf8), path: "test.jsonc", environment: environment).settings
        var herd = Self.channel("herd", [("wh/7+a:b%", .direct)] + (posts ? [("wh-posts", .post)] : []))
        herd.typing = abilities
        if opens { herd.opening = abilities }
        let quiet = Self.channel("quiet", [("quiet-1", .direct)], sends: false)
        let den = Self.channel("den", [("den-1", .direct)])
        handler = CallbackHandler(
            settings, serving: serving, channels: [herd, quiet, den], outbox: outbox, store: store, time: time, sleep: sleep)
        tokens = TokenHandler(settings, time: time)
    }

    private static func channel(_ name: String, _ places: [(String, Visibility)], sends: Bool = true) -> Channel {
        var capabilities = ChannelCapabilities()
        capabilities.sends = sends
        return Channel(
            name: name, tenant: "jungle", pointsOfContact: places.map { PointOfContact(id: $0.0, visibility: $0.1) }, capabilities: capabilities)
    }

    /// Sleeps until its task is cancelled.
    static func never() async { _ = try? await Task.sleep(for: .seconds(3600)) }

    func token(_ client: String = "cxone", life: Int = 3600) -> String {
        AccessTokens(keys: settings.tokenKeys, life: life).token(for: client, now: time.epochMilliseconds()) ?? ""
    }

    static let path = "/byoc/2.0/channel/wh%2F7%2Ba%3Ab%25/outbound"

    func request(_ body: String, path: String = Self.path, method: HTTPRequest.Method = .post, authorization: String?? = .some(nil)) -> Request {
        var request = Request(method: method, target: path, fields: [.contentType: "application/json"], body: Array(body.utf8))
        switch authorization {
        case .none: break
        case .some(.none): request.fields[.authorization] = "Bearer " + token()
        case .some(.some(let value)): request.fields[.authorization] = value
        }
        return request
    }

    func send(_ body: String, path: String = Self.path, method: HTTPRequest.Method = .post) async -> Response {
        await handler.respond(to: request(body, path: path, method: method))
    }

    /// Whether anything at all happened outside.
    var effects: Int { outbox.delivered.count + abilities.typing.count + abilities.checked.count + store.performed.count }
}

extension Response {
    var json: JSON? { try? JSON(parsing: body) }
}

/// A message as `byoc.md` §3.2 prints it.
let outboundBody = """
    {"brand": {"id": 9001}, "thread": {"idOnExternalPlatform": "wh-thread-7", "threadName": "Lost umbrella"},
     "messageContent": {"type": "TEXT", "payload": {"text": "We found it."}, "fallbackText": "We found it."},
     "endUserRecipients": [{"idOnExternalPlatform": "zebra-12", "name": "Zoe", "isPrimary": true, "isPrivate": true}],
     "replyToMessage": {"idOnExternalPlatform": "wh-msg-31"}, "isReplyToSpecificMessage": false,
     "attachments": [{"friendlyName": "photo.jpg", "url": "https://files.example/tmp/ab12?sig=1"}]}
    """
