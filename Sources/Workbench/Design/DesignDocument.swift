import CXone
import Catalog
import ChannelCatalog
import Conversation
import Settings

/// `causeway design-document`: what is planned or runs, made from the settings: architecture, every connection with its proof, agents with their
/// mapping, channels with what they carry (V104, B11–B13). Secrets are named where they are needed and never shown.
package enum DesignDocument {
    package static func text(of settings: WholeSettings) -> String {
        var parts = [
            "# Technical design", "Made by `causeway design-document` from the settings; change those, then make it again.", "## Architecture",
            "```mermaid\n" + ArchitectureDiagram.mermaid(of: settings) + "```",
            """
            Each function keeps nothing between requests. State is in the store, sealed; a turn's state travels through CXone, signed. A message is
            acknowledged when the other side has accepted it, so that whoever sent it keeps it until then.
            """,
            "## Connections", table(of: Connections.all(of: settings)),
        ]
        if !settings.turns.agents.isEmpty { parts += agents(settings.turns) }
        if !settings.messaging.channels.isEmpty { parts += channels(settings.messaging) }
        parts += [
            "## Time", """
                A turn is answered in time whatever happens: 4.5 s on calls, 8.5 s on text unless the agent's settings say otherwise, and always 1.5 s
                before the app's own limit. Callbacks of Digital Experience are answered within 4.5 s.
                """,
        ]
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// The same rows as `causeway endpoints` prints.
    package static func table(of connections: [Connection]) -> String {
        (["| | With | Methods | URL | Proof | For |", "|---|---|---|---|---|---|"]
            + connections.map { row in
                "| " + [row.direction.rawValue, row.party, row.methods, "`\(row.url)`", row.proof, row.purpose].map(cell).joined(separator: " | ") + " |"
            }).joined(separator: "\n")
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("\n", with: " ") }

    private static func agents(_ settings: CausewaySettings) -> [String] {
        var parts = [
            "## Virtual agents", "Virtual Agent Hub posts each turn to `/exchange`, or to `/exchange/{agent}` when the URL shall name the agent.",
        ]
        for (name, agent) in settings.agents {
            let exchange = agent.exchange
            let reach = exchange.virtualAgentIds.isEmpty ? name : exchange.virtualAgentIds.joined(separator: ", ")
            parts.append("""
                ### \(name)

                | | |
                |---|---|
                | Provider | \(agent.provider.name)\(agent.provider.endpoint.map { " at `\($0)`" } ?? ", embedded") |
                | Apps in Virtual Agent Hub | \(cell(reach)) |
                | Integration version | \(exchange.integrationVersion.rawValue) |
                | Proof of the caller | \(cell(exchange.caller.summary)) |
                | Business units | \(exchange.businessUnits.isEmpty ? "any" : exchange.businessUnits.map { "\($0)" }.joined(separator: ", ")) |
                | Language | \(exchange.locale ?? "as the script tells") |
                | Welcome | \(cell(exchange.intents.welcome.joined(separator: ", "))) |
                | Fallback | \(cell(exchange.intents.fallback.joined(separator: ", "))) |
                | Silence | \(cell(exchange.intents.silence.joined(separator: ", "))) |
                | End | \(cell(exchange.intents.end.joined(separator: ", "))) |
                | When the agent is down | \(agent.fallback == nil ? "the configured prompt, or the Error branch" : "a scripted agent answers") |
                """)
        }
        parts.append("""
            | What the agent says | Branch of the script |
            |---|---|
            | goes on, asks | PromptAndCollectNextResponse |
            | did not understand | UserInputNotUnderstood, or the one of the settings |
            | nothing was said | UserInputTimeout, or the one of the settings |
            | a person is wanted, or the agent is done | ReturnControlToScript |
            | cannot be asked | Error, or the fallback's answer |
            """)
        return parts
    }

    private static func channels(_ settings: MessagingSettings) -> [String] {
        var parts = [
            "## Channels", "What the platform cannot show becomes words: choices numbered lines, cards their text, links title and address.",
        ]
        for (name, channel) in settings.channels {
            guard let platform = channel.platform else { continue }
            let able = platform.capabilities
            parts.append("""
                ### \(name)

                | | |
                |---|---|
                | Platform | \(platform.key.rawValue)\(platform.endpoint.map { " at `\($0)`" } ?? "") |
                | Directions | \(channel.directions.rawValue) |
                | In CXone | tenant \(channel.tenant), integration \(channel.integrationID ?? "–"), channels \
                \(channel.pointsOfContact.map { "`\($0.id)` (\($0.visibility.rawValue))" }.joined(separator: ", ")) |
                | CXone is told "sent" when | \(channel.delivery == .sendThenAnswer ? "the platform has the message" : "the store has the message") |
                | A message reaches the contact | \(words(able.deliveryClass)) |
                | Longest text | \(able.textLimit.map { "\($0) characters, then split" } ?? "no limit that matters") |
                | Choices, links, cards | \(able.choices) choices, links \(yes(able.showsLinks)), cards \
                \(able.cards.isEmpty ? "no" : able.cards.joined(separator: ", ")) |
                | Files | \(able.files == 0 ? "no" : "\(able.files) a message, \(able.fileLimit >> 20) MiB each") |
                | Delivered, seen, typing | \(yes(able.reportsDelivered)), \(yes(able.reportsSeen)), \(yes(able.showsTyping)) |
                | Agents may begin | \(yes(able.opensThreads)) |
                """)
        }
        return parts + ["The values to enter in CXone, in order, and who does what: `causeway sheet`."]
    }

    private static func words(_ deliveryClass: DeliveryClass) -> String {
        switch deliveryClass {
        case .once: "once"
        case .mayDuplicate: "at least once; twice when a process dies between sending and recording"
        case .mayDrop: "at most once"
        }
    }

    private static func yes(_ value: Bool) -> String { value ? "yes" : "no" }
}
