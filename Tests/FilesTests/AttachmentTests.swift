import Conversation
import Delivery
import EventLoop
import HTTP
import HTTPTypes
import JSON
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Time

/// Files of contacts under links of ours (`byoc.md` §9; B17, B18).
@Suite("Attachments")
struct AttachmentTests {
    private let time = ManualTime()
    private let sealer = Sealer(keys: [Secret("a key that seals links to files")])
    private var fetcher: FileFetcher { FileFetcher(over: FakeTransport([]), FileAddress.Rules(hosts: ["files.example"]), limit: 1 << 20) }

    private func channel(_ files: (any FileSource)?) -> Channel {
        var channel = Channel(name: "chat", tenant: "jungle", pointsOfContact: [], capabilities: ChannelCapabilities())
        channel.files = files
        return channel
    }

    private func links(way: SharedLinks.Way = .link) throws -> SharedLinks {
        SharedLinks(root: "https://mw.example", sealer: try #require(sealer), life: 3_600_000, way: way, fetcher: fetcher, time: time)
    }

    private func handler(_ channel: Channel) throws -> AttachmentHandler {
        AttachmentHandler(channels: [channel], sealer: try #require(sealer), fetcher: fetcher, time: time)
    }

    /// Follows a link, and gathers what is streamed.
    private func follow(_ url: String, _ handler: AttachmentHandler, method: HTTPRequest.Method = .get) async -> (Response, [UInt8], Bool) {
        let response = await handler.respond(to: Request(method: method, target: String(url.dropFirst("https://mw.example".count))))
        let sink = Gathered()
        let isComplete = await response.stream?.write(to: sink) ?? true
        return (response, sink.octets.isEmpty ? response.body : sink.octets, isComplete)
    }

    @Test("a link leads to the file, with a clean name, a safe type and nothing that a browser keeps or runs (B17)")
    func whole() async throws {
        let octets = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 7, count: 300_000)
        try await staged {
            let channel = channel(FakeFiles(["mxc://h/1": octets], mediaType: "text/html"))
            let file = InboundFile(.platform(reference: "mxc://h/1"), name: "../um\u{202E}brella.png", mediaType: "image/png", size: octets.count)
            let shared = try #require(try await links().link(to: file, in: channel, by: time.now()))
            #expect(shared.name == "umbrella.png" && shared.url.hasPrefix("https://mw.example/attachments/v1."))
            #expect(!shared.url.contains("mxc") && !shared.url.contains("umbrella"))
            let (response, body, isComplete) = try await follow(shared.url, handler(channel))
            #expect(response.status == .ok && body == octets && isComplete)
            #expect(response.fields[.contentType] == "image/png")
            #expect(response.fields[.contentDisposition] == "attachment; filename=\"umbrella.png\"; filename*=UTF-8''umbrella.png")
            #expect(response.fields[.cacheControl] == "private, no-store" && response.fields[.xContentTypeOptions] == "nosniff")
            #expect(response.stream?.length == octets.count)
            let head = try await handler(channel).respond(to: Request(method: .head, target: String(shared.url.dropFirst(18))))
            #expect(head.status == .ok && head.fields[.contentType] == "image/png" && head.stream?.length == octets.count)
        }
    }

    @Test("changed, foreign, expired links and links to nothing: one and the same 404")
    func refused() async throws {
        try await staged {
            let channel = channel(FakeFiles(["a": [1, 2, 3]]))
            let handler = try handler(channel)
            let url = try #require(try await links().link(to: InboundFile(.platform(reference: "a"), name: "a"), in: channel, by: time.now())).url
            let stranger = try #require(Sealer(keys: [Secret("another key that seals links")]))
            let foreign = AttachmentLink(channel: "chat", place: .platform("a"), name: "a", mediaType: nil, expires: .max).sealed(by: stranger) ?? ""
            let other = AttachmentLink(channel: "gone", place: .platform("a"), name: "a", mediaType: nil, expires: .max).sealed(by: try #require(sealer)) ?? ""
            let elsewhere = try #require(sealer?.seal(Array(#"{"c":"chat","r":"a","n":"a","e":99999999999999}"#.utf8), context: "another purpose"))
            let root = "https://mw.example/attachments/"
            var tries = [
                String(url.dropLast()), url + "A", url + "/", url + "?x=1".dropFirst(4), root, root + "..", root + "v1", root + foreign, root + other,
                root + String(decoding: elsewhere, as: UTF8.self), root + String(repeating: "A", count: 7000), "https://mw.example/attachments",
                "https://mw.example/other/" + url.dropFirst(root.count),
            ]
            for place in stride(from: root.count, to: url.count, by: 7) {
                var octets = Array(url.utf8)
                octets[place] = octets[place] == 0x41 ? 0x42 : 0x41
                tries.append(String(decoding: octets, as: UTF8.self))
            }
            #expect(await follow(url, handler).0.status == .ok)
            let expected = await handler.respond(to: Request(method: .get, target: "/attachments/nothing"))
            for attempt in tries {
                guard attempt != url else { continue }
                let (response, body, _) = await follow(attempt, handler)
                #expect(response.status == .notFound && body == expected.body && response.fields == expected.fields, "\(attempt)")
            }
            time.advance(milliseconds: 3_600_001)
            let (late, body, _) = await follow(url, handler)
            #expect(late.status == .notFound && body == expected.body)
            #expect(await handler.respond(to: Request(method: .post, target: "/attachments/x")).status == .methodNotAllowed)
        }
    }

    @Test("what the platform does not give is told by status; a file that breaks off is not taken for whole", arguments: [
        (ChannelError.Code.contentRefused, 404), (.threadGone, 404), (.unreachable, 502), (.failed, 502), (.timedOut, 504), (.throttled, 503),
        (.tooLarge, 413), (.unauthorized, 502),
    ])
    func failures(_ code: ChannelError.Code, _ status: Int) async throws {
        try await staged {
            let files = FakeFiles(["a": [UInt8](repeating: 1, count: 200_000)])
            let channel = channel(files)
            let url = try #require(try await links().link(to: InboundFile(.platform(reference: "a"), name: "a"), in: channel, by: time.now())).url
            files.fail(ChannelError(code, reason: "canary"), after: nil)
            let (response, body, _) = try await follow(url, handler(channel))
            #expect(response.status.code == status && !String(decoding: body, as: UTF8.self).contains("canary"))
            files.fail(ChannelError(code, reason: "canary"), after: 100_000)
            let (begun, part, isComplete) = try await follow(url, handler(channel))
            #expect(begun.status == .ok && !isComplete && part.count <= 100_000 + 65_536)
        }
    }

    @Test("the limit holds for files that tell their size, and for those that lie")
    func limit() async throws {
        try await staged {
            let files = FakeFiles(["a": [UInt8](repeating: 1, count: 1_200_000)], tellsSize: false)
            let channel = channel(files)
            let url = try #require(try await links().link(to: InboundFile(.platform(reference: "a"), name: "a"), in: channel, by: time.now())).url
            let (response, body, isComplete) = try await follow(url, handler(channel))
            #expect(response.status == .ok && !isComplete && body.count <= 1 << 20)
            #expect(try await links().link(to: InboundFile(.platform(reference: "a"), name: "a", size: 2 << 20), in: channel, by: time.now()) == nil)
        }
    }

    @Test("an answer that is never sent lets the file go")
    func unsent() async throws {
        try await staged {
            let files = FakeFiles(["a": [UInt8](repeating: 1, count: 1_000_000)])
            let channel = channel(files)
            let url = try #require(try await links().link(to: InboundFile(.platform(reference: "a"), name: "a"), in: channel, by: time.now())).url
            do { _ = try await handler(channel).respond(to: Request(method: .get, target: String(url.dropFirst(18)))) }
            for _ in 0..<200 where files.reading > 0 { await EventLoop.sleep(until: .now().advanced(byMilliseconds: 10)) }
            #expect(files.reading == 0)
        }
    }

    @Test("an open file is linked as it is, or handed out by us where the settings name its host; nothing but https")
    func open() async throws {
        try await staged {
            let channel = channel(nil)
            let links = try links()
            @Sendable func link(_ url: String) async -> String? {
                await links.link(to: InboundFile(.open(url: url), name: "a.png"), in: channel, by: time.now())?.url
            }
            #expect(await link("https://cdn.example/a.png?sig=1") == "https://cdn.example/a.png?sig=1")
            #expect(await link("https://files.example/a.png")?.hasPrefix("https://mw.example/attachments/") == true)
            for url in ["http://cdn.example/a", "javascript:alert(1)", "file:///etc/passwd", "https://u:p@cdn.example/a", "https://cdn.example/\u{202E}", ""] {
                #expect(await link(url) == nil, "\(url)")
            }
            #expect(await links.link(to: InboundFile(.platform(reference: "r"), name: "a"), in: channel, by: time.now()) == nil)
        }
    }

    @Test("files in the store: whole or not at all, in sealed parts, gone after their life")
    func store() async throws {
        try await staged {
            let store = MemoryStore(time: time)
            let files = FileStore(store: SealedStore(store, sealer: try #require(sealer)), tenant: "jungle", life: 60_000, limit: 3 << 20)
            let octets = (0..<1_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let reference = try await files.keep(octets, mediaType: "image/png", by: time.now().advanced(byMilliseconds: 1000))
            #expect(reference.utf8.count == 24)
            #expect(store.keys("file-part").count == 4 && store.keys("file").count == 1)
            for key in store.keys() { #expect((store.octets(key) ?? []).starts(with: "v1.".utf8)) }
            let channel = channel(files)
            let url = try #require(try await links().link(to: InboundFile(.platform(reference: reference), name: "a"), in: channel, by: time.now())).url
            #expect(try await follow(url, handler(channel)).1 == octets)
            await #expect(throws: ChannelError(.tooLarge, reason: "")) {
                try await files.keep([UInt8](repeating: 0, count: (3 << 20) + 1), mediaType: nil, by: time.now())
            }
            // A part that is lost is told, not skipped.
            if let part = store.keys("file-part").first { _ = await store.delete(part) }
            let (holed, _, isComplete) = try await follow(url, handler(channel))
            #expect(!isComplete || holed.status == .notFound)
            await files.forget(reference, by: time.now())
            #expect(store.keys().isEmpty)
            #expect(try await follow(url, handler(channel)).0.status == .notFound)
            let again = try await files.keep([1], mediaType: nil, by: time.now())
            time.advance(milliseconds: 60_001)
            await #expect(throws: ChannelError(.contentRefused, reason: "")) { try await files.read(again, by: time.now(), into: FilePipe(BodyPipe(), limit: 10)) }
        }
    }
}

final class Gathered: ResponseSink {
    private let state = Mutex<[UInt8]>([])
    var octets: [UInt8] { state.withLock { $0 } }
    func write(_ octets: [UInt8]) async -> Bool {
        state.withLock { $0 += octets }
        return true
    }
}

/// Files by reference, handed out in pieces.
final class FakeFiles: FileSource {
    private let files: [String: [UInt8]]
    private let mediaType: String?
    private let tellsSize: Bool
    private let state = Mutex((failure: ChannelError?.none, after: Int?.none, reading: 0))

    init(_ files: [String: [UInt8]], mediaType: String? = nil, tellsSize: Bool = true) {
        self.files = files
        self.mediaType = mediaType
        self.tellsSize = tellsSize
    }

    var reading: Int { state.withLock { $0.reading } }
    func fail(_ failure: ChannelError, after count: Int?) { state.withLock { ($0.failure, $0.after) = (failure, count) } }

    func read(_ reference: String, by deadline: Instant, into sink: any FileSink) async throws(ChannelError) {
        state.withLock { $0.reading += 1 }
        defer { state.withLock { $0.reading -= 1 } }
        guard let octets = files[reference] else { throw ChannelError(.contentRefused, reason: "no such file") }
        let (failure, after) = state.withLock { ($0.failure, $0.after) }
        if let failure, after == nil { throw failure }
        try await sink.begin(mediaType: mediaType, size: tellsSize ? octets.count : nil)
        for start in stride(from: 0, to: octets.count, by: 50_000) {
            if let failure, start >= after ?? .max { throw failure }
            try await sink.write(Array(octets[start..<min(octets.count, start + 50_000)]))
        }
    }
}

/// Runs a test on an event loop, as whatever is tested does.
func staged(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await onLoop { () async -> Result<Void, any Error> in
        do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
}
