import CXone
import Conversation
import EventLoop
import HTTP
import HTTPTypes
import JSON
import class Simulator.DigitalExperience
import class Simulator.MemoryNetwork
import struct Simulator.Fault
import TestSupport
import Testing
import Time

/// `byoc.md` §6–§9, against a Digital Experience that refuses fields it does not know.
@Suite("Digital Engagement operations")
struct OperationTests {
    @Test("a contact's message with everything it can have is taken as it is (B5)")
    func everything() async throws {
        try await staged {
            let desk = Desk()
            let centre = try desk.process()
            var message = desk.message("wh/msg:31+%2F ü", thread: "thread/7#?", "Did anyone find my umbrella? \u{1F302}")
            message.threadName = "Lost umbrella"
            message.author = Person(PersonID("zebra/12"), firstName: "Zoe", lastName: "Z", nickname: "zoe", image: "https://mw.example/zoe.png")
            message.url = "https://wateringhole.example/t/7#31"
            message.title = "Umbrella"
            message.language = "en"
            message.replyTo = MessageID("wh-msg-30")
            message.isQuote = true
            var options = CreateOptions()
            options.files = [("umbrella.jpg", "https://mw.example/f/9c1")]
            options.supportedTypes = ["QUICK_REPLIES", "RICH_LINK"]
            options.customerFields = [("herd", "north")]
            options.contactFields = [("topic", "lost-property")]
            options.attributes = [("source", "wateringhole")]
            let created = try await centre.create(message, options, in: desk.place, by: desk.deadline())
            #expect(created.contact != nil && created.message != nil && created.customer != nil)

            let record = try #require(desk.cxone.records.last { $0.operation == .createMessage })
            let body = try JSON(parsing: record.body)
            #expect(body["idOnExternalPlatform"]?.string == "wh/msg:31+%2F ü")
            #expect(body["direction"]?.string == "inbound")
            #expect(body["createdAtWithMilliseconds"]?.string == "2023-11-14T22:13:20.000+00:00")
            #expect(body["browserFingerprint"]?["supportedMessageTypes"]?.raw.elementsEqual(#"["TEXT","QUICK_REPLIES","RICH_LINK"]"#.utf8) == true)
            #expect(body["messageContent"]?["payload"]?["text"]?.string == "Did anyone find my umbrella? \u{1F302}")

            // Found again by its id, and by no other.
            #expect(try await centre.find(message.id, in: desk.place, by: desk.deadline())?.message == created.message)
            #expect(try await centre.find(MessageID("wh"), in: desk.place, by: desk.deadline()) == nil)
        }
    }

    @Test("every field of the published description is written as it is named there (byoc §8.1)")
    func fields() async throws {
        try await staged {
            let desk = Desk()
            let centre = try desk.process()
            var message = MessageCreation(
                id: MessageID("full"), direction: .outbound, created: 1_772_615_642_117, thread: ThreadID("t"),
                content: RawJSON { $0.object { $0.field("type", "TEXT"); $0.field("payload", object: { $0.field("text", "x") }) } },
                author: Person(PersonID("zebra")))
            message.authorFields = [CustomField(ident: "herd", value: "north", updated: 1_772_615_642_117)]
            message.recipients = [Recipient(PersonID("profile"), name: "Jungle", isPrimary: true, isPrivate: true)]
            message.authorRecipients = message.recipients
            var contact = MessageCreation.Contact()
            contact.customFields = [CustomField(ident: "topic", value: String(repeating: "x", count: 2000))]
            contact.skillID = 7
            contact.status = .pending
            contact.statusUpdated = 1_772_615_642_117
            contact.direction = .outbound
            contact.elevation = RawJSON { $0.object { $0.field("fromProvider", "acd") } }
            message.contact = contact
            var fingerprint = MessageCreation.Fingerprint()
            (fingerprint.browser, fingerprint.browserVersion, fingerprint.os, fingerprint.osVersion) = ("Firefox", "1", "Linux", "6")
            (fingerprint.language, fingerprint.ip, fingerprint.location, fingerprint.country) = ("en", "192.0.2.1", "Bristol", "GB")
            (fingerprint.deviceType, fingerprint.deviceToken, fingerprint.applicationType) = ("desktop", "d", "byoc")
            message.fingerprint = fingerprint
            message.tagIDs = [1, 2]
            var reactions = MessageCreation.Reactions()
            (reactions.likes, reactions.shares, reactions.isLikedByChannel, reactions.isSharedByChannel) = (1, 2, true, false)
            message.reactions = reactions
            message.isDeletedOnExternalPlatform = false
            #expect(try JSON(parsing: Array(message.body.bytes))["contact"]?["skillId"]?.integer == 7)
            // The tenant that is played has other skills.
            message.contact?.skillID = nil
            let created = try await centre.api.create(message, in: desk.place, contact: nil, by: desk.deadline())
            #expect(created.message != nil)
            #expect(desk.cxone.counters.refused == 0)
        }
    }

