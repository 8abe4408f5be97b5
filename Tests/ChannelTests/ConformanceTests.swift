import Conversation
import Delivery
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

/// What holds for every channel, whatever its platform (`security.md` §2–5, 8), run against each folder.
@Suite("Conformance of channels") struct ConformanceTests {
    static let leak = "TEXT-OF-THE-PLATFORM"
    static let texts = [
        "مرحبا بالعالم", "👩‍👩‍👧‍👦🏳️‍🌈", "e\u{301}a\u{308}\u{323}", "\u{202E}abc\u{202C}", "𐍈𝒳", "a\u{200B}b\u{FEFF}", "\"\\/\u{8}\u{C}", "नमस्ते", "שלום",
        "z\u{351}\u{323}\u{5B0}\u{31A}a\u{36B}\u{342}\u{30C}", "<b>&amp;</b>", "line\nline\ttab", "ﷺ", "\u{1F1EC}\u{1F1E7}", "Ω≈ç√∫˜µ≤≥÷",
    ]

    /// Those that platforms post to; the web chat's own requests are tested with it.
    static let receiving = ChannelFolder.all.filter { (try? ChannelStage($0))?.channel.inbound != nil }
    /// Those that ask a platform when an agent writes.
    static let sending = ChannelFolder.all.filter { folder in
        folder.messages.contains { $0.file.hasSuffix("/text.message") && $0.halves.contains { !$0.isInbound && !$0.platform.isEmpty } }
    }

    static func part(_ text: String, _ time: ManualTime) -> OutboundPart {
        OutboundPart(
            body: .text(text), key: "key-1", visibility: .direct, thread: ThreadID("t-7"), recipients: [Person(PersonID("zebra-12"))],
            deadline: time.now().advanced(byMilliseconds: 4000))
    }

