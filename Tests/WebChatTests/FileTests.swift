import Conversation
import Delivery
import HTTP
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing
import WebChatChannel

private let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 7, count: 1000)

@Suite("Web chat: files")
struct FileTests {
    @Test("B36: a contact's file goes up, into a message, to whoever fetches it for the agent, and back to the browser")
    func up() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let large = png + [UInt8](repeating: 1, count: 900 << 10)
        let kept = await stage.ask(.post, "/chat/web/files?name=..%2F..%2Freceipt%E2%80%AEgnp.png", octets: large, token: token, type: "image/png")
        #expect(kept.status == .created && kept.json["name"]?.string == "receiptgnp.png" && kept.json["size"]?.integer == large.count)
        let id = try #require(kept.json["id"]?.string)
        #expect(await stage.ask(.post, "/chat/web/messages", #"{"id":"message-1","files":["\#(id)"]}"#, token: token).status == .ok)
        let file = try #require(stage.inbox.messages.first?.files.first)
        guard case .platform(let reference) = file.place else { return #expect(Bool(false)) }
        let sink = Sink()
        try await stage.kept.read(reference, by: stage.soon, into: sink)
        #expect(sink.octets == large && sink.type == "image/png")
        let back = await stage.ask(.get, "/chat/web/files/\(id)", token: token)
        #expect(back.body == large && back.fields[.contentDisposition] == "attachment" && back.fields[.contentSecurityPolicy]?.contains("sandbox") == true)
        let other = try await stage.begin()
        #expect(await stage.ask(.get, "/chat/web/files/\(id)", token: other).status == .notFound, "another conversation's file")
        #expect(await stage.ask(.post, "/chat/web/messages", #"{"id":"message-2","files":["\#(id)"]}"#, token: other).status == .badRequest)
    }

    @Test("what a file is counts, not what it is called", arguments: [
        ("text/html", "<html><script>alert(1)</script>", 415), ("image/png", "<svg onload=alert(1)>", 415), ("image/svg+xml", "<svg/>", 415),
        ("text/plain", "  <!DOCTYPE html>", 415), ("image/png", "MZ\u{90}", 415), ("application/octet-stream", "hello", 415), ("text/plain", "hello", 201),
        ("text/csv; charset=utf-8", "a,b", 201), ("application/pdf", "%PDF-1.7", 201), ("image/png", "%PDF-1.7", 201), ("application/zip", "nothing", 415),
    ])
    func types(type: String, content: String, status: Int) async throws {
        let stage = try Stage()
        let answer = await stage.ask(.post, "/chat/web/files?name=a", octets: Array(content.utf8), token: try await stage.begin(), type: type)
        #expect(answer.status.code == status)
        if type == "image/png", status == 201 { #expect(answer.json["type"]?.string == "application/pdf") }
    }

    @Test("larger than the limit, empty, without token")
    func refused() async throws {
        let stage = try Stage(#""limits": {"fileMiB": 1}"#)
        let token = try await stage.begin()
        let large = png + [UInt8](repeating: 1, count: 1 << 20)
        #expect(await stage.ask(.post, "/chat/web/files?name=a", octets: large, token: token, type: "image/png").status == .contentTooLarge)
        #expect(await stage.ask(.post, "/chat/web/files?name=a", octets: [], token: token, type: "image/png").status == .badRequest)
        #expect(await stage.ask(.post, "/chat/web/files?name=a", octets: png, type: "image/png").status == .unauthorized)
    }
}

private final class Sink: FileSink {
    private let state = Mutex((type: String?.none, octets: [UInt8]()))
    var type: String? { state.withLock { $0.type } }
    var octets: [UInt8] { state.withLock { $0.octets } }
    func begin(mediaType: String?, size: Int?) async throws(ChannelError) { state.withLock { $0.type = mediaType } }
    func write(_ octets: [UInt8]) async throws(ChannelError) { state.withLock { $0.octets += octets } }
}
