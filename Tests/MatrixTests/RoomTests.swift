import Conversation
import HTTP
import HTTPTypes
import MatrixChannel
import Store
import TestSupport
import Testing

@Suite("Matrix: rooms and people")
struct MatrixRoomTests {
    private func invite(_ account: String = "@_cx_service:hs.example", encrypted: Bool = false) -> String {
        let state = encrypted ? #"{"type":"m.room.encryption","state_key":"","content":{}}"# : ""
        return event(
            #"{"membership":"invite","is_direct":true}"#, type: "m.room.member",
            more: #","state_key":"\#(account)","unsigned":{"invite_room_state":[\#(state)]}"#)
    }

    private func member(_ membership: String, of user: String, by sender: String) -> String {
        event(#"{"membership":"\#(membership)"}"#, type: "m.room.member", sender: sender, more: #","state_key":"\#(user)""#)
    }

    @Test("an invitation is accepted, and tells CXone nothing yet")
    func joins() async throws {
        let stage = try Stage()
        #expect(try await stage.take(invite()).isEmpty)
        #expect(stage.homeserver.calls == [
            "GET /_matrix/client/v3/profile/@_cx_service:hs.example",
            "POST /_matrix/client/v3/join/!room?user_id=@_cx_service:hs.example",
        ])
    }

