import Testing
import Workbench

@Suite("Layout")
struct LayoutTests {
    @Test("the top shows what belongs there and nothing else")
    func top() {
        let local = [".build", "causeway.jsonc", "Package.resolved"]
        #expect(Files.names(in: House.top).filter { !local.contains($0) }
            == ["LICENSE", "Makefile", "Package.swift", "README.md", "Sources", "Tests", "functions", "template.yaml"])
    }

    @Test("P1: folders of functions = executables = endpoints = Lambda resources = nginx locations")
    func functions() {
        let names = House.functions
        #expect(names == Endpoint.all.map(\.name).sorted())
        let package = House.read("Package.swift")
        let executables = package.matches(of: /function\("([a-z-]+)"/).map { String($0.1) }
        #expect(executables.sorted() == names)
        let resources = House.read("template.yaml").matches(of: /\n  ([A-Za-z]+)Function:\n/).map { String($0.1) }
        #expect(resources.sorted() == Endpoint.all.map(\.resource).sorted())
        let programs = House.read("functions/nginx.conf").matches(of: /fastcgi_pass causeway_([a-z_]+);/).map { String($0.1.replacing("_", with: "-")) }
        #expect(programs.sorted() == names)
        for endpoint in Endpoint.all {
            #expect(!endpoint.routes.isEmpty, "\(endpoint.name)")
            for route in endpoint.routes {
                #expect(route.path == endpoint.path || route.path.hasPrefix(endpoint.path + "/"), "\(route.pattern) is not below \(endpoint.path)")
                #expect(Endpoint.serving(route.example)?.name == endpoint.name, "\(route.pattern) belongs to another function")
            }
        }
        for name in names {
            #expect(House.sources(below: "functions/\(name)").count == 1, "functions/\(name) holds one file that wires and nothing else")
        }
    }

    @Test("a function's file only wires: short, synchronous main, no parsing")
    func wiring() {
        for name in House.functions {
            for path in House.sources(below: "functions/\(name)") {
                let text = House.read(path)
                #expect(text.split(separator: "\n").count <= 45, "\(path)")
                #expect(text.contains("@main") && text.contains("static func main()") && !text.contains("async"), "\(path)")
            }
        }
    }

    @Test("files that follow from code are up to date; `make generate` writes them")
    func generated() throws {
        for file in try Generated.all(top: House.top) {
            #expect(House.read(file.path) == file.content, "\(file.path) is out of date")
        }
    }

    @Test("each adapter tells the same things in the same order, and shows a conversation")
    func adapterPages() {
        let headings = ["## What it joins", "## Settings", "## What carries over", "## Known gaps", "## Sources and dates"]
        for adapter in Files.names(in: "\(House.top)/Sources/VirtualAgents") {
            let folder = "Sources/VirtualAgents/\(adapter)"
            let found = House.read("\(folder)/README.md").split(separator: "\n").map(String.init).filter { headings.contains($0) }
            #expect(found == headings, "\(folder)/README.md")
            #expect(!Files.names(in: "\(House.top)/\(folder)/Transcripts").filter { $0.hasSuffix(".turn") }.isEmpty, "\(folder)/Transcripts")
        }
    }

    @Test("each channel tells the same things in the same order, and shows messages")
    func channelPages() {
        let headings = ["## What it joins", "## Settings", "## What carries over", "## Known gaps", "## Sources and dates"]
        for channel in Files.names(in: "\(House.top)/Sources/Channels") {
            let folder = "Sources/Channels/\(channel)"
            let found = House.read("\(folder)/README.md").split(separator: "\n").map(String.init).filter { headings.contains($0) }
            #expect(found == headings, "\(folder)/README.md")
            #expect(!Files.names(in: "\(House.top)/\(folder)/Messages").filter { $0.hasSuffix(".message") }.isEmpty, "\(folder)/Messages")
        }
    }

    @Test("every command that the README and the guides show is one of the Makefile's")
    func commands() {
        let targets = Set(House.read("Makefile").matches(of: /\n([a-z][a-z-]*):/).map { String($0.1) })
        let pages = ["README.md"] + House.everything.filter { $0.hasSuffix(".md") && $0 != "README.md" }
        for page in pages {
            for command in House.read(page).matches(of: /(?:\n|`)make ([a-z-]+)/) {
                #expect(targets.contains(String(command.1)), "\(page) shows `make \(command.1)`")
            }
        }
        for target in ["run", "test", "bench", "real", "fuzz", "package", "docs", "help"] { #expect(targets.contains(target), "make \(target)") }
    }

    @Test("no file names a path of somebody's machine")
    func machinePaths() {
        let top = House.top.split(separator: "/").dropLast().joined(separator: "/")
        for path in House.everything where !path.hasPrefix(".build/") {
            let text = House.read(path)
            for place in ["/root" + "/", "/home" + "/"] + (top.contains("/") ? ["/" + top] : []) {
                #expect(!text.contains(place), "\(path) names \(place)")
            }
        }
    }
}
