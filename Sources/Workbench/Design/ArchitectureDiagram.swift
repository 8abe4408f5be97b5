import Catalog
import ChannelCatalog
import Conversation
import Store

/// The architecture that the settings describe, as a Mermaid flowchart (B11). Names are those of the settings.
package enum ArchitectureDiagram {
    package static func mermaid(of settings: WholeSettings) -> String {
        var nodes: [String] = []
        var arrows: [String] = []
        let hasAgents = !settings.turns.agents.isEmpty
        let hasChannels = !settings.messaging.channels.isEmpty
        nodes.append("  contact([contact])")
        if hasAgents {
            nodes.append("  hub[CXone Virtual Agent Hub]")
            nodes.append("  exchange{{exchange}}")
            arrows += ["  contact -- \"call or chat\" --> hub", "  hub -- \"one POST for each turn\" --> exchange"]
        }
        for (index, (name, agent)) in settings.turns.agents.enumerated() {
            let label = quoted("\(name)<br>\(agent.provider.name)")
            nodes.append("  agent\(index)[\(label)]")
            arrows.append("  exchange -- \"\(agent.provider.endpoint == nil ? "embedded" : "one call")\" --> agent\(index)")
        }
        if hasChannels {
            nodes += ["  desk[CXone Digital Experience]", "  human([agent])", "  inbound{{webhook, webchat}}", "  outbound{{byoc-outbound}}"]
            arrows += [
                "  human <--> desk", "  inbound -- \"contacts' messages\" --> desk", "  desk -- \"token, then agents' messages\" --> outbound",
            ]
        }
        for (index, (name, channel)) in settings.messaging.channels.enumerated() {
            let label = quoted("\(name)<br>\(channel.platform?.key.rawValue ?? "no platform")")
            nodes.append("  channel\(index)[\(label)]")
            arrows.append("  contact <--> channel\(index)")
            if channel.directions != .outbound { arrows.append("  channel\(index) --> inbound") }
            if channel.directions != .inbound { arrows.append("  outbound --> channel\(index)") }
        }
        if let store = settings.messaging.store ?? settings.turns.store {
            nodes.append("  store[(\(store.etcd == nil ? "token cache" : "etcd"))]")
            if hasAgents { arrows.append("  exchange -. \"access tokens\" .-> store") }
            if hasChannels { arrows += ["  inbound -. \"claims, threads\" .-> store", "  outbound -. \"claims, threads\" .-> store"] }
        }
        return (["flowchart LR"] + nodes + arrows).joined(separator: "\n") + "\n"
    }

    /// A label that cannot end itself.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\"", with: "#quot;") + "\""
    }
}
