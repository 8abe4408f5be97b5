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

    @Test("a contact lands in its channel's queue, whose agents may answer it (B15, B33, B34)")
    func queues() async throws {
        try await staged {
            let stage = Stage()
            stage.cxone.add(Skill(id: 7, name: "Umbrellas", agents: [4712]))
            stage.cxone.addChannel("lake")
            stage.cxone.route("lake", to: 7)
            for channel in ["meadow", "lake"] {
                _ = try await stage.send(.post, "/channels/\(channel)/messages", Stage.message("m1"))
            }
            let queues = try await stage.send(.get, "/routing-queues").json().elements.compactMap { $0["id"]?.string }
            #expect(queues == ["queue-1", "queue-7"])
            let inLake = try await stage.send(.get, "/contacts?routingQueueId%5B%5D=queue-7").json()
            #expect(inLake["hits"]?.integer == 1)
            let number = try #require(inLake["data"]?.elements.first { _ in true }?["id"]?.string)
            #expect(await stage.cxone.reply(to: number, Draft("Hello"), as: 4711).failure == "agent 4711 has not the skill Umbrellas")
            #expect(await stage.cxone.reply(to: number, Draft("Hello"), as: 4712).failure == nil)
            #expect(try await stage.send(.put, "/contacts/\(number)/routing-queue", #"{"routingQueueId":"queue-1"}"#).status == .noContent)
            #expect(await stage.cxone.reply(to: number, Draft("Hello"), as: 4711).failure == nil)
            let unknown = try await stage.send(.post, "/channels/lake/messages", Stage.message("m2", extra: #","contact":{"skillId":9}"#))
            #expect(try unknown.errors() == ["contact.skillId: Skill 9 was not found."])
        }
    }
}
