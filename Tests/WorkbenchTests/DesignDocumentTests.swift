import Settings
import Testing
import Workbench

private let environment = Dictionary(uniqueKeysWithValues: ["A", "B", "C", "D"].map { ($0, "secret-canary-\($0)-0123456789") })

private func settings() throws -> WholeSettings {
    let text = """
        {
          "publicURL": "https://mw.example",
          "exchange": {"sessionKeys": [{"env": "A"}]},
          "agents": {
            "orders": {"caller": {"headers": [{"name": "X-Key", "values": [{"env": "B"}]}]}, "scripted": {}},
            "advice": {"caller": {"headers": [{"name": "Authorization", "values": [{"env": "B"}]}]}, "rasa": {"url": "https://rasa.example"},
              "connection": {"headers": {"X-Api-Key": {"env": "C"}}}}
          },
          "store": {"keys": [{"env": "A"}], "cache": {"url": "https://mw.example/cache", "secrets": [{"env": "B"}]}},
          "byoc": {"clients": {"cxone": {"secrets": [{"env": "C"}]}}, "tokenKeys": [{"env": "D"}]},
          "tenants": {"jungle": {"clientId": "app", "clientSecret": {"env": "C"}, "accessKeyId": "KEY", "accessKeySecret": {"env": "D"}}},
          "channels": {"hole": {"tenant": "jungle", "integrationId": "int-1", "channelId": "ch-1", "directions": "inbound",
            "matrix": {"homeserver": "https://matrix.example", "serverName": "matrix.example", "asToken": {"env": "C"}, "hsTokens": [{"env": "D"}]}}}
        }
        """
    return try SettingsFile.read(WholeSettings.self, text: Array(text.utf8), path: "causeway.jsonc", environment: environment).settings
}

@Suite("Design document") struct DesignDocumentTests {
    @Test("B12: every URL is listed, on both sides, with direction and proof")
    func connections() throws {
        let rows = Connections.all(of: try settings())
        func has(_ direction: Connection.Direction, _ url: String, _ proof: String) -> Bool {
            rows.contains { $0.direction == direction && $0.url.hasPrefix(url) && $0.proof.contains(proof) }
        }
        #expect(has(.served, "https://mw.example/exchange", "header Authorization; header X-Key"))
        #expect(has(.served, "https://mw.example/channels", "one-time token"))
        #expect(has(.called, "https://rasa.example", "X-Api-Key"))
        #expect(has(.called, "https://cxone.niceincontact.com/.well-known", "access key"))
        #expect(has(.called, "https://matrix.example", "token"))
        for endpoint in Endpoint.all where endpoint.name != "webchat" {
            #expect(rows.contains { $0.direction == .served && $0.purpose == endpoint.summary }, "\(endpoint.name) is not listed")
        }
        #expect(!rows.contains { $0.proof == "–" }, "every function says what proves its caller")
    }

    @Test("B11: the architecture shows each agent and channel, and only the directions that are served")
    func diagram() throws {
        let text = ArchitectureDiagram.mermaid(of: try settings())
        for part in ["orders<br>scripted", "advice<br>rasa", "hole<br>matrix", "channel0 --> inbound", "store[(token cache)]"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains("outbound --> channel0"))
    }

    @Test("V104, B13: the document tells both halves and no secret")
    func document() throws {
        let text = DesignDocument.text(of: try settings())
        for part in ["## Architecture", "## Connections", "## Virtual agents", "### advice", "## Channels", "### hole", "| Directions | inbound |"] {
            #expect(text.contains(part), "\(part)")
        }
        let sheet = SetUpSheet.text(of: try settings())
        for secret in environment.values { #expect(!text.contains(secret) && !sheet.contains(secret)) }
    }

    @Test("B14, B31–B42: the sheet has the form's values, in order, and says who does each step")
    func sheet() throws {
        let text = SetUpSheet.text(of: try settings().messaging)
        for value in ["https://mw.example/byoc |", "https://mw.example/byoc/1.0/token", "| cxone |", "https://mw.example/channels/add", "int-1", "ch-1"] {
            #expect(text.contains(value), "\(value)")
        }
        let steps = (1...11).compactMap { text.firstRange(of: "\n\($0). *")?.lowerBound }
        #expect(steps.count == 11 && steps == steps.sorted())
    }

    @Test("V63, V74, V79–V87: each agent's proof stands in the design and in the sheet, field by field")
    func proofs() throws {
        let text = """
            {
              "publicURL": "https://mw.example", "exchange": {"sessionKeys": [{"env": "A"}]},
              "agents": {
                "old": {"integrationVersion": "1.0.0", "scripted": {}, "caller": {
                  "headers": [{"name": "Authorization", "values": [{"env": "B"}]}], "token": {"sessionState": "auth.token", "values": [{"env": "C"}]}}},
                "asked": {"scripted": {}, "caller": {"token": {"header": "X-Token", "prefix": "", "introspection": {
                  "url": "https://login.example/introspect", "clientID": "causeway", "clientSecret": {"env": "C"}}}}},
                "signed": {"scripted": {}, "caller": {"certificate": {"subjects": ["CN=cxone"]}, "token": {"jwt": {
                  "issuer": "https://login.example/", "audience": ["orders"], "keysURL": "https://login.example/keys"}}}}
              }
            }
            """
        let settings = try SettingsFile.read(WholeSettings.self, text: Array(text.utf8), path: "causeway.jsonc", environment: environment).settings
        let (design, sheet) = (DesignDocument.text(of: settings), SetUpSheet.text(of: settings))
        for part in [
            "| Proof of the caller | header Authorization, token in botSessionState.auth.token |", "token known to https://login.example/introspect in header X-Token",
            "JWT of https://login.example/ in header Authorization, client certificate (required)", "https://login.example/keys", "https://login.example/introspect",
        ] { #expect(design.contains(part), "\(part)") }
        for part in [
            "| Integration version | 1.0.0 |", "| Authorization Header |", "puts it into botSessionState.auth.token", "| Header name of the token | `X-Token` |",
            "| Prefix of the token | none |", "| mTLS | client certificate and key; required", "| Webhook URL | https://mw.example/exchange/signed |",
        ] { #expect(sheet.contains(part), "\(part)") }
        for secret in environment.values { #expect(!design.contains(secret) && !sheet.contains(secret)) }
    }
}
