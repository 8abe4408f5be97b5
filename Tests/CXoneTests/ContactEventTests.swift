import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Synchronization
import TestSupport
import Testing
import Time

private let xKey = HTTPField.Name(parsed: "x-key") ?? .authorization

/// Remembers what it was told to end.
private final class FakeOutbox: Outbox, Ticking {
    let outcome: EndingOutcome
    private let state = Mutex<[String]>([])
    init(_ outcome: EndingOutcome = .ended) { self.outcome = outcome }
    var ended: [String] { state.withLock { $0 } }

    func deliver(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async -> DeliveryOutcome {
        .notNow(retryAfterMilliseconds: 0, reason: "")
    }
    func answered(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async {}
    func end(_ thread: ThreadID, contact: String?, in channel: Channel, visibility: Visibility, by deadline: Instant) async -> EndingOutcome {
        state.withLock { $0.append("\(channel.name)/\(thread.text)/\(contact ?? "-")/\(visibility.rawValue)") }
        return outcome
    }
    func end(contact: String, in channels: [Channel], by deadline: Instant) async -> EndingOutcome {
        state.withLock { $0.append("contact \(contact)") }
        return outcome
    }
    func tick(by deadline: Instant) async -> TickReport {
        var report = TickReport()
        report.sent = 3
        return report
    }
}

@Suite("Contact events")
struct ContactEventTests {
    private func respond(
        _ body: String, path: String = "/events/contact", outbox: FakeOutbox = FakeOutbox(), keys: [String] = ["let me in by this key"],
        edit: (inout Request) -> Void = { _ in }
    ) async throws -> Response {
        let text = #"{"caller": {"headers": [{"name": "X-Key", "values": [{"env": "NEW"}, {"env": "OLD"}]}]}}"#
        let settings = try SettingsFile.read(
            ContactEventsSettings.self, text: Array(text.utf8), path: "test", environment: ["NEW": "let me in by this key", "OLD": "let me in by the other"]).settings
        let channels = [
            Channel(
                name: "hole", tenant: "jungle",
                pointsOfContact: [PointOfContact(id: "poc", visibility: .direct), PointOfContact(id: "poc_posts", visibility: .post)],
                capabilities: ChannelCapabilities()),
            Channel(
                name: "pond", tenant: "jungle", pointsOfContact: [PointOfContact(id: "other", visibility: .direct)], capabilities: ChannelCapabilities()),
        ]
        let handler = ContactEventsHandler(settings, channels: channels, outbox: outbox, ticks: outbox, time: SystemTime())
        var fields: HTTPFields = [.contentType: "application/json"]
        for key in keys { fields.append(HTTPField(name: xKey, value: key)) }
        var request = Request(method: .post, target: path, fields: fields, body: Array(body.utf8))
        edit(&request)
        return await handler.respond(to: request)
    }

    @Test("Flat objects and CXone's envelopes of both generations end the conversation they name", arguments: [
        (#"{"contactNumber": 48213, "threadIdOnExternalPlatform": "t-7", "channelId": "poc", "status": "closed"}"#, "hole/t-7/48213/direct"),
        (#"{"caseNumber": "48213", "threadId": "poc_t-7", "status": "Closed", "agent": {"name": "Ann"}, "new": [1]}"#, "hole/t-7/48213/direct"),
        (#"{"caseId": "48213", "threadId": "poc_posts_t-7", "status": "trashed"}"#, "hole/t-7/48213/post"),
        (#"{"contactNumber": "48213", "status": "closed"}"#, "contact 48213"),
        (#"{"contactNumber": "48213", "threadIdOnExternalPlatform": "t-7", "status": "closed"}"#, "contact 48213"),
        (#"{"eventId": "e", "eventObject": "Case", "eventType": "CaseStatusChanged", "data": {"brand": {"id": 9}, "channel": {"id": "poc"}, "#
            + #""case": {"id": "48213", "status": "closed", "threadIdOnExternalPlatform": "t-7"}}}"#,
            "hole/t-7/48213/direct"),
        (#"{"type": "ContactStatusChanged", "data": {"contact": {"contactNumber": "48213", "channelId": "other", "threadId": "other_t-7"}, "_changes": "#
            + #"[{"fieldName": "inbox", "currentValue": {"id": 1}}, {"fieldName": "status", "currentValue": "closed"}]}}"#,
            "pond/t-7/48213/direct"),
        (#"{"eventType": "CustomerContactClosed", "data": {"channel": {"id": "poc"}, "thread": {"idOnExternalPlatform": "t_7/ü"}}}"#, "hole/t_7/ü/-/direct"),
    ])
    func ends(body: String, expected: String) async throws {
        let outbox = FakeOutbox()
        let response = try await respond(body, outbox: outbox)
        #expect(response.status == .noContent)
        #expect(outbox.ended == [expected])
    }

    @Test("Whatever does not end a conversation of ours is noted and changes nothing", arguments: [
        #"{"contactNumber": "1", "channelId": "poc", "threadIdOnExternalPlatform": "t", "status": "pending"}"#,
        #"{"contactNumber": "1", "status": "resolved"}"#,
        #"{"eventType": "CaseInboxAssigneeChanged", "data": {"case": {"id": "1"}, "inboxAssignee": {"id": 5}}}"#,
        #"{"eventType": "SomethingNew", "data": {}}"#,
        #"{"contactNumber": "1", "channelId": "of somebody else", "threadIdOnExternalPlatform": "t", "status": "closed"}"#,
    ])
    func ignores(body: String) async throws {
        let outbox = FakeOutbox()
        #expect(try await respond(body, outbox: outbox).status == .noContent)
        #expect(outbox.ended.isEmpty)
    }

    @Test("What cannot be served is refused, without effect", arguments: [
        ("{", 400), ("[]", 400), (#"{"contactNumber": "1"}"#, 400), (#"{"status": "closed"}"#, 400),
        (#"{"eventType": "CaseStatusChanged", "data": {"case": {"id": 1}}}"#, 400), (String(repeating: " ", count: 300_000) + "{}", 413),
    ])
    func refuses(body: String, status: Int) async throws {
        let outbox = FakeOutbox()
        #expect(try await respond(body, outbox: outbox).status.code == status)
        #expect(outbox.ended.isEmpty)
    }

    @Test("Nobody without the credential, with a wrong one or with two is served; both of a pair in change are")
    func credentials() async throws {
        let body = #"{"contactNumber": "1", "status": "closed"}"#
        let outbox = FakeOutbox()
        for path in ["/events/contact", "/events/tick"] {
            for (keys, status) in [([], 401), (["wrong"], 401), ([""], 401), (["let me in by this key", "let me in by this key"], 400)] {
                #expect(try await respond(body, path: path, outbox: outbox, keys: keys).status.code == status)
            }
        }
        #expect(outbox.ended.isEmpty)
        #expect(try await respond(body, outbox: outbox, keys: ["let me in by the other"]).status == .noContent)
        #expect(try await respond(body, outbox: outbox) { $0.front.isSecure = false }.status == .forbidden)
        #expect(try await respond(body, outbox: outbox) { $0.method = .get }.status == .methodNotAllowed)
        #expect(try await respond(body, path: "/events/other", outbox: outbox).status == .notFound)
        #expect(try await respond(body, outbox: outbox) { $0.fields[.contentType] = "text/plain" }.status == .unsupportedMediaType)
    }

    @Test("What failed for now is to be sent again; a timer's call tells what was done")
    func later() async throws {
        let body = #"{"contactNumber": "1", "status": "closed"}"#
        let failing = FakeOutbox(.failed(ChannelError(.failed, reason: "", retryAfterMilliseconds: 7000)))
        let response = try await respond(body, outbox: failing)
        #expect(response.status == .serviceUnavailable)
        #expect(response.fields[.retryAfter] == "7")
        #expect(try await respond(body, outbox: FakeOutbox(.nothingToDo)).status == .noContent)
        let ticked = try await respond("", path: "/events/tick") { $0.fields[.contentType] = nil }
        #expect(ticked.status == .ok)
        #expect(try JSON(parsing: ticked.body)["sent"]?.integer == 3)
    }
}