    @Test("the account is made and named on its first invitation")
    func makesItself() async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET /_matrix/client/v3/profile", 404, #"{"errcode":"M_UNKNOWN"}"#)
        _ = try await stage.take(invite())
        #expect(stage.homeserver.calls.map { $0.split(separator: "?")[0] } == [
            "GET /_matrix/client/v3/profile/@_cx_service:hs.example", "POST /_matrix/client/v3/register",
            "PUT /_matrix/client/v3/profile/@_cx_service:hs.example/displayname", "POST /_matrix/client/v3/join/!room",
        ])
        #expect(stage.homeserver.bodies[1] == #"{"type":"m.login.application_service","username":"_cx_service","inhibit_login":true}"#)
    }

    @Test("an encrypted room is joined and told, or declined, as the settings say")
    func encrypted() async throws {
        let joining = try Stage()
        _ = try await joining.take(invite(encrypted: true))
        let day = joining.time.epochMilliseconds() / 86_400_000
        #expect(joining.homeserver.calls.last == "PUT /_matrix/client/v3/rooms/!room/send/m.room.message/encrypted-\(day)?user_id=@_cx_service:hs.example&device_id=CAUSEWAY")
        #expect(joining.homeserver.bodies.last?.contains("m.notice") == true)
        let declining = try Stage(#", "encryptedRooms": "decline""#)
        _ = try await declining.take(invite(encrypted: true))
        #expect(declining.homeserver.calls.last == "POST /_matrix/client/v3/rooms/!room/leave?user_id=@_cx_service:hs.example")
        // What cannot be read is answered in the room, not silently lost.
        let reading = try Stage()
        #expect(try await reading.take(event("{}", type: "m.room.encrypted")).isEmpty)
        #expect(reading.homeserver.bodies.last?.contains("encrypted") == true)
    }

    @Test("a homeserver that is starting gets the transaction again; a room that cannot be joined holds nothing up", arguments: [
        (503, true), (429, true), (403, false), (404, false), (502, false), (500, false),
    ])
    func failures(status: Int, isRefused: Bool) async throws {
        let stage = try Stage()
        stage.homeserver.answer("POST /_matrix/client/v3/join", status, #"{"errcode":"M_UNKNOWN"}"#)
        let events = invite() + "," + event(#"{"msgtype":"m.text","body":"x"}"#)
        if isRefused {
            await #expect(throws: WebhookRefusal(.notNow)) { try await stage.take(events) }
        } else {
            #expect(try await stage.take(events).count == 1)
        }
    }

    @Test("an unreachable homeserver gets the transaction again, a late one does not")
    func unreached() async throws {
        let down = try Stage()
        down.homeserver.fail("POST /_matrix/client/v3/join", TransportError(.notConnected, mayHaveArrived: false))
        await #expect(throws: WebhookRefusal(.notNow)) { try await down.take(invite()) }
        let late = try Stage()
        late.homeserver.fail("POST /_matrix/client/v3/join", TransportError(.timedOut, mayHaveArrived: true))
        #expect(try await late.take(invite()).isEmpty)
    }

    @Test("names are asked for once and renewed by the homeserver")
    func names() async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET /_matrix/client/v3/rooms/!room/state/m.room.member/@alice:hs.example", 200, #"{"displayname":"Alice A."}"#)
        let hello = event(#"{"msgtype":"m.text","body":"x"}"#)
        #expect(try await stage.message(hello).author.firstName == "Alice A.")
        #expect(try await stage.message(hello).author.firstName == "Alice A.")
        #expect(stage.homeserver.calls.count == 1)
        let renamed = event(#"{"membership":"join","displayname":"Alicia"}"#, type: "m.room.member", more: #","state_key":"@alice:hs.example""#)
        #expect(try await stage.message(renamed + "," + hello).author.firstName == "Alicia")
    }

    @Test("a missing name, store or homeserver costs the name, not the message")
    func nameless() async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET", 200, "{}")
        let hello = event(#"{"msgtype":"m.text","body":"x"}"#)
        let author = try await stage.message(hello).author
        #expect(author.firstName == nil && author.nickname == "alice")
        let broken = try Stage()
        broken.store.setFault { _, _ in .notReached }
        broken.homeserver.answer("GET", 500, "{}")
        #expect(try await broken.message(hello).author.firstName == nil)
    }

    @Test("the contact ends the thread by leaving, when nobody else is left", arguments: [
        (#"{"joined":{"@_cx_service:hs.example":{}}}"#, 200, true), (#"{"joined":{"@bob:hs.example":{},"@_cx_service:hs.example":{}}}"#, 200, false),
        (#"{"errcode":"M_FORBIDDEN"}"#, 403, true),
    ])
    func leaving(answer: String, status: Int, isEnd: Bool) async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET /_matrix/client/v3/rooms/!room/joined_members", status, answer)
        let taken = try await stage.take(member("leave", of: "@alice:hs.example", by: "@alice:hs.example"))
        guard isEnd else { return #expect(taken.isEmpty) }
        guard case .ending(ThreadID("!room"), .direct)? = taken.first else { return #expect(Bool(false)) }
    }

    @Test("our account being sent away ends the thread; leaving ourselves does not")
    func dismissal() async throws {
        let taken = try await Stage().take(member("ban", of: "@_cx_service:hs.example", by: "@alice:hs.example"))
        guard case .ending(ThreadID("!room"), .direct)? = taken.first else { return #expect(Bool(false)) }
        #expect(try await Stage().take(member("leave", of: "@_cx_service:hs.example", by: "@_cx_service:hs.example")).isEmpty)
        #expect(try await Stage().take(member("leave", of: "@_cx_agent-1:hs.example", by: "@alice:hs.example")).isEmpty)
    }

    @Test("asked for an account, only those that may be needed are made")
    func accounts() async throws {
        let path = "_matrix/app/v1/users/%40_cx_agent-1%3Ahs.example"
        let alone = try Stage()
        await #expect(throws: WebhookRefusal(.notFound)) { try await alone.call(.get, path) }
        #expect(alone.homeserver.calls.isEmpty)
        let many = try Stage(#", "agentAccounts": true"#)
        _ = try await many.call(.get, path)
        #expect(many.homeserver.calls.first == "POST /_matrix/client/v3/register")
        many.homeserver.answer("POST /_matrix/client/v3/register", 400, #"{"errcode":"M_USER_IN_USE"}"#)
        _ = try await many.call(.get, path)
        for user in ["%40bob%3Ahs.example", "%40_cx_%3Aelsewhere", "%40_cx_A%3Ahs.example", "%zz", ""] {
            await #expect(throws: WebhookRefusal(.notFound)) { try await many.call(.get, "_matrix/app/v1/users/" + user) }
        }
    }
}
