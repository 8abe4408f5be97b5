import HTTP
import HTTPTypes
import JSON
import Simulator
import Testing

@Suite("A conversation with Digital Experience")
struct ConversationTests {
    @Test("a contact's message makes thread, contact and customer (B5); the agent's answer comes by 401, token, repeat (B4)")
    func bothWays() async throws {
        try await staged {
            let stage = Stage()
            let response = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
            #expect(response.status == .ok)
            let body = try response.json()
            let number = try #require(body["message"]?["contactNumber"]?.string)
            #expect(body["consumerContact"]?["id"]?.string == number)
            #expect(body["consumerContact"]?["status"]?.string == "new")
            #expect(stage.cxone.messages().map(\.text) == ["Hello"])

            let sending = await stage.cxone.reply(to: number, Draft("We found it."))
            #expect(sending.failure == nil)
            #expect(sending.attempts == 2)
            #expect(stage.middleware.paths()
                == ["/byoc/2.0/channel/meadow/outbound", "/byoc/1.0/token", "/byoc/2.0/channel/meadow/outbound"])
            let message = try #require(stage.middleware.seen.last).body
            #expect(try JSON(parsing: message)["replyToMessage"]?["idOnExternalPlatform"]?.string == "m1")
            #expect(stage.cxone.messages().map(\.idOnExternalPlatform) == ["m1", "mw-1"])

            // The token is kept: no second 401.
            _ = await stage.cxone.reply(to: number, Draft("Come and get it."))
            #expect(stage.middleware.paths().count == 4)

            let status = try await stage.send(
                .put, "/channels/meadow/messages/mw-1/status", #"{"status":"seen","updatedAt":"2026-03-04T09:16:00+00:00"}"#)
            #expect(status.status == .ok)
            #expect(stage.cxone.messages()[1].statuses.map(\.status) == ["seen"])
            #expect(stage.cxone.counters.created == 1)
        }
    }
}
