import Conversation
import HTTP
import HTTPTypes
import MatrixChannel
import TestSupport
import Testing

@Suite("Matrix: from the contact (B5)")
struct MatrixInboundTests {
    // MARK: Who asks

    @Test("only the homeserver is heard", arguments: [nil, "", "hs-token-of-the-tests-000", "as-token-of-the-tests-0001"])
    func proof(token: String?) async throws {
        let stage = try Stage()
        await #expect(throws: WebhookRefusal(.unauthenticated)) {
            try await stage.call(.put, "_matrix/app/v1/transactions/1", "{\"events\":[]}", token: token)
        }
        #expect(stage.homeserver.calls.isEmpty)
    }

    @Test("both tokens count while one replaces the other", arguments: [Stage.hsToken, Stage.hsNext])
    func rotation(token: String) async throws {
        let stage = try Stage()
        guard case .answer = try await stage.call(.post, "_matrix/app/v1/ping", "{\"transaction_id\":\"a\"}", token: token) else {
            Issue.record("not answered")
            return
        }
    }

    @Test("a token in the query, or two headers, do not count")
    func otherPlaces() async throws {
        let stage = try Stage()
        var fields = HTTPFields()
        for _ in 0..<2 { fields.append(HTTPField(name: .authorization, value: "Bearer " + Stage.hsToken)) }
        for fields in [HTTPFields(), fields] {
            let request = Request(method: .post, target: "/webhook/desk/_matrix/app/v1/ping?access_token=\(Stage.hsToken)", fields: fields)
            await #expect(throws: WebhookRefusal(.unauthenticated)) {
                try await stage.matrix.read(request, path: "_matrix/app/v1/ping", by: stage.deadline)
            }
        }
    }

    @Test("what is not served is refused", arguments: [
        ("GET", "_matrix/app/v1/transactions/1", WebhookRefusal.Code.methodNotAllowed), ("PUT", "", .notFound), ("GET", "_matrix/app/v1/rooms/%23a", .notFound),
        ("GET", "_matrix/app/v1/thirdparty/protocol/x", .notFound), ("PUT", "_matrix/app/v2/transactions/1", .notFound),
    ])
    func paths(method: String, path: String, code: WebhookRefusal.Code) async throws {
        let stage = try Stage()
        let method = try #require(HTTPRequest.Method(rawValue: method))
        await #expect(throws: WebhookRefusal(code)) { try await stage.call(method, path, "{\"events\":[]}") }
    }

    @Test("what is no transaction is refused", arguments: ["", "x", "[]", "{}", "{\"events\":[{\"a\":\"", "{\"events\":[]]}"])
    func garbage(body: String) async throws {
        let stage = try Stage()
        await #expect(throws: WebhookRefusal(.malformed)) { try await stage.call(.put, "_matrix/app/v1/transactions/1", body) }
    }

    @Test("a stranger's event that holds too much does not hold up the others")
    func poison() async throws {
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        let stage = try Stage()
        let taken = try await stage.take([
            event(#"{"msgtype":"m.text","body":"one"}"#), event(#"{"msgtype":"m.text","body":"deep","x":\#(deep)}"#, id: "$2"),
            event(#"{"msgtype":"m.text","body":"} ] \" three"}"#, id: "$3"),
        ].joined(separator: ","))
        #expect(taken.count == 2)
        guard case .message(let last)? = taken.last else { return #expect(Bool(false)) }
        #expect(last.content == .text("} ] \" three"))
    }

    // MARK: Words

    @Test("each kind of message becomes what an agent can read", arguments: [
        (#"{"msgtype":"m.text","body":"hello"}"#, InboundContent.text("hello")),
        (#"{"msgtype":"m.notice","body":"a bot says"}"#, .text("a bot says")),
        (#"{"msgtype":"m.emote","body":"waves"}"#, .described(kind: "emote", words: "* waves")),
        (#"{"msgtype":"m.location","body":"Harbour","geo_uri":"geo:53.5,9.9"}"#, .described(kind: "location", words: "Location: Harbour geo:53.5,9.9")),
        (#"{"msgtype":"m.text","body":"","format":"org.matrix.custom.html","formatted_body":"<mx-reply>old</mx-reply>a &lt; b<br>&amp; <b>c</b>"}"#,
            .text("a < b\n& c")),
        (#"{"msgtype":"x.unheard","body":"of a later release"}"#, .text("of a later release")),
        (#"{"body":"no kind at all"}"#, .text("no kind at all")),
    ])
    func kinds(content: String, expected: InboundContent) async throws {
        let message = try await Stage().message(event(content))
        #expect(message.content == expected)
        #expect(message.id == MessageID("$1") && message.thread == ThreadID("!room") && message.visibility == .direct)
        #expect(message.author.id == PersonID("@alice:hs.example") && message.occurred == 1_700_000_000_123 && !message.isOwn)
    }

    @Test("nothing is made of what says nothing", arguments: [
        "{}", #"{"msgtype":"m.text","body":""}"#, #"{"msgtype":"m.text"}"#, #"{"msgtype":"m.text","body":5}"#, "[]", "null", "7",
        #"{"msgtype":"m.key.verification.request","body":"verify"}"#, #"{"m.relates_to":{"rel_type":"m.replace"}}"#,
    ])
    func nothing(content: String) async throws {
        #expect(try await Stage().take(event(content)).isEmpty)
    }

    @Test("a file keeps its place on the homeserver, name, kind, size and caption")
    func file() async throws {
        let info = #""info":{"mimetype":"image/png","size":12}"#
        let plain = try await Stage().message(event(#"{"msgtype":"m.image","body":"a b.png","url":"mxc://hs.example/Ab_-9",\#(info)}"#))
        #expect(plain.files == [InboundFile(.platform(reference: "mxc://hs.example/Ab_-9"), name: "a b.png", mediaType: "image/png", size: 12)])
        #expect(plain.content == .none)
        let captioned = try await Stage().message(event(
            #"{"msgtype":"m.file","body":"look here","filename":"x.pdf","url":"mxc://hs.example/1"}"#))
        #expect(captioned.files.first?.name == "x.pdf" && captioned.content == .text("look here"))
        let hostile = try await Stage().message(event(#"{"msgtype":"m.file","body":"x","url":"mxc://hs.example/../../admin"}"#))
        #expect(hostile.files.isEmpty && hostile.content == .described(kind: "file", words: "A file that cannot be read here: x"))
        let sticker = try await Stage().message(event(#"{"body":"Cat","url":"mxc://hs.example/2"}"#, type: "m.sticker"))
        #expect(sticker.files.count == 1 && sticker.content == .described(kind: "sticker", words: "Sticker: Cat"))
    }

    @Test("an answer says what it answers, without repeating it")
    func reply() async throws {
        let message = try await Stage().message(event(
            #"{"msgtype":"m.text","body":"> <@_cx_service:hs.example> Which?\n> And where?\n\nThis one","m.relates_to":{"m.in_reply_to":{"event_id":"$q"}}}"#))
        #expect(message.content == .text("This one") && message.replyTo == MessageID("$q") && message.isQuote)
        let quoting = try await Stage().message(event(#"{"msgtype":"m.text","body":"> not an answer"}"#))
        #expect(quoting.content == .text("> not an answer") && quoting.replyTo == nil)
        let threaded = try await Stage().message(event(
            #"{"msgtype":"m.text","body":"x","m.relates_to":{"rel_type":"m.thread","event_id":"$root","is_falling_back":true,"m.in_reply_to":{"event_id":"$q"}}}"#))
        #expect(threaded.replyTo == MessageID("$root") && !threaded.isQuote)
    }

    @Test("a reaction is told in words")
    func reaction() async throws {
        let message = try await Stage().message(event(
            #"{"m.relates_to":{"rel_type":"m.annotation","event_id":"$q","key":"👍"}}"#, type: "m.reaction"))
        #expect(message.content == .described(kind: "reaction", words: "Reacted with 👍") && message.replyTo == MessageID("$q"))
    }

    @Test("our own accounts are marked, and our notices are nobody's message", arguments: ["@_cx_service:hs.example", "@_cx_agent-1:hs.example"])
    func own(sender: String) async throws {
        let message = try await Stage().message(event(#"{"msgtype":"m.text","body":"x"}"#, sender: sender))
        #expect(message.isOwn)
        #expect(try await Stage().take(event(#"{"msgtype":"m.notice","body":"x"}"#, sender: sender)).isEmpty)
        let foreign = try await Stage().message(event(#"{"msgtype":"m.text","body":"x"}"#, sender: "@_cx_agent-1:elsewhere.example"))
        #expect(!foreign.isOwn)
    }

    @Test("only its author's edit changes a message", arguments: ["@alice:hs.example", "@mallory:hs.example"])
    func edit(author: String) async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET /_matrix/client/v3/rooms/!room/event/$old", 200, #"{"sender":"\#(author)"}"#)
        let taken = try await stage.take(event(
            #"{"msgtype":"m.text","body":"* new","m.new_content":{"msgtype":"m.text","body":"new"},"m.relates_to":{"rel_type":"m.replace","event_id":"$old"}}"#,
            id: "$edit"))
        guard author == "@alice:hs.example" else { return #expect(taken.isEmpty) }
        guard case .edit(let message)? = taken.first else { return #expect(Bool(false)) }
        #expect(message.id == MessageID("$old") && message.content == .text("new"))
    }

    @Test("a redaction deletes, in both spellings", arguments: [(",\"redacts\":\"$gone\"", "{}"), ("", #"{"redacts":"$gone"}"#)])
    func redaction(more: String, content: String) async throws {
        let taken = try await Stage().take(event(content, type: "m.room.redaction", more: more))
        guard case .deletion(let id, let thread, .direct)? = taken.first else { return #expect(Bool(false)) }
        #expect(id == MessageID("$gone") && thread == ThreadID("!room"))
    }

    @Test("typing and receipts of the contact are told, our own are not")
    func passing() async throws {
        let taken = try await Stage().take("", ephemeral: [
            #"{"type":"m.typing","room_id":"!room","content":{"user_ids":["@alice:hs.example"]}}"#,
            #"{"type":"m.typing","room_id":"!room","content":{"user_ids":["@_cx_service:hs.example"]}}"#,
            #"{"type":"m.typing","room_id":"!room","content":{"user_ids":[]}}"#,
            #"{"type":"m.receipt","room_id":"!room","content":{"$a":{"m.read":{"@alice:hs.example":{"ts":1600000000000},"@_cx_service:hs.example":{"ts":1}}}}}"#,
            #"{"type":"m.presence","content":{}}"#,
        ].joined(separator: ","))
        #expect(taken.count == 3)
        guard case .typing(true, ThreadID("!room"), .direct) = taken[0], case .typing(false, ThreadID("!room"), .direct) = taken[1],
            case .receipt(let receipt) = taken[2]
        else { return #expect(Bool(false)) }
        #expect(receipt == Receipt(.seen, of: MessageID("$a"), in: ThreadID("!room"), occurred: 1_600_000_000_000, coversEarlier: true))
    }

    @Test("order is kept through a full transaction of a hundred events")
    func order() async throws {
        let taken = try await Stage().take((0..<100).map { event(#"{"msgtype":"m.text","body":"\#($0)"}"#, id: "$\($0)") }.joined(separator: ","))
        let texts = taken.compactMap { if case .message(let message) = $0, case .text(let text) = message.content { text } else { nil } }
        #expect(texts == (0..<100).map(String.init))
    }

    @Test("a clock that is wrong elsewhere is not believed", arguments: ["-1", "9223372036854775807", "1e300", "\"x\"", "99999999999999"])
    func clocks(time: String) async throws {
        let stage = try Stage()
        let message = try await stage.message(
            #"{"type":"m.room.message","event_id":"$1","room_id":"!room","sender":"@a:b","origin_server_ts":\#(time),"content":{"body":"x"}}"#)
        #expect(message.occurred == Int(stage.time.epochMilliseconds()))
    }
}
