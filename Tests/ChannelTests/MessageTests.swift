import Testing

/// Every `.message` file of every channel, through the whole path: what the platform posts, what CXone is asked, and back.
@Suite("Messages") struct MessageTests {
    static let situations = ChannelFolder.all.flatMap { folder in folder.messages.map { Situation(folder: folder, file: $0) } }

    @Test("B3, B4, B5, B16: each situation goes over both wires as written", arguments: situations)
    func replays(situation: Situation) async throws {
        let stage = try ChannelStage(situation.folder, situation.file.settings)
        for half in situation.file.halves {
            let faults = try await stage.play(half)
            #expect(faults.isEmpty, "\(faults.joined(separator: "; "))")
        }
    }

    @Test("each thing that is written matters: were it otherwise, the situation would fail", arguments: situations)
    func canFail(situation: Situation) async throws {
        for (index, half) in situation.file.halves.enumerated() {
            for (what, altered) in half.alterations {
                let stage = try ChannelStage(situation.folder, situation.file.settings)
                for earlier in situation.file.halves[..<index] { _ = try await stage.play(earlier) }
                #expect(try await !stage.play(altered).isEmpty, "\(what) of half \(index + 1)")
            }
        }
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

extension MessageFile.Half {
    /// This half with one expectation changed: another status, another path, a member more, or one question less.
    var alterations: [(what: String, half: Self)] {
        var all: [(String, Self)] = []
        func add(_ what: String, _ change: (inout Self) -> Void) {
            var half = self
            change(&half)
            all.append((what, half))
        }
        add("the status") { $0.answer = "299" + answer.dropFirst(3) }
        if let more = Self.withMore(answer) { add("the answer") { $0.answer = more } }
        for (kind, path) in [("platform", \Self.platform), ("CXone", \Self.contactCentre)] {
            for (index, asked) in self[keyPath: path].enumerated() {
                let head = asked.section.prefix { $0 != "\n" }
                let other = head.replacing(" ", with: " /other", maxReplacements: 1) + asked.section.dropFirst(head.count)
                add("the path to \(kind), \(index + 1)") { $0[keyPath: path][index].section = String(other) }
                if let more = Self.withMore(asked.section) { add("the body to \(kind), \(index + 1)") { $0[keyPath: path][index].section = more } }
            }
            if !self[keyPath: path].isEmpty { add("a question to \(kind)") { $0[keyPath: path].removeLast() } }
        }
        return all
    }

    /// With a member more in the body, where it is an object.
    private static func withMore(_ section: String) -> String? {
        guard let open = section.firstRange(of: "\n{") else { return nil }
        let rest = section[open.upperBound...]
        return section[..<open.upperBound] + #""other":1"# + (rest.first == "}" ? "" : ",") + rest
    }
}
