import Conversation
import Delivery
import HTTP
import HTTPTypes
import JSON
import Secrets
import TestSupport
import Testing
import Time

/// Signatures and replays of the webhook channel (`security.md` §3), through the handler as a caller sees it.
@Suite("Standard Webhooks") struct StandardWebhooksTests {
    private static let folder = ChannelFolder.all.first { $0.name == "Webhook" }
    private static let body = #"{"events":[{"type":"typing","thread":"t-7"}]}"#

    /// The request with `id`, a timestamp `seconds` off, and a signature by `secret` over `signed`.
    private static func request(
        _ stage: ChannelStage, id: String = "d-1", seconds: Int64 = 0, secret: String = ChannelFolder.secret, body: String = body, signed: String? = nil
    ) -> Request {
        let timestamp = String(stage.time.epochMilliseconds() / 1000 + seconds)
        let signature = sign("\(id).\(timestamp).\(signed ?? body)", secret)
        return request(stage, [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)], body)
    }

    private static func sign(_ text: String, _ secret: String) -> String {
        let key = secret.hasPrefix("whsec_") ? Base64.decode(secret.dropFirst(6).utf8) ?? [] : Array(secret.utf8)
        return "v1," + Base64.encodeText(Digest.hmac(Array(text.utf8), key: Secret(bytes: key)))
    }

    private static func request(_ stage: ChannelStage, _ fields: [(String, String)], _ body: String, type: String = "application/json") -> Request {
        var front = Front()
        front.isSecure = true
        front.arrived = stage.time.now()
        var request = Request(method: .post, target: "/webhook/jungle", fields: [.contentType: type], body: Array(body.utf8), front: front)
        for (name, value) in fields { if let name = HTTPField.Name(name) { request.fields.append(HTTPField(name: name, value: value)) } }
        return request
    }

    private static func status(_ stage: ChannelStage, _ request: Request) async -> Int { await stage.webhook.respond(to: request).status.code }

    @Test("a timestamp counts within 300 seconds, either way", arguments: [(0, 200), (299, 200), (-299, 200), (301, 401), (-301, 401)] as [(Int64, Int)])
    func tolerance(seconds: Int64, expected: Int) async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        #expect(await Self.status(stage, Self.request(stage, seconds: seconds)) == expected)
    }

    @Test("the signature covers id, timestamp and the raw octets", arguments: [
        ("changed white space", #"{ "events":[{"type":"typing","thread":"t-7"}]}"#), ("another thread", #"{"events":[{"type":"typing","thread":"t-8"}]}"#),
    ])
    func octets(what: String, body: String) async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        #expect(await Self.status(stage, Self.request(stage, body: body, signed: Self.body)) == 401, "\(what)")
    }

    @Test("both secrets are accepted while one replaces the other, base64 or plain; several signatures may come")
    func rotation() async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        #expect(await Self.status(stage, Self.request(stage, id: "a", secret: ChannelFolder.secrets[0])) == 200)
        #expect(await Self.status(stage, Self.request(stage, id: "b", secret: ChannelFolder.secrets[1])) == 200)
        #expect(await Self.status(stage, Self.request(stage, id: "c", secret: "another-secret-of-somebody")) == 401)
        let timestamp = String(stage.time.epochMilliseconds() / 1000)
        let right = Self.sign("d.\(timestamp).\(Self.body)", ChannelFolder.secret), wrong = Self.sign("x", "y")
        let fields = [("webhook-id", "d"), ("webhook-timestamp", timestamp), ("webhook-signature", "v1a,AAAA \(wrong) \(right)")]
        #expect(await Self.status(stage, Self.request(stage, fields, Self.body)) == 200)
    }

    @Test("missing, repeated or odd fields", arguments: [
        ([], 401), ([("webhook-id", "d"), ("webhook-timestamp", "1700000000")], 401),
        ([("webhook-id", "d"), ("webhook-timestamp", "1700000000"), ("webhook-signature", "")], 401),
        ([("webhook-id", "d"), ("webhook-timestamp", "+1700000000"), ("webhook-signature", "v1,AAAA")], 401),
        ([("webhook-id", "d"), ("webhook-timestamp", "99999999999999999999"), ("webhook-signature", "v1,AAAA")], 401),
        ([("webhook-id", "d"), ("webhook-id", "d"), ("webhook-timestamp", "1700000000"), ("webhook-signature", "v1,AAAA")], 400),
        ([("webhook-id", "d"), ("webhook-timestamp", "1700000000"), ("webhook-signature", "v1,AAAA"), ("webhook-signature", "v1,AAAA")], 400),
    ] as [([(String, String)], Int)])
    func fields(fields: [(String, String)], expected: Int) async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        #expect(await Self.status(stage, Self.request(stage, fields, Self.body)) == expected)
        #expect(stage.store.keys().isEmpty)
    }

    @Test("the same delivery again is answered the same without effect, for ten minutes and more; with another body it is refused")
    func replay() async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        let message = #"{"events":[{"type":"message","id":"m-1","thread":"t-7","from":{"id":"z"},"text":"hi","time":1700000000000}]}"#
        stage.sides.add(contactCentre: .response(200, type: "application/json", Array(#"{"message":{"id":"1","contactNumber":"2"}}"#.utf8)))
        let first = await stage.webhook.respond(to: Self.request(stage, body: message))
        stage.time.advance(milliseconds: 600_000)
        let again = await stage.webhook.respond(to: Self.request(stage, body: message))
        #expect(first.status == .ok && again.status == .ok && first.body == again.body)
        #expect(stage.sides.contactCentreCalls.count == 1)
        #expect(await Self.status(stage, Self.request(stage, body: Self.body)) == 422)
    }

    @Test("what was not taken may come again under its id")
    func retry() async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        let message = #"{"events":[{"type":"message","id":"m-1","thread":"t-7","from":{"id":"z"},"text":"hi","time":1700000000000}]}"#
        stage.sides.add(contactCentre: .response(503, type: nil, [], fields: [("Retry-After", "3")]))
        let first = await stage.webhook.respond(to: Self.request(stage, body: message))
        #expect(first.status == .serviceUnavailable && first.fields[.retryAfter] == "3")
        stage.time.advance(milliseconds: 60_000)
        stage.sides.add(contactCentre: .response(200, type: "application/json", Array(#"{"data":[]}"#.utf8)))
        stage.sides.add(contactCentre: .response(200, type: "application/json", Array(#"{"message":{"id":"1","contactNumber":"2"}}"#.utf8)))
        #expect(await Self.status(stage, Self.request(stage, body: message)) == 200)
    }

    @Test("a mistake is told with its place, to whoever signed", arguments: [
        (#"{"events":[{"type":"message","thread":"t","from":{"id":"z"},"text":"hi","time":1}]}"#, "events[0].id must be a text that is not empty"),
        (#"{"events":[{"type":"typing","thread":"t"},{"type":"dance"}]}"#, "events[1].type must be"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":7},"text":"hi","time":1}]}"#, "events[0].from.id must be a text"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":"z"},"text":"hi","time":"now"}]}"#, "events[0].time must be milliseconds"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":"z"},"files":[{"url":"http://x","name":"n"}],"time":1}]}"#, "events[0].files[0].url"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":"z"},"time":1}]}"#, "events[0].text or"),
        (#"{"events":[{"type":"receipt","message":"m","status":"lost","time":1}]}"#, "events[0].status must be"),
        (#"{"events":[{"type":"ending","thread":"größer"}]}"#, "events[0].thread must be a text of printable ASCII"),
        (#"{"events":[{"type":"ending","thread":"\#(String(repeating: "t", count: 513))"}]}"#, "events[0].thread must be at most 512"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":"z","image":"https://user@x/"},"text":"hi","time":1}]}"#, "from.image must be an https"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":"z"},"url":"https://x:y/","text":"hi","time":1}]}"#, "events[0].url must be"),
        (#"{"events":[{"type":"message","id":"m","thread":"t","from":{"id":"z"},"url":"https://x/ö","text":"hi","time":1}]}"#, "events[0].url must be"),
        ("{}", "events must be an array"), ("[1", "no JSON"),
    ])
    func mistakes(body: String, detail: String) async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        let response = await stage.webhook.respond(to: Self.request(stage, body: body))
        #expect(response.status == .badRequest)
        #expect(try JSON(parsing: response.body)["detail"]?.string?.contains(detail) == true, "\(String(decoding: response.body, as: UTF8.self))")
    }

    @Test("other methods, media types and paths")
    func others() async throws {
        let stage = try ChannelStage(try #require(Self.folder))
        var get = Self.request(stage)
        get.method = .get
        let refused = await stage.webhook.respond(to: get)
        #expect(refused.status == .methodNotAllowed && refused.fields[.allow] == "POST")
        var form = Self.request(stage, id: "f")
        form.fields[.contentType] = "application/x-www-form-urlencoded"
        #expect(await Self.status(stage, form) == 415)
        var deeper = Self.request(stage, id: "g")
        deeper.target += "/more"
        #expect(await Self.status(stage, deeper) == 404)
        var plain = Self.request(stage, id: "h")
        plain.front.isSecure = false
        #expect(await Self.status(stage, plain) == 403)
    }
}
