import Catalog
import Conversation
import CXone
import Glibc
import HTTP
import JSON
import Settings
import TestSupport
import Testing
import Time

/// One adapter folder, found on disk: what its settings and transcripts say. A new folder is tested without a line of test code.
struct Adapter: Sendable, CustomTestStringConvertible {
    let name: String
    /// Settings of the agent beside those of the exchange, as the members of `agents.orders`.
    let settings: String
    let transcripts: [Transcript]

    var testDescription: String { name }

    static let authorization = "Bearer adapter-tests-authorization-0001"
    static let secrets = [authorization, "provider-secret-value-000001", "provider-secret-value-000002", "session-key-session-key-session-key"]
    private static let environment = [
        "CAUSEWAY_AUTHORIZATION": authorization, "CAUSEWAY_SESSION_KEY": secrets[3],
        "PROVIDER_SECRET": secrets[1], "PROVIDER_SECRET_OLD": secrets[2],
    ]

    /// Every folder of `Sources/VirtualAgents`. A folder that cannot be read fails the test `every adapter is found`.
    static let all: [Adapter] = entries(of: Files.adapters).compactMap { try? Adapter(folder: $0) }

    /// Those that call somebody.
    static let calling: [Adapter] = all.filter { $0.transcripts.contains { $0.turns.contains { !$0.asked.isEmpty } } }

    init(folder name: String) throws {
        self.name = name
        let folder = Files.adapters + "/" + name + "/Transcripts"
        settings = String(decoding: try Files.read(folder + "/settings.jsonc"), as: UTF8.self)
        transcripts = try Adapter.entries(of: folder).filter { $0.hasSuffix(".turn") }.map { file in
            try Transcript(file: folder + "/" + file, text: String(decoding: try Files.read(folder + "/" + file), as: UTF8.self))
        }
    }

    static func entries(of folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The whole settings with this one agent, as the function would read them.
    func read(_ own: String? = nil) throws -> CausewaySettings {
        let text = """
            {
              "exchange": {"sessionKeys": [{"env": "CAUSEWAY_SESSION_KEY"}], "allowPlainHTTP": true},
              "agents": {"orders": {
                "caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_AUTHORIZATION"}]}]},
                \(own ?? settings)
              }}
            }
            """
        let path = Files.adapters + "/" + name + "/Transcripts/settings.jsonc"
        return try SettingsFile.read(CausewaySettings.self, text: Array(text.utf8), path: path, environment: Adapter.environment).settings
    }

    /// The bare agent over a transport.
    func agent(over transport: any HTTPTransport, time: any TimeSource, _ own: String? = nil) throws -> any VirtualAgent {
        guard let agent = try read(own).exchangeAgents(over: transport, time: time).first?.agent else {
            throw TranscriptError(message: "\(name) has no agent")
        }
        return agent
    }

    /// The first successful answer of the transcripts, for tests that need any.
    var goodAnswer: ProviderDouble.Answer? {
        for transcript in transcripts where transcript.file.hasSuffix("/welcome.turn") {
            return transcript.turns.first?.answers.first.flatMap { try? ProviderDouble.Answer(section: $0) }
        }
        return nil
    }
}
