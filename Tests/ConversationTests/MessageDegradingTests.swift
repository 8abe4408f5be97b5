import Conversation
import JSON
import Testing
import Time

private let late = Instant(nanoseconds: 1)
private let two: [OutboundContent.Choice] = [.init(title: "Yes", value: "y"), .init(title: "No", description: "not now", url: "https://no.example")]

private func degraded(
    _ content: OutboundContent, files: [String] = [], _ set: (inout ChannelCapabilities) -> Void = { _ in },
    edit: (inout OutboundMessage) -> Void = { _ in }
) -> DegradedMessage {
    var capabilities = ChannelCapabilities()
    set(&capabilities)
    var message = OutboundMessage(
        key: "k", thread: nil, content: content, files: files.map { OutboundFile(url: "https://files.example/\($0)", name: $0) })
    edit(&message)
    return MessageDegrading.parts(of: message, in: ThreadID("t"), for: capabilities, by: late)
}

/// What the platform would show: one line a part, files in brackets.
private func shown(_ message: DegradedMessage) -> [String] {
    message.parts.map { part in
        let body = switch part.body {
        case .text(let text): text
        case .choices(let choices): "{\(choices.title ?? "")|\(choices.text)|\(choices.choices.map(\.title).joined(separator: "/"))}"
        case .link(let link): "<\(link.title) \(link.url)>"
        case .card(_, let kind): "<\(kind)>"
        case nil: ""
        }
        return body + part.files.map { "[\($0.name)]" }.joined()
    }
}

private let card = OutboundContent.card(RawJSON { $0.value("raw") }, kind: "ADAPTIVE_CARD", words: "the words")

@Test("(B8) Every kind of content has a form for a channel that can show nothing but text", arguments: [
    (.none, [], []),
    (.text("Hello"), ["Hello"], []),
    (.text(" \n "), [], []),
    (.link(.init(title: "Map", url: "https://m.example")), ["Map\nhttps://m.example"], ["linkAsText"]),
    (.link(.init(title: "", url: "https://m.example")), ["https://m.example"], ["linkAsText"]),
    (.link(.init(title: "https://m.example", url: "https://m.example")), ["https://m.example"], ["linkAsText"]),
    (.choices(.init(title: "Order", text: "Shall we?", choices: two)),
        ["Order\nShall we?\n1. Yes\n2. No – not now https://no.example"], ["choicesAsText"]),
    (.choices(.init(text: "", choices: [.init(title: "", value: "v")])), ["1. v"], ["choicesAsText"]),
    (.choices(.init(text: "Shall we?", choices: [])), ["Shall we?"], []),
    (card, ["the words"], ["cardAsText"]),
    (.card(.null, kind: "FORM", words: ""), [MessageDegrading.neutral], ["cardAsText"]),
] as [(OutboundContent, [String], [String])])
func degradesToText(content: OutboundContent, expected: [String], losses: [String]) {
    let message = degraded(content)
    #expect(shown(message) == expected)
    #expect(message.losses == losses)
}

@Test("What the channel can show stays as it is, and what it can show too little of becomes text")
func keepsWhatIsCarried() {
    let ask = OutboundContent.choices(.init(title: "Order", text: "Shall we?", choices: two))
    #expect(shown(degraded(ask) { $0.choices = 2 }) == ["{Order|Shall we?|Yes/No}"])
    #expect(degraded(ask) { $0.choices = 2 }.losses.isEmpty)
    #expect(shown(degraded(ask) { $0.choices = 1 }).first?.hasPrefix("Order\nShall we?\n1. Yes") == true)
    #expect(degraded(ask).choices.map(\.title) == ["Yes", "No"])
    #expect(shown(degraded(.link(.init(title: "Map", url: "u"))) { $0.showsLinks = true }) == ["<Map u>"])
    #expect(shown(degraded(card) { $0.cards = ["ADAPTIVE_CARD"] }) == ["<ADAPTIVE_CARD>"])
    // The text above buttons is bounded too.
    let long = OutboundContent.choices(.init(text: "One two three. Four five six.", choices: two))
    #expect(shown(degraded(long) { $0.choices = 2; $0.textLimit = 16 }) == ["One two three.", "{|Four five six.|Yes/No}"])
}

