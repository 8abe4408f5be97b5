import Conversation
import JSON
import ScriptedAgent
import Testing
import Time

@Suite("Scripted: the language and its matching") struct ScriptTests {
    static let key = ConversationKey("00000000-0000-4000-8000-000000000001")
    static let intents = """
        intent Welcome
            starts
            says Hi
        intent Fallback
            falls back
            says What?
        intent Silence
            silence
            says Hello?
        intent End
            hears exactly bye
            ends

        """

    static func agent(_ more: String, locale: String = "en") throws -> Scripted {
        Scripted(script: try Script(reading: "locale \(locale)\n" + intents + more, soundsIn: "."))
    }

    static func turn(_ input: Input, state: RawJSON? = nil, locale: String? = nil, facts: [Turn.Fact] = []) -> Turn {
        Turn(conversation: key, input: input, locale: locale, facts: facts, state: state, deadline: .now().advanced(byMilliseconds: 1000))
    }

    @Test("The embedded script is the order-status example, intent by intent")
    func embeddedIsTheExample() throws {
        let example = try #require(try? String(decoding: Files.read(Files.adapters + "/Scripted/Examples/order-status.bot"), as: UTF8.self))
        #expect(try Script(reading: example, soundsIn: ".") == Script.orderStatus)
    }

    @Test("V28: the order number is understood however it is said or typed", arguments: [
        ("en", "2390294837290", "2390294837290"),
        ("en", "0090294837290", "0090294837290"),
        ("en", "2390-2948-37290", "2390294837290"),
        ("en", "it is 2 3 9 0 2 9 4 8 3 7 2 9 0.", "2390294837290"),
        ("en", "my number is two three nine oh two nine four eight three seven two nine zero", "2390294837290"),
        ("en", "double zero nine zero two nine four eight three seven two nine zero", "0090294837290"),
        ("de", "zwei drei neun null zwo neun vier acht drei sieben zwei neun null", "2390294837290"),
        ("de-CH", "Die Nummer lautet fünf fünf fünf, null null null, 1234567", "5550001234567"),
        ("ar", "٢٣٩٠٢٩٤٨٣٧٢٩٠", "2390294837290"),
    ])
    func digitsAreUnderstood(locale: String, said: String, expected: String) async throws {
        let agent = try Self.agent("intent Order\n  digits 13\n  says {digits}\n")
        let reply = try await agent.reply(to: Self.turn(.text(said), locale: locale))
        #expect(reply.parts == [.text(plain: expected)])
    }

    @Test("Twelve digits, fourteen digits and two numbers that both fit are not an order number", arguments: [
        "239029483729", "23902948372901", "2390294837290 or 2390294837291", "oh",
    ])
    func wrongDigitsAreNot(said: String) async throws {
        let agent = try Self.agent("intent Order\n  digits 13\n  says {digits}\n")
        #expect(try await agent.reply(to: Self.turn(.text(said))).signal == .noMatch)
    }

    @Test("Phrases match without case, accents and punctuation; the better cover wins", arguments: [
        ("WHERE'S my ORDER?!", "Where"), ("hello, wheres my order please", "Where"), ("Où est ma commande", "Where"),
        ("ou\u{300} est ma commande", "Where"), ("track the big blue parcel now", "Track"), ("STRASSE", "Street"), ("straße", "Street"),
        ("👍", "Thumb"), ("order", "Fallback"), ("", "Fallback"), ("where", "Fallback"),
    ])
    func phrasesMatch(said: String, intent: String) async throws {
        let agent = try Self.agent("""
            intent Where
                hears where's my order
                hears où est ma commande
            intent Track
                hears track * parcel
            intent Street
                hears Straße
            intent Thumb
                hears 👍
            """)
        #expect(try await agent.reply(to: Self.turn(.text(said))).understanding.intent == intent)
    }

