import ChannelCatalog
import Conversation
import CXone
import Glibc
import HTTP
import Settings
import TestSupport
import Testing

/// One folder of `Sources/Channels` that has a `Messages` folder: a new channel is tested without a line of test code.
struct ChannelFolder: Sendable, CustomTestStringConvertible {
    let name: String
    /// The platform's part, as members of `channels.jungle`.
    let settings: String
    let messages: [MessageFile]

    var testDescription: String { name }

    static let secret = "whsec_" + "Q2hhbm5lbFRlc3RzU2VjcmV0MDAwMDAwMDAwMDAwMDE="
    static let secrets = [
        secret, "platform-secret-value-00000002", "access-key-secret-value-000001", "client-secret-value-0000000001", "token-key-value-00000000000001",
    ]
    static let environment = [
        "PLATFORM_SECRET": secret, "PLATFORM_SECRET_OLD": secrets[1], "ACCESS_KEY": secrets[2], "CLIENT_SECRET": secrets[3], "TOKEN_KEY": secrets[4],
    ]

    private static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 } + "/Sources/Channels"

    static let names = entries(of: root).filter { !entries(of: "\(root)/\($0)/Messages").isEmpty }
    /// A folder that cannot be read fails the test `every channel is found`.
    static let all: [ChannelFolder] = names.compactMap { try? ChannelFolder(name: $0) }

    init(name: String) throws {
        self.name = name
        let folder = "\(Self.root)/\(name)/Messages"
        settings = try Self.read(folder + "/settings.jsonc")
        messages = try Self.entries(of: folder).filter { $0.hasSuffix(".message") }.map { file in
            try MessageFile(file: folder + "/" + file, text: try Self.read(folder + "/" + file))
        }
    }

    private static func read(_ path: String) throws -> String {
        String(decoding: try #require(FileBytes.read(path), "cannot read \(path)"), as: UTF8.self)
    }

    private static func entries(of folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The whole settings with this one channel, as the functions would read them.
    func read(_ own: String? = nil) throws -> MessagingSettings {
        let text = """
            {
              "publicURL": "https://causeway.example",
              "store": {"keys": [{"env": "TOKEN_KEY"}], "cache": {"url": "http://127.0.0.1:9/cache", "secrets": [{"env": "TOKEN_KEY"}]}},
              "byoc": {"clients": {"cxone": {"secrets": [{"env": "CLIENT_SECRET"}]}}, "tokenKeys": [{"env": "TOKEN_KEY"}]},
              "tenants": {"acme": {
                "tenantId": "t-1", "issuer": "https://sign-in.cxone.example", "apiURL": "\(TwoSides.contactCentre)",
                "accessKeyId": "key", "accessKeySecret": {"env": "ACCESS_KEY"}, "clientId": "client", "clientSecret": {"env": "CLIENT_SECRET"},
              }},
              "attachments": {"hosts": ["files.cxone.example"]},
              "channels": {"jungle": {"tenant": "acme", "channelId": "ch-direct", "postsChannelId": "ch-posts", \(own ?? settings)}}
            }
            """
        let path = "\(Self.root)/\(name)/Messages/settings.jsonc"
        return try SettingsFile.read(MessagingSettings.self, text: Array(text.utf8), path: path, environment: Self.environment).settings
    }
}
