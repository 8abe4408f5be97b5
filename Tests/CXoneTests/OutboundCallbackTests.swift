import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Store
import TestSupport
import Testing

private func firstPath(_ response: Response) -> [String]? { response.json?["errors"]?.elements.first { _ in true }?["path"]?.elements.compactMap(\.string) }

private let legacyPath = "/byoc/1.0/posts/wh%2F7%2Ba%3Ab%25_thread%2F7/messages"

@Suite("Outbound callbacks")
struct OutboundCallbackTests {
    @Test("B4: the message as byoc.md prints it, and the answer with all that CXone needs")
    func message() async throws {
        let bench = try CallbackBench()
        for path in [CallbackBench.path, "/byoc/channels/wh%2F7%2Ba%3Ab%25/outbound"] {
            let response = await bench.send(outboundBody, path: path)
            let message = try #require(bench.outbox.delivered.last)
            #expect(message.thread == ThreadID("wh-thread-7") && message.threadName == "Lost umbrella" && message.visibility == .direct)
            #expect(message.content == .text("We found it.") && message.replyTo == MessageID("wh-msg-31") && !message.isQuote)
            #expect(message.files == [OutboundFile(url: "https://files.example/tmp/ab12?sig=1", name: "photo.jpg")])
            #expect(message.recipients == [Person(PersonID("zebra-12"), nickname: "Zoe")])
            #expect(message.keyIsDigest && message.key.utf8.count <= 64 && message.key.utf8.allSatisfy { $0 < 0x80 })

            #expect(response.status == .ok)
            let json = try #require(response.json)
            #expect(json["message"]?["idOnExternalPlatform"]?.string == "out-\(bench.outbox.delivered.count)")
            #expect(json["message"]?["createdAtWithMilliseconds"]?.string == "2026-03-04T09:15:27.481+00:00")
            #expect(json["thread"]?["idOnExternalPlatform"]?.string == "wh-thread-7")
            let identity = try #require(json["endUserIdentities"]?.elements.first { _ in true })
            #expect(identity["idOnExternalPlatform"]?.string == "zebra-12" && identity["firstName"]?.string == "" && identity["nickname"]?.string == "Zoe")
            let recipient = try #require(json["recipients"]?.elements.first { _ in true })
            #expect(recipient["name"]?.string == "Zoe" && recipient["isPrimary"]?.bool == true && recipient["isPrivate"]?.bool == true)
        }
        #expect(Set(bench.outbox.delivered.map(\.key)).count == 1, "the same message by another way is the same message")
    }