@Test("Files: beside the text, after it, before buttons, in groups, or by name", arguments: [
    (0, false, ["Hi\n📎 a.png\n📎 b.png\n📎 c.png"], ["filesAsNames"]),
    (1, false, ["Hi", "[a.png]", "[b.png]", "[c.png]"], []),
    (2, false, ["Hi", "[a.png][b.png]", "[c.png]"], []),
    (1, true, ["Hi[a.png]", "[b.png]", "[c.png]"], []),
    (9, true, ["Hi[a.png][b.png][c.png]"], []),
] as [(Int, Bool, [String], [String])])
func placesFiles(count: Int, combines: Bool, expected: [String], losses: [String]) {
    let message = degraded(.text("Hi"), files: ["a.png", "b.png", "c.png"]) { $0.files = count; $0.combinesTextAndFiles = combines }
    #expect(shown(message) == expected)
    #expect(message.losses == losses)
}

@Test("Files without text, and files beside buttons")
func placesFilesAlone() {
    #expect(shown(degraded(.none, files: ["a", "b"]) { $0.files = 1; $0.combinesTextAndFiles = true }) == ["[a]", "[b]"])
    #expect(shown(degraded(.none, files: ["a\u{202E}gpj.exe", "\u{0}"])) == ["📎 agpj.exe\n📎 …"])
    let message = degraded(.choices(.init(text: "Which?", choices: two)), files: ["a", "b"]) {
        $0.files = 1
        $0.choices = 2
        $0.combinesTextAndFiles = true
    }
    #expect(shown(message) == ["[a]", "[b]", "{|Which?|Yes/No}"])
    #expect(message.parts.map(\.key) == ["k", "k-1", "k-2"])
}

@Test("A quotation stands above the first part; every part of an answer to a comment hangs under it")
func answers() {
    let quote: (inout OutboundMessage) -> Void = { $0.replyTo = MessageID("m"); $0.isQuote = true; $0.title = "S" }
    let limited: (inout ChannelCapabilities) -> Void = { $0.textLimit = 3 }
    let dropped = degraded(.text("abc def"), limited, edit: quote)
    #expect(dropped.parts.allSatisfy { $0.replyTo == nil && !$0.isQuote })
    #expect(dropped.losses == ["quoteDropped"])
    #expect(dropped.parts.map(\.title) == ["S", nil])
    let kept = degraded(.text("abc def"), { limited(&$0); $0.quotes = true }, edit: quote)
    #expect(kept.parts.map { $0.replyTo?.text } == ["m", nil])
    let comment = degraded(.text("abc def"), limited) { $0.visibility = .post; $0.replyTo = MessageID("m") }
    #expect(comment.parts.map { $0.replyTo?.text } == ["m", "m"])
    #expect(comment.losses.isEmpty)
}

