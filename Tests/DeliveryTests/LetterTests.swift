import ChannelCatalog
import Conversation
import CurlTransport
import Delivery
import EventLoop
import Glibc
import JSON
import Settings
import Store
import TestSupport
import Testing
import Time
import Workbench

/// Messages that were given up, from being kept to the operator's command (`security.md` §8).
@Suite("Dead letters") struct LetterTests {
    /// Both directions over one store, and the command's desk over both.
    private struct Stage {
        let time = ManualTime()
        let inbound: InboundStage
        let outbound: OutboundStage
        let desk: LetterDesk
        let store: MemoryStore

        init(_ change: (inout Channel) -> Void = { _ in }, mode: DeliveryMode = .acceptThenReport) {
            let store = MemoryStore(time: time)
            self.store = store
            inbound = InboundStage(time: time, store: store, change)
            outbound = OutboundStage(store: store, time: time, mode: mode)
            desk = LetterDesk(
                DeadLetters(store: store, time: time), channels: [inbound.channel, outbound.channel], inbox: inbound.inbox,
                outbox: outbound.delivery, time: time)
        }

        func refuse(_ isRefusing: Bool = true) {
            if isRefusing { inbound.centre.setFault(before: { _ in InboundStage.error(.refused) }) } else { inbound.centre.setFault() }
        }

        /// As the command does it: on an event loop.
        func sending(_ body: @escaping @Sendable () async throws -> [String]) async throws -> [String] {
            try await onLoop { () async -> Result<[String], any Error> in
                do { return .success(try await body()) } catch { return .failure(error) }
            }.get()
        }

