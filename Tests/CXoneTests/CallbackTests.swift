import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Store
import TestSupport
import Testing
import Time

private let typing = "/byoc/1.0/channel/wh%2F7%2Ba%3Ab%25/thread/t%2F1/sender-action"
private let validation = "/byoc/1.0/channel/wh%2F7%2Ba%3Ab%25/recipients/validation"
private let typingBody = #"{"brand":{"id":1},"senderAction":{"action":"isTypingOn"},"authorUser":{"id":4}}"#
private let validationBody = #"{"endUserRecipients":[{"idOnExternalPlatform":"zebra-12"}]}"#

@Suite("Who calls back")
struct CallbackCallerTests {
    private enum Token: String, CaseIterable { case none, wrong, expired, malformed, basic, empty, twice, joined, right, swapped, foreign }

    @Test("B3, security §2: without the right token nothing happens, whatever the path and body are", arguments: [
        CallbackBench.path, "/byoc/channels/wh%2F7%2Ba%3Ab%25/outbound", "/byoc/1.0/posts/wh%2F7%2Ba%3Ab%25_t/messages", typing, validation,
        "/byoc/1.0/posts/x/removal", "/byoc",
    ])
    func matrix(path: String) async throws {
        for body in [outboundBody, typingBody, validationBody, "nonsense", ""] {
            for kind in Token.allCases {
                let bench = try CallbackBench()
                let stale = bench.token(life: 60)
                if kind == .expired { bench.time.advance(milliseconds: 60_000) }
                let value: String? = switch kind {
                case .none: nil
                case .wrong: "Bearer cw1.00000000.AAAA.AAAA"
                case .expired: "Bearer " + stale
                case .malformed: "Bearer"
                case .basic: "Basic " + Base64.encodeText(Array("cxone:\(CallbackBench.secret)".utf8))
                case .empty: ""
                case .joined: "Bearer \(bench.token()), Bearer \(bench.token())"
                case .right, .twice: "Bearer " + bench.token()
                case .swapped: "Bearer " + bench.token("rival")
                case .foreign: "Bearer " + (AccessTokens(keys: [Secret("some key of somebody else")], life: 60).token(for: "cxone", now: bench.time.epochMilliseconds()) ?? "")
                }
                var request = bench.request(body, path: path, authorization: .none)
                if let value { request.fields.append(HTTPField(name: .authorization, value: value)) }
                if kind == .twice { request.fields.append(HTTPField(name: .authorization, value: "Bearer " + bench.token())) }
                let before = bench.effects
                let response = await bench.handler.respond(to: request)
                switch kind {
                case .right: #expect(response.status != .unauthorized)
                case .swapped:
                    // Noting an unknown path is all that another client's token can do.
                    #expect([.notFound, .badRequest].contains(response.status), "\(path) \(response.status)")
                    #expect(bench.outbox.delivered.isEmpty && bench.abilities.typing.isEmpty && bench.abilities.checked.isEmpty)
                case .twice, .joined:
                    #expect(response.status == .badRequest && bench.effects == before)
                default:
                    #expect(response.status == .unauthorized && bench.effects == before, "\(kind)")
                    #expect(response.fields[.wwwAuthenticate] == "Bearer" && response.isRoutine)
                }
            }
        }
    }

    @Test("B3: 401, a token, the same again: the order in which CXone calls, with one effect")
    func order() async throws {
        let bench = try CallbackBench()
        #expect(await bench.handler.respond(to: bench.request(outboundBody, authorization: .none)).status == .unauthorized)
        #expect(bench.outbox.delivered.isEmpty)
        #expect(await bench.send(outboundBody).status == .ok)
        #expect(bench.outbox.delivered.count == 1)
    }