    @Test("B31: an agent begins a conversation; the answer names the thread that was made")
    func begins() async throws {
        let bench = try CallbackBench()
        let response = await bench.send(#"{"thread":[],"recipients":[{"idOnExternalPlatform":12,"name":null}],"messageContent":{"type":"TEXT","payload":{"text":"Hi"}}}"#)
        let message = try #require(bench.outbox.delivered.first)
        #expect(message.thread == nil && message.recipients == [Person(PersonID("12"))])
        #expect(response.json?["thread"]?["idOnExternalPlatform"]?.string == "new-1")
        #expect(response.json?["recipients"]?.elements.first { _ in true }?["isPrimary"]?.bool == true)
    }

    @Test("B5: the legacy call, with everything in the body or the least of it")
    func legacy() async throws {
        let bench = try CallbackBench()
        let full = await bench.send(
            #"{"id":77,"post":{"channelId":"wh-posts","threadIdOnExternalPlatform":"p1"},"replyToMessageIdOnExternalPlatform":"m1","title":"Re","content":"Hello","recipients":[{"idOnExternalPlatform":"z"}],"author":{"firstName":"Ann","surname":"Lee"},"attachments":[{"fileName":"a","fileUrl":"https://x/a"}]}"#,
            path: "/byoc/1.0/posts/anything/messages")
        #expect(full.status == .ok && full.body == Array(#"{"idOnExternalPlatform":"out-1"}"#.utf8))
        let message = try #require(bench.outbox.delivered.first)
        #expect(message.thread == ThreadID("p1") && message.visibility == .post && message.content == .text("Hello") && message.replyTo == MessageID("m1"))
        #expect(message.title == "Re" && !message.keyIsDigest && message.author == nil && message.files.first?.url == "https://x/a")

        #expect(await bench.send(#"{"content":"Hi"}"#, path: legacyPath).status == .ok)
        #expect(bench.outbox.delivered.last?.thread == ThreadID("thread/7") && bench.outbox.delivered.last?.visibility == .direct)
        // CXone's old ids hold external ones.
        #expect(await bench.send(#"{"content":"Hi","replyToMessageId":"wh/7+a:b%_m/9"}"#, path: legacyPath).status == .ok)
        #expect(bench.outbox.delivered.last?.replyTo == MessageID("m/9"))
        #expect(await bench.send(#"{"content":"Hi","replyToMessageId":"8a7b"}"#, path: legacyPath).status == .ok)
        #expect(bench.outbox.delivered.last?.replyTo == nil)
        #expect(await bench.send(#"{"content":"Hi"}"#, path: "/byoc/1.0/posts/wh%2F7%2Ba%3Ab%25_/messages").status == .notFound)
        let lost = await bench.send(#"{"content":"Hi","post":{"channelId":"wh-posts"}}"#, path: "/byoc/1.0/posts/77/messages")
        #expect(lost.status == .badRequest && firstPath(lost) == ["post", "threadIdOnExternalPlatform"])
    }

    @Test("§3.7: one id, one key; without an id, one key for what is the same in all that counts")
    func keys() async throws {
        let bench = try CallbackBench()
        func key(_ body: String, _ path: String = CallbackBench.path) async -> String {
            _ = await bench.send(body, path: path)
            return bench.outbox.delivered.last?.key ?? ""
        }
        func body(_ text: String = "a", thread: String = "t", more: String = "") -> String {
            #"{"thread":{"idOnExternalPlatform":"\#(thread)"},"messageContent":{"type":"TEXT","payload":{"text":"\#(text)"}}\#(more)}"#
        }
        let first = await key(body())
        #expect(await key(body(more: #","brand":{"id":4},"new":[1]"#)) == first)
        let others = await [
            key(body("b")), key(body(thread: "u")), key(body(), "/byoc/2.0/channel/wh-posts/outbound"), key(body(more: #","replyToMessage":{"idOnExternalPlatform":"m"}"#)),
            key(body(more: #","recipients":[{"idOnExternalPlatform":"z"}]"#)), key(body(more: #","attachments":[{"friendlyName":"f","url":"https://x/1?s=1"}]"#)),
            key(body(more: #","id":"1""#)), key(body(more: #","id":"2""#)), first,
        ]
        #expect(Set(others).count == others.count)
        #expect(await key(body(more: #","attachments":[{"friendlyName":"f","url":"https://x/1?s=2"}]"#)) == others[5], "a link is signed anew with each call")
        #expect(await key(body("other", more: #","id":1"#)) == others[6])
    }

    @Test("§3.7: the delivery learns that its answer was written, only where that matters")
    func answered() async throws {
        let bench = try CallbackBench()
        let digest = await bench.send(outboundBody)
        #expect(bench.outbox.answered.isEmpty)
        await digest.afterwards?(false)
        #expect(bench.outbox.answered.isEmpty)
        await digest.afterwards?(true)
        #expect(bench.outbox.answered.map(\.key) == bench.outbox.delivered.map(\.key))
        #expect(await bench.send(#"{"id":7,"content":"x"}"#, path: legacyPath).afterwards == nil)
    }

    @Test("byoc.md §13: absent, null and empty are alike; ids are numbers or texts; what is new is ignored", arguments: [
        #"{"thread":{"idOnExternalPlatform":7},"messageContent":{"type":"TEXT","payload":{"text":"x"}}}"#,
        #"{"thread":{"idOnExternalPlatform":"7","threadName":""},"messageContent":{"type":"text","payload":{"text":"x"},"fallbackText":null},"recipients":null,"replyToMessage":{},"title":"","attachments":[]}"#,
        #"{"thread":{"idOnExternalPlatform":"7"},"messageContent":"x","endUserRecipients":{},"replyToMessage":[],"isReplyToSpecificMessage":"1","zzz":{"a":[{}]}}"#,
        #"{"thread":{"idOnExternalPlatform":"7"},"messageContent":{"type":"","payload":{"text":"x"}},"brand":7,"contact":"x","forward":null,"title":{},"author":5}"#,
        #"{"thread":{"idOnExternalPlatform":"7"},"messageContent":{"type":9,"payload":null,"fallbackText":"x"},"replyToMessage":{"idOnExternalPlatform":""}}"#,
    ])
    func tolerance(body: String) async throws {
        let bench = try CallbackBench()
        let response = await bench.send(body)
        #expect(response.status == .ok, "\(String(decoding: response.body, as: UTF8.self))")
        let message = try #require(bench.outbox.delivered.first)
        #expect(message.thread == ThreadID("7") && message.content == .text("x") && message.replyTo == nil && !message.isQuote && message.recipients.isEmpty)
    }

    @Test("§3.7: a body that CXone could never have sent is answered 400 with the way to the fault, without effect", arguments: [
        ("", []), ("{", []), ("[]", []), ("null", []), (#"{"a":1,"a":2}"#, []), (#"{"messageContent":{"type":"TEXT","payload":{"text":"x"}}}"#, ["thread", "idOnExternalPlatform"]),
        (#"{"thread":7}"#, ["thread"]), (#"{"thread":{"idOnExternalPlatform":{}}}"#, ["thread", "idOnExternalPlatform"]), (#"{"thread":{"idOnExternalPlatform":true}}"#, ["thread", "idOnExternalPlatform"]),
        (#"{"thread":{"idOnExternalPlatform":"t"},"messageContent":7}"#, ["messageContent"]), (#"{"recipients":"z"}"#, ["recipients"]), (#"{"recipients":["z"]}"#, ["recipients", "0"]),
        (#"{"recipients":[{"idOnExternalPlatform":"a"},{"idOnExternalPlatform":null}]}"#, ["recipients", "1", "idOnExternalPlatform"]),
        (#"{"thread":{"idOnExternalPlatform":"t"},"replyToMessage":{"idOnExternalPlatform":[1]}}"#, ["replyToMessage", "idOnExternalPlatform"]),
        (#"{"thread":{"idOnExternalPlatform":"t"},"attachments":[{"friendlyName":"x"}]}"#, ["attachments", "0", "url"]),
        (#"{"thread":{"idOnExternalPlatform":"t"},"attachments":[7]}"#, ["attachments", "0"]), (#"{"id":{"x":1}}"#, ["id"]),
    ] as [(String, [String])])
    func faults(body: String, path: [String]) async throws {
        let bench = try CallbackBench()
        let response = await bench.send(body)
        #expect(response.status == .badRequest && firstPath(response) == path, "\(String(decoding: response.body, as: UTF8.self))")
        #expect(response.json?["displayErrorMessage"]?.string == "The message could not be read." && response.json?["errorCode"]?.string == "malformed")
        #expect(bench.effects == 0)
    }

    @Test("Size, media type and emptiness have answers of their own")
    func surroundings() async throws {
        let bench = try CallbackBench()
        #expect(await bench.send(String(repeating: " ", count: (1 << 20) + 1)).status == .contentTooLarge)
        var request = bench.request(outboundBody)
        request.fields[.contentType] = "text/plain"
        #expect(await bench.handler.respond(to: request).status == .unsupportedMediaType)
        for empty in [#"{"type":"TEXT","payload":{"text":""}}"#, "{}", "null"] {
            let answer = await bench.send(#"{"thread":{"idOnExternalPlatform":"t"},"messageContent":\#(empty)}"#)
            #expect(answer.status == .unprocessableContent && answer.json?["errorCode"]?.string == "empty")
        }
        #expect(bench.effects == 0)
        let file = #"{"thread":{"idOnExternalPlatform":"t"},"messageContent":{"type":"TEXT","payload":{"text":""}},"attachments":[{"friendlyName":"f","url":"https://x/1"}]}"#
        #expect(await bench.send(file).status == .ok)
        #expect(bench.outbox.delivered.first?.content == OutboundContent.none)
    }

    @Test("B7, §3.7: each way to fail has its status, its time to wait and one sentence for the agent", arguments: [
        (.failed(ChannelError(.throttled, reason: "r", retryAfterMilliseconds: 7200)), 429, "8", "throttled"),
        (.failed(ChannelError(.unreachable, reason: "r")), 503, "5", "unreachable"), (.failed(ChannelError(.failed, reason: "r")), 503, "5", "failed"),
        (.failed(ChannelError(.timedOut, reason: "r")), 503, "5", "timedOut"), (.failed(ChannelError(.malformed, reason: "r")), 502, "5", "malformed"),
        (.failed(ChannelError(.unauthorized, reason: "r")), 502, "5", "unauthorized"), (.failed(ChannelError(.recipientRefused, reason: "r", sentence: "No.")), 422, nil, "recipientRefused"),
        (.failed(ChannelError(.contentRefused, reason: "r")), 422, nil, "contentRefused"), (.failed(ChannelError(.threadGone, reason: "r")), 422, nil, "threadGone"),
        (.failed(ChannelError(.tooLarge, reason: "r")), 422, nil, "tooLarge"), (.failed(ChannelError(.rejected, reason: "r")), 422, nil, "rejected"),
        (.running(retryAfterMilliseconds: 300), 503, "1", "running"), (.notNow(retryAfterMilliseconds: 2500, reason: "store: timedOut"), 503, "3", "notNow"),
    ] as [(DeliveryOutcome, Int, String?, String)])
    func failures(outcome: DeliveryOutcome, status: Int, wait: String?, code: String) async throws {
        let bench = try CallbackBench(outbox: FakeOutbox { _, _ in outcome })
        for path in [CallbackBench.path, legacyPath] {
            let response = await bench.send(outboundBody, path: path)
            #expect(response.status.code == status && response.fields[.retryAfter] == wait && response.json?["errorCode"]?.string == code)
            let sentence = response.json?["displayErrorMessage"]?.string ?? ""
            #expect(sentence.hasSuffix(".") && (code != "recipientRefused" || sentence == "No."))
            #expect(!String(decoding: response.body, as: UTF8.self).contains("store") && response.json?["errors"]?.kind == .array)
            #expect(response.afterwards == nil)
        }
    }

    @Test("security §8: an outbox that hangs is answered for in time")
    func hangs() async throws {
        let bench = try CallbackBench(outbox: FakeOutbox { _, _ in
            await CallbackBench.never()
            return .notNow(retryAfterMilliseconds: 1, reason: "")
        }, sleep: { _ in })
        #expect(await bench.send(outboundBody).json?["errorCode"]?.string == "timedOut")
    }
}
