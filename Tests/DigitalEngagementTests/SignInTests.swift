import CXone
import Conversation
import HTTP
import HTTPTypes
import Secrets
import class Simulator.DigitalExperience
import struct Simulator.Fault
import Store
import Synchronization
import TestSupport
import Testing
import Time

/// `byoc.md` §5.1, §5.2.
@Suite("Signing in to CXone")
struct SignInTests {
    private func urls(_ desk: Desk) -> [String] { desk.cxone.records.map { String($0.target.prefix { $0 != "?" }) } }

    @Test("the endpoints are discovered once a day, the tenant is read from the id_token, and one token serves all processes (B5, P3)")
    func discovery() async throws {
        try await staged {
            let desk = Desk()
            for number in 0..<10 {
                _ = try await desk.process().create(desk.message("m\(number)"), CreateOptions(), in: desk.place, by: desk.deadline())
            }
            #expect(urls(desk).filter { $0.hasSuffix("openid-configuration") }.count == 1)
            #expect(urls(desk).filter { $0.hasSuffix("cxone-configuration") }.count == 1)
            #expect(desk.cxone.counters.signIns == 1)
            #expect(desk.cxone.counters.created == 10)
            desk.time.advance(milliseconds: 86_400_001)
            _ = try await desk.process().create(desk.message("m10"), CreateOptions(), in: desk.place, by: desk.deadline())
            #expect(urls(desk).filter { $0.hasSuffix("cxone-configuration") }.count == 2)
        }
    }

    @Test("with the tenant's id or the API's URL in the settings, nothing more than needed is asked", arguments: [
        (#", "tenantId": "11ed5c0f-2b4a-4c1e-9d7f-0242ac110002""#, 1), (#", "apiURL": "https://api-de-na1.niceincontact.com/""#, 0),
    ])
    func configured(_ text: String, _ lookUps: Int) async throws {
        try await staged {
            let desk = Desk()
            _ = try await desk.process(text, store: .some(nil)).create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
            #expect(urls(desk).filter { $0.hasSuffix("cxone-configuration") }.count == lookUps)
        }
    }

    @Test("renewed at about 80 % of its life by the refresh token, which is stored before the access token is used and serves once")
    func refresh() async throws {
        try await staged {
            let desk = Desk()
            let one = try desk.process()
            _ = try await one.create(desk.message("m0"), CreateOptions(), in: desk.place, by: desk.deadline())
            desk.time.advance(milliseconds: 3_600_000 * 77 / 100)
            _ = try await one.create(desk.message("m1"), CreateOptions(), in: desk.place, by: desk.deadline())
            #expect(desk.cxone.counters.signIns == 1)
            for round in 2..<6 {
                desk.time.advance(milliseconds: 3_600_000 * (round == 2 ? 4 : 81) / 100)
                // Another process each time: what it needs lies in the store.
                _ = try await desk.process().create(desk.message("m\(round)"), CreateOptions(), in: desk.place, by: desk.deadline())
                #expect(desk.cxone.counters.signIns == round)
            }
            #expect(desk.cxone.counters.unauthorized == 0)
            let purposes = desk.store.performed.compactMap { performed -> String? in
                if case .get = performed.operation { return nil }
                return performed.key.text.split(separator: "/").dropFirst().first.map(String.init)
            }
            let kept = try #require(purposes.firstIndex(of: "sign-in")), used = try #require(purposes.firstIndex(of: "token"))
            #expect(kept < used)
        }
    }

    @Test("a refresh token that is refused gives way to the access key, without anybody noticing")
    func refusedRefresh() async throws {
        try await staged {
            let desk = Desk()
            let one = try desk.process()
            _ = try await one.create(desk.message("m0"), CreateOptions(), in: desk.place, by: desk.deadline())
            desk.cxone.revokeTokens()
            desk.time.advance(milliseconds: 10_000)
            // 401, refresh refused, access key, repeat.
            _ = try await one.create(desk.message("m1"), CreateOptions(), in: desk.place, by: desk.deadline())
            #expect(desk.cxone.counters.signIns == 3)
            #expect(desk.cxone.counters.unauthorized == 1)
            #expect(desk.cxone.counters.created == 2)
        }
    }

    @Test("a token that is refused again and again costs one repeat, and then an error")
    func refusedForGood() async throws {
        try await staged {
            let desk = Desk()
            let one = try desk.process()
            _ = try await one.create(desk.message("m0"), CreateOptions(), in: desk.place, by: desk.deadline())
            desk.time.advance(milliseconds: 10_000)
            desk.cxone.behave { $0.faults = [Fault(.status(401), on: .createMessage, count: nil)] }
            let before = desk.cxone.records.filter { $0.operation == .createMessage }.count
            await #expect(throws: ContactCentreError(.unauthorized, reason: "")) {
                try await one.create(desk.message("m1"), CreateOptions(), in: desk.place, by: desk.deadline())
            }
            #expect(desk.cxone.records.filter { $0.operation == .createMessage }.count == before + 2)
        }
    }

