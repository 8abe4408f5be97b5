import Testing
import Workbench

/// What `make package` made, looked at from outside (`runtimes.md` §9.5).
@Suite("Linkage", .enabled(if: Files.exists("\(House.top)/.build/package"), "make package has not been run"))
struct LinkageTests {
    private static let packages = ["fastcgi", "cgi", "lambda"]

    private static func executables() -> [(kind: String, endpoint: Endpoint, path: String)] {
        packages.flatMap { kind in
            Endpoint.all.map { endpoint in
                (kind, endpoint, "\(House.top)/.build/package/\(kind)/\(endpoint.name)/\(kind == "lambda" ? "bootstrap" : endpoint.name)")
            }
        }
    }

    private func lines(_ tool: String, _ arguments: [String]) async throws -> [Substring] {
        let program = try #require(find(tool), "\(tool) is not installed")
        return try await execute(program, arguments).output.split(separator: "\n")
    }

    @Test("no function links Foundation or ICU; libcurl is there only where a call goes out")
    func libraries() async throws {
        for (kind, endpoint, path) in Self.executables() {
            try #require(Files.exists(path), "\(path) is missing")
            let needed = try await lines("objdump", ["-p", path]).filter { $0.contains("NEEDED") }.compactMap { $0.split(separator: " ").last }
            #expect(!needed.contains { $0.hasPrefix("libFoundation") || $0.hasPrefix("libicu") || $0.hasPrefix("libswift") }, "\(path): \(needed)")
            if kind == "fastcgi" {
                #expect(needed.contains { $0.hasPrefix("libcurl") } == endpoint.callsOut, "\(path): \(needed)")
            } else {
                #expect(needed.isEmpty, "\(path) needs \(needed); a process for each request is linked statically")
            }
            // Symbols of statically linked Foundation.
            let grep = try #require(find("grep"))
            #expect(try await !execute(grep, ["-q", "-a", "-F", "20FoundationEssentials", path]).succeeded, "\(path) holds Foundation")
            #expect(try await !execute(grep, ["-q", "-a", "-E", "icudt[0-9]+", path]).succeeded, "\(path) holds ICU's tables")
        }
    }

    @Test("no file asks for more than glibc 2.34 and libstdc++ 3.4.29, which is what Amazon Linux 2023 has")
    func symbols() async throws {
        for (_, _, path) in Self.executables() {
            for line in try await lines("objdump", ["-T", path]) {
                guard let version = line.firstMatch(of: /(GLIBC|GLIBCXX)_([0-9.]+)/) else { continue }
                let parts = version.2.split(separator: ".").compactMap { Int($0) }
                let limit = version.1 == "GLIBC" ? [2, 34] : [3, 4, 29]
                #expect(!limit.lexicographicallyPrecedes(parts), "\(path): \(line)")
            }
        }
    }
}
