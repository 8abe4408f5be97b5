import Settings
import Testing

/// Files of the checkout that tests read.
enum Files {
    static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
    static let adapters = root + "/Sources/VirtualAgents"

    static func read(_ path: String) throws -> [UInt8] { try #require(FileBytes.read(path), "cannot read \(path)") }
}
