import Conversation
import Testing

private let call = MediumCapabilities(.voice)
private let chat = MediumCapabilities(.text)

@Test("What an agent does not take is given in the nearest form, and what is lost is told")
func degradesInput() {
    var losses: [StaticString] = []
    #expect(Degrading.input(.digits("0012"), for: AgentCapabilities(takesDigits: false), losses: &losses) == .text("0012"))
    #expect(Degrading.input(.digits("0012"), for: AgentCapabilities(), losses: &losses) == .digits("0012"))
    #expect(losses.isEmpty)
    let sound = Input.audio(Audio(mediaType: "audio/wav", bytes: [1]))
    #expect(Degrading.input(sound, for: AgentCapabilities(hearsAudio: true), losses: &losses) == sound)
    #expect(Degrading.input(sound, for: AgentCapabilities(), losses: &losses) == nil)
    #expect(losses.map(\.description) == ["audioNotHeard"])
}

@Test("Parts by medium: what stays, what changes, what is lost", arguments: [
    ([.text(plain: "a", spoken: "<speak>b</speak>")], chat, [.text(plain: "a")], []),
    ([.text(plain: "a", spoken: "<speak>b</speak>")], call, [.text(plain: "a", spoken: "<speak>b</speak>")], []),
    ([.text(plain: "a", spoken: "<speak>b</speak>")], MediumCapabilities(.voice, readsMarkup: false), [.text(plain: "a")], []),
    ([.text(plain: "")], call, [], []),
    ([.text(plain: "", spoken: "<speak>b</speak>")], call, [.text(plain: "b", spoken: "<speak>b</speak>")], []),
    ([.text(plain: "", spoken: "<speak><break/></speak>")], call, [], ["textWithoutWords"]),
    ([.choices(prompt: "p", [])], chat, [.text(plain: "p")], []),
    ([.choices(prompt: "", [.init(title: "A", value: "a")])], call, [.text(plain: "1: A.")], []),
    ([.choices(prompt: "p", [.init(title: "A", value: "a")])], MediumCapabilities(.text, showsRichContent: false), [.text(plain: "p\n1. A")], []),
    ([.media(.init(url: "u", caption: "c"))], MediumCapabilities(.text, showsRichContent: false), [.text(plain: "c u")], []),
    ([.media(.init(url: "u"))], call, [], ["mediaDropped"]), ([.media(.init(url: "u", caption: "c"))], call, [.text(plain: "c")], ["mediaNotShown"]),
    ([.pause(milliseconds: 5), .text(plain: "a")], chat, [.text(plain: "a")], ["pauseDropped"]),
    ([.text(plain: "a"), .pause(milliseconds: 5)], call, [.text(plain: "a")], ["pauseDropped"]),
    ([.pause(milliseconds: 5), .pause(milliseconds: 6), .text(plain: "a", spoken: "<speak version='1'>b</speak>")], call,
        [.text(plain: "a", spoken: "<speak version='1'><break time=\"11ms\"/>b</speak>")], []),
    ([.audio(Audio(mediaType: "x", bytes: [1]), transcript: "")], chat, [], ["audioDropped"]),
    ([.recording(path: "p", transcript: "t")], chat, [.text(plain: "t")], ["audioAsText"]),
] as [([Reply.Part], MediumCapabilities, [Reply.Part], [String])])
func degradesParts(parts: [Reply.Part], medium: MediumCapabilities, expected: [Reply.Part], lost: [String]) {
    var losses: [StaticString] = []
    #expect(Degrading.parts(parts, for: medium, losses: &losses) == expected)
    #expect(losses.map(\.description) == lost)
}

@Test("Words survive the way into markup and out of it", arguments: ["a & b", "<b>", "\"it's\"", "1 < 2 > 0", "ünï ☺ 👩‍👧", "&amp;"])
func escapesMarkup(words: String) {
    #expect(SpeechMarkup.words(of: SpeechMarkup.document(SpeechMarkup.escaped(words))) == words)
}

@Test("Control characters, which XML cannot carry, become spaces")
func cleansMarkup() {
    #expect(SpeechMarkup.escaped("a\u{0}b\u{1F}c\u{7F}d\u{FFFF}e\tf") == "a b c d e\tf")
}

@Test("What is markup and what only looks like it", arguments: [
    ("<speak>a</speak>", true), ("  \n<speak version=\"1.1\">a</speak>", true), ("a <speak>", false), ("< speak>", false), ("", false), ("speak", false),
])
func tellsMarkup(text: String, isMarkup: Bool) { #expect(SpeechMarkup.isMarkup(text) == isMarkup) }