    static func expectNoSecret(in text: String) {
        for secret in ChannelFolder.secrets + [leak, "http://", "https://"] { #expect(!text.contains(secret), "leaked: \(text)") }
    }

    private static func send(_ folder: ChannelFolder, _ answer: TwoSides.Answer) async throws -> Result<SentPart, ChannelError> {
        let stage = try ChannelStage(folder)
        // Enough for an adapter that asks before it sends.
        for _ in 0..<8 { stage.sides.add(platform: answer) }
        let outbound = try #require(stage.channel.outbound)
        do throws(ChannelError) {
            return .success(try await outbound.send(part("We found it.", stage.time)))
        } catch {
            expectNoSecret(in: "\(error) \(error.sentence ?? "")")
            return .failure(error)
        }
    }

    // MARK: Inbound

    @Test("without proof, or with a wrong one: 401, nothing asked, nothing stored", arguments: receiving)
    func proof(folder: ChannelFolder) async throws {
        for half in folder.messages.flatMap(\.halves) where half.isInbound && half.request.contains("{") && half.answer.hasPrefix("2") {
            for request in [try Self.bare(folder, half), try Self.request(folder, half, secret: "whsec_" + "V3JvbmdTZWNyZXRXcm9uZ1NlY3JldFdyb25nMDAwMDE=")] {
                let stage = try ChannelStage(folder)
                let response = await stage.webhook.respond(to: request)
                #expect(response.status.code == 401, "\(folder.name): \(response.status)")
                #expect(stage.sides.contactCentreCalls.isEmpty && stage.sides.platformCalls.isEmpty)
                #expect(stage.store.keys().isEmpty)
                Self.expectNoSecret(in: String(decoding: response.body, as: UTF8.self))
            }
        }
    }

    private static func request(_ folder: ChannelFolder, _ half: MessageFile.Half, secret: String = ChannelFolder.secret) throws -> Request {
        try ChannelStage(folder).request(half.request, secret: secret)
    }

    private static func bare(_ folder: ChannelFolder, _ half: MessageFile.Half) throws -> Request {
        var request = try request(folder, half)
        request.fields = request.fields[.contentType].map { [.contentType: $0] } ?? [:]
        return request
    }

    @Test("B6: an unknown channel, and one whose inbound side is switched off, are answered alike", arguments: receiving)
    func unknown(folder: ChannelFolder) async throws {
        let half = try #require(folder.messages.flatMap(\.halves).first { $0.isInbound })
        let open = try ChannelStage(folder), shut = try ChannelStage(folder, folder.settings + #", "directions": "outbound""#)
        var other = try open.request(half.request)
        other.target = other.target.replacing("/webhook/jungle", with: "/webhook/savanna")
        let unknown = await open.webhook.respond(to: other)
        let closed = await shut.webhook.respond(to: try shut.request(half.request))
        #expect(unknown.status == .notFound && closed.status == .notFound)
        #expect(unknown.body == closed.body && unknown.fields == closed.fields)
    }

    @Test("another method: 405 with the one that is served, and nothing asked", arguments: receiving)
    func method(folder: ChannelFolder) async throws {
        let half = try #require(folder.messages.flatMap(\.halves).first { $0.isInbound })
        for other in [.get, .post, .put] as [HTTPRequest.Method] {
            let stage = try ChannelStage(folder)
            var request = try stage.request(half.request)
            guard request.method != other else { continue }
            let served = request.method.rawValue
            request.method = other
            let response = await stage.webhook.respond(to: request)
            #expect(response.status == .methodNotAllowed && response.fields[.allow] == served, "\(folder.name) \(other.rawValue): \(response.status)")
            #expect(stage.sides.contactCentreCalls.isEmpty && stage.sides.platformCalls.isEmpty)
        }
    }

    @Test("bodies that are no JSON, or not the platform's: no trap, no 5xx, nothing stored but the proof", arguments: receiving, [
        "", "{", "[]", "null", "\"x\"", "{\"events\":{}}", "{\"events\":[]}", "{\"events\":[1,null,[]]}", "{\"a\":1,\"a\":2}", "{\"events\":[{\"type\":7}]}",
        String(repeating: "[", count: 500), "{\"events\":[{\"type\":\"m.room.message\",\"content\":[]}]}", "\u{0}", "{\"x\":1e999}",
    ])
    func garbage(folder: ChannelFolder, body: String) async throws {
        let half = try #require(folder.messages.flatMap(\.halves).first { $0.isInbound })
        let stage = try ChannelStage(folder)
        let (head, lines, _) = try ChannelStage.parts(half.request)
        let section = ([head] + lines.map { "\($0.name): \($0.value)" } + ["content-type: application/json", "", body]).joined(separator: "\n")
        let response = await stage.webhook.respond(to: try stage.request(section))
        #expect(response.status.code < 500)
        #expect(stage.sides.contactCentreCalls.isEmpty)
    }

    @Test("B19: what a contact writes reaches CXone octet by octet", arguments: receiving, texts)
    func inboundText(folder: ChannelFolder, text: String) async throws {
        let file = try #require(folder.messages.first { $0.file.hasSuffix("/text.message") }, "\(folder.name) has no text.message")
        let half = try #require(file.halves.first { $0.isInbound })
        let asked = try #require(half.contactCentre.last)
        let written = try #require(try JSON(parsing: Array(ChannelStage.parts(asked.section).body.utf8))["messageContent"]?["payload"]?["text"]?.string)
        let stage = try ChannelStage(folder)
        for asked in half.platform { stage.sides.add(platform: try TwoSides.Answer(section: asked.answer)) }
        for asked in half.contactCentre { stage.sides.add(contactCentre: try TwoSides.Answer(section: asked.answer)) }
        let section = half.request.replacing(RawJSON.string(written).text, with: RawJSON.string(text).text)
        let response = await stage.webhook.respond(to: try stage.request(section))
        #expect(response.status.kind == .successful)
        let call = try #require(stage.sides.contactCentreCalls.last)
        let found = try JSON(parsing: call.body)["messageContent"]?["payload"]?["text"]?.string
        #expect(found.map { Array($0.utf8) } == Array(text.utf8))
    }

    // MARK: Outbound

    @Test("B19: what an agent writes reaches the platform octet by octet", arguments: sending, texts)
    func outboundText(folder: ChannelFolder, text: String) async throws {
        let stage = try ChannelStage(folder)
        for _ in 0..<8 { stage.sides.add(platform: .response(200, type: "application/json", Array(#"{"id":"p-1","event_id":"$p-1"}"#.utf8))) }
        let outbound = try #require(stage.channel.outbound)
        _ = try await outbound.send(Self.part(text, stage.time))
        let call = try #require(stage.sides.platformCalls.last)
        #expect(Self.strings(try JSON(parsing: call.body)).contains { Array($0.utf8) == Array(text.utf8) })
    }

    private static func strings(_ json: JSON) -> [String] {
        switch json.kind {
        case .string: [json.string ?? ""]
        case .array: json.elements.flatMap(strings)
        case .object: json.members.flatMap { strings($0.value) }
        default: []
        }
    }

    @Test("an error status is never a success; what may pass is transient, the rest final; no word of the platform's gets through", arguments: sending, [
        301, 302, 307, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 501, 502, 503, 504,
    ])
    func statuses(folder: ChannelFolder, status: Int) async throws {
        let body = Array(#"{"errcode":"M_X","error":"\#(Self.leak)","message":"\#(Self.leak)"}"#.utf8)
        let result = try await Self.send(folder, .response(status, type: "application/json", body))
        guard case .failure(let error) = result else {
            Issue.record("\(status) was a success")
            return
        }
        #expect(error.isTransient == (status == 401 || status == 429 || status >= 500), "\(status): \(error)")
    }

    @Test("Retry-After travels with 429 and 503", arguments: sending, [429, 503])
    func waits(folder: ChannelFolder, status: Int) async throws {
        let result = try await Self.send(folder, .response(status, type: nil, [], fields: [("Retry-After", "2")]))
        guard case .failure(let error) = result else {
            Issue.record("\(status) was a success")
            return
        }
        #expect(error.code == .throttled && error.retryAfterMilliseconds == 2000)
    }

    @Test("transport failures keep whether the message may have arrived", arguments: sending, [
        (TransportError.Code.notConnected, false, ChannelError.Code.unreachable), (.notResolved, false, .unreachable),
        (.certificateRefused, false, .unreachable), (.timedOut, true, .timedOut), (.receiveFailed, true, .unreachable),
    ])
    func transport(folder: ChannelFolder, expected: (code: TransportError.Code, mayHaveArrived: Bool, wanted: ChannelError.Code)) async throws {
        let result = try await Self.send(folder, .fails(expected.code, mayHaveArrived: expected.mayHaveArrived))
        guard case .failure(let error) = result else {
            Issue.record("a broken call was a success")
            return
        }
        #expect(error.code == expected.wanted && error.isTransient, "\(error)")
        #expect(error.mayHaveArrived == expected.mayHaveArrived)
    }

    @Test("a success that cannot be read is none", arguments: sending, ["", "{", "<html>", "[]", "null", "{}", #"{"id":7,"event_id":7}"#, #"{"id":"","event_id":""}"#])
    func malformed(folder: ChannelFolder, body: String) async throws {
        let result = try await Self.send(folder, .response(200, type: "application/json", Array(body.utf8)))
        guard case .failure(let error) = result else {
            Issue.record("\(body) was a success")
            return
        }
        #expect(error.code == .malformed && error.mayHaveArrived)
    }

    @Test("secrets go only where they belong, and nowhere into the settings' own printing", arguments: ChannelFolder.all)
    func secrets(folder: ChannelFolder) throws {
        var text = ""
        dump(try folder.read(), to: &text)
        Self.expectNoSecretValue(in: text)
    }

    private static func expectNoSecretValue(in text: String) {
        for secret in ChannelFolder.secrets { #expect(!text.contains(secret)) }
    }
}
