import HTTP
import HTTPTypes
import JSON
import Simulator
import Testing

@Suite("How Digital Experience calls the middleware")
struct CallbackTests {
    /// A stage with one contact, and its number.
    private static func withContact(_ change: @escaping @Sendable (inout Behaviour) -> Void = { _ in }) async throws -> (Stage, String) {
        let stage = Stage(change)
        _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
        return (stage, try #require(stage.cxone.contacts.first?.number))
    }

    @Test("first without a token, with an old one, or with the token fetched before", arguments: Behaviour.FirstAttempt.allCases)
    func firstAttempt(_ first: Behaviour.FirstAttempt) async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact { $0.firstAttempt = first }
            #expect(await stage.cxone.reply(to: contact, Draft("Hello")).failure == nil)
            let outbound = "/byoc/2.0/channel/meadow/outbound"
            #expect(stage.middleware.paths() == (first == .withToken ? [] : [outbound]) + ["/byoc/1.0/token", outbound])
            #expect(stage.middleware.seen[0].fields.contains(.authorization) == (first == .withOldToken))
            let asked = try #require(stage.middleware.seen.first { $0.path.hasSuffix("token") })
            #expect(asked.fields[.contentType] == "application/json")
            // A token that the middleware no longer knows is renewed in the same way.
            stage.middleware.forgetTokens()
            #expect(await stage.cxone.reply(to: contact, Draft("Again")).attempts == 2)
        }
    }

    @Test("a failure that may pass is repeated as often as the switch says: 0, 3, 10", arguments: [0, 3, 10])
    func retries(_ count: Int) async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact {
                ($0.retries, $0.retrySpacing, $0.firstAttempt) = (count, 1, .withToken)
            }
            for _ in 0..<20 { stage.middleware.answerNext(Response(status: .serviceUnavailable)) }
            let sending = await stage.cxone.reply(to: contact, Draft("Hello"))
            #expect(sending.attempts == count + 1 && sending.status == 503)
            #expect(sending.failure == "the middleware answered 503")
            #expect(stage.cxone.messages().count == 1)
        }
    }

    @Test("a connection that ends is repeated; a refusal is not, and its sentence reaches the agent")
    func endings() async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact { ($0.retries, $0.retrySpacing) = (3, 1) }
            stage.middleware.answerNext(nil, nil)
            #expect(await stage.cxone.reply(to: contact, Draft("Hello")).message?.idOnExternalPlatform == "mw-1")
            stage.middleware.answerNext(.json(.unprocessableContent, Array(#"{"displayErrorMessage":"The window is closed."}"#.utf8)))
            let refused = await stage.cxone.reply(to: contact, Draft("Hello"))
            #expect(refused.failure == "The window is closed." && refused.attempts == 1)
        }
    }

    @Test("an attempt ends after the time-out and may be repeated although the first one arrived")
    func timeout() async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact {
                ($0.retries, $0.retrySpacing, $0.callbackTimeout, $0.firstAttempt) = (1, 1, 50, .withToken)
            }
            stage.network.connect("https://mw.example") { request in
                if request.path.hasSuffix("token") { return await stage.middleware.answer(request) }
                try? await Task.sleep(for: .seconds(20))
                return nil
            }
            let sending = await stage.cxone.reply(to: contact, Draft("Hello"))
            #expect(sending.status == 0 && sending.attempts == 2)
            #expect(sending.failure == "the middleware did not answer")
        }
    }

    static let badAnswers: [(String, String)] = [
        ("nothing", "answer: The answer is no JSON."),
        (#"{"idOnExternalPlatform":"mw-1"}"#, "message: This field is missing."),
        (Middleware.answer(id: "", thread: "t1"), "message.idOnExternalPlatform: This value should not be blank."),
        (Middleware.answer(id: "m1", thread: "t1"), "the id is the one of the message that was answered"),
        (Middleware.answer(id: "mw-9", thread: "t2"), "the thread is t2, not t1"),
        (Middleware.answer(id: "mw-9", thread: "t1").replacing("27.481+", with: "27+"),
            "message.createdAtWithMilliseconds: This value is not a valid datetime with milliseconds."),
        (Middleware.answer(id: "mw-9", thread: "t1").replacing(#""recipients":"#, with: #""endUserRecipients":"#),
            "recipients: This field is missing."),
    ]

    @Test("an answer against the contract is no success, and says what is wrong", arguments: badAnswers.indices)
    func answers(_ index: Int) async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact { $0.firstAttempt = .withToken }
            let (answer, failure) = Self.badAnswers[index]
            stage.middleware.answerNext(.json(.ok, Array(answer.utf8)))
            let sending = await stage.cxone.reply(to: contact, Draft("Hello"))
            #expect(sending.failure == failure)
            #expect(stage.cxone.counters.badAnswers == 1)
            #expect(stage.cxone.messages().count == 1)
        }
    }

    @Test("with the check box off replies go to the legacy endpoint")
    func legacy() async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact()
            var form = stage.cxone.integrations[0]
            form.usesOutboundV2 = false
            stage.cxone.add(form)
            #expect(await stage.cxone.reply(to: contact, Draft("Hello")).message?.idOnExternalPlatform == "mw-1")
            let request = try #require(stage.middleware.seen.last)
            #expect(request.path == "/byoc/1.0/posts/meadow_t1/messages")
            let body = try JSON(parsing: request.body)
            #expect(body["content"]?.string == "Hello" && body["post"]?["channelId"]?.string == "meadow")
            #expect(body["replyToMessageIdOnExternalPlatform"]?.string == "m1" && body["id"]?.string?.isEmpty == false)
        }
    }

    @Test("an agent starts a conversation: validation first, then the message without a thread (B6)")
    func start() async throws {
        try await staged {
            let stage = Stage()
            let sending = await stage.cxone.start(on: "meadow", with: [Recipient("zebra-12", name: "Zoe")], Draft("Hello"))
            #expect(sending.failure == nil)
            #expect(stage.middleware.paths().filter { !$0.hasSuffix("token") }.last == "/byoc/2.0/channel/meadow/outbound")
            #expect(stage.middleware.paths()[0] == "/byoc/1.0/channel/meadow/recipients/validation")
            #expect(try JSON(parsing: try #require(stage.middleware.seen.last).body)["thread"] == nil)
            #expect(stage.cxone.threads.map(\.key.idOnExternalPlatform) == ["new-1"])
            // The contact's answer comes in under that thread.
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1", thread: "new-1"))
            #expect(Set(stage.cxone.messages().map(\.contact)).count == 1)

            stage.middleware.answerNext(.json(.badRequest, Array(#"{"displayErrorMessage":"No such number.","errorCode":"outboundValidationFailed"}"#.utf8)))
            let refused = await stage.cxone.start(on: "meadow", with: [Recipient("nobody")], Draft("Hello"))
            #expect(refused.failure == "No such number.")
            stage.cxone.addChannel("silent", flags: ["hasManualOutboundFlow": false])
            #expect(await stage.cxone.start(on: "silent", with: [Recipient("a")], Draft("Hello")).status == 0)
        }
    }

    @Test("typing is told only where the channel's flag allows it; a closed contact is reported by the automation")
    func typingAndClosing() async throws {
        try await staged {
            let (stage, contact) = try await Self.withContact()
            #expect(await stage.cxone.type(true, in: contact)?.status == 204)
            let request = try #require(stage.middleware.seen.last)
            #expect(request.path == "/byoc/1.0/channel/meadow/thread/t1/sender-action")
            let body = try JSON(parsing: request.body)
            #expect(body["senderAction"]?["action"]?.string == "isTypingOn" && body["authorUser"]?["firstName"]?.string == "Ann")
            stage.cxone.behave { $0.canSendSenderActions = false }
            #expect(await stage.cxone.type(false, in: contact) == nil)

            var form = stage.cxone.integrations[0]
            form.eventsURL = "https://mw.example/byoc/events"
            stage.cxone.add(form)
            #expect(await stage.cxone.close(contact)?.status == 401)
            #expect(try JSON(parsing: try #require(stage.middleware.seen.last).body)["caseNumber"]?.string == contact)
            #expect(stage.cxone.contacts.map(\.status) == [.closed])
            #expect(await stage.cxone.reply(to: contact, Draft("Hello")).failure == "the contact is closed")
        }
    }

    @Test("an id that needs it is percent-encoded as one segment")
    func encoding() async throws {
        try await staged {
            let stage = Stage { $0.firstAttempt = .withToken }
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1", thread: "a/b:ü%"))
            _ = await stage.cxone.type(true, in: stage.cxone.contacts[0].number)
            #expect(stage.middleware.paths().last == "/byoc/1.0/channel/meadow/thread/a%2Fb%3A%C3%BC%25/sender-action")
        }
    }
}