    @Test("receipts, typing, ends, custom fields, files: each operation is one call that the other side takes (B10, B14, B17)")
    func others() async throws {
        try await staged {
            let desk = Desk()
            let centre = try desk.process()
            let api = centre.api
            let thread = ThreadID("t/1")
            let created = try await centre.create(desk.message("m1", thread: "t/1"), CreateOptions(), in: desk.place, by: desk.deadline())
            let contact = try #require(created.contact), customer = try #require(created.customer), message = try #require(created.message)
            try await centre.showTyping(true, in: thread, of: desk.place, by: desk.deadline())
            #expect(desk.cxone.threads.first?.customerTypes == true)
            try await centre.showTyping(false, in: thread, of: desk.place, by: desk.deadline())
            // A message of our own that an agent might have sent.
            var own = desk.message("mw-1", thread: "t/1")
            own.isOwn = true
            var options = CreateOptions()
            options.customer = Person(PersonID("zebra-12"))
            options.contact = contact
            _ = try await centre.create(own, options, in: desk.place, by: desk.deadline())
            for status in [Receipt.Status.delivered, .seen, .failed] {
                let receipt = Receipt(status, of: MessageID("mw-1"), in: thread, occurred: Int(desk.time.epochMilliseconds()), reason: "Blocked.")
                try await centre.report(receipt, contact: contact, in: desk.place, by: desk.deadline())
            }
            try await api.setFields([CustomField(ident: "topic", value: "umbrella")], ofContact: contact, by: desk.deadline())
            try await api.setFields([CustomField(ident: "herd", value: "north")], ofCustomer: customer, by: desk.deadline())
            #expect(try await api.contact(contact, by: desk.deadline()).thread == thread)
            let link = try await centre.keep(Array("a file".utf8), mediaType: "text/plain", by: desk.deadline())
            #expect(link.hasPrefix("https://"))
            let start = Int(desk.time.epochMilliseconds())
            try await centre.end(thread, contact: contact, wasAnswered: true, in: desk.place, by: desk.deadline())
            #expect(desk.cxone.contacts.first?.status.rawValue == "resolved")
            #expect(desk.cxone.threads.first?.canAddMoreMessages == false)
            desk.time.advance(milliseconds: 5000)
            try await api.setStatus(.closed, ofContact: contact, by: desk.deadline())
            let closed = try await centre.closedContacts(of: [desk.place], since: start, by: desk.deadline())
            #expect(closed.map(\.contact) == [contact] && closed.first?.thread == thread && closed.first?.place == "meadow")
            #expect(try await centre.closedContacts(of: [desk.place], since: start + 60_000, by: desk.deadline()).isEmpty)
            // This channel has not the ability; the call arrives as such.
            await #expect(throws: ContactCentreError(.forbidden, reason: "")) {
                try await api.delete(message: message, contact: contact, by: desk.deadline())
            }

            let second = try await centre.create(desk.message("m9", thread: "t2"), CreateOptions(), in: desk.place, by: desk.deadline())
            try await centre.end(ThreadID("t2"), contact: second.contact, wasAnswered: false, in: desk.place, by: desk.deadline())
            #expect(desk.cxone.contacts.last?.abandoned == "abandon")
            #expect(desk.cxone.counters.refused == 1 && desk.cxone.counters.unknown == 0 && desk.cxone.counters.breaches.isEmpty)
        }
    }

    @Test("any 2xx is success, with a body or without")
    func successes() async throws {
        try await staged {
            let desk = Desk { $0.successes = .varied; $0.numericContactNumbers = true }
            let centre = try desk.process()
            for number in 0..<6 {
                let created = try await centre.create(desk.message("m\(number)"), CreateOptions(), in: desk.place, by: desk.deadline())
                #expect(created.contact != nil)
                try await centre.showTyping(true, in: ThreadID("t1"), of: desk.place, by: desk.deadline())
            }
        }
    }

    @Test("statuses mean what byoc §5.4 says", arguments: [
        (400, ContactCentreError.Code.refused, false, false), (403, .forbidden, false, false), (404, .notFound, false, false),
        (409, .exists, false, false), (413, .refused, false, false), (422, .refused, false, false), (429, .throttled, true, false),
        (500, .failed, true, true), (502, .failed, true, true), (504, .failed, true, true),
    ])
    func statuses(_ status: Int, _ code: ContactCentreError.Code, _ isTransient: Bool, _ mayHaveArrived: Bool) async throws {
        try await staged {
            let desk = Desk { $0.faults = [Fault(.status(status), on: .createMessage)] }
            let error = await #expect(throws: ContactCentreError.self) {
                try await desk.process().create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
            }
            #expect(error?.code == code && error?.isTransient == isTransient && error?.mayHaveArrived == mayHaveArrived)
            #expect(desk.cxone.counters.created == 0)
        }
    }

    @Test("an error tells fields, codes and the uid, and none of the words", arguments: [
        #"{"errors":[{"field":"thread.idOnExternalPlatform","message":"canary is blank","parameters":{"v":"canary"},"errorCode":"blank"}],"uid":"6f1c-2"}"#,
        #"{"errors":[{"field":"canary, said the bird","message":"canary"}],"uid":"<canary>"}"#, #"{"errors":"canary","uid":4}"#, "canary", "",
    ])
    func errorBody(_ body: String) async throws {
        try await staged {
            let desk = Desk()
            let network = desk.network
            let transport = Detour { (call) async throws(TransportError) -> Response in
                guard call.url.hasSuffix("/messages") else { return try await network.send(call) }
                return Response(status: .badRequest, body: Array(body.utf8))
            }
            let error = await #expect(throws: ContactCentreError.self) {
                try await desk.process(over: transport).create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
            }
            #expect(error?.reason.contains("status 400") == true)
            #expect(error?.reason.contains(" is blank") == false && error?.reason.contains(", said") == false && error?.reason.contains("<") == false)
            if body.contains("6f1c") { #expect(error?.reason == "status 400, thread.idOnExternalPlatform blank, uid 6f1c-2") }
        }
    }

    @Test("a connection that ends tells whether the message may have arrived; a page in place of JSON is no answer")
    func faults() async throws {
        try await staged {
            let desk = Desk { $0.faults = [Fault(.reset, on: .createMessage), Fault(.html(200), on: .createMessage)] }
            let centre = try desk.process()
            for (code, has) in [(ContactCentreError.Code.unreachable, true), (.malformed, true)] {
                let error = await #expect(throws: ContactCentreError.self) {
                    try await centre.create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
                }
                #expect(error?.code == code && error?.mayHaveArrived == has)
            }
            // The first had its effect.
            #expect(try await centre.find(MessageID("m"), in: desk.place, by: desk.deadline()) != nil)
        }
    }

    @Test("ids stay one segment of the path", arguments: [
        ("a/b", "a%2Fb"), ("..", "%2E%2E"), (".", "%2E"), ("a?b#c", "a%3Fb%23c"), ("%2f", "%252f"), ("+ ", "%2B%20"), ("ü", "%C3%BC"), ("a.b-c_d~e", "a.b-c_d~e"),
    ])
    func segments(_ id: String, _ encoded: String) { #expect(PathSegment.encoded(id) == encoded) }

    @Test("times have milliseconds and an offset, and any offset is read", arguments: [
        (0, "1970-01-01T00:00:00.000+00:00"), (1_709_251_199_001, "2024-02-29T23:59:59.001+00:00"), (951_782_400_000, "2000-02-29T00:00:00.000+00:00"),
        (4_102_444_800_000, "2100-01-01T00:00:00.000+00:00"),
    ] as [(Int64, String)])
    func times(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp.text(milliseconds) == text)
        #expect(Timestamp.epochMilliseconds(text) == milliseconds)
        #expect(Timestamp.epochMilliseconds(String(text.dropLast(10)) + String(text.dropLast(6).suffix(4)) + "Z") == milliseconds)
        #expect(Timestamp.epochMilliseconds(String(text.dropLast(6)) + "+0200") == milliseconds - 7_200_000)
    }
}

/// A transport that a test writes.
struct Detour: HTTPTransport {
    let answer: @Sendable (Call) async throws(TransportError) -> Response
    init(_ answer: @escaping @Sendable (Call) async throws(TransportError) -> Response) { self.answer = answer }
    func send(_ call: Call) async throws(TransportError) -> Response { try await answer(call) }
}
