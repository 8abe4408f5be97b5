import CXone
import Conversation
import CurlTransport
import EventLoop
import Glibc
import HTTP
import Settings
import Store
import TestSupport
import Testing
import Time

@Suite("Digital Engagement over a socket", .ownThread)
struct RealTests {
    @Test("sign-in by discovery, a message, a receipt, an upload of 5 MB and an end, through libcurl (B5)", .timeLimit(.minutes(15)))
    func whole() async throws {
        let port = try freePort()
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        let program = bundle.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/causeway"
        try #require(access(program, X_OK) == 0, "the desk's command is not built")
        let environment = ["CAUSEWAY_CXONE_CLIENT_SECRET": "client secret, äöü & 16", "CAUSEWAY_CXONE_ACCESS_KEY_SECRET": "access+key/secret=%20"]
        let desk = try ChildProcess([program, "simulate", "--port", "\(port)", "--channel", "meadow"], environment: environment)
        try #require(waitForListener(on: port))
        let text = """
            {"issuer": "http://127.0.0.1:\(port)", "apiURL": "http://127.0.0.1:\(port)", "clientId": "causeway-app", "accessKeyId": "AKIDCAUSEWAY",
             "clientSecret": {"env": "CAUSEWAY_CXONE_CLIENT_SECRET"}, "accessKeySecret": {"env": "CAUSEWAY_CXONE_ACCESS_KEY_SECRET"}}
            """
        let settings = try SettingsFile.read(TenantSettings.self, text: Array(text.utf8), path: "test", environment: environment).settings
        try await staged {
            let time = SystemTime(), store = MemoryStore()
            let signIn = SignIn(
                settings, tenant: "jungle", over: CurlTransport(options: .longLived()), store: store, tokens: TokenCache(store: store, time: time), time: time)
            let centre = DigitalEngagement(
                DigitalEngagementAPI(signIn, pacing: Pacing(tenant: "jungle", store: store, time: time, sleep: EventLoop.sleep)))
            func deadline() -> Instant { time.now().advanced(byMilliseconds: 30_000) }
            let place = PointOfContact(id: "meadow", visibility: .direct)
            let message = InboundMessage(
                id: MessageID("a/b c"), thread: ThreadID("t/1"), author: Person(PersonID("zebra")), content: .text("Hello"),
                occurred: Int(time.epochMilliseconds()))
            let created = try await centre.create(message, CreateOptions(), in: place, by: deadline())
            #expect(created.contact != nil)
            #expect(try await centre.find(MessageID("a/b c"), in: place, by: deadline())?.message == created.message)
            try await centre.showTyping(true, in: ThreadID("t/1"), of: place, by: deadline())
            #expect(try await centre.keep([UInt8](repeating: 7, count: 5 << 20), mediaType: "image/png", by: deadline()).hasPrefix("http://127.0.0.1"))
            try await centre.end(ThreadID("t/1"), contact: created.contact, wasAnswered: false, in: place, by: deadline())
        }
        _ = desk
    }
}
