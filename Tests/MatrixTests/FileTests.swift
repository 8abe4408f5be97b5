import Conversation
import HTTP
import HTTPTypes
import MatrixChannel
import Synchronization
import TestSupport
import Testing

@Suite("Matrix: files")
struct MatrixFileTests {
    private final class Sink: FileSink {
        let state = Mutex((type: String?.none, octets: [UInt8]()))
        let refuses: Bool

        init(refuses: Bool = false) { self.refuses = refuses }

        func begin(mediaType: String?, size: Int?) async throws(ChannelError) { state.withLock { $0.type = mediaType } }
        func write(_ octets: [UInt8]) async throws(ChannelError) {
            if refuses { throw ChannelError(.tooLarge, reason: "enough") }
            state.withLock { $0.octets += octets }
        }
    }

    @Test("a contact's file comes from the homeserver with our token")
    func download() async throws {
        let (stage, sink) = (try Stage(), Sink())
        stage.homeserver.answer("GET /_matrix/client/v1/media/download/other.example:8448/Ab_-9", 200, #"{"any":"octets"}"#)
        try await stage.matrix.read("mxc://other.example:8448/Ab_-9", by: stage.deadline, into: sink)
        #expect(sink.state.withLock { $0.octets } == Array(#"{"any":"octets"}"#.utf8))
        #expect(sink.state.withLock { $0.type } == "application/json; charset=utf-8")
        #expect(stage.homeserver.sent.first?.fields[.authorization] == "Bearer " + Stage.asToken)
    }

    @Test("only what is a file's reference is asked for", arguments: [
        "", "mxc://", "mxc://a", "mxc://a/", "mxc:///b", "mxc://a/b/c", "mxc://a/..", "mxc://a/b?c", "mxc://a/%2e", "https://a/b", "mxc://a b/c", "mxc://a/b\n",
    ])
    func references(reference: String) async throws {
        let stage = try Stage()
        await #expect(throws: ChannelError(.rejected, reason: "")) { try await stage.matrix.read(reference, by: stage.deadline, into: Sink()) }
        #expect(stage.homeserver.calls.isEmpty)
    }

    @Test("a file that is gone, and one that nobody wants to the end, are told apart")
    func failures() async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET", 404, #"{"errcode":"M_NOT_FOUND"}"#)
        await #expect(throws: ChannelError(.threadGone, reason: "")) { try await stage.matrix.read("mxc://a/b", by: stage.deadline, into: Sink()) }
        stage.homeserver.answer("GET", 200, "octets")
        await #expect(throws: ChannelError(.tooLarge, reason: "")) {
            try await stage.matrix.read("mxc://a/b", by: stage.deadline, into: Sink(refuses: true))
        }
    }

    private func file(_ stage: Stage, _ url: String = "https://files.cxone.example/f?sig=1") -> OutboundPart {
        OutboundPart(
            body: nil, files: [OutboundFile(url: url, name: "in \"voice\".json")], key: "k1", visibility: .direct, thread: ThreadID("!room"),
            deadline: stage.deadline)
    }

    @Test("an agent's file is fetched, uploaded and shown; CXone's host never sees our token")
    func upload() async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET https://files.cxone.example/f?sig=1", 200, #"{"sum":12}"#)
        stage.homeserver.answer("POST /_matrix/media/v3/upload", 200, #"{"content_uri":"mxc://hs.example/New"}"#)
        #expect(try await stage.matrix.send(file(stage)).id == MessageID("$sent"))
        let calls = stage.homeserver.sent
        #expect(stage.homeserver.calls[1].hasPrefix("POST /_matrix/media/v3/upload?user_id=@_cx_service:hs.example&filename=in \"voice\".json"))
        #expect(calls[0].fields[.authorization] == nil && calls[1].body == Array(#"{"sum":12}"#.utf8))
        let shown = #"{"msgtype":"m.file","body":"in \"voice\".json","filename":"in \"voice\".json","url":"mxc://hs.example/New","#
            + #""info":{"mimetype":"application/json","size":10},"m.mentions":{}}"#
        #expect(stage.homeserver.bodies[2] == shown)
    }

    @Test("a file from elsewhere is not fetched, and nothing is sent", arguments: ["https://169.254.169.254/x", "https://evil.example/f", "http://files.cxone.example/f"])
    func elsewhere(url: String) async throws {
        let stage = try Stage()
        await #expect(throws: ChannelError(.contentRefused, reason: "")) { try await stage.matrix.send(file(stage, url)) }
        #expect(stage.homeserver.calls.isEmpty)
    }

    @Test("a file that the homeserver does not take is told, and certainly did not arrive")
    func tooLarge() async throws {
        let stage = try Stage()
        stage.homeserver.answer("GET https://files.cxone.example/f", 200, "{}")
        stage.homeserver.answer("POST /_matrix/media/v3/upload", 413, #"{"errcode":"M_TOO_LARGE"}"#)
        do {
            _ = try await stage.matrix.send(file(stage))
            Issue.record("sent")
        } catch {
            let error = try #require(error as? ChannelError)
            #expect(error.code == .tooLarge && !error.mayHaveArrived && error.sentence != nil)
        }
    }
}
