import CXone
import Catalog
import Conversation
import HTTP
import HTTPTypes
import JSON
import Settings
import TestSupport
import Testing
import Time

@Suite("Catalog: one settings file") struct CatalogTests {
    /// Every secret that a file names gets a value of its own.
    static func environment(of text: [UInt8]) throws -> [String: String] {
        let json = try JSON(parsing: text, dialect: .commented)
        var names: [String] = []
        func walk(_ json: JSON) {
            if let name = json["env"]?.string { names.append(name) }
            for member in json.members { walk(member.value) }
            for element in json.elements { walk(element) }
        }
        walk(json)
        return Dictionary(names.map { ($0, "value-of-\($0)-0123456789") }, uniquingKeysWith: { first, _ in first })
    }

    static func mistakes(_ agent: String) -> [String] {
        let text = """
            {"exchange": {"sessionKeys": [{"env": "KEY"}]},
             "agents": {"orders": {"caller": {"headers": [{"name": "A", "values": [{"env": "KEY"}]}]},
            \(agent)}}}
            """
        do {
            _ = try SettingsFile.read(
                CausewaySettings.self, text: Array(text.utf8), path: "causeway.jsonc", environment: ["KEY": "a-long-enough-key-0001"])
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("The shipped settings files are read without a mistake", arguments: [
        "/functions/causeway.jsonc", "/functions/exchange/causeway.example.jsonc",
    ])
    func shippedFilesAreRead(path: String) throws {
        let text = try Files.read(Files.root + path)
        let (settings, warnings) = try SettingsFile.read(
            CausewaySettings.self, text: text, path: Files.root + path, environment: try Self.environment(of: text))
        #expect(!settings.agents.isEmpty)
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test("Two providers, none, a wrong one: each mistake stands where it was made", arguments: [
        (#""scripted": {}, "rasa": {"url": "http://r"}"#, "3:25"), (#""locale": "de""#, "2:23"), (#""skripted": {}"#, "3:1"),
        (#""rasa": {}"#, "3:9"), (#""rasa": {"url": "http://r", "digitsIntent": "a b"}"#, "3:45"),
        (#""scripted": {"file": "nowhere.bot"}"#, "3:22"), (#""scripted": {}, "connection": {}"#, "3:31"),
        (#""openai": {"url": "http://l", "model": "m", "azure": {"deployment": "a/../b"}}"#, "3:69"),
    ])
    func mistakesHavePlaces(agent: String, place: String) {
        let mistakes = Self.mistakes(agent)
        #expect(mistakes.contains { $0.hasPrefix(place + ":") }, "\(mistakes)")
    }

    @Test("A mistake in a script is a settings mistake with the script's own line")
    func scriptMistakes() {
        let mistakes = Self.mistakes(#""scripted": {"file": "\#(Files.adapters)/Webhook/README.md"}"#)
        #expect(mistakes.contains { $0.hasPrefix("3:22") && $0.contains("README.md:3:1: expected intent or locale") }, "\(mistakes)")
    }

    @Test("V10: two agents side by side; the id chooses, the other provider hears nothing, an unknown id reaches nobody", arguments: [
        ("first", "http://one.example/turn" as String?), ("second", "http://two.example/turn"), ("third", nil),
    ])
    func chooses(id: String, url: String?) async throws {
        let caller = #""caller": {"headers": [{"name": "Authorization", "values": [{"env": "KEY"}]}]}"#
        let text = """
            {"exchange": {"sessionKeys": [{"env": "KEY"}], "allowPlainHTTP": true}, "agents": {
              "first": {\(caller), "webhook": {"url": "http://one.example/turn", "token": {"env": "KEY"}}},
              "second": {\(caller), "webhook": {"url": "http://two.example/turn", "token": {"env": "KEY"}}}
            }}
            """
        let settings = try SettingsFile.read(
            CausewaySettings.self, text: Array(text.utf8), path: "causeway.jsonc", environment: ["KEY": Adapter.authorization]).settings
        let time = ManualTime()
        let provider = ProviderDouble([.response(200, type: "application/json", Array(#"{"replies":[{"text":"hi"}]}"#.utf8))])
        let handler = ExchangeHandler(
            agents: settings.exchangeAgents(over: provider, time: time), sessionKeys: settings.exchange.sessionKeys, time: time,
            sleep: { _ in try? await Task.sleep(for: .seconds(60)) }, allowsPlainHTTP: true)
        let body = #"{"virtualAgentId":"\#(id)","userInput":"hi","userInputType":1,"executionInfo":{"contactId":1,"busNo":1},"mediaType":"Chat"}"#
        let response = await handler.respond(to: try Stage.request(body, state: nil))
        #expect(provider.calls.map(\.url) == (url.map { [$0] } ?? []))
        #expect(try JSON(parsing: response.body)["branchName"]?.string == (url == nil ? "Error" : "PromptAndCollectNextResponse"))
    }

    @Test("Every key of every provider is described, and the schema names them")
    func describesItself() throws {
        let declarations = SettingsFile.declarations(of: CausewaySettings.self)
        let schema = try JSON(parsing: SettingsFile.schema(declarations, title: "causeway.jsonc"))
        let agent = schema["properties"]?["agents"]?["additionalProperties"]?["properties"]
        for key in Provider.Key.allCases { #expect(agent?[key.rawValue]?["properties"] != nil, "\(key)") }
    }
}
