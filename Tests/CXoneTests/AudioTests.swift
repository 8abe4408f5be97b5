import CXone
import Conversation
import JSON
import Secrets
import TestSupport
import Testing

private let good = AudioFile(samples: (0..<160).map { UInt8($0) }).bytes

/// A good file with one thing changed.
private func changed(_ name: String, _ change: (inout [UInt8]) -> Void) -> (name: String, bytes: [UInt8]) {
    var bytes = good
    change(&bytes)
    return (name, bytes)
}

private func set32(_ bytes: inout [UInt8], _ at: Int, _ value: UInt32) {
    for index in 0..<4 { bytes[at + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
}

/// Insert octets and make the outer length agree.
private func inserting(_ octets: [UInt8], at place: Int, _ bytes: inout [UInt8]) {
    bytes.insert(contentsOf: octets, at: place)
    set32(&bytes, 4, UInt32(bytes.count - 8))
}

private let malformed: [(name: String, bytes: [UInt8])] =
    [0, 1, 4, 8, 11, 12, 13, 16, 19, 20, 24, 36, 37, 38, 46, 57, 58, 100, 217].map { ("cut at \($0)", Array(good.prefix($0))) }
    + [
        changed("no RIFF") { $0[0] = 0x52; $0[1] = 0x49; $0[2] = 0x46; $0[3] = 0x58 }, changed("no WAVE") { $0[8] = 0x41 },
        changed("length zero") { set32(&$0, 4, 0) }, changed("length all ones") { set32(&$0, 4, .max) },
        changed("length one more") { set32(&$0, 4, UInt32($0.count - 7)) }, changed("length one less") { set32(&$0, 4, UInt32($0.count - 9)) },
        changed("trailing octet") { $0.append(0) }, changed("trailing octets, length agreeing") { inserting([1, 2, 3], at: $0.count, &$0) },
        changed("format chunk empty") { set32(&$0, 16, 0) }, changed("format chunk of 15") { set32(&$0, 16, 15) },
        changed("format chunk of 17") { set32(&$0, 16, 17) }, changed("format chunk of 40") { set32(&$0, 16, 40) },
        changed("format chunk huge") { set32(&$0, 16, .max) }, changed("format extension without octets") { $0[36] = 22 },
        changed("PCM") { $0[20] = 1 }, changed("A-law") { $0[20] = 6 }, changed("extensible") { $0[20] = 0xFE; $0[21] = 0xFF },
        changed("stereo") { $0[22] = 2 }, changed("no channel") { $0[22] = 0 }, changed("16 kHz") { set32(&$0, 24, 16_000) },
        changed("rate zero") { set32(&$0, 24, 0) }, changed("wrong octets per second") { set32(&$0, 28, 16_000) },
        changed("block of two") { $0[32] = 2 }, changed("16 bits") { $0[34] = 16 }, changed("no bits") { $0[34] = 0 },
        changed("samples beyond the end") { set32(&$0, 54, 161) }, changed("samples all ones") { set32(&$0, 54, .max) },
        changed("samples negative") { set32(&$0, 54, 0x8000_0000) }, changed("no samples") { $0 = Array($0.prefix(58)); set32(&$0, 54, 0); set32(&$0, 4, 50) },
        changed("samples without format") { $0.removeSubrange(12..<38); set32(&$0, 4, UInt32($0.count - 8)) },
        changed("format twice") { inserting(Array($0[12..<38]), at: 38, &$0) }, changed("samples twice") { inserting(Array("data".utf8) + [2, 0, 0, 0, 1, 2], at: 218, &$0) },
        changed("samples before format") { let format = Array($0[12..<38]); $0.removeSubrange(12..<38); $0 += format },
        changed("chunk of unknown name, too long") { inserting(Array("LIST".utf8) + [255, 255, 0, 0], at: 38, &$0) },
        changed("half a chunk header") { inserting(Array("LIS".utf8), at: $0.count, &$0) },
        ("JSON", Array("{\"a\":1}".utf8)), ("zeros", [UInt8](repeating: 0, count: 500)), ("ones", [UInt8](repeating: 255, count: 500)),
        ("MP3", [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 100)),
        ("eleven minutes", AudioFile(samples: [UInt8](repeating: 0xFF, count: 660 * 8_000)).bytes),
    ]

@Test("§4: more than forty malformed sound files are refused")
func refusesMalformedSound() {
    #expect(malformed.count >= 40)
    for (name, bytes) in malformed {
        #expect(throws: AudioFile.Problem.self, "\(name)") { try AudioFile(parsing: bytes) }
    }
}

@Test("V26: sound is read and written again, odd lengths and foreign chunks included")
func readsSound() throws {
    for count in [1, 2, 159, 160, 8_000] {
        let samples = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let file = try AudioFile(parsing: AudioFile(samples: samples).bytes)
        #expect(Array(file.samples) == samples && file.milliseconds == count / 8)
    }
    var listed = good
    inserting(Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0], at: 38, &listed)
    #expect(try AudioFile(parsing: listed).samples.count == 160)
    // A header without extension and fact, as other writers make it.
    var short = Array(good[..<12]) + Array("fmt ".utf8) + [16, 0, 0, 0] + Array(good[20..<36]) + Array(good[50...])
    set32(&short, 4, UInt32(short.count - 8))
    #expect(try AudioFile(parsing: short).samples.count == 160)
}

private func audioTurn(_ sound: String, input: String = "null", field: String = "base64wavFile") -> String {
    #"{"virtualAgentId":"orders","userInput":\#(input),"userInputType":2,"\#(field)":\#(sound),"executionInfo":{"contactId":1,"busNo":1}}"#
}

@Test("V26: sound reaches an agent that hears; its words come back as the utterance", arguments: ["base64wavFile", "base64WavFile"])
func passesSound(field: String) async throws {
    let agent = FakeAgent(AgentCapabilities(hearsAudio: true, keepsDeadline: true)) { _ in
        Reply(parts: [.text(plain: "heard")], understanding: Understanding(transcript: "where is my order"))
    }
    let answered = try await ExchangeBench(agent).post(audioTurn(quote(Base64.encodeText(good)), field: field))
    #expect(answered.transcripts == ["heard"] && answered.utterance == "where is my order")
    #expect(agent.turns.map(\.input) == [.audio(Audio(mediaType: "audio/wav", bytes: good))] && agent.turns.first?.medium == .voice)
}

@Test("Sound that nobody can use is asked for again, without asking the agent", arguments: [
    ("null", "audioMissing"), ("\"\"", "audioMissing"), ("17", "audioMissing"), ("\"not base64!\"", "audioNotBase64"), ("\"UklGRg==\"", "audioMalformed"),
    (#""UklG\nRg==""#, "audioNotBase64"), ("\"UklGRg\"", "audioNotBase64"),
])
func answersUnusableSound(sound: String, warning: String) async throws {
    let agent = FakeAgent(AgentCapabilities(hearsAudio: true, keepsDeadline: true)) { _ in Reply(parts: [.text(plain: "heard")]) }
    let bench = try ExchangeBench(agent)
    let answered = try await bench.post(audioTurn(sound))
    #expect(answered.branch == "AudioInputUntranscribeable" && answered.warnings == [warning] && agent.turns.isEmpty)
    #expect(answered.json["botSessionState"] != nil && !answered.transcripts.isEmpty)
    // Words beside it serve instead.
    #expect(try await bench.post(audioTurn(sound, input: "\"hello\"")).transcripts == ["heard"])
}

@Test("An agent that does not hear is not asked; words beside the sound reach it")
func degradesSound() async throws {
    let agent = FakeAgent { _ in Reply(parts: [.text(plain: "read")]) }
    let bench = try ExchangeBench(agent)
    let sound = quote(Base64.encodeText(good))
    let deaf = try await bench.post(audioTurn(sound))
    #expect(deaf.branch == "AudioInputUntranscribeable" && agent.turns.isEmpty && deaf.note("outcome") == "untranscribable")
    #expect(try await bench.post(audioTurn(sound, input: "\"hello\"")).transcripts == ["read"])
    #expect(agent.turns.map(\.input) == [.text("hello")])
}
