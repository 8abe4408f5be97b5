/// One function as every host must know it. This list is the only one: server configurations, systemd units, the Lambda template and the
/// tests of the house are made from it.
package struct Endpoint: Sendable {
    /// Folder under `functions/`, executable, socket, unit and Lambda resource are all named after it.
    package let name: String
    /// For people, in one line.
    package let summary: String
    /// Where it is mounted: what servers call `SCRIPT_NAME`. Several functions may share it.
    package let path: String
    /// The paths that it serves, all at or below the mount. An open route takes what the closed ones of other functions leave.
    package let routes: [Route]
    /// What a client may send; anything else is answered 405 by the function itself.
    package let methods: [String]
    /// MiB of body that the function takes at most; servers let a little more through, so that the function's own 413 is seen.
    package let bodyLimit: Int
    /// Seconds after which a host may give the function up; well above the function's own deadline.
    package let timeout: Int
    /// MiB of memory on hosts that ask.
    package let memory: Int
    /// Whether the function calls another system, and so links libcurl.
    package let callsOut: Bool
    /// Whether only this machine (or, on Lambda, signed calls of the same account) may reach it.
    package let isInternal: Bool
    /// Names of the environment variables that it reads, settings file apart from secrets that the file names.
    package let environment: [String]

    /// - Parameter routes: Patterns below the mount, as `Route` reads them; everything at and below it when there are none.
    package init(
        name: String, summary: String, path: String, routes: [String] = ["/**"], methods: [String], bodyLimit: Int, timeout: Int, memory: Int,
        callsOut: Bool, isInternal: Bool, environment: [String]
    ) {
        self.name = name
        self.summary = summary
        self.path = path
        self.routes = routes.map { Route(path + $0) }
        self.methods = methods
        self.bodyLimit = bodyLimit
        self.timeout = timeout
        self.memory = memory
        self.callsOut = callsOut
        self.isInternal = isInternal
        self.environment = environment
    }

    package static let all: [Endpoint] = [
        Endpoint(
            name: "exchange", summary: "One turn of a conversation, from Virtual Agent Hub to a virtual agent and back",
            path: "/exchange", methods: ["POST"], bodyLimit: 8, timeout: 15, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "byoc-token", summary: "Access tokens for CXone: for its calls about channels, and for turns with the keys that sign those",
            path: "/byoc", routes: ["/1.0/token", "/oauth/token", "/tunnel/token", "/tunnel/keys"], methods: ["GET", "HEAD", "POST"],
            bodyLimit: 1, timeout: 10, memory: 128, callsOut: false, isInternal: false, environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "byoc-outbound", summary: "What agents write, on its way to the contact; and every other call of CXone about channels",
            path: "/byoc", methods: ["POST"], bodyLimit: 1, timeout: 15, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "byoc-recipients", summary: "Whether agents may write to somebody", path: "/byoc",
            routes: ["/1.0/channel/{channel}/recipients/validation"], methods: ["POST"], bodyLimit: 1, timeout: 15, memory: 256, callsOut: true,
            isInternal: false, environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "byoc-sender-action", summary: "An agent types", path: "/byoc",
            routes: ["/1.0/channel/{channel}/thread/{thread}/sender-action"], methods: ["POST"], bodyLimit: 1, timeout: 10, memory: 256, callsOut: true,
            isInternal: false, environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "webhook", summary: "What messaging platforms tell: contacts' messages, receipts, typing, endings",
            path: "/webhook", methods: ["GET", "POST", "PUT"], bodyLimit: 8, timeout: 15, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "channel-pages", summary: "The administrator's pages: adds, changes and removes channels in CXone",
            path: "/channels", methods: ["GET", "HEAD", "POST"], bodyLimit: 1, timeout: 15, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "contact-events", summary: "An agent ended a conversation; work that is due is done when asked for", path: "/events",
            routes: ["/contact", "/tick"], methods: ["POST"], bodyLimit: 1, timeout: 30, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "attachments", summary: "Files of contacts, for agents, under links that are sealed and end",
            path: "/attachments", methods: ["GET", "HEAD"], bodyLimit: 1, timeout: 310, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "webchat", summary: "The chat in the browser: page, script for other sites, messages",
            path: "/chat", methods: ["GET", "HEAD", "POST", "OPTIONS"], bodyLimit: 20, timeout: 45, memory: 256, callsOut: true,
            isInternal: false, environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "token-cache", summary: "The embedded store: entries with a life and a version over plain HTTP, kept in SQLite",
            path: "/cache", methods: ["GET", "PUT", "DELETE"], bodyLimit: 1, timeout: 10, memory: 256, callsOut: false, isInternal: true,
            environment: ["CAUSEWAY_SETTINGS"]),
        Endpoint(
            name: "health", summary: "Whether this installation is ready, and how long its certificates last",
            path: "/health", methods: ["GET", "HEAD"], bodyLimit: 1, timeout: 10, memory: 256, callsOut: true, isInternal: false,
            environment: ["CAUSEWAY_SETTINGS"]),
    ]

    /// `token-cache` → `TokenCache`.
    package var resource: String {
        name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
