import CXone
import Conversation
import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Time

/// Takes everything.
private struct Taking: Outbox {
    func deliver(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async -> DeliveryOutcome {
        precondition(message.key.utf8.count <= 64 && message.key.utf8.allSatisfy { $0 < 0x80 })
        return .delivered(Delivery(message: MessageID("m"), thread: message.thread ?? ThreadID("t"), occurred: 0, people: message.recipients))
    }
    func answered(_ message: OutboundMessage, through channel: Channel, by deadline: Instant) async {}
    func end(_ thread: ThreadID, contact: String?, in channel: Channel, visibility: Visibility, by deadline: Instant) async -> EndingOutcome { .ended }
    func end(contact: String, in channels: [Channel], by deadline: Instant) async -> EndingOutcome { .ended }
}

private struct Bench: Sendable {
    let handler: CallbackHandler
    let token: String
    let loop: EventLoop

    init() throws {
        let text = #"{"clients":{"c":{"secrets":[{"env":"S"}]}},"tokenKeys":[{"env":"S"}]}"#
        let settings = try SettingsFile.read(
            BringYourOwnChannelSettings.self, text: Array(text.utf8), path: "fuzz", environment: ["S": "a secret that is long enough"]).settings
        let channel = Channel(
            name: "c", tenant: "t", pointsOfContact: [PointOfContact(id: "c", visibility: .direct)], capabilities: ChannelCapabilities())
        let time = SystemTime()
        loop = try EventLoop()
        handler = CallbackHandler(
            settings, serving: [.outbound, .unknown], channels: [channel], outbox: Taking(), store: nil, time: time, sleep: EventLoop.sleep)
        token = AccessTokens(keys: settings.tokenKeys, life: 86_400).token(for: "c", now: time.epochMilliseconds()) ?? ""
    }
}

private let bench = try? Bench()
private let paths = [
    "/byoc/2.0/channel/c/outbound", "/byoc/1.0/posts/c_t/messages", "/byoc/1.0/channel/c/recipients/validation",
    "/byoc/1.0/channel/c/thread/t/sender-action", "/byoc/1.0/posts/x/removal",
]

/// libFuzzer's entry: whatever a body, or a path, holds, the answer is one of those that the handler knows, and JSON where it has a body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCallback(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: octets, count: count))
    guard let first = input.first, let bench else { return 0 }
    var target = paths[Int(first) % paths.count]
    if first >= 128 { target = "/byoc/" + String(decoding: input.dropFirst().map { $0 > 0x20 && $0 < 0x7F ? $0 : 0x2F }, as: UTF8.self) }
    let request = Request(
        method: .post, target: target, fields: [.contentType: "application/json", .authorization: "Bearer " + bench.token],
        body: Array(input.dropFirst()))
    let response = bench.loop.run { await bench.handler.respond(to: request) }
    precondition([200, 204, 400, 404, 413, 422].contains(response.status.code), "\(response.status.code)")
    if !response.body.isEmpty, (try? JSON(parsing: response.body)) == nil { fatalError("the answer is no JSON") }
    return 0
}
