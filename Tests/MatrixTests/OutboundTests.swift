import Conversation
import HTTP
import HTTPTypes
import MatrixChannel
import TestSupport
import Testing

@Suite("Matrix: to the contact (B4)")
struct MatrixOutboundTests {
    private func part(
        _ stage: Stage, _ body: OutboundPart.Body = .text("hello"), replyTo: String? = nil, author: String? = nil, key: String = "k1"
    ) -> OutboundPart {
        OutboundPart(
            body: body, key: key, visibility: .direct, thread: ThreadID("!room"), replyTo: replyTo.map(MessageID.init), isQuote: replyTo != nil,
            author: author, deadline: stage.deadline)
    }

    private let send = "PUT /_matrix/client/v3/rooms/!room/send/m.room.message/k1?user_id=@_cx_service:hs.example&device_id=CAUSEWAY"

    @Test("a text goes in one call, under the part's key and with our token only to the homeserver")
    func text() async throws {
        let stage = try Stage()
        let sent = try await stage.matrix.send(part(stage, .text("a <b> & \"c\" 👋\nd")))
        #expect(sent.id == MessageID("$sent"))
        #expect(stage.homeserver.calls == [send])
        #expect(stage.homeserver.bodies == [#"{"msgtype":"m.text","body":"a <b> & \"c\" 👋\nd","m.mentions":{}}"#])
        #expect(stage.homeserver.sent.first?.fields[.authorization] == "Bearer " + Stage.asToken)
    }

    @Test("markup is escaped where there is any")
    func markup() async throws {
        let stage = try Stage()
        _ = try await stage.matrix.send(part(stage, .link(.init(title: "<i>", url: "https://x.example/?a=\"&b"))))
        _ = try await stage.matrix.send(part(stage, .text("a<b"), author: "Eve <script>"))
        #expect(stage.homeserver.bodies[0].contains(#""formatted_body":"<a href=\"https://x.example/?a=&quot;&amp;b\">&lt;i&gt;</a>""#))
        #expect(stage.homeserver.bodies[1].contains(#""body":"Eve <script>: a<b""#))
        #expect(stage.homeserver.bodies[1].contains(#""formatted_body":"<strong>Eve &lt;script&gt;</strong>: a&lt;b""#))
    }

    @Test("what the agent quoted is named")
    func reply() async throws {
        let stage = try Stage()
        _ = try await stage.matrix.send(part(stage, replyTo: "$q"))
        #expect(stage.homeserver.bodies == [#"{"msgtype":"m.text","body":"hello","m.mentions":{},"m.relates_to":{"m.in_reply_to":{"event_id":"$q"}}}"#])
    }