@Test("Where a text is cut", arguments: [
    ("One two. Three four.", 10, ["One two.", "Three", "four."]),
    ("Is it? Yes.", 8, ["Is it?", "Yes."]),
    ("first line\nsecond", 11, ["first line", "second"]),
    ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
    ("ab https://e.example/long", 12, ["ab", "https://e.ex", "ample/long"]),
    ("你好。再见。", 4, ["你好。", "再见。"]),
    ("a  \n  b", 3, ["a", "b"]),
    ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 11, ["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]),
    ("e\u{301}e\u{301}", 3, ["e\u{301}", "e\u{301}"]),
] as [(String, Int, [String])])
func cuts(text: String, limit: Int, expected: [String]) {
    var cutInside = false
    #expect(TextCutting.pieces(of: text, limit: limit, cutInside: &cutInside) == expected)
    #expect(!cutInside)
}

/// SplitMix64, so that a failure can be repeated.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

private let alphabet: [String] = [
    "a", "Z", "0", " ", " ", " ", "\n", "\r\n", ".", "! ", "? ", "。", "é", "e\u{301}", "ß", "م", "ر", "\u{202B}", "你", "한", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪",
    "\u{200D}", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\u{1F600}", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "\t",
]

@Test("(B19) However a text is cut: every character arrives whole and in order, and no piece is too long")
func cutsWithoutLoss() {
    var random = Seeded(state: 7)
    for _ in 0..<3000 {
        let text = (0..<Int.random(in: 0...120, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
        let limit = Int.random(in: 1...60, using: &random)
        var cutInside = false
        let pieces = TextCutting.pieces(of: text, limit: limit, cutInside: &cutInside)
        #expect(pieces.allSatisfy { $0.utf16.count <= limit || (limit == 1 && $0.unicodeScalars.count == 1) }, "\(Array(text.utf8)) at \(limit)")
        let scalars = pieces.flatMap { $0.unicodeScalars.filter { !$0.properties.isWhitespace } }
        let isWhole = scalars == text.unicodeScalars.filter { !$0.properties.isWhitespace }
        #expect(isWhole, "\(Array(text.utf8)) at \(limit)")
        guard !cutInside else {
            #expect(text.contains { $0.utf16.count > limit })
            continue
        }
        let areWhole = pieces.flatMap { Array($0).filter { !isBlank($0) } } == Array(text).filter { !isBlank($0) }
        #expect(areWhole, "\(Array(text.utf8)) at \(limit)")
        // A word that fits is never broken.
        let words = Set(pieces.flatMap { $0.split(whereSeparator: isBlank) })
        if text.utf16.count > limit, text.allSatisfy({ $0 != "。" }) {
            for word in text.split(whereSeparator: isBlank) where word.utf16.count <= limit {
                let isKept = words.contains(word)
                #expect(isKept, "\(Array(word.utf8)) in \(Array(text.utf8)) at \(limit)")
            }
        }
    }
}

private func isBlank(_ character: Character) -> Bool { character.unicodeScalars.allSatisfy(\.properties.isWhitespace) }

@Test("A character longer than the limit is cut rather than lost, and this is told")
func cutsHugeCharacter() {
    let message = degraded(.text("a" + String(repeating: "\u{301}", count: 50))) { $0.textLimit = 20 }
    #expect(message.parts.count == 3)
    #expect(message.losses == ["characterCut"])
}

@Test("Any message, any channel: words and files all arrive, keys are distinct, limits hold, and what changed is told")
func degradesAnything() {
    var random = Seeded(state: 11)
    for _ in 0..<2000 {
        var capabilities = ChannelCapabilities()
        capabilities.textLimit = [nil, 40, 160].randomElement(using: &random) ?? nil
        capabilities.choices = [0, 2, 9].randomElement(using: &random) ?? 0
        capabilities.files = [0, 1, 3].randomElement(using: &random) ?? 0
        capabilities.combinesTextAndFiles = Bool.random(using: &random)
        capabilities.showsLinks = Bool.random(using: &random)
        capabilities.cards = [[], ["C"]].randomElement(using: &random) ?? []
        let words = (0..<Int.random(in: 0...30, using: &random)).map { "w\($0)." }
        let text = words.joined(separator: " ")
        let choices = (0..<Int.random(in: 0...4, using: &random)).map { OutboundContent.Choice(title: "choice\($0)", value: "\($0)") }
        let contents: [OutboundContent] = [
            .none, .text(text), .choices(.init(text: text, choices: choices)), .link(.init(title: text, url: "https://l.example")),
            .card(.null, kind: "C", words: text),
        ]
        let content = contents.randomElement(using: &random) ?? .none
        let names = (0..<Int.random(in: 0...5, using: &random)).map { "file\($0)" }
        let message = degraded(content, files: names, { $0 = capabilities })
        let all = shown(message).joined(separator: " ")
        #expect(Set(message.parts.map(\.key)).count == message.parts.count)
        #expect(message.parts.allSatisfy { $0.body != nil || !$0.files.isEmpty })
        #expect(names.allSatisfy { all.contains($0) })
        #expect(capabilities.files > 0 || names.isEmpty || message.losses.contains("filesAsNames"))
        for part in message.parts {
            #expect(part.files.count <= capabilities.files)
            if case .text(let text) = part.body, let limit = capabilities.textLimit { #expect(text.utf16.count <= limit) }
            if case .choices(let shown) = part.body { #expect(shown.choices.count <= capabilities.choices) }
        }
        switch content {
        case .text, .choices, .link: #expect(words.allSatisfy { all.contains($0) })
        case .card: #expect(capabilities.cards == ["C"] || words.allSatisfy { all.contains($0) })
        case .none: break
        }
        if case .choices = content { #expect(choices.allSatisfy { all.contains($0.title) }) }
    }
}
