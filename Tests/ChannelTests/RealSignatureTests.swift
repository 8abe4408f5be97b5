import ChannelCatalog
import Conversation
import Glibc
import HTTP
import HTTPTypes
import JSON
import Settings
import TestSupport
import Testing
import Time
import WebhookChannel

/// The `standardwebhooks` package of the specification's authors signs what we read and verifies what we send.
@Suite("Standard Webhooks' own library", .ownThread) struct RealSignatureTests {
    private static let python = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 } + "/.build/venv-api/bin/python"
    private static let isThere = access(python, X_OK) == 0 || getenv("CI") != nil

    private static func run(_ script: String, _ arguments: [String]) throws -> (status: Int32?, output: String) {
        let log = try temporaryFolder() + "/out"
        let child = try ChildProcess([python, "-B", "-c", script] + arguments, log: log)
        let status = child.wait()
        return (status, String(decoding: FileBytes.read(log) ?? [], as: UTF8.self))
    }

    private static func app(over transport: any HTTPTransport) throws -> WebhookApp {
        let folder = try #require(ChannelFolder.all.first { $0.name == "Webhook" })
        let settings = try folder.read().channels.first?.group.platform
        guard case .webhook(let own) = settings else { throw MessageFileError(message: "no webhook channel") }
        return WebhookApp(own, over: transport, time: SystemTime())
    }

    @Test("what it signs, we accept", .enabled(if: isThere, "standardwebhooks is not installed; `make test` installs it"))
    func signed() async throws {
        let body = #"{"events":[{"type":"typing","thread":"t-7","x":"مرحبا 👋"}]}"#
        let script = """
            import sys, datetime
            from standardwebhooks.webhooks import Webhook
            now = datetime.datetime.now(datetime.timezone.utc)
            print(int(now.timestamp()), Webhook(sys.argv[1]).sign("d-1", now, sys.argv[2]))
            """
        let (status, output) = try Self.run(script, [ChannelFolder.secret, body])
        let words = output.split(whereSeparator: \.isWhitespace).map(String.init)
        try #require(status == 0 && words.count == 2, "\(output)")
        var request = Request(method: .post, target: "/webhook/jungle", fields: [.contentType: "application/json"], body: Array(body.utf8))
        for (name, value) in [("webhook-id", "d-1"), ("webhook-timestamp", words[0]), ("webhook-signature", words[1])] {
            request.fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let read = try await Self.app(over: TwoSides()).read(request, path: "", by: Instant.now().advanced(byMilliseconds: 4000))
        guard case .events(let events, _, let delivery) = read else {
            Issue.record("not taken")
            return
        }
        #expect(events.count == 1 && delivery == "d-1")
    }

    @Test("what we sign, it verifies; a changed octet it does not", .enabled(if: isThere, "standardwebhooks is not installed; `make test` installs it"))
    func verified() async throws {
        let sides = TwoSides()
        sides.add(platform: .response(200, type: "application/json", Array(#"{"id":"p-1"}"#.utf8)))
        let part = OutboundPart(
            body: .text("We found it. 👋"), key: "k-1", visibility: .direct, thread: ThreadID("t-7"), deadline: Instant.now().advanced(byMilliseconds: 4000))
        _ = try await Self.app(over: sides).send(part)
        let call = try #require(sides.platformCalls.first)
        let script = """
            import json, sys
            from standardwebhooks.webhooks import Webhook
            print(Webhook(sys.argv[1]).verify(sys.argv[2], json.loads(sys.argv[3]))["text"] == "We found it. \\U0001F44B")
            """
        var headers = JSONWriter()
        headers.object { json in for field in call.fields { json.field(field.name.canonicalName, field.value) } }
        let text = String(decoding: call.body, as: UTF8.self), fields = String(decoding: headers.bytes, as: UTF8.self)
        let (status, output) = try Self.run(script, [ChannelFolder.secret, text, fields])
        #expect(status == 0 && output.contains("True"), "\(output)")
        let (refused, _) = try Self.run(script, [ChannelFolder.secret, text + " ", fields])
        #expect(refused != 0)
    }
}
