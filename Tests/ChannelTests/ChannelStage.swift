import CXone
import ChannelCatalog
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

/// One channel between both sides: the real handlers, delivery, client and adapter over a store in memory.
struct ChannelStage: Sendable {
    let sides = TwoSides()
    let time = ManualTime()
    let store: MemoryStore
    let channel: Channel
    let webhook: WebhookHandler
    let callbacks: CallbackHandler
    /// Where the channel is a web chat.
    private let chat: (any Handler)?
    private let token: String
    private let answered = Answered()

    init(_ folder: ChannelFolder, _ own: String? = nil) throws {
        let settings = try folder.read(own)
        let (sides, time) = (sides, time)
        let store = MemoryStore(time: time)
        self.store = store
        let channels = settings.channels(over: sides, store: store, time: time)
        channel = try #require(channels.first, "\(folder.name) is no channel")
        let sleep: @Sendable (Instant) async -> Void = { instant in time.advance(milliseconds: max(0, instant.milliseconds(since: time.now()))) }
        let centres = settings.contactCentres(over: sides, store: store, time: time, sleep: sleep)
        let inbox = InboundDelivery(centres: centres, store: store, files: OpenFiles(), time: time, sleep: sleep)
        chat = settings.webChat(channels, inbox: inbox, canHold: false, time: time, sleep: sleep)
        webhook = WebhookHandler(channels: channels, inbox: inbox, store: store, time: time)
        let byoc = try #require(settings.byoc)
        let outbox = OutboundDelivery(centres: centres, store: store, time: time, sleep: sleep)
        // A race against time is never lost: by the hand-moved clock none passes.
        callbacks = CallbackHandler(
            byoc, serving: Set(CallbackHandler.Call.allCases), channels: channels, outbox: outbox, store: store, time: time,
            sleep: { _ in try? await Task.sleep(for: .seconds(86_400)) })
        token = try #require(AccessTokens(keys: byoc.tokenKeys, life: 3600).token(for: "cxone", now: time.epochMilliseconds()))
    }

    /// Shares what lies open under its own URL, everything else under one of ours.
    struct OpenFiles: FileSharing {
        func link(to file: InboundFile, in channel: Channel, by deadline: Instant) async -> SharedFile? {
            switch file.place {
            case .open(let url): SharedFile(name: file.name, url: url)
            case .platform: SharedFile(name: file.name, url: "https://causeway.example/attachments/signed")
            }
        }
    }

    /// `{answered NAME}` is the text of that name in an answer to the platform's side, the last that had one.
    private final class Answered: Sendable {
        private let texts = Mutex<[String: String]>([:])

        func keep(_ response: Response) {
            guard let json = try? JSON(parsing: response.body), json.kind == .object else { return }
            for member in json.members { if let text = member.value.string { texts.withLock { $0[member.name] = text } } }
        }

        func fill(_ section: String) -> String {
            texts.withLock { $0.reduce(section) { $0.replacing("{answered \($1.key)}", with: $1.value) } }
        }
    }

    // MARK: A `.message` file's halves

    /// - Returns: What went otherwise than it is written.
    func play(_ half: MessageFile.Half) async throws -> [String] {
        for asked in half.platform { sides.add(platform: try TwoSides.Answer(section: asked.answer)) }
        for asked in half.contactCentre { sides.add(contactCentre: try TwoSides.Answer(section: asked.answer)) }
        let (platform, contactCentre) = (sides.platformCalls.count, sides.contactCentreCalls.count)
        let response = try await response(to: half)
        if half.isInbound { answered.keep(response) }
        var faults = try Self.compare(response, answered.fill(half.answer))
        let platformCalls = Array(sides.platformCalls[platform...]), contactCentreCalls = Array(sides.contactCentreCalls[contactCentre...])
        if platformCalls.count != half.platform.count { faults.append("the platform was asked: \(platformCalls.map(\.url))") }
        if contactCentreCalls.count != half.contactCentre.count { faults.append("CXone was asked: \(contactCentreCalls.map(\.url))") }
        for (call, asked) in zip(platformCalls, half.platform) { faults += try Self.compare(call, answered.fill(asked.section), below: "") }
        for (call, asked) in zip(contactCentreCalls, half.contactCentre) {
            if call.fields[.authorization] != "Bearer token-of-cxone" { faults.append("CXone was asked without its token") }
            faults += try Self.compare(call, answered.fill(asked.section), below: TwoSides.contactCentre + "/dfo/3.0")
        }
        if sides.unused > 0 { faults.append("an answer was not fetched") }
        return faults
    }

