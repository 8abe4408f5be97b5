import JSON
import Settings

/// CXone beside the functions of `make run`: how `causeway dev` is started, and what it knows from the beginning.
package struct Desk: Sendable {
    let port: Int
    /// Where the functions are reached.
    let front: String
    /// Channels of the contact centre, by the ids that settings name them with.
    package var channels = ["webchat"]
    /// Files that the functions append to.
    package var traces: [String] = []
    /// Takes the store down while it is there.
    package var storeSwitch: String?

    /// What both sides must know of each other; random for each run unless the environment says otherwise.
    package static let secrets = [
        "CAUSEWAY_BYOC_SECRET", "CAUSEWAY_CXONE_CLIENT_SECRET", "CAUSEWAY_CXONE_ACCESS_KEY_SECRET", "CAUSEWAY_EVENTS_AUTHORIZATION",
        "CAUSEWAY_DESK_TOKEN", "CAUSEWAY_HOLE_SECRET",
    ]

    /// Digital skills, each a routing queue, with the agents who have it.
    private static let skills: [(id: Int, name: String, agents: [Int])] = [
        (1, "Digital", [4711, 4712]), (2, "Community", [4711, 4712]), (3, "Specialists", [4712, 4713]),
    ]

    package init(port: Int, front: String) { (self.port, self.front) = (port, front) }

    /// The integration is called `causeway`, as in the sample settings.
    package var start: String {
        let body = RawJSON { $0.object { object in
            object.field("integrations", array: { list in
                list.object { form in
                    form.field("id", "causeway")
                    form.field("name", "Causeway")
                    form.field("boxURL", front + "/byoc")
                    form.field("authorizationURL", front + "/byoc/1.0/token")
                    form.field("addURL", front + "/channels/add")
                    form.field("reconnectURL", front + "/channels/reconnect")
                    form.field("removeURL", front + "/channels/remove")
                    form.field("eventsURL", front + "/events/contact")
                }
            })
            object.field("skills", array: { list in
                for skill in Desk.skills {
                    list.object { entry in
                        entry.field("id", skill.id)
                        entry.field("name", skill.name)
                        entry.field("agents", array: { agents in for agent in skill.agents { agents.value(agent) } })
                    }
                }
            })
            object.field("channels", array: { list in
                for channel in channels {
                    list.object { entry in
                        entry.field("name", channel)
                        // A visitor who has gone cannot be written to.
                        entry.field("flags", object: { flags in
                            flags.field("isLiveChat", true)
                            flags.field("hasOutboundFlow", false)
                            flags.field("hasManualOutboundFlow", false)
                        })
                    }
                }
                list.object { $0.field("name", "wateringhole") }
                list.object { posts in
                    posts.field("name", "wateringhole-posts")
                    posts.field("isPrivate", false)
                    posts.field("hasTreeStructure", true)
                    posts.field("skill", 2)
                }
            })
        } }
        return body.text + "\n"
    }

    /// - Parameters:
    ///   - causeway: This command's own file.
    ///   - settings: The functions' settings file: whoever it lets in, the desk calls with their credentials, so it gets the run's secrets.
    func program(in folder: String, causeway: String, settings: String, environment: [String: String]) throws -> Program {
        let file = "\(folder)/desk.json"
        try Files.write(start, to: file)
        let start = environment["CAUSEWAY_DESK_START"] ?? file
        // Whoever writes the pages has them read anew from their folder.
        let assets = environment["CAUSEWAY_DESK_ASSETS"].map { ["--assets", $0] } ?? []
        return Program(
            "desk", executable: causeway,
            arguments: ["dev", "--port", "\(port)", "--box", front + "/byoc", "--settings", settings, "--start", start] + assets
                + traces.flatMap { ["--trace", $0] } + (storeSwitch.map { ["--store-switch", $0] } ?? []),
            environment: environment, log: "\(folder)/desk.log")
    }
}
