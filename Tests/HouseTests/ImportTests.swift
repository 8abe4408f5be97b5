import Testing
import Workbench

/// Who may know whom, beyond what the manifest declares. A line allows; what stands in none is forbidden.
private let allowed: [(folder: String, modules: Set<String>)] = [
    ("Sources/JSON", []),
    ("Sources/Time", ["CLinux"]),
    ("Sources/Secrets", ["CCrypto"]),
    ("Sources/EventLoop", ["CLinux", "Glibc", "Synchronization", "Time"]),
    ("Sources/HTTP", ["HTTPTypes", "JSON", "Secrets", "Synchronization", "Time"]),
    ("Sources/Settings", ["CLinux", "Glibc", "JSON", "Secrets"]),
    // The neutral side: no I/O.
    ("Sources/Conversation", ["HTTP", "HTTPTypes", "JSON", "Time"]),
    ("Sources/Gateway", ["CLinux", "EventLoop", "Glibc", "HTTP", "HTTPTypes", "JSON", "Logging", "Secrets", "Synchronization", "Time"]),
    ("Sources/Store", ["EventLoop", "Glibc", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Synchronization", "Time"]),
    ("Sources/CacheServer", ["CSQLite", "Glibc", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Store", "Synchronization", "Time"]),
    // CXone's code never sees an adapter, nor the server in front.
    ("Sources/CXone", ["Conversation", "Glibc", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Store", "Synchronization", "Time"]),
    // Adapters never see CXone, each other, the gateway or the network.
    ("Sources/VirtualAgents", ["Conversation", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Synchronization", "Time"]),
    ("Sources/Channels", ["CWebChat", "Conversation", "EventLoop", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Store", "Synchronization", "Time"]),
    ("Sources/Delivery", [
        "Conversation", "EventLoop", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Store", "Synchronization", "Time",
    ]),
    ("Sources/ChannelCatalog", [
        "CXone", "Conversation", "Delivery", "EventLoop", "HTTP", "HTTPTypes", "JSON", "MatrixChannel", "Secrets", "Settings", "Store", "Time", "WebChatChannel",
        "WebhookChannel",
    ]),
    // The only code that sees libcurl.
    ("Sources/CurlTransport", ["CCurl", "CLinux", "EventLoop", "Glibc", "HTTP", "HTTPTypes", "Secrets", "Synchronization", "Time"]),
    ("Sources/Catalog", [
        "CXone", "Conversation", "HTTP", "JSON", "OpenAIAgent", "RasaAgent", "ScriptedAgent", "Secrets", "Settings", "Store", "Time", "WebhookAgent",
    ]),
    ("Sources/Health", ["EventLoop", "HTTP", "HTTPTypes", "JSON", "Secrets", "Settings", "Store", "Time"]),
    ("functions", ["CXone", "CacheServer", "Catalog", "ChannelCatalog", "CurlTransport", "Delivery", "EventLoop", "Gateway", "HTTP", "Health", "Settings", "Store", "Time"]),
    // CXone as the desk plays it: knows none of our code that speaks to CXone, so that nobody agrees with himself.
    ("Sources/Simulator", ["EventLoop", "Glibc", "HTTP", "HTTPTypes", "JSON", "Secrets", "Synchronization", "Time"]),
    ("Sources/Workbench", [
        "CDesk", "CTrust", "CXone", "Catalog", "ChannelCatalog", "Conversation", "Delivery", "EventLoop", "Glibc", "HTTP", "HTTPTypes", "Health", "JSON",
        "Secrets", "Settings", "Simulator", "Store", "Subprocess", "Synchronization", "SystemPackage", "Time",
    ]),
    ("Sources/causeway", [
        "ArgumentParser", "Catalog", "ChannelCatalog", "CurlTransport", "Dispatch", "EventLoop", "Gateway", "Glibc", "HTTP", "JSON", "Secrets",
        "Settings", "Simulator", "Time", "Workbench",
    ]),
]

@Suite("Imports")
struct ImportTests {
    @Test("each room imports only what it may know", arguments: allowed.map(\.folder))
    func rooms(folder: String) throws {
        let modules = try #require(allowed.first { $0.folder == folder }).modules
        let files = House.sources(below: folder)
        #expect(!files.isEmpty, "\(folder) has no sources")
        for file in files {
            let foreign = House.imports(of: file).subtracting(modules)
            #expect(foreign.isEmpty, "\(file) imports \(foreign.sorted().joined(separator: ", "))")
        }
    }

    @Test("no room is forgotten in the table above")
    func complete() {
        for folder in Files.names(in: "\(House.top)/Sources") where !House.sources(below: "Sources/\(folder)").isEmpty {
            #expect(allowed.contains { $0.folder == "Sources/\(folder)" }, "Sources/\(folder) has no line")
        }
    }

    @Test("nothing on the request path stops the process on purpose or by a forced unwrap")
    func traps() {
        let rooms = allowed.map(\.folder).filter { !$0.hasSuffix("Workbench") && !$0.hasSuffix("causeway") }
        for file in rooms.flatMap(House.sources) {
            for (number, line) in House.read(file).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
                for word in ["fatalError(", "preconditionFailure(", "try!", "as!", "@testable"] {
                    #expect(!code.contains(word), "\(file):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test("files stay readable: at most 400 lines, 160 columns; nothing is public")
    func size() {
        for file in allowed.map(\.folder).flatMap(House.sources) {
            let lines = House.read(file).split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 400, "\(file) has \(lines.count) lines")
            for (number, line) in lines.enumerated() {
                #expect(line.count <= 160, "\(file):\(number + 1) has \(line.count) columns")
                #expect(!line.hasPrefix("public "), "\(file):\(number + 1) is public")
            }
        }
    }
}
