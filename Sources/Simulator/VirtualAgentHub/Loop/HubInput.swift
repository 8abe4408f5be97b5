import JSON
import Secrets

/// What a turn carries to the virtual agent (§5.1).
enum HubInput: Sendable {
    case welcome(String?)
    case text(String)
    case keys(String)
    case silence
    /// A µ-law WAV file and its length.
    case sound([UInt8], milliseconds: Int)
    /// A tapped choice: what is sent, and what the contact saw.
    case choice(String, shown: String)
    case hangUp
    /// The app's Test step.
    case test

    /// The integer on the wire, and its name.
    var type: (number: Int, name: String) {
        switch self {
        case .silence: (0, "NO_INPUT")
        case .text, .choice: (1, "TEXT")
        case .sound: (2, "BASE64_ENCODED_G711_ULAW_WAV_FILE")
        case .hangUp: (4, "USER_ENDED_SESSION")
        case .welcome, .test: (5, "AUTOMATED_TEXT")
        case .keys: (6, "DTMF_AS_TEXT")
        }
    }

    var kind: String {
        switch self {
        case .welcome: "welcome"
        case .text: "text"
        case .keys: "keys"
        case .silence: "silence"
        case .sound: "audio"
        case .choice: "choice"
        case .hangUp: "hangUp"
        case .test: "test"
        }
    }

    /// For people.
    var shown: String {
        switch self {
        case .welcome(let intent): intent ?? "nothing"
        case .text(let text), .keys(let text), .choice(_, let text): text
        case .silence: "silence"
        case .sound(_, let milliseconds): "\(milliseconds) ms of sound"
        case .hangUp: "hung up"
        case .test: "the app's Test step"
        }
    }
}

/// The body of a turn, `ExternalIntegrationBotExchangeRequest` (§3), as captured traffic shows it.
struct TurnRequest {
    let app: HubApp
    let behaviour: HubBehaviour
    let contact: Int
    let number: Int
    let input: HubInput
    /// `nil` on the first turn and where the script forgets it.
    var state: RawJSON?
    var payload: RawJSON?
    /// Members of a future release, at each level.
    var hasUnknownFields = false
    /// What a 1.0.0 script put into state or payload.
    var scriptToken: Secret?

    /// What goes over the wire.
    var octets: [UInt8] { Array(written { $0.revealText() }.bytes) }
    /// The same for people, secrets taken out.
    var shown: RawJSON {
        let shown = written { _ in "[redacted]" }
        guard let token = scriptToken?.revealText(), !token.isEmpty else { return shown }
        return (try? RawJSON(parsing: Array(shown.text.replacing(token, with: "[redacted]").utf8))) ?? .null
    }

    private func written(_ secret: (Secret) -> String) -> RawJSON {
        RawJSON { $0.object { body in
            body.field("virtualAgentId", app.agent)
            body.name("botConfig")
            let configuration = self.configuration(secret)
            if behaviour.botConfigForm == .text { body.value(PrettyJSON.text(configuration)) } else { body.value(configuration) }
            body.name("userInput")
            if let userInput { body.value(userInput) } else { body.null() }
            body.name("userInputType")
            if behaviour.inputTypeForm == .number { body.value(input.type.number) } else { body.value(input.type.name) }
            body.field("executionInfo", object: writeExecution)
            body.field("systemTelemetryData", object: { telemetry in
                telemetry.field("consumerProcessHost", "CAUSEWAY-DESK")
                telemetry.field("consumerProcessName", "VCSvc")
                telemetry.field("consumerProcessVersion", "5.1.1.1")
                for name in ["inContactClusterAlias", "inContactScriptEngineHost", "consumerMetaData"] { telemetry.field(name, RawJSON.null) }
                if hasUnknownFields { telemetry.field("consumerRegion", "eu-1") }
            })
            body.name("base64wavFile")
            if case .sound(let file, _) = input { body.plainString(Base64.encode(file)) } else { body.null() }
            body.field("botSessionState", state ?? .null)
            body.field("customPayload", payload ?? .null)
            body.field("mediaType", app.medium == .voice ? behaviour.voiceMediaType : behaviour.chatMediaType)
            guard hasUnknownFields else { return }
            body.field("conversationLocale", "en-US")
            body.field("sentiment", object: { $0.field("score", 0.25) })
        } }
    }

    private func writeExecution(_ execution: inout JSONWriter) {
        execution.field("contactId", contact)
        execution.field("busNo", 4_600_001)
        execution.field("requestId", number)
        if case .test = input {
            execution.field("actionType", "RESTPROXY")
            execution.field("actionId", 0)
            execution.field("scriptName", "System\\Imposters\\RestProxy_Imposter")
        } else {
            execution.field("actionType", app.action.wireName)
            execution.field("actionId", number == 1 || app.action.holdsDialogue ? 12 : 15)
            execution.field("scriptName", "Causeway\\\(app.name)")
        }
        if hasUnknownFields { execution.field("flowVersion", 7) }
    }

    private var userInput: String? {
        switch input {
        case .welcome(let intent): intent
        case .test: app.welcome
        case .text(let text), .keys(let text), .choice(let text, _): text
        case .silence: behaviour.silenceMarker
        case .sound, .hangUp: nil
        }
    }

    /// What the app's form holds (§3.4), secrets in clear as CXone sends them.
    private func configuration(_ secret: (Secret) -> String) -> RawJSON {
        RawJSON { $0.object { config in
            config.field("webhookUrl", app.url)
            config.name("authorizationHeader")
            if app.version == .v1, let header = app.authorizationHeader { config.value(secret(header)) } else { config.null() }
            if app.version != .v1 {
                config.field("customHeaders", array: { list in
                    for pair in app.headers {
                        list.object {
                            $0.field("name", pair.name)
                            $0.field("value", secret(pair.value))
                        }
                    }
                })
            }
            config.field("endpointParameters", array: { list in
                var parameters = app.endpointParameters.map { (name: Optional($0.name), value: Optional($0.value)) }
                if let locale = app.locale { parameters.append(("language", locale)) }
                // An empty form yields one entry with both null.
                if parameters.isEmpty { parameters = [(nil, nil)] }
                for pair in parameters {
                    list.object { entry in
                        entry.field("name", pair.name.map(RawJSON.string) ?? .null)
                        entry.field("value", pair.value.map(RawJSON.string) ?? .null)
                    }
                }
            })
            config.field("schemaVersion", "V1")
            config.field("timeout", app.timeoutSeconds * 1000)
            if app.version == .v3 { config.field("webhookClientCertificates", array: { _ in }) }
        } }
    }
}

/// JSON over several lines, as CXone writes `botConfig`.
enum PrettyJSON {
    static func text(_ value: RawJSON) -> String { value.parsed().map { text($0, "") } ?? value.text }

    private static func text(_ value: JSON, _ indent: String) -> String {
        let inner = indent + "  "
        switch value.kind {
        case .object where value.count > 0:
            let members = value.members.map { "\(inner)\(RawJSON.string($0.name).text): \(text($0.value, inner))" }
            return "{\n\(members.joined(separator: ",\n"))\n\(indent)}"
        case .array where value.count > 0:
            return "[\n\(value.elements.map { inner + text($0, inner) }.joined(separator: ",\n"))\n\(indent)]"
        default: return String(decoding: value.raw, as: UTF8.self)
        }
    }
}
