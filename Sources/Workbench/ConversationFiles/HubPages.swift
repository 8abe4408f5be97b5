package import HTTP
import HTTPTypes
package import Simulator

/// The hub's interface with what the desk adds to it: an interaction as a diagram and as a conversation file.
package struct HubPages: Handler {
    private let hub: VirtualAgentHub

    package init(_ hub: VirtualAgentHub) { self.hub = hub }

    package func respond(to request: Request) async -> Response {
        let path = request.path.split(separator: "/").map(String.init)
        guard path.count == 4, path[0] == "hub", path[1] == "interactions", request.method == .get, let interaction = hub.interaction(path[2]) else {
            return await hub.respond(to: request)
        }
        switch path[3] {
        case "diagram.svg": return file(SequenceDiagram(interaction).svg, "image/svg+xml")
        case "diagram.mmd": return file(SequenceDiagram(interaction).mermaid, "text/plain; charset=utf-8")
        case "chat": return file(ConversationFile.recorded(interaction), "text/plain; charset=utf-8")
        default: return await hub.respond(to: request)
        }
    }

    private func file(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok,
            fields: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                // A drawing that is opened by itself runs nothing and loads nothing.
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'",
            ], body: Array(text.utf8))
    }
}
