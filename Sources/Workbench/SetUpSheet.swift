import CXone
import Catalog
package import ChannelCatalog
import Conversation

/// `causeway sheet`: what is entered in CXone, in order, and who does it (B14, B31–B42).
package enum SetUpSheet {
    /// The channels' part where there are channels, and the agents' part where there are agents.
    package static func text(of settings: WholeSettings) -> String {
        let hasChannels = settings.turns.agents.isEmpty || !settings.messaging.channels.isEmpty
        let agents = AgentSheet.text(of: settings)
        return hasChannels ? text(of: settings.messaging) + agents : "# Setting up the virtual agents in CXone\n" + agents
    }

    /// Markdown. Secrets are named, never shown.
    package static func text(of settings: MessagingSettings) -> String {
        let url = settings.publicURL ?? "https://your-server.example"
        let clients = settings.byoc?.clients.map(\.name).joined(separator: ", ") ?? "(none yet: \"byoc.clients\")"
        return """
            # Setting up the channels of \(url) in CXone

            Steps in this order. *Admin*: CXone administrator. *Engineer*: whoever runs Causeway. *Rep*: NICE account representative.

            1. *Engineer* – Run Causeway and reach it over HTTPS: \(url)/health answers. Nothing is configured in CXone before (B9).
            2. *Admin* – At least one user with digital permissions: a new employee with digital engagement, or an existing one enabled as a digital agent.
            3. *Admin* – A digital skill for each channel. A routing queue of the same name appears in Digital Experience.
            4. *Admin* – Add the agents to the skill, from the user's profile or from the skill.
            5. *Admin* – ACD > Digital > Bring Your Own Channel > Add. Enter:

            | Field | Value |
            |---|---|
            | Name | what agents shall see in the channel selector |
            | Integration Box URL | \(url)/byoc |
            | Authorization URL | \(url)/byoc/1.0/token |
            | Client ID | \(clients) |
            | Client Secret | the secret that the settings name under "byoc.clients"; get it from the engineer by a safe way |
            | Use DFO 3.0 Outbound API for replies | on (both ways are served) |
            | Add action URL | \(url)/channels/add |
            | Reconnect action URL | \(url)/channels/reconnect |
            | Remove action URL | \(url)/channels/remove |
            | mTLS | leave empty until the account representative has enabled it and both sides have their certificates |

            6. *Admin* – Save. Read the Integration ID from the list of integrations and give it to the engineer.
            7. *Engineer* – Enter it as "integrationId" of each channel in the settings, and the tenant's numbers below.
            8. *Admin* – Digital points of contact: the integration's button opens Causeway's page; add the channels there. By command
               line: `causeway channels add NAME`.
            9. *Engineer* – Enter the channel ids that the page shows; `causeway channels list` then shows a ✓ for each.
            10. *Admin* – Give each channel its default skill and, where used, its Studio script; add it to the skill's routing queue.
            11. *Engineer* and *Admin* – Write a message on each channel and answer it before the channel is promoted (B17).

            ## What the engineer needs from CXone

            | For | Value | Where it comes from |
            |---|---|---|
            | tenants | brandId, tenantId | *Admin* |
            | tenants | clientId, clientSecret | a back-end application registered with NICE (*Rep*) |
            | tenants | accessKeyId, accessKeySecret | an access key of a service user with digital permissions (*Admin*) |

            ## Telling Causeway that an agent closed a contact

            CXone does not call for that by itself. *Admin* – Digital workflow automation with the trigger *case status changed*: POST to
            \(url)/events/contact with the header that the settings name under "events". Without it, closed contacts are found by asking now and then.

            ## Channels

            | Channel | Kind | Platform | Integration ID | Channel ID |
            |---|---|---|---|---|
            \(settings.offers.map { offer in
                "| \(offer.channel) | \(offer.visibility == .direct ? "private messages" : "public posts") | \(offer.platform) "
                    + "| \(offer.integrationID ?? "– (step 6)") | \(offer.channelID ?? "– (step 9)") |"
            }.joined(separator: "\n"))

            Proactive outbound with Personal Connection is a procedure of its own and not part of this sheet (B39).

            """
    }
}