    @Test("failed sign-ins are at least 30 s apart, over all processes", arguments: [401, 503])
    func pause(_ status: Int) async throws {
        try await staged {
            let desk = Desk()
            desk.cxone.behave { $0.faults = [Fault(.status(status), on: .signIn, count: nil)] }
            for _ in 0..<20 {
                let error = await #expect(throws: ContactCentreError.self) {
                    try await desk.process().create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
                }
                #expect(error?.code == .unauthorized && error?.isTransient == true && error?.mayHaveArrived == false)
                desk.time.advance(milliseconds: 1450)
            }
            #expect(desk.cxone.records.filter { $0.operation == .signIn }.count == 1)
            desk.cxone.behave { $0.faults = [] }
            desk.time.advance(milliseconds: 35_000)
            _ = try await desk.process().create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
        }
    }

    @Test("the older access-key endpoint, where it is configured")
    func accessKeyEndpoint() async throws {
        try await staged {
            let desk = Desk()
            let text = #", "tenantId": "11ed5c0f-2b4a-4c1e-9d7f-0242ac110002", "accessKeyURL": "https://cxone.niceincontact.com/authentication/v1/token/access-key""#
            _ = try await desk.process(text).create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
            #expect(desk.cxone.records.filter { $0.operation == .accessKeyToken }.count == 1)
            #expect(desk.cxone.records.filter { $0.operation == .signIn }.isEmpty)
        }
    }

    @Test("an answer that leads credentials elsewhere is not followed", arguments: [
        #"{"token_endpoint": "https://evil.example/auth/token"}"#, #"{"token_endpoint": "http://api.niceincontact.com/auth/token"}"#,
        #"{"token_endpoint": "https://cxone.niceincontact.com@evil.example/token"}"#, #"{"token_endpoint": "https://niceincontact.com.evil.example/t"}"#,
        #"{"token_endpoint": "https://cxone.niceincontact.com:444/t"}"#, #"{"token_endpoint": 4}"#, "[]", "<html>",
    ])
    func elsewhere(_ discovery: String) async throws {
        try await staged {
            let desk = Desk()
            let asked = Mutex(0)
            desk.network.connect("https://cxone.niceincontact.com") { request in
                asked.withLock { $0 += 1 }
                return .json(.ok, Array(discovery.utf8))
            }
            let error = await #expect(throws: ContactCentreError.self) {
                try await desk.process().create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
            }
            #expect(error?.mayHaveArrived == false)
            #expect(asked.withLock { $0 } == 1, "only the discovery itself was asked")
        }
    }

    @Test("the area and domain of the configuration cannot lead the token elsewhere", arguments: [
        ("na1", "evil.example"), ("na1.evil.example/", "niceincontact.com"), ("na1", "niceincontact.com/@evil.example"), ("", "niceincontact.com"),
    ])
    func wrongDomain(_ area: String, _ domain: String) async throws {
        try await staged {
            let desk = Desk()
            desk.network.connect("https://cxone.niceincontact.com") { _ in
                .json(.ok, Array(#"{"area": "\#(area)", "domain": "\#(domain)", "token_endpoint": "https://cxone.niceincontact.com/auth/token"}"#.utf8))
            }
            await #expect(throws: ContactCentreError.self) {
                try await desk.process(#", "tenantId": "t""#).create(desk.message("m"), CreateOptions(), in: desk.place, by: desk.deadline())
            }
        }
    }

    @Test("names in the store let nobody test guesses of the client secret")
    func names() throws {
        let time = ManualTime()
        let store = MemoryStore(time: time)
        let secret = Array("client secret".utf8)
        let sealers = try ["a sealing key of ours", "another sealing key"].map { try #require(Sealer(keys: [Secret($0)])) }
        let keys = sealers.map { TokenCache(store: SealedStore(store, sealer: $0), time: time).key(tenant: "t", secretID: secret) }
        let plain = StoreKey(tenant: "t", purpose: "token", id: secret)
        #expect(Set(keys + [plain]).count == 3)
        #expect(TokenCache(store: SealedStore(store, sealer: sealers[0]), time: time).key(tenant: "t", secretID: secret) == keys[0])
        #expect(TokenCache(store: nil, time: time).key(tenant: "t", secretID: secret) == plain)
    }
}
