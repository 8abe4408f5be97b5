import HTTP
import HTTPTypes
import JSON
import Simulator
import TestSupport
import Testing

@Suite("Limits of Digital Experience")
struct LimitTests {
    @Test("one contact takes 250 at once and 17 a minute; what exceeds it gets 429 with Retry-After and is counted (B18)")
    func oneContact() async throws {
        try await staged {
            let time = ManualTime()
            let stage = Stage(time: time)
            let token = try await stage.signIn()
            func send(_ number: Int, thread: String = "t1") async throws -> Response {
                try await stage.send(.post, "/channels/meadow/messages", Stage.message("m\(number)", thread: thread), token: token)
            }
            // The first one makes the contact, the next 250 are its burst.
            for number in 0...250 { #expect(try await send(number).status == .ok) }
            let refused = try await send(251)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.fields[.retryAfter] == "4")
            #expect(stage.cxone.counters.breaches == [.oneContact: 1])
            #expect(stage.cxone.messages().count == 251)
            // Another contact has its own.
            #expect(try await send(252, thread: "t2").status == .ok)
            time.advance(milliseconds: 4000)
            #expect(try await send(251).status == .ok)
            #expect(try await send(253).status == .tooManyRequests)
            time.advance(milliseconds: 60_000)
            for number in 254..<271 { #expect(try await send(number).status == .ok) }
            #expect(try await send(271).status == .tooManyRequests)
        }
    }

    @Test("receipts, contact changes and messages of one conversation share its limit")
    func shared() async throws {
        try await staged {
            let time = ManualTime()
            let stage = Stage({ $0.limits.rates[.oneContact] = Limits.Rate(perSecond: 1, burst: 3) }, time: time)
            let token = try await stage.signIn()
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"), token: token)
            let number = stage.cxone.contacts[0].number
            let seen = #"{"status":"seen","updatedAt":"2026-03-04T09:16:00Z"}"#
            #expect(try await stage.send(.put, "/channels/meadow/messages/m1/status", seen, token: token).status == .ok)
            #expect(try await stage.send(.put, "/contacts/\(number)/custom-fields", #"[{"ident":"a","value":"b"}]"#, token: token).status == .noContent)
            #expect(try await stage.send(.put, "/channels/meadow/threads/t1", #"{"canAddMoreMessages":false}"#, token: token).status == .ok)
            #expect(try await stage.send(.put, "/channels/meadow/messages/m1/status", seen, token: token).status == .tooManyRequests)
            time.advance(milliseconds: 1000)
            #expect(try await stage.send(.put, "/channels/meadow/messages/m1/status", seen, token: token).status == .ok)
        }
    }

    @Test("the tenant's limits hold over all contacts, and can be switched off")
    func tenant() async throws {
        try await staged {
            let time = ManualTime()
            let stage = Stage({ $0.limits.rates[.storeInbound] = Limits.Rate(perSecond: 10, burst: 10) }, time: time)
            let token = try await stage.signIn()
            var statuses: [Int] = []
            for number in 0..<12 {
                statuses.append(try await stage.send(
                    .post, "/channels/meadow/messages", Stage.message("m\(number)", thread: "t\(number)"), token: token).status.code)
            }
            #expect(statuses == Array(repeating: 200, count: 10) + [429, 429])
            #expect(stage.cxone.counters.breaches == [.storeInbound: 2])
            time.advance(milliseconds: 100)
            #expect(try await stage.send(.post, "/channels/meadow/messages", Stage.message("m10"), token: token).status == .ok)
            stage.cxone.behave { $0.limits = .none }
            for number in 20..<60 {
                #expect(try await stage.send(.post, "/channels/meadow/messages", Stage.message("m\(number)"), token: token).status == .ok)
            }
        }
    }
}