        func name() async throws -> String { String(try #require(try await desk.list(nil).first).prefix(10)) }
    }

    private static let none = ["no message was given up in the last 30 days"]

    @Test("a contact's message: listed and shown without its text unless asked, tried again, delivered as it was, gone")
    func inbound() async throws {
        let stage = Stage()
        #expect(try await stage.desk.list(nil) == Self.none)
        var message = InboundStage.message("m-1")
        message.content = .choice(title: "The red umbrella", value: "red")
        message.threadName = "Lost"
        message.replyTo = MessageID("m-0")
        message.title = "Umbrellas"
        message.language = "en"
        message.url = "https://jungle.example/1"
        message.facts = [("colour", "red")]
        stage.refuse()
        #expect(await stage.inbound.accept(.message(message)).putAside == 1)
        let list = try await stage.desk.list(nil)
        #expect(list.count == 1 && list[0].contains("from jungle: contact centre: refused"), "\(list)")
        let name = try await stage.name()
        let shown = try await stage.desk.show(name, withText: false), whole = try await stage.desk.show(name, withText: true)
        for lines in [list, shown] {
            for secret in ["umbrella", "zebra", "red"] { #expect(!lines.joined().replacing("refused", with: "").contains(secret)) }
        }
        #expect(shown.contains { $0.hasSuffix("t-7") } && whole.contains { $0.hasSuffix("The red umbrella") } && whole.contains { $0.hasSuffix("zebra-12") })
        #expect(try await stage.desk.retry(.named([name])).first?.contains("given up again") == true)
        #expect(try await stage.desk.list(nil).count == 1)
        stage.refuse(false)
        #expect(try await stage.desk.retry(.all(of: "jungle")) == ["✓  \(name): delivered"])
        let effect = try #require(stage.inbound.centre.effects.first)
        #expect(stage.inbound.centre.effects.count == 1)
        #expect(effect.message.content == message.content && effect.message.id == message.id && effect.message.author == message.author)
        #expect(effect.message.threadName == "Lost" && effect.message.replyTo == MessageID("m-0") && effect.message.occurred == message.occurred)
        #expect(effect.message.title == "Umbrellas" && effect.message.language == "en" && effect.message.url == message.url)
        #expect(effect.message.facts.map(\.value) == ["red"])
        #expect(try await stage.desk.list(nil) == Self.none && stage.store.keys("dead-letter").isEmpty)
        #expect(await stage.inbound.accept(.message(message)).repeated == 1, "the platform's own repeat changes nothing")
    }

    @Test("CXone has it in the end: it is found, and not made twice")
    func foundAtLast() async throws {
        let stage = Stage()
        stage.inbound.centre.setFault(after: { asked in if case .create = asked { InboundStage.error(.refused) } else { nil } })
        #expect(await stage.inbound.accept(.message(InboundStage.message("m-1"))).putAside == 1)
        stage.refuse(false)
        #expect(try await stage.desk.retry(.all(of: nil)).first?.hasSuffix("delivered") == true)
        #expect(stage.inbound.centre.effects.count == 1)
    }

    @Test("a message and its edit are two letters, each tried again as what it is; a post for which there is no channel stays one")
    func kinds() async throws {
        let stage = Stage { channel in
            channel.inboundOptions.edits = .newMessage
            channel = Channel(
                name: channel.name, tenant: channel.tenant, pointsOfContact: [PointOfContact(id: "ch-direct", visibility: .direct)],
                capabilities: channel.capabilities)
            channel.inboundOptions.edits = .newMessage
        }
        stage.refuse()
        var post = InboundStage.message("c-1", thread: "post-1")
        post.visibility = .post
        for event in [InboundEvent.message(InboundStage.message("m-1")), .edit(InboundStage.message("m-1", "Mine.")), .message(post)] {
            #expect(await stage.inbound.accept(event).putAside == 1)
            stage.time.advance(milliseconds: 1000)
        }
        #expect(try await stage.desk.list("jungle").count == 3)
        stage.refuse(false)
        let lines = try await stage.desk.retry(.all(of: nil))
        #expect(lines.map { $0.hasSuffix("delivered") } == [true, true, false], "\(lines)")
        #expect(stage.inbound.centre.effects.map { $0.options.externalID?.text } == [nil, "m-1~1700000000000"])
        #expect(try await stage.desk.list(nil).count == 1)
    }

    @Test("an agent's message: tried again, given up again, queued again, and at last sent as it was")
    func outbound() async throws {
        let stage = Stage()
        let platform = stage.outbound.platform
        platform.fail(.recipientRefused, times: 2)
        try await onLoop {
            _ = await stage.outbound.deliver(message("Your umbrella is here."))
            _ = await stage.outbound.tick()
        }
        let name = try await stage.name()
        #expect(try await stage.desk.list(nil).first?.contains("to hole: ") == true)
        #expect(try await stage.desk.show(name, withText: false).allSatisfy { !$0.contains("umbrella") })
        #expect(try await stage.desk.show(name, withText: true).contains { $0.hasSuffix("Your umbrella is here.") })
        #expect(try await stage.sending { try await stage.desk.retry(.named([name])) }.first?.contains("given up again") == true)
        #expect(try await stage.desk.list(nil).count == 1)
        platform.fail(.throttled, times: 3)
        #expect(try await stage.sending { try await stage.desk.retry(.named([name])) } == ["✓  \(name): waits in the queue of hole"])
        #expect(try await stage.desk.list(nil) == Self.none)
        stage.time.advance(milliseconds: 10_000)
        #expect(try await onLoop { await stage.outbound.tick() }.sent == 1)
        #expect(platform.shown == ["Your umbrella is here."])
    }

    @Test("an agent's message of which nobody knows whether it arrived is sent again when a person says so, and once however often")
    func unknown() async throws {
        let stage = Stage()
        stage.outbound.platform.fail(.failed, mayHaveArrived: true, times: 9)
        try await onLoop {
            _ = await stage.outbound.deliver(message("one"))
            for _ in 0..<10 {
                _ = await stage.outbound.tick()
                stage.time.advance(milliseconds: 40_000_000)
            }
        }
        let name = try await stage.name()
        #expect(try await stage.sending { try await stage.desk.retry(.all(of: "hole")) } == ["✓  \(name): delivered"])
        #expect(stage.outbound.platform.shown == ["one"])
        await #expect(throws: Workbench.SystemFailure.self) { try await stage.desk.retry(.named([name])) }
    }

    @Test("where nothing drains the queue later, a message that cannot go now stays a letter")
    func noQueue() async throws {
        let accepting = Stage()
        accepting.outbound.platform.fail(.recipientRefused)
        try await onLoop {
            _ = await accepting.outbound.deliver(message("one"))
            _ = await accepting.outbound.tick()
        }
        // Since then the channel's settings have changed.
        let now = OutboundStage(accepting.outbound.platform, store: accepting.store, time: accepting.time, mode: .sendThenAnswer)
        let desk = LetterDesk(
            DeadLetters(store: accepting.store, time: accepting.time), channels: [now.channel], inbox: accepting.inbound.inbox, outbox: now.delivery,
            time: accepting.time)
        now.platform.fail(.throttled, times: 3)
        #expect(try await accepting.sending { try await desk.retry(.all(of: nil)) }.first?.contains("not now") == true)
        #expect(try await desk.list(nil).count == 1)
        #expect(try await accepting.sending { try await desk.retry(.all(of: nil)) }.first?.hasSuffix("delivered") == true)
        #expect(now.platform.shown == ["one"])
    }

    @Test("many at once are all found, in order of time; they go by themselves after 30 days")
    func many() async throws {
        let stage = Stage()
        stage.refuse()
        let events = (0..<100).map { InboundEvent.message(InboundStage.message("m-\($0)", thread: "t-\($0)")) }
        #expect(await stage.inbound.accept(events).putAside == 100)
        #expect(try await stage.desk.list(nil).count == 100)
        stage.time.advance(milliseconds: 29 * 86_400_000)
        _ = await stage.inbound.accept(.message(InboundStage.message("late")))
        let list = try await stage.desk.list(nil)
        #expect(list.count == 101 && list == list.sorted { $0.dropFirst(10) < $1.dropFirst(10) })
        stage.time.advance(milliseconds: 2 * 86_400_000)
        #expect(try await stage.desk.list(nil).count == 1)
    }

    @Test("a letter that cannot be written, or not into the index, is no reason to acknowledge", arguments: ["dead-letter", "dead-letter-index"])
    func notKept(purpose: String) async throws {
        let stage = Stage()
        stage.refuse()
        stage.store.setFault { operation, key in
            if case .get = operation { return nil }
            return key.text.contains("/\(purpose)/") ? .timedOut : nil
        }
        #expect(!(await stage.inbound.accept(.message(InboundStage.message("m-1"))).isTaken))
        stage.store.setFault(nil)
        #expect(await stage.inbound.accept(.message(InboundStage.message("m-1"))).putAside == 1)
        #expect(try await stage.desk.list(nil).count == 1)
    }

    @Test("what is too large for the store is known to have been there, and cannot be tried again")
    func tooLarge() async throws {
        let stage = Stage()
        stage.refuse()
        _ = await stage.inbound.accept(.message(InboundStage.message("m-1", String(repeating: "umbrella", count: 100_000))))
        let name = try await stage.name()
        #expect(try await stage.desk.retry(.named([name])).first?.contains("nothing that could be sent") == true)
        #expect(try await stage.desk.drop(.named([name])) == ["dropped \(name)"])
        #expect(try await stage.desk.list(nil) == Self.none)
    }

    @Test("names: the log's key and any unique beginning will do; others are refused, and nothing happens")
    func names() async throws {
        let stage = Stage()
        stage.refuse()
        for number in 0..<40 { _ = await stage.inbound.accept(.message(InboundStage.message("m-\(number)"))) }
        for name in ["", "nobody", "0123456789abcdef0", "acme/dead-letter/"] {
            await #expect(throws: Workbench.SystemFailure.self) { try await stage.desk.drop(.named([name])) }
        }
        // Of 40 names some begin with the same digit.
        let digits = Set("0123456789abcdef").map(String.init)
        var refused = 0
        for digit in digits {
            do { _ = try await stage.desk.show(digit, withText: false) } catch is Workbench.SystemFailure { refused += 1 }
        }
        #expect(refused > 0)
        await #expect(throws: Workbench.SystemFailure.self) { try await stage.desk.list("savanna") }
        #expect(try await stage.desk.list(nil).count == 40)
        let key = try #require(stage.store.keys("dead-letter").first).text
        #expect(try await stage.desk.drop(.named([key, key])).count == 1)
        #expect(try await stage.desk.list(nil).count == 39)
        stage.store.setFault { _, _ in .notReached }
        await #expect(throws: Workbench.SystemFailure.self) { try await stage.desk.list(nil) }
    }

    @Test("the command itself, over a real store", .ownThread, .timeLimit(.minutes(15)))
    func command() async throws {
        let folder = try temporaryFolder()
        let port = try freePort()
        let file = folder + "/causeway.jsonc"
        let secrets = ["A": "a secret that is long enough", "W": "whsec_Q2hhbm5lbFRlc3RzU2VjcmV0MDAwMDAwMDAwMDAwMDE="]
        let text = #"""
            {"publicURL": "https://causeway.example",
             "store": {"cache": {"url": "http://127.0.0.1:\#(port)/cache", "secrets": [{"env": "A"}], "file": "\#(folder)/cache.sqlite"},
              "keys": [{"env": "A"}], "deadlineMilliseconds": 5000},
             "tenants": {"acme": {"tenantId": "t", "issuer": "https://sign-in.example", "accessKeyId": "k", "accessKeySecret": {"env": "A"},
              "clientId": "c", "clientSecret": {"env": "A"}}},
             "channels": {"jungle": {"tenant": "acme", "channelId": "ch", "webhook": {"url": "https://jungle.example/", "secrets": [{"env": "W"}]}}}}
            """#
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        #expect(write(descriptor, text, text.utf8.count) == text.utf8.count)
        close(descriptor)
        let cache = try ChildProcess(
            [try OutboundKillTests.StoreProcess.program("token-cache")],
            environment: secrets.merging(["CAUSEWAY_SETTINGS": file, "CAUSEWAY_LISTEN": "127.0.0.1:\(port)"]) { $1 }, log: folder + "/log")
        try #require(waitForListener(on: port))
        let settings = try SettingsFile.read(MessagingSettings.self, text: Array(text.utf8), path: file, environment: secrets).settings
        let kept = try await onLoop { () async -> Acceptance? in
            let transport = CurlTransport(options: .longLived()), time = SystemTime()
            guard let store = settings.store?.open(over: transport, time: time),
                let channel = settings.channels(over: transport, store: store, time: time).first
            else { return nil }
            let centre = FakeContactCentre()
            centre.setFault(before: { _ in InboundStage.error(.refused) })
            let inbox = InboundDelivery(centres: ["acme": centre], store: store, files: nil, time: time, sleep: EventLoop.sleep)
            return await inbox.accept([.message(InboundStage.message("m-1"))], from: channel, by: time.now().advanced(byMilliseconds: 30_000))
        }
        #expect(kept?.putAside == 1, "\(String(describing: kept))")
        let program = try OutboundKillTests.StoreProcess.program("causeway")
        let environment = secrets.merging(["CAUSEWAY_SETTINGS": file]) { $1 }
        func run(_ arguments: String...) async throws -> (succeeded: Bool, lines: [String]) {
            let done = try await execute(program, ["letters"] + arguments, environment: environment)
            return (done.succeeded, done.output.split(separator: "\n").map(String.init))
        }
        let list = try await run()
        #expect(list.succeeded && list.lines.count == 1 && list.lines.first?.contains("from jungle: contact centre: refused") == true, "\(list)")
        let name = String(list.lines.first?.prefix(10) ?? "")
        #expect(try await run("show", name).lines.allSatisfy { !$0.contains("umbrella") })
        #expect(try await run("show", name, "--text").lines.contains { $0.contains("umbrella") })
        for wrong in [["drop", name], ["retry"], ["retry", name, "--all"], ["list", "--channel", "savanna"], ["show", "ffff0000ffff"]] {
            #expect(try await !execute(program, ["letters"] + wrong, environment: environment).succeeded, "\(wrong)")
        }
        let help = try await run("--help")
        #expect(
            help.succeeded && ["list", "show", "retry", "drop"].allSatisfy { word in help.lines.contains { $0.contains("  \(word) ") } }, "\(help)")
        #expect(try await run("drop", name, "--yes").lines == ["dropped \(name)"])
        #expect(try await run("list").lines == Self.none)
        _ = cache
    }
}
