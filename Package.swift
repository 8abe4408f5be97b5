// swift-tools-version:6.2
import PackageDescription

// Targets stand in the order of the path: ground, near side, middle, far side, functions, desk, tests.
// A target may import only what it declares here (`make test` builds with --explicit-target-dependency-import-check error).

let package = Package(
    name: "causeway-middleware",
    dependencies: [
        // Without its default trait, which brings FoundationEssentials for URL: no handler needs that.
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // Desk only; never linked into a function.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        // The ground
        .target(name: "CLinux", path: "Sources/CLinux"),
        .target(name: "CCrypto", path: "Sources/CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CTrust", path: "Sources/CTrust", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        library("Time", ["CLinux"]),
        library("EventLoop", ["CLinux", "Time"]),
        library("Secrets", ["CCrypto"]),
        library("JSON", []),
        library("HTTP", ["Secrets", "Time", http]),
        library("Settings", ["JSON", "Secrets"]),

        // The near side: whoever calls us
        library("Gateway", ["CLinux", "EventLoop", "HTTP", "JSON", "Secrets", "Time", http, log]),
        library("CXone", ["Conversation", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", http]),

        // The middle
        library("Conversation", ["HTTP", "JSON", "Time", http]),
        library("Store", ["EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Time", http]),

        library("Delivery", ["Conversation", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", http]),

        // The far side: adapters, one folder each, and how they reach the network
        adapter("Scripted", in: "VirtualAgents", beside: ["Examples"]),
        adapter("Webhook", in: "VirtualAgents", beside: ["openapi.json"]),
        adapter("Rasa", in: "VirtualAgents"),
        adapter("OpenAI", in: "VirtualAgents"),
        .target(name: "CWebChat", path: "Sources/Channels/WebChat/Assets", exclude: ["page.html", "chat.js", "chat.css", "icon.svg"]),
        channel("WebChat", ["CWebChat"], beside: ["Assets", "README.md", "Messages", "openapi.json"]),
        channel("Webhook", beside: ["README.md", "Messages", "openapi.json"]),
        channel("Matrix", beside: ["README.md", "Messages"]),
        library("Catalog", [
            "Conversation", "CXone", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time",
            "ScriptedAgent", "WebhookAgent", "RasaAgent", "OpenAIAgent",
        ]),
        library("ChannelCatalog", [
            "Conversation", "CXone", "Delivery", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time",
            "WebChatChannel", "WebhookChannel", "MatrixChannel", http,
        ]),
        .target(
            name: "CCurl", path: "Sources/CCurl", cSettings: isStatic ? [.define("CAUSEWAY_STATIC")] : [],
            linkerSettings: curlLibraries.map { .linkedLibrary($0) }),
        library("CurlTransport", ["CCurl", "EventLoop", "HTTP", "Secrets", "Time", http]),

        // One executable an endpoint
        function("exchange", ["Catalog", "CXone", "CurlTransport", "EventLoop", "Time"], exclude: ["causeway.example.jsonc"]),
        function("byoc-token", ["CXone", "Time"], exclude: ["openapi.yaml"]),
        function("byoc-outbound", ["CXone", "ChannelCatalog", "CurlTransport", "EventLoop", "Time"]),
        function("byoc-recipients", ["CXone", "ChannelCatalog", "CurlTransport", "EventLoop", "Time"]),
        function("byoc-sender-action", ["CXone", "ChannelCatalog", "CurlTransport", "EventLoop", "Time"]),
        function("contact-events", ["CXone", "ChannelCatalog", "CurlTransport", "EventLoop", "Time"]),
        function("channel-pages", ["CXone", "ChannelCatalog", "CurlTransport", "Time"]),
        function("attachments", ["ChannelCatalog", "CurlTransport", "Time"]),
        function("health", ["Catalog", "ChannelCatalog", "CurlTransport", "Health", "Time"]),
        library("Health", ["EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", http]),
        function("webchat", ["ChannelCatalog", "CurlTransport", "Time"]),
        function("webhook", ["ChannelCatalog", "CurlTransport", "Delivery", "Time"]),
        function("token-cache", ["CacheServer", "Store", "Time"], exclude: ["openapi.yaml"]),
        library("CacheServer", ["CSQLite", "HTTP", "Secrets", "Settings", "Store", "Time", http]),
        .systemLibrary(name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // The desk; never deployed
        .target(
            name: "CDesk", path: "Sources/Workbench/Desk/Assets",
            exclude: [
                "agents-faults.js", "agents-setup.js",
                "agents.css", "agents.js", "desk.css", "desk.html", "desk.js", "fidelity.js", "hole.css", "hole.js", "icon.svg", "inspector.css",
                "inspector.js", "phone-app.js", "phone-audio.js", "phone-faults.js", "phone-script.js", "phone-talk.js",
                "phone-view.js", "phone.css", "phone.js",
            ]),
        .target(
            name: "Workbench",
            dependencies: [
                "CTrust", "Catalog", "CDesk", "ChannelCatalog", "Conversation", "CXone", "Delivery", "EventLoop", "HTTP", "Health", "JSON",
                "Secrets", "Settings", "Simulator", "Store", "Time", http,
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Workbench", exclude: ["ConversationFiles/README.md", "Desk/Assets"], swiftSettings: strict),
        .target(
            name: "Simulator", dependencies: ["EventLoop", "HTTP", "JSON", "Secrets", "Time", http], path: "Sources/Simulator",
            exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "causeway",
            dependencies: [
                "Catalog", "ChannelCatalog", "CurlTransport", "EventLoop", "Gateway", "HTTP", "JSON", "Secrets", "Settings", "Simulator", "Time",
                "Workbench", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/causeway", swiftSettings: strict),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["CLinux", "Conversation", "EventLoop", "HTTP", "JSON", "Secrets", "Store", "Time", http],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "gateway-probe", dependencies: ["EventLoop", "Gateway", "HTTP", "Time", http], path: "Tests/GatewayProbe",
            swiftSettings: strict),
        tests("JSONTests", ["JSON"]),
        tests("SecretsTests", ["CCrypto", "Secrets", "Time"]),
        tests("SettingsTests", ["Settings", "JSON", "Secrets"]),
        tests("EventLoopTests", ["EventLoop", "Time"]),
        tests("GatewayTests", ["Gateway", "HTTP", "JSON", "EventLoop", "Time", "CLinux", "gateway-probe", http], exclude: ["Events"]),
        tests("CurlTransportTests", ["CurlTransport", "EventLoop", "HTTP", "JSON", "Secrets", "Time", http], exclude: ["Fixtures"]),
        tests("ConversationTests", ["Conversation", "EventLoop", "JSON", "Time"]),
        tests("CXoneTests", ["CXone", "Conversation", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", http]),
        tests("FilesTests", ["Conversation", "CurlTransport", "Delivery", "EventLoop", "Health", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", http]),
        tests("DigitalEngagementTests", [
            "causeway", "CXone", "ChannelCatalog", "Conversation", "CurlTransport", "Delivery", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Simulator", "Store", "Time", http,
        ]),
        tests("StoreTests", ["Store", "token-cache", "exchange", "CacheServer", "CurlTransport", "EventLoop", "HTTP", "JSON", "Secrets",
            "Settings", "Time", http], exclude: ["Fixtures"]),
        tests("AdapterTests", ["Catalog", "Conversation", "CurlTransport", "CXone", "HTTP", "JSON", "Secrets", "Settings", "Time",
            "ScriptedAgent", "WebhookAgent", "RasaAgent", "OpenAIAgent", http]),
        tests("ChannelTests", ["ChannelCatalog", "Conversation", "CXone", "Delivery", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store",
            "Time", "WebhookChannel", http]),
        .executableTarget(
            name: "outbound-probe",
            dependencies: [
                "Conversation", "CurlTransport", "Delivery", "EventLoop", "Gateway", "HTTP", "JSON", "Settings", "Store", "Time", http,
            ], path: "Tests/OutboundProbe", swiftSettings: strict),
        tests("DeliveryTests", ["ChannelCatalog", "Delivery", "Conversation", "CurlTransport", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time",
            "Workbench", "causeway", "outbound-probe", "token-cache", http]),
        tests("WebChatTests", [
            "Conversation", "Delivery", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", "WebChatChannel", http,
        ]),
        tests("WorkbenchTests", [
            "Workbench", "CXone", "EventLoop", "Health", "HTTP", "JSON", "Secrets", "Settings", "Simulator", "Store", "Time", http,
        ]),
        tests("SimulatorTests", [
            "Simulator", "Workbench", "causeway", "exchange", "Catalog", "CXone", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Time", http,
        ]),
        tests("MatrixTests", ["MatrixChannel", "Conversation", "HTTP", "JSON", "Settings", "Store", "Time", http]),
        tests("FunctionTests", ["JSON", "Secrets", "Workbench"], exclude: ["Acceptance", "Descriptions"]),
        .executableTarget(
            name: "json-turn", dependencies: ["JSON", "Secrets"], path: "Tests/Benchmarks/JSONTurn", swiftSettings: strict),
        tests("HouseTests", ["JSON", "Workbench", "Settings", "Catalog"]),
    ]
)

/// `CAUSEWAY_STATIC=1 swift build … -Xswiftc -static-executable` makes executables that need nothing of the host, for CGI and Lambda:
/// loading libcurl's thirty libraries would be most of a short process's life. Then libcurl's own libraries must be named too.
nonisolated var isStatic: Bool { Context.environment["CAUSEWAY_STATIC"] == "1" }
nonisolated var curlLibraries: [String] {
    isStatic
        ? ["curl", "nghttp2", "ssh2", "psl", "idn2", "unistring", "ssl", "crypto", "zstd", "brotlidec", "brotlicommon", "z"] : ["curl", "ssl"]
}

nonisolated var http: Target.Dependency { .product(name: "HTTPTypes", package: "swift-http-types") }
nonisolated var log: Target.Dependency { .product(name: "Logging", package: "swift-log") }

nonisolated var strict: [SwiftSetting] {
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: strict)
}

/// An adapter sees the neutral side, the wire's building blocks and nothing else.
func adapter(_ name: String, in folder: String, beside documents: [String] = []) -> Target {
    .target(
        name: name + "Agent", dependencies: ["Conversation", "HTTP", "JSON", "Secrets", "Settings", "Time", http],
        path: "Sources/\(folder)/\(name)", exclude: ["README.md", "Transcripts"] + documents, swiftSettings: strict)
}

/// A channel's adapter: as an agent's, and it may keep things in the store.
func channel(_ name: String, _ dependencies: [Target.Dependency] = [], beside documents: [String] = []) -> Target {
    .target(
        name: name + "Channel",
        dependencies: dependencies + ["Conversation", "EventLoop", "HTTP", "JSON", "Secrets", "Settings", "Store", "Time", http],
        path: "Sources/Channels/\(name)", exclude: documents, swiftSettings: strict)
}

func function(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .executableTarget(
        name: name, dependencies: ["Gateway", "HTTP", "Secrets", "Settings"] + dependencies, path: "functions/\(name)",
        exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: ["TestSupport"] + dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}
