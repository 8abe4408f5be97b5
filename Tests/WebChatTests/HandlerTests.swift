import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Store
import TestSupport
import Testing
import Time
import WebChatChannel

func decode(_ text: String) -> [UInt8]? { Base64.decode(Array(text.utf8), .url) }

private let first = #"{"id":"message-1","text":"Where is my order?"}"#

@Suite("Web chat: what browsers ask")
struct HandlerTests {
    @Test("B42: a message is acknowledged when the contact centre has it, and then stands in the log")
    func message() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let answer = await stage.ask(.post, "/chat/web/messages", first, token: token)
        #expect(answer.status == .ok && answer.json["number"]?.integer == 1)
        let message = try #require(stage.inbox.messages.first)
        #expect(message.content == .text("Where is my order?") && message.author.id.text.hasPrefix("w-"))
        let thread = try stage.thread(token)
        #expect(message.thread == thread && message.id.text == message.thread.text + ".message-1")
        let log = await stage.ask(.get, "/chat/web/messages?after=0", token: token)
        #expect(log.json["entries"]?.elements.first { _ in true }?["text"]?.string == "Where is my order?")
        #expect(log.fields[.cacheControl] == nil || log.fields[.cacheControl] == "no-store")
    }

    @Test("the same id again changes nothing and is answered alike, however often and however fast")
    func repeated() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let answers = await withTaskGroup(of: Response.self) { group in
            for _ in 0..<20 { group.addTask { await stage.ask(.post, "/chat/web/messages", first, token: token) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == .ok && $0.json["number"]?.integer == 1 })
        let log = await stage.ask(.get, "/chat/web/messages?after=0", token: token)
        #expect(log.json["entries"]?.count == 1)
    }

    @Test("while the contact centre does not take it, the browser is told to try again, and nothing stands in the log")
    func refusedNow() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        stage.inbox.refuse("cxone: 503")
        let answer = await stage.ask(.post, "/chat/web/messages", first, token: token)
        #expect(answer.status == .serviceUnavailable && answer.problem == "notNow" && answer.fields[.retryAfter] == "4")
        #expect(await stage.ask(.get, "/chat/web/messages?after=0", token: token).json["entries"]?.count == 0)
        stage.inbox.refuse(nil)
        #expect(await stage.ask(.post, "/chat/web/messages", first, token: token).status == .ok)
    }

    @Test("the store being down is told at once, and as something that passes", arguments: ["sessions", "messages", "messages?after=0"])
    func storeDown(path: String) async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        stage.store.setFault { _, _ in .notReached }
        let answer = await stage.ask(path.contains("?") ? .get : .post, "/chat/web/" + path, path.contains("?") ? nil : first, token: token)
        #expect(answer.status == .serviceUnavailable && answer.problem == "notNow")
        #expect(stage.inbox.events.isEmpty)
    }

    @Test("bodies that cannot be meant", arguments: [
        (#"{"text":"no id"}"#, 400, "id"), (#"{"id":"short","text":"x"}"#, 400, "id"), (#"{"id":"bad id !!","text":"x"}"#, 400, "id"),
        (#"{"id":"message-1"}"#, 400, "text"), (#"{"id":"message-1","text":7}"#, 400, "text"), (#"{"id":"message-1","text":"  \n"}"#, 400, "text"),
        (#"{"id":"message-1","text":"x","files":"f"}"#, 400, "files"), (#"{"id":"message-1","files":["f-unknown"]}"#, 400, "files"),
        (#"{"id":"message-1","choice":{}}"#, 400, "choice.title"), ("[]", 400, "$"), ("{", 400, "$"), (#"{"id":"a","id":"b"}"#, 400, "$"),
    ])
    func malformed(body: String, status: Int, place: String) async throws {
        let stage = try Stage()
        let answer = await stage.ask(.post, "/chat/web/messages", body, token: try await stage.begin())
        #expect(answer.status.code == status && answer.json["at"]?.string == place, "\(body)")
        #expect(stage.inbox.events.isEmpty)
    }

    @Test("the text's limit is in characters, not octets")
    func tooLong() async throws {
        let stage = try Stage(#""limits": {"text": 10}"#)
        let token = try await stage.begin()
        let fits = await stage.ask(.post, "/chat/web/messages", #"{"id":"message-1","text":"\#(String(repeating: "👩‍👩‍👧", count: 10))"}"#, token: token)
        #expect(fits.status == .ok)
        let over = await stage.ask(.post, "/chat/web/messages", #"{"id":"message-2","text":"12345678901"}"#, token: token)
        #expect(over.status == .contentTooLarge && over.problem == "tooLong")
    }

    @Test("a choice goes to the agent with what it carried")
    func choice() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let body = #"{"id":"message-1","choice":{"title":"Shoes","value":"o-1"}}"#
        #expect(await stage.ask(.post, "/chat/web/messages", body, token: token).status == .ok)
        #expect(stage.inbox.messages.first?.content == .choice(title: "Shoes", value: "o-1"))
    }

    // MARK: Who may ask

    @Test("tokens: none, not ours, changed, of another channel, expired", arguments: ["", "x", "x.y", "forged", "cut"])
    func badTokens(kind: String) async throws {
        let stage = try Stage()
        let good = try await stage.begin()
        let token = switch kind {
        case "forged": String(good.dropLast(3)) + "AAA"
        case "cut": String(good.prefix { $0 != "." })
        default: kind
        }
        let answer = await stage.ask(.post, "/chat/web/messages", first, token: token.isEmpty ? nil : token)
        #expect(answer.status == .unauthorized && stage.inbox.events.isEmpty)
    }

    @Test("a token is good for its time; a little later it is renewed for the same conversation, a day later no more")
    func renewal() async throws {
        let stage = try Stage(#""sessionSeconds": 60"#)
        let token = try await stage.begin()
        _ = await stage.ask(.post, "/chat/web/messages", first, token: token)
        stage.time.advance(milliseconds: 61_000)
        #expect(await stage.ask(.get, "/chat/web/messages?after=0", token: token).problem == "expired")
        let renewed = await stage.ask(.post, "/chat/web/sessions", "{}", token: token)
        let thread = try stage.thread(token).text
        #expect(renewed.json["isNew"]?.bool == false && renewed.json["thread"]?.string == thread)
        stage.time.advance(milliseconds: 86_400_000)
        #expect(await stage.ask(.post, "/chat/web/sessions", "{}", token: token).json["isNew"]?.bool == true)
    }

    @Test("other sites: those of the settings may ask and read the answer, others may not; a token stays with its site")
    func origins() async throws {
        let stage = try Stage()
        let answer = await stage.ask(.post, "/chat/web/sessions", "{}", origin: Stage.site)
        #expect(answer.status == .ok && answer.fields[.accessControlAllowOrigin] == Stage.site && answer.fields[.vary] == "Origin")
        let token = try #require(answer.json["token"]?.string)
        #expect(await stage.ask(.post, "/chat/web/messages", first, token: token, origin: Stage.own).problem == "originRefused")
        for origin in ["https://evil.example", "null", "https://shop.example.evil.example", "https://shop.example:444", "http://shop.example"] {
            let refused = await stage.ask(.post, "/chat/web/sessions", "{}", origin: origin)
            #expect(refused.status == .forbidden && refused.fields[.accessControlAllowOrigin] == nil, "\(origin)")
            let preflight = await stage.ask(.options, "/chat/web/messages", origin: origin)
            #expect(preflight.status == .forbidden && preflight.fields[.accessControlAllowOrigin] == nil, "\(origin)")
        }
        let preflight = await stage.ask(.options, "/chat/web/messages", origin: Stage.site)
        #expect(preflight.status == .noContent && preflight.fields[.accessControlAllowHeaders]?.contains("authorization") == true)
        let crossSite = try #require(HTTPField.Name("Sec-Fetch-Site"))
        #expect(await stage.ask(.get, "/chat/web/messages?after=0", token: token, fields: [crossSite: "cross-site"]).status == .forbidden)
    }

    @Test("limits hold for each browser and for each address, and pass with the minute")
    func rates() async throws {
        let stage = try Stage(#""limits": {"messagesPerMinute": 2, "sessionsPerMinute": 2}"#)
        let token = try await stage.begin()
        for number in 1...2 {
            #expect(await stage.ask(.post, "/chat/web/messages", #"{"id":"message-\#(number)","text":"x"}"#, token: token).status == .ok)
        }
        let third = await stage.ask(.post, "/chat/web/messages", #"{"id":"message-3","text":"x"}"#, token: token)
        #expect(third.status == .tooManyRequests && third.fields[.retryAfter].flatMap { Int($0) } ?? 0 > 0)
        #expect(await stage.ask(.post, "/chat/web/messages", #"{"id":"message-2","text":"x"}"#, token: token).status == .ok, "a repeat is no message")
        _ = try await stage.begin()
        #expect(await stage.ask(.post, "/chat/web/sessions", "{}").status == .tooManyRequests)
        stage.time.advance(milliseconds: 60_000)
        #expect(await stage.ask(.post, "/chat/web/messages", #"{"id":"message-3","text":"x"}"#, token: token).status == .ok)
    }

    @Test("paths and methods that are not served", arguments: [
        ("GET", "/chat/other", 404), ("GET", "/chat/web/", 404), ("GET", "/chat/web/nothing", 404), ("POST", "/chat/other/sessions", 404),
        ("GET", "/chat/web/sessions", 405), ("PUT", "/chat/web/messages", 405), ("DELETE", "/chat/web", 405), ("GET", "/chat/%zz", 404), ("GET", "/chat", 404),
    ])
    func unknown(method: String, path: String, status: Int) async throws {
        let stage = try Stage()
        let answer = await stage.ask(try #require(HTTPRequest.Method(method)), path)
        #expect(answer.status.code == status)
        #expect(status != 405 || answer.fields[.allow] != nil)
    }

    @Test("the page: no inline script or style, nothing from elsewhere, framed by the named sites only")
    func page() async throws {
        let stage = try Stage()
        let answer = await stage.ask(.get, "/chat/web")
        let policy = try #require(answer.fields[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe") && policy.hasSuffix("frame-ancestors \(Stage.site)"))
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(!text.contains("style=") && !text.contains("http") && !text.contains("<style"))
        for path in ["/chat/causeway-chat.js", "/chat/causeway-chat.css"] {
            let file = await stage.ask(.get, path)
            #expect(file.status == .ok && file.fields[.xContentTypeOptions] == "nosniff")
            let tag = try #require(file.fields[.eTag])
            #expect(await stage.ask(.get, path, fields: [.ifNoneMatch: tag]).status == .notModified)
        }
        let script = String(decoding: await stage.ask(.get, "/chat/causeway-chat.js").body, as: UTF8.self)
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] { #expect(!script.contains(word)) }
    }

    // MARK: Waiting

    @Test("a request for messages waits for one, at most as long as asked")
    func waits() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        let before = stage.time.now()
        let empty = await stage.ask(.get, "/chat/web/messages?after=0&wait=5000", token: token)
        #expect(empty.json["entries"]?.count == 0)
        #expect((5000...7500).contains(stage.time.now().milliseconds(since: before)))
        _ = try await stage.chat.showTyping(true, in: stage.thread(token), by: stage.soon)
        let typing = await stage.ask(.get, "/chat/web/messages?after=0&wait=5000", token: token)
        #expect(typing.json["typing"]?.bool == true)
        let over = stage.time.now()
        let ended = await stage.ask(.get, "/chat/web/messages?after=0&wait=25000&typing=1", token: token)
        #expect(ended.json["typing"]?.bool == false, "shown at most ten seconds")
        #expect(stage.time.now().milliseconds(since: over) < 12_000)
        for bad in ["after=-1", "after=x", "after=99999999", "wait=1e3", "after="] {
            #expect(await stage.ask(.get, "/chat/web/messages?" + bad, token: token).status == .badRequest, "\(bad)")
        }
    }

    @Test("marks: each of the agent's messages is told as delivered and as seen once, the contact's own never")
    func marks() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        _ = await stage.ask(.post, "/chat/web/messages", first, token: token)
        let thread = try stage.thread(token)
        let sent = try await stage.chat.send(stage.part("We found it.", in: thread))
        for _ in 0..<2 {
            #expect(await stage.ask(.post, "/chat/web/read", #"{"delivered":2,"seen":0}"#, token: token).status == .noContent)
        }
        #expect(await stage.ask(.post, "/chat/web/read", #"{"delivered":2,"seen":2}"#, token: token).status == .noContent)
        #expect(await stage.ask(.post, "/chat/web/read", #"{"delivered":99,"seen":99}"#, token: token).status == .noContent)
        #expect(stage.inbox.receipts.map(\.status) == [.delivered, .seen])
        #expect(stage.inbox.receipts.allSatisfy { $0.message == sent.id && $0.thread == thread })
    }

    // MARK: Ending

    @Test("B33: the contact ends: the contact centre learns once, the log shows it, nothing more is taken, a new one is another thread")
    func end() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        _ = await stage.ask(.post, "/chat/web/messages", first, token: token)
        for _ in 0..<2 { #expect(await stage.ask(.post, "/chat/web/end", token: token).status == .noContent) }
        #expect(stage.inbox.endings == 1)
        #expect(await stage.ask(.get, "/chat/web/messages?after=1", token: token).json["ended"]?.string == "contact")
        let late = await stage.ask(.post, "/chat/web/messages", #"{"id":"message-2","text":"x"}"#, token: token)
        #expect(late.status == .conflict && late.problem == "ended")
        let next = await stage.ask(.post, "/chat/web/sessions", #"{"new":true}"#, token: token)
        let thread = try stage.thread(token).text
        #expect(next.json["isNew"]?.bool == true && next.json["thread"]?.string != thread)
    }

    @Test("ending while the contact centre is away is not done by halves")
    func endLater() async throws {
        let stage = try Stage()
        let token = try await stage.begin()
        _ = await stage.ask(.post, "/chat/web/messages", first, token: token)
        stage.inbox.refuse("down")
        #expect(await stage.ask(.post, "/chat/web/end", token: token).status == .serviceUnavailable)
        #expect(await stage.ask(.get, "/chat/web/messages?after=0", token: token).json["ended"] == nil)
    }

    @Test("closing the last window ends after the grace; a reload or another window within it does not")
    func leave() async throws {
        let stage = try Stage(#""graceSeconds": 5"#)
        let token = try await stage.begin()
        _ = await stage.ask(.post, "/chat/web/messages", first, token: token)
        let body = #"{"token":"\#(token)","tab":"one"}"#
        async let left = stage.ask(.post, "/chat/web/leave", body, type: "text/plain")
        stage.time.advance(milliseconds: 10)
        _ = await stage.ask(.get, "/chat/web/messages?after=0&tab=two", token: token)
        #expect(await left.status == .noContent)
        let gone = await stage.ask(.post, "/chat/web/leave", body, type: "text/plain")
        #expect(gone.status == .noContent && stage.inbox.endings == 1)
        #expect(await stage.ask(.get, "/chat/web/messages?after=1", token: token).json["ended"]?.string == "contact")
    }
}
