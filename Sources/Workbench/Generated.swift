import Catalog
import Settings

/// Files that stand in the repository and follow from code: written by `make generate`, held against the code by HouseTests.
package enum Generated {
    /// Every such file with the content that it must have.
    /// - Parameter top: The top folder of the package.
    package static func all(top: String) throws -> [GeneratedFile] {
        try [
            GeneratedFile("functions/nginx.conf", NginxConfiguration.site(Site())),
            GeneratedFile("template.yaml", LambdaTemplate.template()),
        ] + adapterPages(top: top) + channelPages(top: top)
    }

    private static let heading = "\n## Settings\n"

    /// The adapters' READMEs, with the table of their settings made anew.
    private static func adapterPages(top: String) throws -> [GeneratedFile] {
        try Files.names(in: "\(top)/Sources/VirtualAgents").map { adapter in
            let path = "Sources/VirtualAgents/\(adapter)/README.md"
            guard let table = settings(of: adapter) else {
                throw SystemFailure(saying: "no provider key under agents.<name> is called like the folder \(adapter)")
            }
            guard let page = Files.read("\(top)/\(path)"), let filled = self.page(page, withTable: table) else {
                throw SystemFailure(saying: "\(path) has no heading `## Settings`")
            }
            return GeneratedFile(path, filled)
        }
    }

    /// The same for channels.
    private static func channelPages(top: String) -> [GeneratedFile] {
        let members = SettingsFile.declarations(of: WholeSettings.self).first { $0.key == "channels" }?.members ?? []
        return Files.names(in: "\(top)/Sources/Channels").compactMap { channel in
            let path = "Sources/Channels/\(channel)/README.md"
            guard let declaration = members.first(where: { $0.key.lowercased() == channel.lowercased() }), let page = Files.read("\(top)/\(path)") else {
                return nil
            }
            return self.page(page, withTable: SettingsFile.table(declaration.members)).map { GeneratedFile(path, $0) }
        }
    }

    /// The settings under the provider key that is called like the adapter's folder.
    private static func settings(of adapter: String) -> String? {
        SettingsFile.declarations(of: WholeSettings.self)
            .first { $0.key == "agents" }?.members
            .first { $0.key.lowercased() == adapter.lowercased() }
            .map { SettingsFile.table($0.members) }
    }

    /// The page with its chapter *Settings* replaced by the table, or `nil` when it has no such chapter.
    package static func page(_ page: String, withTable table: String) -> String? {
        guard let start = page.firstRange(of: heading) else { return nil }
        let next = page[start.upperBound...].firstRange(of: "\n## ")
        return page[..<start.upperBound] + "\n" + table + (next.map { page[$0.lowerBound...] } ?? "")
    }
}
