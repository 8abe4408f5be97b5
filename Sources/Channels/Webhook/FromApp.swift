import Conversation
import JSON

/// The app's JSON → neutral events, pure. Unknown members are ignored; a known one of the wrong kind is a mistake with its place.
struct FromApp {
    let hasPosts: Bool
    /// Whether the app itself is on this machine, unencrypted: its files then are too.
    var isLocal = false

    static let localRoot = "http://127.0.0.1:"
    /// Characters of an id; all of them printable ASCII, so that it stands in URLs, logs and keys of every system on the way.
    static let longestID = 512
    /// Characters of a text, as Unicode code points: what `maxLength` counts in the description.
    static let longestText = 50_000
    static let mostEvents = 100
    static let mostFiles = 20
    static let mostFacts = 50

    struct Mistake: Error, Equatable {
        let path: String
        let message: String
    }

    func events(_ body: [UInt8]) throws(Mistake) -> [InboundEvent] {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body)
        } catch {
            throw Mistake(path: "", message: "The body is no JSON: \(error.code.text), \(error.position).")
        }
        guard json.kind == .object else { throw Mistake(path: "", message: "The body must be an object.") }
        guard let list = json["events"], list.kind == .array else { throw Mistake(path: "events", message: "must be an array") }
        let count = list.count
        guard count > 0, count <= Self.mostEvents else { throw Mistake(path: "events", message: "must hold 1 to \(Self.mostEvents) events") }
        var events: [InboundEvent] = []
        for element in list.elements { events.append(try event(AppObject(element, "events[\(events.count)]"))) }
        return events
    }

    private func event(_ event: AppObject) throws(Mistake) -> InboundEvent {
        let type = try event.text("type", atMost: 64)
        switch type {
        case "message": return .message(try message(event))
        case "edit": return .edit(try message(event))
        case "deletion":
            return .deletion(
                of: MessageID(try event.id("message")), in: ThreadID(try event.id("thread")),
                visibility: try visibility(event))
        case "receipt": return .receipt(try receipt(event))
        case "typing":
            return .typing(
                isOn: try event.flag("on") ?? true, in: ThreadID(try event.id("thread")), visibility: try visibility(event))
        case "ending": return .ending(of: ThreadID(try event.id("thread")), visibility: try visibility(event))
        default: throw event.mistake("type", "must be message, edit, deletion, receipt, typing or ending")
        }
    }

    private func message(_ event: AppObject) throws(Mistake) -> InboundMessage {
        let thread = ThreadID(try event.id("thread"))
        let from = try event.object("from")
        var message = InboundMessage(
            id: MessageID(try event.id("id")), thread: thread, visibility: try visibility(event),
            author: try person(from), content: try content(event), occurred: try event.time("time"), files: try files(event))
        message.threadName = try event.optionalText("threadName", atMost: 500)
        message.replyTo = try event.optionalID("replyTo").map { MessageID($0) }
        message.isQuote = try event.flag("quote") ?? false
        message.url = try event.optionalURL("url")
        message.title = try event.optionalText("title", atMost: 1000)
        message.language = try event.optionalText("language", atMost: 35)
        message.isOwn = try event.flag("own") ?? false
        message.facts = try facts(event)
        return message
    }

    private func person(_ from: AppObject) throws(Mistake) -> Person {
        Person(
            PersonID(try from.id("id")), firstName: try from.optionalText("firstName", atMost: 500),
            lastName: try from.optionalText("lastName", atMost: 500), nickname: try from.optionalText("nickname", atMost: 500),
            image: try from.optionalURL("image"))
    }

    private func content(_ event: AppObject) throws(Mistake) -> InboundContent {
        if let choice = try event.optionalObject("choice") {
            return .choice(title: try choice.text("title", atMost: 1000), value: try choice.optionalText("value", atMost: 4000))
        }
        if let text = try event.optionalText("text", atMost: Self.longestText), !text.isEmpty { return .text(text) }
        guard let files = event.json["files"], files.count > 0 else { throw event.mistake("text", "or \"choice\" or \"files\" must be there") }
        return .none
    }

    private func files(_ event: AppObject) throws(Mistake) -> [InboundFile] {
        guard let list = event.json["files"], !list.isNull else { return [] }
        guard list.kind == .array, list.count <= Self.mostFiles else { throw event.mistake("files", "must be an array of at most \(Self.mostFiles)") }
        var files: [InboundFile] = []
        for element in list.elements {
            let file = try AppObject(element, event.path + ".files[\(files.count)]")
            let url = try file.text("url", atMost: 4000)
            guard AppObject.isSecureURL(url) || isLocal && url.hasPrefix(Self.localRoot) else { throw file.mistake("url", "must be an https URL") }
            let size = file.json["size"].flatMap { $0.isNull ? nil : $0 }
            guard size.map({ (0...1 << 40).contains($0.integer ?? -1) }) ?? true else { throw file.mistake("size", "must be a whole number of octets") }
            files.append(InboundFile(
                .open(url: url), name: try file.text("name", atMost: 500), mediaType: try file.optionalText("mediaType", atMost: 200),
                size: size?.integer))
        }
        return files
    }

    private func facts(_ event: AppObject) throws(Mistake) -> [(name: String, value: String)] {
        guard let json = event.json["facts"], !json.isNull else { return [] }
        guard json.kind == .object, json.count <= Self.mostFacts else { throw event.mistake("facts", "must be an object of at most \(Self.mostFacts) texts") }
        var facts: [(name: String, value: String)] = []
        for member in json.members {
            guard let value = member.value.string else { throw event.mistake("facts", "must hold texts only") }
            facts.append((member.name, value))
        }
        return facts
    }

    private func receipt(_ event: AppObject) throws(Mistake) -> Receipt {
        let status: Receipt.Status
        switch try event.text("status", atMost: 64) {
        case "delivered": status = .delivered
        case "seen": status = .seen
        case "failed": status = .failed
        default: throw event.mistake("status", "must be delivered, seen or failed")
        }
        return Receipt(
            status, of: MessageID(try event.id("message")),
            in: try event.optionalID("thread").map { ThreadID($0) }, visibility: try visibility(event),
            occurred: try event.time("time"), reason: try event.optionalText("reason", atMost: 1000), coversEarlier: try event.flag("upTo") ?? false)
    }

    private func visibility(_ event: AppObject) throws(Mistake) -> Visibility {
        guard let text = try event.optionalText("visibility", atMost: 64) else { return .direct }
        guard let visibility = Visibility(rawValue: text) else { throw event.mistake("visibility", "must be direct or post") }
        guard visibility == .direct || hasPosts else { throw event.mistake("visibility", "is post, which the settings do not allow") }
        return visibility
    }
}