    @Test("Words and digits of the utterance are kept, facts are echoed, memory lives in the state alone")
    func placesAreFilled() async throws {
        let agent = try Self.agent("""
            intent Name
                hears my name is {name}
                remembers name = {name}
                says Hello {name} from {city} {context.parameters.id}{unknown}
            intent Again
                hears who am i
                says {name}
                passes {"name": "{name}"}
                tells zip = 00420
                tells age = 42
            """)
        let facts = [
            Turn.Fact(name: "city", value: .string("Zürich")),
            Turn.Fact(name: "context", value: try RawJSON(parsing: Array(#"{"parameters":{"id":7}}"#.utf8))),
        ]
        let first = try await agent.reply(to: Self.turn(.text(#"My name is Ann "O'X""#), facts: facts))
        #expect(first.parts == [.text(plain: "Hello Ann OX from Zürich 7")])
        let second = try await agent.reply(to: Self.turn(.text("who am I"), state: first.state))
        #expect(second.parts == [.text(plain: "Ann OX")])
        #expect(second.scriptPayloads.map(\.text) == [#"{"name":"Ann OX"}"#])
        #expect(second.scriptValues.map(\.value.text) == [#""00420""#, "42"])
        #expect(try await agent.reply(to: Self.turn(.text("who am I"))).parts == [.text(plain: "")])
    }

    @Test("What a contact says is data in SSML and JSON, never markup")
    func valuesAreEscaped() async throws {
        let agent = try Self.agent("""
            intent Echo
                hears echo *
                says {input}
                speaks <speak>{input}</speak>
                passes {"said": "{input}"}
            """)
        let reply = try await agent.reply(to: Self.turn(.text(#"echo <break/>&"','x':1"#)))
        #expect(reply.parts == [.text(
            plain: #"echo <break/>&"','x':1"#, spoken: "<speak>echo &lt;break/&gt;&amp;&quot;&#39;,&#39;x&#39;:1</speak>")])
        #expect(reply.scriptPayloads.first?.parsed()?["said"]?.string == #"echo <break/>&"','x':1"#)
    }

    @Test("Many wildcards over a long utterance end quickly")
    func matchingIsBounded() async throws {
        let agent = try Self.agent("intent Stars\n  hears a * a * a * a * a * b\n")
        let text = Array(repeating: "a", count: 5000).joined(separator: " ")
        #expect(try await agent.reply(to: Self.turn(.text(text))).signal == .noMatch)
    }

    @Test("Mistakes come all at once, each with line and column", arguments: [
        ("says Hi", "7:1"), ("intent A\n  sayz Hi", "8:3"), ("intent A\n  hears\n", "8:8"), ("intent A\n  digits x", "8:10"),
        ("intent A\n  hears a\n  goes to moon", "9:8"), ("intent A\n  hears a\n  custom {\"a\":}", "9:10"), ("intent Welcome\n  hears x", "7:8"),
        ("intent A\n  hears a\n  waits long", "9:9"), ("intent A\n    hears a\n  says b", "9:3"), ("intent A\n  says b", "7:1"),
        ("intent A\n  hears a\n  sounds none.wav Hi", "9:10"), ("intent A\n  hears {a b}", "8:9"), ("intent A\n  hears a\n  speaks <speak/>", "9:3"),
    ])
    func mistakesHavePlaces(text: String, place: String) {
        let head = "intent Welcome\n  starts\n  falls back\n  silence\n  ends\n\n"
        do {
            _ = try Script(reading: head + text, soundsIn: "/nowhere")
            Issue.record("no mistake was found")
        } catch {
            #expect(error.mistakes.map { "\($0.position.line):\($0.position.column)" }.contains(place), "\(error)")
        }
    }

    @Test("V90: a script without one of the four intents is refused")
    func fourIntentsAreRequired() {
        for missing in ["starts", "falls back", "silence", "ends"] {
            let text = "intent All\n" + ["starts", "falls back", "silence", "ends"].filter { $0 != missing }.map { "  \($0)\n" }.joined()
            #expect(throws: ScriptError.self) { try Script(reading: text, soundsIn: ".") }
        }
    }
}
