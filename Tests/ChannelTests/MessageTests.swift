import Testing

/// Every `.message` file of every channel, through the whole path: what the platform posts, what CXone is asked, and back.
@Suite("Messages") struct MessageTests {
    @Test("B3, B4, B5, B16: each situation goes over both wires as written", arguments: ChannelFolder.all.flatMap { folder in
        folder.messages.map { Situation(folder: folder, file: $0) }
    })
    func replays(situation: Situation) async throws {
        let stage = try ChannelStage(situation.folder, situation.file.settings)
        for half in situation.file.halves { try await stage.play(half) }
    }

    struct Situation: Sendable, CustomTestStringConvertible {
        let folder: ChannelFolder
        let file: MessageFile
        var testDescription: String { file.testDescription }
    }

    @Test("every folder with messages is a channel that can be read")
    func everyChannelIsFound() {
        #expect(ChannelFolder.all.map(\.name) == ChannelFolder.names)
        #expect(!ChannelFolder.all.isEmpty)
        for folder in ChannelFolder.all { #expect(!folder.messages.isEmpty, "\(folder.name)") }
    }
}