    @Test("Another client's channel, an unknown one and one that only receives answer alike")
    func otherChannels() async throws {
        let bench = try CallbackBench()
        let answers = await [
            bench.send(outboundBody, path: "/byoc/2.0/channel/den-1/outbound"), bench.send(outboundBody, path: "/byoc/2.0/channel/nowhere/outbound"),
            bench.send(outboundBody, path: "/byoc/2.0/channel/quiet-1/outbound"), bench.send(outboundBody, path: "/byoc/1.0/posts/den-1_t/messages"),
            bench.send(#"{"post":{"channelId":"den-1"},"thread":{"idOnExternalPlatform":"t"},"content":"x"}"#, path: "/byoc/1.0/posts/p/messages"),
            bench.send(validationBody, path: "/byoc/1.0/channel/den-1/recipients/validation"),
            bench.send(typingBody, path: "/byoc/1.0/channel/quiet-1/thread/t/sender-action"),
        ]
        for answer in answers {
            #expect(answer.status == .notFound && answer.body == answers[0].body)
            #expect(answer.json?["errorCode"]?.string == "unknownChannel")
        }
        #expect(bench.effects == 0)
        #expect(await bench.handler.respond(to: bench.request(outboundBody, path: "/byoc/2.0/channel/den-1/outbound", authorization: "Bearer " + bench.token("rival"))).status == .ok)
    }

    @Test("V16, security §2: plain HTTP only where it is allowed, from this machine, and before the token is looked at")
    func plain() async throws {
        for (allowed, peer, status) in [("false", "127.0.0.1", 403), ("true", "127.0.0.1", 200), ("true", "192.0.2.1", 403)] {
            let bench = try CallbackBench(members: #""allowPlainHTTP":\#(allowed)"#)
            var request = bench.request(outboundBody)
            request.front.isSecure = false
            request.front.peer = peer
            #expect(await bench.handler.respond(to: request).status.code == status)
        }
    }
}

@Suite("Where a callback leads")
struct CallbackPathTests {
    @Test("B5: an id is one segment, decoded once, wherever the function is mounted", arguments: [
        ("", CallbackBench.path), ("/byoc", CallbackBench.path), ("/box", "/box/2.0/channel/wh%2F7%2Ba%3Ab%25/outbound"), ("", "/2.0/channel/wh%2f7%2ba%3ab%25/outbound"),
        ("/byoc/2.0/channel/wh/7+a:b%/outbound", CallbackBench.path), ("/v1/byoc", "/v1/byoc/channels/wh%2F7+a:b%25/outbound"), ("/byoc", "/byoc//2.0/channel/wh%2F7+a:b%25//outbound/?x=1"),
    ])
    func mounts(prefix: String, path: String) async throws {
        let bench = try CallbackBench()
        var request = bench.request(outboundBody, path: path)
        request.front.prefix = prefix
        #expect(await bench.handler.respond(to: request).status == .ok)
    }

    @Test("An id whose slash a host decoded still finds its channel; what only looks like it is unknown")
    func decoded() async throws {
        let bench = try CallbackBench()
        #expect(await bench.send(outboundBody, path: "/byoc/2.0/channel/wh/7+a:b%25/outbound").status == .ok)
        #expect(await bench.send(typingBody, path: "/byoc/1.0/channel/wh/7+a:b%25/thread/a/b/c/sender-action").status == .noContent)
        #expect(bench.abilities.typing.first?.1 == ThreadID("a/b/c"))
        let unknown = await bench.send("{}", path: "/byoc/2.0/channel/x/messages/y/outbound")
        #expect(unknown.json?["errorCode"]?.string == "notFound")
        for path in ["/byoc/2.0/channel/%zz/outbound", "/byoc/2.0/channel/%ff/outbound", "/byoc/2.0/channel//outbound", "/byoc/2.0/Channel/x/outbound",
            "/byoc/2.0/channel/" + String(repeating: "a/", count: 500) + "outbound"] {
            #expect(await bench.send(outboundBody, path: path).status == .notFound, "\(path)")
        }
    }

    @Test("Ids are compared octet by octet")
    func octets() async throws {
        let bench = try CallbackBench()
        #expect(await bench.send(outboundBody, path: "/byoc/2.0/channel/WH%2F7%2Ba%3Ab%25/outbound").status == .notFound)
        #expect(await bench.send(outboundBody, path: "/byoc/2.0/channel/wh%2F7%2Ba%3Ab%2525/outbound").status == .notFound)
    }

    @Test("Only POST is served, and CXone is told so; other functions serve what is theirs")
    func methods() async throws {
        let bench = try CallbackBench()
        for method in [HTTPRequest.Method.get, .put, .delete, .head] {
            let answer = await bench.send("", method: method)
            #expect(answer.status == .methodNotAllowed && answer.fields[.allow] == "POST")
        }
        let recipients = try CallbackBench(serving: [.recipients])
        #expect(await recipients.send(validationBody, path: validation).status == .ok)
        #expect(await recipients.send(outboundBody).status == .notFound)
        #expect(recipients.outbox.delivered.isEmpty && recipients.store.performed.isEmpty)
    }
}

@Suite("Unknown callbacks")
struct UnknownCallbackTests {
    private static let removal = "/byoc/1.0/posts/wh-7_thread-of-Zoe/messages/31337/removal"
    private static let body = #"{"message":{"id":"canary-1","text":"canary-2"},"zoe@example.org":1,"reason":"canary-3"}"#

    @Test("B8: kept by shape, counted and answered 404 in the error shape; no value is kept or logged")
    func recorded() async throws {
        let bench = try CallbackBench()
        var last: Response?
        for _ in 0..<3 { last = await bench.send(Self.body, path: Self.removal, method: .delete) }
        let response = try #require(last)
        #expect(response.status == .notFound && response.json?["displayErrorMessage"]?.string != nil && response.json?["errors"]?.kind == .array)
        let kept = try #require(bench.store.keys("unknown-callbacks").first.flatMap(bench.store.octets))
        let text = String(decoding: kept, as: UTF8.self)
        #expect(text.contains(#""path":"/1.0/posts/{}/messages/{}/removal""#) && text.contains(#""count":3"#) && text.contains(#""message.id""#), "\(text)")
        let everything = text + response.notes.map { "\($0)" }.joined()
        for secret in ["canary", "Zoe", "zoe", "31337", "wh-7"] { #expect(!everything.contains(secret), "\(secret)") }
        #expect(response.route == "/1.0/posts/{}/messages/{}/removal")
        #expect(await bench.send(typingBody, path: "/byoc/1.0/channel/x/thread/41441234567/sender-action").route == "/1.0/channel/{}/thread/{}/sender-action")
        // A wrong method on a known path is of interest too.
        #expect(await bench.send("{}", method: .delete).status == .methodNotAllowed)
        #expect(bench.store.keys("unknown-callbacks").first.flatMap(bench.store.octets).map { String(decoding: $0, as: UTF8.self).contains("/2.0/channel/{}/outbound") } == true)
    }

    @Test("The list is bounded, and a store that is down changes nothing for CXone")
    func bounded() async throws {
        let bench = try CallbackBench()
        for index in 0..<80 { _ = await bench.send("{}", path: "/byoc/" + String(repeating: "a", count: index % 30 + 1) + "/" + String(repeating: "b", count: index / 30 + 1)) }
        let kept = try #require(bench.store.keys("unknown-callbacks").first.flatMap(bench.store.octets))
        #expect(try JSON(parsing: kept).count == 50)
        bench.store.setFault { _, _ in .notReached }
        #expect(await bench.send(Self.body, path: Self.removal).status == .notFound)
    }

    @Test("B8: once seen, a path can be given a meaning")
    func mapped() async throws {
        let bench = try CallbackBench(members: """
            "callbacks":[{"method":"DELETE","path":"/1.0/posts/{post}/messages/{message}/removal","action":"delete"},
                         {"path":"/3.0/say/{channel}","action":"outbound"}, {"path":"/3.0/may/{channel}","action":"recipients"},
                         {"method":"PUT","path":"/3.0/types/{channel}/{thread}","action":"senderAction"}, {"path":"/ping","action":"ignore","status":202},
                         {"path":"/auth","action":"token"}]
            """)
        let removal = await bench.send(Self.body, path: Self.removal, method: .delete)
        #expect(removal.status == .unprocessableContent && removal.json?["errorCode"]?.string == "notSupported")
        #expect(await bench.send(outboundBody, path: "/byoc/3.0/say/wh-posts").status == .ok)
        #expect(bench.outbox.delivered.first?.visibility == .post)
        #expect(await bench.send(validationBody, path: "/byoc/3.0/may/wh-posts").status == .ok)
        #expect(await bench.send(typingBody, path: "/byoc/3.0/types/wh-posts/t", method: .put).status == .noContent)
        #expect(bench.abilities.typing.count == 1)
        #expect(await bench.send("", path: "/byoc/ping").status.code == 202)
        #expect(await bench.send("", path: "/byoc/ping", method: .put).status == .notFound)
        let token = await bench.handler.respond(to: bench.request(
            #"{"grant_type":"client_credentials","client_id":"cxone","client_secret":"\#(CallbackBench.secret)"}"#, path: "/byoc/auth", authorization: .none))
        #expect(token.status == .ok)
        #expect(await bench.handler.respond(to: bench.request("", path: "/byoc/ping", authorization: .none)).status == .unauthorized)
    }
}

@Suite("Typing and recipients")
struct SmallCallbackTests {
    @Test("B7: typing is passed on once and answered 204, whatever becomes of it", arguments: [
        (typingBody, [true]), (#"{"senderAction":{"action":"isTypingOff"}}"#, [false]), (#"{"senderAction":{"action":"isDancing"}}"#, []), ("nonsense", []), ("", []),
        (#"{"senderAction":5}"#, []),
    ] as [(String, [Bool])])
    func showsTyping(body: String, shown: [Bool]) async throws {
        for refusal in [nil, ChannelError(.failed, reason: "x")] {
            let bench = try CallbackBench(abilities: FakeAbilities(refusal: refusal))
            let answer = await bench.send(body, path: typing)
            #expect(answer.status == .noContent && answer.body.isEmpty)
            #expect(bench.abilities.typing.map(\.0) == shown)
            #expect(bench.abilities.typing.allSatisfy { $0.1 == ThreadID("t/1") })
        }
        #expect(await (try CallbackBench()).send(typingBody, path: "/byoc/1.0/channel/nowhere/thread/t/sender-action").status == .notFound)
    }

    @Test("B7: a platform that hangs does not hold up the answer")
    func hangs() async throws {
        let bench = try CallbackBench(abilities: FakeAbilities { await CallbackBench.never() }, sleep: { _ in })
        #expect(await bench.send(typingBody, path: typing).status == .noContent)
        #expect(await bench.send(validationBody, path: validation).status == .ok)
    }

    @Test("B6: valid, or a sentence for the agent; what cannot be told is valid")
    func validates() async throws {
        let bench = try CallbackBench()
        let fine = await bench.send(validationBody, path: validation)
        #expect(fine.status == .ok && fine.body == Array(#"{"status":"valid"}"#.utf8))
        #expect(bench.abilities.checked == [PersonID("zebra-12")])
        let refused = try CallbackBench(abilities: FakeAbilities(refusal: ChannelError(.recipientRefused, reason: "blocked", sentence: "Zoe has blocked us.")))
        let answer = await refused.send(validationBody, path: validation)
        #expect(answer.status == .badRequest && answer.json?["displayErrorMessage"]?.string == "Zoe has blocked us.")
        #expect(answer.json?["errorCode"]?.string == "outboundValidationFailed")
        #expect(answer.json?["errors"]?.elements.first { _ in true }?["path"]?.elements.compactMap(\.string) == ["idOnExternalPlatform"])
        let down = try CallbackBench(abilities: FakeAbilities(refusal: ChannelError(.unreachable, reason: "x")))
        #expect(await down.send(validationBody, path: validation).status == .ok)
        let closed = try CallbackBench(opens: false)
        #expect(await closed.send(validationBody, path: validation).json?["errorCode"]?.string == "outboundValidationFailed")
        for (body, path) in [(#"{"endUserRecipients":[{"name":"x"}]}"#, ["endUserRecipients", "0", "idOnExternalPlatform"]), (#"{"recipients":7}"#, ["recipients"])] {
            let bad = await bench.send(body, path: validation)
            #expect(bad.status == .badRequest && bad.json?["errors"]?.elements.first { _ in true }?["path"]?.elements.compactMap(\.string) == path)
        }
        #expect(await bench.send("{}", path: validation).status == .badRequest)
    }
}
