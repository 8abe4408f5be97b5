import EventLoop
import HTTP
import HTTPTypes
import JSON
import Simulator
import TestSupport
import Testing
import Time

@Suite("What is switchable about Digital Experience")
struct SwitchTests {
    @Test("a message created again is updated, ignored or refused, and counted; there is never a second one", arguments: Behaviour.Duplicates.allCases)
    func duplicates(_ rule: Behaviour.Duplicates) async throws {
        try await staged {
            let stage = Stage { $0.duplicates = rule }
            let path = "/channels/meadow/messages"
            let first = try await stage.send(.post, path, Stage.message("m1", text: "one")).json()
            let second = try await stage.send(.post, path, Stage.message("m1", text: "two"))
            #expect(second.status == (rule == .refuse ? .conflict : .ok))
            if rule != .refuse { #expect(try second.json()["message"]?["id"]?.string == first["message"]?["id"]?.string) }
            #expect(stage.cxone.messages().map(\.text) == [rule == .update ? "two" : "one"])
            #expect(stage.cxone.counters.duplicates == 1 && stage.cxone.messages()[0].creates == 2)
        }
    }

    @Test("the same external id in two channels is two messages (B7)")
    func channels() async throws {
        try await staged {
            let stage = Stage()
            stage.cxone.addChannel("lake")
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
            _ = try await stage.send(.post, "/channels/lake/messages", Stage.message("m1"))
            #expect(stage.cxone.messages().count == 2 && stage.cxone.contacts.count == 2)
            #expect(stage.cxone.messages(on: "lake").count == 1)
        }
    }

    @Test("a channel's id may be another than the one that was sent")
    func prefix() async throws {
        try await staged {
            let stage = Stage()
            stage.cxone.behave { $0.channelIDPrefix = "byoc_" }
            for _ in 0..<2 { #expect(try await stage.send(.post, "/channels", StrictnessTests.channel).status == .ok) }
            let list = try await stage.send(.get, "/channels").json()
            #expect(list.elements.compactMap { $0["id"]?.string } == ["meadow", "byoc_jungle-profile"])
            let flags = list.elements.map { $0["canSendSenderActions"]?.bool }
            #expect(flags == [true, true])
            #expect(try await stage.send(.post, "/channels/6d0f2c1e/messages", Stage.message("m1")).status == .notFound)
            #expect(try await stage.send(.post, "/channels/byoc_jungle-profile/messages", Stage.message("m1")).status == .ok)
            #expect(try await stage.send(.delete, "/channels/byoc_jungle-profile").status == .noContent)
            #expect(try await stage.send(.post, "/channels/byoc_jungle-profile/messages", Stage.message("m2")).status == .notFound)
            #expect(try await stage.send(.get, "/channels").json().count == 1)
            #expect(try await stage.send(.get, "/channels?includeDeleted=1").json().count == 2)
        }
    }

    @Test("a status that comes before its message is refused or kept; one behind a higher one is counted")
    func earlyStatus() async throws {
        try await staged {
            let stage = Stage { $0.firstAttempt = .withToken }
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
            let path = "/channels/meadow/messages/mw-1/status"
            func body(_ status: String) -> String { #"{"status":"\#(status)","updatedAt":"2026-03-04T09:16:00.000+00:00"}"# }
            #expect(try await stage.send(.put, path, body("delivered")).status == .notFound)
            stage.cxone.behave { $0.earlyStatus = .keep }
            #expect(try await stage.send(.put, path, body("seen")).status == .ok)
            _ = await stage.cxone.reply(to: stage.cxone.contacts[0].number, Draft("Hello"))
            #expect(stage.cxone.messages().last?.statuses.map(\.status) == ["seen"])
            #expect(try await stage.send(.put, path, body("delivered")).status == .ok)
            #expect(stage.cxone.counters.regressions == 1)
        }
    }

    @Test("a message into a closed contact's thread makes a new contact, or is refused", arguments: Behaviour.ClosedThread.allCases)
    func closedThread(_ rule: Behaviour.ClosedThread) async throws {
        try await staged {
            let stage = Stage { $0.closedThread = rule }
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
            await stage.cxone.close(stage.cxone.contacts[0].number)
            let second = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m2"))
            #expect(second.status == (rule == .refuse ? .conflict : .ok))
            #expect(stage.cxone.contacts.map(\.status) == (rule == .refuse ? [.closed] : [.closed, .new]))
        }
    }

    @Test("the order of each thread and creates side by side in one thread are told")
    func order() async throws {
        try await staged {
            let stage = Stage { $0.latency = 40 }
            let token = try await stage.signIn()
            await withTaskGroup(of: Void.self) { group in
                for (id, thread) in [("m1", "t1"), ("m2", "t1"), ("m3", "t2")] {
                    group.addTask { _ = try? await stage.send(.post, "/channels/meadow/messages", Stage.message(id, thread: thread), token: token) }
                }
            }
            #expect(stage.cxone.counters.overlaps == 1)
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m4", at: 1), token: token)
            #expect(stage.cxone.counters.disorders == 1)
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m5", at: 3), token: token)
            #expect(stage.cxone.counters.overlaps == 1 && stage.cxone.counters.disorders == 1)
        }
    }

    @Test("success codes may vary; a body stays where it is needed")
    func successes() async throws {
        try await staged {
            let stage = Stage { $0.successes = .varied }
            var seen: Set<Int> = []
            for number in 0..<6 {
                let response = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m\(number)"))
                seen.insert(response.status.code)
                #expect(try response.json()["message"]?["contactNumber"] != nil)
            }
            #expect(seen == [200, 201, 202])
            seen = []
            for _ in 0..<8 {
                seen.insert(try await stage.send(.post, "/channels/meadow/threads/t1/sender-actions", #"{"action":"isTypingOn"}"#).status.code)
            }
            #expect(seen == [200, 201, 202, 204])
        }
    }

    @Test("faults come as often as ordered, on the operation ordered, and then no more")
    func faults() async throws {
        try await staged {
            let stage = Stage {
                $0.faults = [
                    Fault(.status(503, retryAfter: 2), on: .createMessage), Fault(.html(502), on: .createMessage), Fault(.drop, on: .createMessage),
                    Fault(.reset, on: .createMessage),
                ]
            }
            let token = try await stage.signIn()
            func send(_ id: String) async -> String {
                do {
                    let response = try await stage.send(.post, "/channels/meadow/messages", Stage.message(id), token: token)
                    return "\(response.status.code) \(response.fields[.retryAfter] ?? response.fields[.contentType] ?? "")"
                } catch { return "\((error as? TransportError)?.code.rawValue ?? "")" }
            }
            #expect(await send("m1") == "503 2")
            #expect(await send("m1") == "502 text/html")
            #expect(await send("m1") == "receiveFailed")
            #expect(stage.cxone.messages().isEmpty)
            #expect(await send("m1") == "receiveFailed")
            #expect(stage.cxone.messages().count == 1)
            #expect(await send("m1") == "200 application/json")
            #expect(stage.cxone.counters.duplicates == 1)
            #expect(try await stage.send(.get, "/channels", token: token).status == .ok)
        }
    }

    @Test("a slow answer comes too late for the caller, and has had its effect")
    func slow() async throws {
        try await staged {
            let stage = Stage { $0.faults = [Fault(.slow(20_000), on: .createMessage)] }
            let token = try await stage.signIn()
            await #expect(throws: TransportError(.timedOut, mayHaveArrived: true)) {
                _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"), token: token, deadline: 60)
            }
            #expect(stage.cxone.messages().count == 1)
        }
    }

    @Test("files that are uploaded are served under their URL")
    func files() async throws {
        try await staged {
            let stage = Stage()
            let answer = try await stage.send(.post, "/attachments/temporary", #"{"content":"aMOpbGxv","mimeType":"text/plain"}"#).json()
            let url = try #require(answer["url"]?.string)
            let file = try await stage.send(.get, url, token: "")
            #expect(file.body == [0x68, 0xC3, 0xA9, 0x6C, 0x6C, 0x6F] && file.fields[.contentType] == "text/plain")
            #expect(try await stage.send(.get, url + "0", token: "").status == .notFound)
        }
    }

    @Test("text comes back byte by byte, whatever it is written in (B19)", arguments: ["👩‍👩‍👧‍👦 é ﷺ", "שלום", "e\u{301}\u{200D}", "\u{1F600}\u{FE0F}"])
    func text(_ text: String) async throws {
        try await staged {
            let stage = Stage()
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1", text: text))
            let list = try await stage.send(.get, "/messages?idOnExternalPlatform%5B%5D=m1&channel%5B%5D=meadow").json()
            let shown = list["data"]?.elements.first { _ in true }?["messageContent"]?["payload"]?["text"]?.string
            #expect(list["hits"]?.integer == 1 && shown.map { Array($0.utf8) } == Array(text.utf8))
        }
    }
}