    @Test("a missing device is made, once, and the message sent under the same key")
    func device() async throws {
        let stage = try Stage()
        stage.homeserver.answer("PUT /_matrix/client/v3/rooms/!room/send", 400, #"{"errcode":"M_UNKNOWN_DEVICE"}"#)
        _ = try await stage.matrix.send(part(stage))
        #expect(stage.homeserver.calls == [send, "PUT /_matrix/client/v3/devices/CAUSEWAY?user_id=@_cx_service:hs.example", send])
    }

    @Test("an agent's account is made, invited and joined where it is missing")
    func agents() async throws {
        let stage = try Stage(#", "agentAccounts": true"#)
        stage.homeserver.answer("PUT /_matrix/client/v3/rooms/!room/send", 403, #"{"errcode":"M_FORBIDDEN"}"#)
        _ = try await stage.matrix.send(part(stage, author: "Eve"))
        let calls = stage.homeserver.calls
        #expect(calls.count == 6)
        #expect(calls[1] == "POST /_matrix/client/v3/register")
        #expect(calls[2].hasPrefix("PUT /_matrix/client/v3/profile/@_cx_agent-"))
        #expect(calls[3] == "POST /_matrix/client/v3/rooms/!room/invite?user_id=@_cx_service:hs.example")
        #expect(calls[4].hasPrefix("POST /_matrix/client/v3/join/!room?user_id=@_cx_agent-"))
        #expect(calls[5] == calls[0])
        #expect(!calls.joined().contains("Eve") && stage.homeserver.bodies[2] == #"{"displayname":"Eve"}"#)
        #expect(stage.homeserver.bodies[5].contains(#""body":"hello""#))
    }

    @Test("each refusal has its meaning", arguments: [
        (401, #"{"errcode":"M_UNKNOWN_TOKEN"}"#, ChannelError.Code.unauthorized), (403, #"{"errcode":"M_FORBIDDEN"}"#, .threadGone),
        (404, #"{"errcode":"M_NOT_FOUND"}"#, .threadGone), (404, #"{"errcode":"M_UNRECOGNIZED"}"#, .rejected),
        (413, #"{"errcode":"M_TOO_LARGE"}"#, .tooLarge), (429, #"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}"#, .throttled),
        (400, #"{"errcode":"M_EXCLUSIVE"}"#, .rejected), (400, "<html>", .rejected), (502, "<html>", .failed), (500, "{}", .failed),
        (200, "{}", .malformed), (200, "[]", .malformed), (200, "no JSON", .malformed),
    ])
    func refusals(status: Int, body: String, code: ChannelError.Code) async throws {
        let stage = try Stage()
        // A second answer for the attempt after the account was brought into the room.
        for _ in 0..<2 { stage.homeserver.answer("PUT /_matrix/client/v3/rooms/!room/send", status, body) }
        do {
            _ = try await stage.matrix.send(part(stage))
            Issue.record("sent")
        } catch {
            let error = try #require(error as? ChannelError)
            #expect(error.code == code)
            #expect(error.retryAfterMilliseconds == (code == .throttled ? 2500 : nil))
            for secret in [Stage.asToken, Stage.hsToken, "html"] { #expect(!"\(error) \(error.sentence ?? "")".contains(secret)) }
        }
    }

    @Test("typing lasts as long as the settings say")
    func typing() async throws {
        let stage = try Stage(#", "typingSeconds": 7"#)
        try await stage.matrix.showTyping(true, in: ThreadID("!room"), by: stage.deadline)
        try await stage.matrix.showTyping(false, in: ThreadID("!room"), by: stage.deadline)
        #expect(stage.homeserver.calls[0] == "PUT /_matrix/client/v3/rooms/!room/typing/@_cx_service:hs.example?user_id=@_cx_service:hs.example")
        #expect(stage.homeserver.bodies == [#"{"typing":true,"timeout":7000}"#, #"{"typing":false}"#])
    }

    @Test("the agent's end is told, or the room left, our sender last")
    func ending() async throws {
        let noting = try Stage()
        try await noting.matrix.end(ThreadID("!room"), by: noting.deadline)
        try await noting.matrix.end(ThreadID("!room"), by: noting.deadline)
        #expect(Set(noting.homeserver.calls).count == 1)
        let leaving = try Stage(#", "ending": "leave", "endingNotice": """#)
        leaving.homeserver.answer("GET", 200, #"{"joined":{"@_cx_service:hs.example":{},"@alice:hs.example":{},"@_cx_agent-1:hs.example":{}}}"#)
        try await leaving.matrix.end(ThreadID("!room"), by: leaving.deadline)
        #expect(leaving.homeserver.calls.dropFirst() == [
            "POST /_matrix/client/v3/rooms/!room/leave?user_id=@_cx_agent-1:hs.example",
            "POST /_matrix/client/v3/rooms/!room/leave?user_id=@_cx_service:hs.example",
        ])
        let gone = try Stage(#", "ending": "leave", "endingNotice": """#)
        gone.homeserver.answer("GET", 403, #"{"errcode":"M_FORBIDDEN"}"#)
        try await gone.matrix.end(ThreadID("!room"), by: gone.deadline)
    }

    // MARK: Opening

    @Test("only a Matrix address of somebody known can be written to", arguments: ["alice", "@alice", "@:x", "@a:", "@a:b/c", "alice@example.org", "@_cx_service:hs.example", ""])
    func recipients(id: String) async throws {
        let stage = try Stage()
        await #expect(throws: ChannelError(.recipientRefused, reason: "")) {
            try await stage.matrix.check(Person(PersonID(id)), by: stage.deadline)
        }
        #expect(stage.homeserver.calls.isEmpty)
        stage.homeserver.answer("GET /_matrix/client/v3/profile/@nobody:hs.example", 404, #"{"errcode":"M_UNKNOWN"}"#)
        await #expect(throws: ChannelError(.recipientRefused, reason: "")) {
            try await stage.matrix.check(Person(PersonID("@nobody:hs.example")), by: stage.deadline)
        }
        try await stage.matrix.check(Person(PersonID("@alice:hs.example")), by: stage.deadline)
    }

    @Test("a room is made once; a repeat finds it and invites again")
    func opening() async throws {
        let alice = [Person(PersonID("@alice:hs.example"))]
        let stage = try Stage()
        func open() async throws -> ThreadID {
            try await stage.matrix.open(with: alice, visibility: .direct, name: "Your order", key: "k", by: stage.deadline)
        }
        stage.homeserver.answer("POST /_matrix/client/v3/createRoom", 200, #"{"room_id":"!new"}"#)
        #expect(try await open() == ThreadID("!new"))
        #expect(stage.homeserver.bodies.last?.contains(#""invite":["@alice:hs.example"]"#) == true)
        stage.homeserver.answer("POST /_matrix/client/v3/createRoom", 400, #"{"errcode":"M_ROOM_IN_USE"}"#)
        stage.homeserver.answer("GET /_matrix/client/v3/directory/room/", 200, #"{"room_id":"!new"}"#)
        #expect(try await open() == ThreadID("!new"))
        #expect(stage.homeserver.calls.last == "POST /_matrix/client/v3/rooms/!new/invite?user_id=@_cx_service:hs.example")
        #expect(stage.homeserver.unused.isEmpty)
    }

    @Test("the room that the person opened is used while they are in it")
    func known() async throws {
        let stage = try Stage()
        _ = try await stage.take(event(
            #"{"membership":"invite","is_direct":true}"#, type: "m.room.member", more: #","state_key":"@_cx_service:hs.example""#))
        stage.homeserver.answer("GET /_matrix/client/v3/rooms/!room/state/m.room.member/@alice:hs.example", 200, #"{"membership":"join"}"#)
        let alice = [Person(PersonID("@alice:hs.example"))]
        #expect(try await stage.matrix.open(with: alice, visibility: .direct, name: nil, key: "k", by: stage.deadline) == ThreadID("!room"))
        stage.homeserver.answer("GET /_matrix/client/v3/rooms/!room/state/m.room.member/@alice:hs.example", 200, #"{"membership":"leave"}"#)
        stage.homeserver.answer("POST /_matrix/client/v3/createRoom", 200, #"{"room_id":"!new"}"#)
        #expect(try await stage.matrix.open(with: alice, visibility: .direct, name: nil, key: "k", by: stage.deadline) == ThreadID("!new"))
    }
}