/// One object of the app's with its place, for reading members that must be of their kind.
struct AppObject {
    let json: JSON
    let path: String

    init(_ json: JSON, _ path: String) throws(FromApp.Mistake) {
        guard json.kind == .object else { throw FromApp.Mistake(path: path, message: "must be an object") }
        self.json = json
        self.path = path
    }

    func mistake(_ key: String, _ message: String) -> FromApp.Mistake { FromApp.Mistake(path: path + "." + key, message: message) }

    func text(_ key: String, atMost limit: Int) throws(FromApp.Mistake) -> String {
        guard let text = try optionalText(key, atMost: limit), !text.isEmpty else { throw mistake(key, "must be a text that is not empty") }
        return text
    }

    func optionalText(_ key: String, atMost limit: Int) throws(FromApp.Mistake) -> String? {
        guard let value = present(key) else { return nil }
        guard let text = value.string else { throw mistake(key, "must be a text") }
        guard text.unicodeScalars.count <= limit else { throw mistake(key, "must be at most \(limit) characters") }
        return text
    }

    func id(_ key: String) throws(FromApp.Mistake) -> String {
        guard let id = try optionalID(key) else { throw mistake(key, "must be a text that is not empty") }
        return id
    }

    func optionalID(_ key: String) throws(FromApp.Mistake) -> String? {
        guard let id = try optionalText(key, atMost: FromApp.longestID) else { return nil }
        guard !id.isEmpty, id.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw mistake(key, "must be a text of printable ASCII that is not empty") }
        return id
    }

    func optionalURL(_ key: String) throws(FromApp.Mistake) -> String? {
        guard let url = try optionalText(key, atMost: 4000) else { return nil }
        guard Self.isSecureURL(url) else { throw mistake(key, "must be an https URL") }
        return url
    }

    func flag(_ key: String) throws(FromApp.Mistake) -> Bool? {
        guard let value = present(key) else { return nil }
        guard let flag = value.bool else { throw mistake(key, "must be true or false") }
        return flag
    }

    /// Milliseconds since 1970.
    func time(_ key: String) throws(FromApp.Mistake) -> Int {
        guard let time = present(key)?.integer, (0...4_102_444_800_000).contains(time) else {
            throw mistake(key, "must be milliseconds since 1970, a whole number")
        }
        return time
    }

    func object(_ key: String) throws(FromApp.Mistake) -> AppObject {
        guard let value = present(key) else { throw mistake(key, "must be an object") }
        return try AppObject(value, path + "." + key)
    }

    func optionalObject(_ key: String) throws(FromApp.Mistake) -> AppObject? {
        guard let value = present(key) else { return nil }
        return try AppObject(value, path + "." + key)
    }

    private func present(_ key: String) -> JSON? { json[key].flatMap { $0.isNull ? nil : $0 } }

    /// `https`, a host's name, perhaps a port, and the rest in printable ASCII without spaces and backslashes; no credentials.
    static func isSecureURL(_ text: String) -> Bool {
        guard text.hasPrefix("https://") else { return false }
        let rest = text.utf8.dropFirst("https://".utf8.count)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let parts = authority.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let labels = parts[...].first?.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) ?? []
        let port = parts.dropFirst().first
        return !labels.isEmpty && labels.allSatisfy { !$0.isEmpty && $0.allSatisfy(isOfHost) }
            && port.map { (1...5).contains($0.count) && $0.allSatisfy { (0x30...0x39).contains($0) } } ?? true
            && rest.dropFirst(authority.count).allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }

    private static func isOfHost(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"): true
        default: false
        }
    }
}
