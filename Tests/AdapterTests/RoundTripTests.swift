import CXone
import Catalog
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

@Suite("Both mappings, property-tested") struct RoundTripTests {
    /// A small generator with a fixed seed (SplitMix64): a failure comes back with the same number.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let pieces = [
        "where", "is", "\"my\"", "order", "\\", "/", "\n", "\t", "é", "ß", "日本語", "🤖", "👩‍👩‍👧", "עברית", "\u{202E}", "\u{200B}", "<speak>", "&amp;",
        "{name}", "0090", "1e400", "null", "\u{0}", "\u{1F}", "\u{7F}", "a\u{301}",
    ]

    private static func text(_ random: inout Seeded) -> String {
        "t" + (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined(separator: " ")
    }

    private static let numbers = ["0", "-7", "12345678901234567890", "0.10", "1E5", "9007199254740993"]

    @Test("V4: whatever is carried arrives exactly, to the agent and back to CXone, in 400 random turns")
    func carriedValuesSurvive() async throws {
        let adapter = try #require(Adapter.all.first { $0.name == "Webhook" })
        let time = ManualTime()
        var random = Seeded(state: 20_260)
        for number in 1...400 {
            let said = Self.text(&random)
            let answered = Self.text(&random)
            let tier = Bool.random(using: &random)
                ? RawJSON.string(Self.text(&random)) : try RawJSON(parsing: Array(Self.numbers[Int.random(in: 0..<Self.numbers.count, using: &random)].utf8))
            let kept = RawJSON { $0.object { kept in kept.field("note", Self.text(&random)); kept.field("tier", tier) } }

            let provider = ProviderDouble([.response(200, type: "application/json", RawJSON { json in
                json.object { json in
                    json.field("replies", array: { $0.object { $0.field("text", answered) } })
                    json.field("understanding", object: { understanding in
                        understanding.field("intent", object: { $0.field("name", said) })
                        understanding.field("slots", object: { $0.field("tier", tier) })
                    })
                    json.field("state", kept)
                }
            }.bytes.map(\.self))])
            let settings = try adapter.read()
            let handler = ExchangeHandler(
                agents: settings.exchangeAgents(over: provider, time: time), endpoint: settings.exchange, time: time, sleep: { _ in
                    try? await Task.sleep(for: .seconds(30))
                })
            let body = RawJSON { json in
                json.object { json in
                    json.field("virtualAgentId", "orders")
                    json.field("userInput", said)
                    json.field("userInputType", 1)
                    json.field("executionInfo", object: { $0.field("contactId", number); $0.field("busNo", 1) })
                    json.field("customPayload", object: { $0.field("tier", tier); $0.field("other", "stays here") })
                    json.field("mediaType", "Chat")
                }
            }
            let authorization = try #require(HTTPField.Name("Authorization"))
            let response = await handler.respond(to: Request(
                method: .post, target: "/exchange", fields: [authorization: Adapter.authorization, .contentType: "application/json"],
                body: Array(body.bytes)))

            let call = try #require(provider.calls.first, "turn \(number): the agent was not asked")
            let asked = try JSON(parsing: call.body)
            #expect(asked["input"]?["text"]?.string == said, "turn \(number)")
            #expect(asked["conversation"]?["facts"]?["tier"].map { RawJSON($0) } == tier, "turn \(number)")
            #expect(asked["conversation"]?["facts"]?["other"] == nil, "turn \(number)")
            let answer = try JSON(parsing: response.body)
            #expect(answer["nextPromptSequence"]?["prompts"]?.elements.map { $0["transcript"]?.string } == [answered], "turn \(number)")
            #expect(answer["intentInfo"]?["intent"]?.string == said && answer["intentInfo"]?["lastUserUtterance"]?.string == said, "turn \(number)")
            #expect(answer["intentInfo"]?["slots"]?["tier"].map { RawJSON($0) } == tier, "turn \(number)")
            #expect(answer["botSessionState"]?.kind == .object, "turn \(number)")
        }
    }
}
