import Workbench

/// The repository as files.
enum House {
    /// The top folder of the package.
    static let top: String = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    static func read(_ path: String) -> String { Files.read("\(top)/\(path)") ?? "" }

    /// All Swift files below a folder, by path from the top.
    static func sources(below folder: String) -> [String] {
        Files.walk("\(top)/\(folder)").filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
    }

    /// Every file that belongs to the repository, by path from the top.
    static var everything: [String] {
        Files.walk(top) + Files.walk("\(top)/.ci").map { ".ci/\($0)" } + [".gitignore"]
    }

    /// The modules that a file imports.
    static func imports(of path: String) -> Set<String> {
        Set(read(path).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), words[..<place].allSatisfy({ $0.hasPrefix("@") || ["package", "internal", "private"].contains($0) }),
                let module = words[(place + 1)...].last
            else { return nil }
            return String(module.prefix { $0 != "." })
        })
    }

    static var functions: [String] { Files.names(in: "\(top)/functions").filter { Files.isFolder("\(top)/functions/\($0)") } }
}