    private func response(to half: MessageFile.Half) async throws -> Response {
        guard half.isInbound else { return await callbacks.respond(to: try request(answered.fill(half.request), below: "/byoc")) }
        let request = try request(answered.fill(half.request))
        guard request.target.hasPrefix("/chat/") else { return await webhook.respond(to: request) }
        return await (try #require(chat, "the channel is no web chat")).respond(to: request)
    }

    /// - Parameter root: Where CXone's calls are mounted; they carry a token that we gave.
    func request(_ section: String, below root: String = "", secret: String = ChannelFolder.secret) throws -> Request {
        let (head, lines, body) = try Self.parts(section)
        var front = Front()
        front.isSecure = true
        front.arrived = time.now()
        let words = head.split(separator: " ")
        guard words.count == 2, let method = HTTPRequest.Method(String(words[0])) else { throw MessageFileError(message: "not a request: \(head)") }
        front.prefix = root
        var request = Request(method: method, target: root + words[1], body: Array(body.utf8), front: front)
        if !root.isEmpty { request.fields[.authorization] = "Bearer " + token }
        if !body.isEmpty, !lines.contains(where: { $0.name == "content-type" }) { request.fields[.contentType] = "application/json" }
        for (name, value) in lines {
            guard let field = HTTPField.Name(name) else { throw MessageFileError(message: "not a header: \(name)") }
            request.fields.append(HTTPField(name: field, value: filled(value, request, secret)))
        }
        return request
    }

    /// `{now}`, `{secret}` and `{hmac a.b.body}` filled in.
    private func filled(_ value: String, _ request: Request, _ secret: String) -> String {
        var value = value.replacing("{now}", with: String(time.epochMilliseconds() / 1000)).replacing("{secret}", with: secret)
        while let range = value.firstRange(of: "{hmac "), let end = value[range.upperBound...].firstIndex(of: "}") {
            let signed = value[range.upperBound..<end].split(separator: ".").map { part in
                part == "body" ? request.body : Array((HTTPField.Name(String(part)).flatMap { request.fields[$0] } ?? String(part)).utf8)
            }
            let key = Secret(bytes: Base64.decode(secret.dropFirst("whsec_".count).utf8) ?? [])
            let mac = Digest.hmac(Array(signed.joined(separator: [UInt8(ascii: ".")])), key: key)
            value.replaceSubrange(range.lowerBound...end, with: Base64.encodeText(mac))
        }
        return value
    }

    // MARK: Comparing

    /// First line, header lines by lower-case name, and what follows the first blank line.
    static func parts(_ section: String) throws -> (head: String, lines: [(name: String, value: String)], body: String) {
        var lines = section.split(separator: "\n", omittingEmptySubsequences: false)[...]
        let head = String(lines.popFirst() ?? "").trimmed
        var fields: [(name: String, value: String)] = []
        while let line = lines.popFirst(), !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw MessageFileError(message: "not a header line: \(line)") }
            fields.append((parts[0].lowercased(), String(parts[1]).trimmed))
        }
        return (head, fields, lines.joined(separator: "\n").trimmed)
    }

    /// Method, URL and body as written; the headers that are written.
    static func compare(_ call: Call, _ section: String, below root: String) throws -> [String] {
        let (head, lines, body) = try parts(section)
        let url = call.url.hasPrefix(root) ? String(call.url.dropFirst(root.count)) : call.url
        var faults: [String] = []
        if !Difference.matches("\(call.method.rawValue) \(url)", head) { faults.append("\(call.method.rawValue) \(url) is not \(head)") }
        for (name, value) in lines {
            let found = HTTPField.Name(name).flatMap { call.fields[$0] }
            if found.map({ Difference.matches($0, value) }) != true { faults.append("\(name): \(found ?? "none")") }
        }
        guard !body.isEmpty else {
            if !call.body.isEmpty, !call.body.elementsEqual("{}".utf8) { faults.append("a body: \(String(decoding: call.body, as: UTF8.self))") }
            return faults
        }
        guard body != "…" else { return faults }
        return faults + [Difference.between(try JSON(parsing: call.body), try JSON(parsing: Array(body.utf8)))].compactMap(\.self)
    }

    static func compare(_ response: Response, _ section: String) throws -> [String] {
        let head = section.prefix { $0 != "\n" }
        let notes = response.notes.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        let faults = String(response.status.code) == String(head).trimmed ? [] : ["status \(response.status.code); \(notes)"]
        let expected = String(section.dropFirst(head.count)).trimmed
        guard !expected.isEmpty else { return faults }
        return faults + [Difference.between(try JSON(parsing: response.body), try JSON(parsing: Array(expected.utf8)))].compactMap(\.self)
    }
}
