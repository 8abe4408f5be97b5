import JSON
import Secrets
import TestSupport
import Testing
import Workbench

@Suite("Doctor", .ownThread)
struct DoctorTests {
    @Test("a set-up in good health has no complaint, and most checks have something to say")
    func healthy() async throws {
        let report = try await Setup().examine()
        #expect(report.exitStatus == 0, "\(report.text(hidesGood: true))")
        #expect(Set(report.findings.map(\.check)).count >= 24, "\(report.text())")
    }

    @Test("V90: the four intents of a scripted agent and of a bot are found, each where it has its own way to say so")
    func live() async throws {
        var setup = try Setup()
        Cases.live(&setup)
        let intents = try await setup.examine().findings.filter { $0.check == "agents.intents" }
        #expect(intents.map(\.verdict) == [.good, .good], "\(intents.map(\.line))")
    }

    @Test("each broken set-up is named, with its remedy", arguments: Cases.all)
    func broken(_ broken: Case) async throws {
        var setup = try Setup()
        let server = try broken.breakIt(&setup)
        defer { server?.end() }
        let report = try await setup.examine()
        let found = report.findings.filter { $0.check == broken.check && $0.verdict == broken.verdict }
        #expect(found.contains { $0.fix.contains(broken.fix) }, "\(report.text(hidesGood: true))")
        // The fault is named once, where it is, and not everywhere.
        let elsewhere = report.findings.filter { $0.verdict != .good && $0.check != broken.check && !broken.also.contains($0.check) }
        #expect(elsewhere.isEmpty, "\(elsewhere.map(\.line).joined(separator: "\n"))")
        #expect(report.exitStatus == (broken.verdict == .bad ? 20 : report.worst == .bad ? 20 : 10))
        for finding in report.findings {
            #expect(!finding.line.contains("\n") && finding.fix.isEmpty == (finding.verdict == .good), "\(finding.line)")
            for secret in setup.environment.values where secret.utf8.count > 8 { #expect(!finding.line.contains(secret), "\(finding.check)") }
        }
    }

    @Test("there are forty broken set-ups and more, and every check that can complain has one")
    func table() {
        #expect(Cases.all.count >= 40)
        #expect(Set(Cases.all.map(\.name)).count == Cases.all.count)
        let known = Set(Doctor.checks.map(\.name))
        let broken = Set(Cases.all.map(\.check))
        #expect(broken.subtracting(known).isEmpty)
        #expect(known.subtracting(broken).isEmpty, "\(known.subtracting(broken).sorted())")
    }

    @Test("B24: ready for mTLS only when the front asks for a certificate and takes CXone's")
    func ready() async throws {
        var setup = try Setup()
        Cases.bring(&setup, "certs/client-chain.crt")
        let server = try setup.serve(["-Verify", "1", "-verify_return_error", "-CAfile", setup.certificates.file(.authority, ".crt")])
        defer { server.end() }
        let report = try await setup.examine()
        #expect(report.findings.contains { $0.check == "front.mutual" && $0.verdict == .good && $0.text.contains("ready for mTLS") }, "\(report.text(hidesGood: true))")
        #expect(report.worst == .warning, "the loopback name only: \(report.text(hidesGood: true))")
    }

    @Test("offline nothing is resolved, called or shaken hands with")
    func offline() async throws {
        var setup = try Setup()
        setup.options.isOffline = true
        setup.handshake = { _, seen in
            Issue.record("a handshake")
            return seen
        }
        setup.answer = { call in
            Issue.record("a call")
            return Setup.healthyAnswer(call)
        }
        let report = try await setup.examine()
        #expect(report.exitStatus == 0 && report.findings.count > 10)
        #expect(report.findings.allSatisfy { finding in Doctor.checks.first { $0.name == finding.check }?.need == .files })
    }

    @Test("a settings file that is not there: one verdict, and where to get one")
    func missing() async throws {
        let folder = try temporaryFolder()
        let report = try await onLoop {
            let tools = Examination.Tools(over: Routed(answer: Setup.healthyAnswer), time: ManualTime())
            return await Doctor.examine(Examination(settings: folder + "/none.jsonc", environment: [:], options: .init(), tools: tools))
        }
        #expect(report.findings.map(\.check) == ["settings.file"] && report.findings[0].fix.contains("causeway settings --sample"))
    }

    @Test("JSON has every finding; a later round tells what changed")
    func output() async throws {
        let good = try await Setup().examine()
        var setup = try Setup()
        setup.store = GenerousStore()
        let bad = try await setup.examine()
        let json = try JSON(parsing: Array(bad.json.bytes))
        #expect(json["verdict"]?.string == "bad" && json["exitStatus"]?.integer == 20 && json["findings"]?.count == bad.findings.count)
        let broke = bad.changes(since: good)
        #expect(broke.count == 1 && broke[0].hasPrefix("✗ store.atomic"), "\(broke)")
        let mended = good.changes(since: bad)
        #expect(mended.count == 1 && mended[0].hasPrefix("✓ store.atomic") && mended[0].contains("no longer"), "\(mended)")
    }
}
