import ArgumentParser
import Dispatch
import Glibc
import Workbench

/// `causeway serve`, which is what `make run` does after building.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run nginx and all functions on this machine until Ctrl-C.",
        discussion: """
            Settings: the file named by CAUSEWAY_SETTINGS, else causeway.jsonc in this folder, else a sample with the embedded agent.
            CAUSEWAY_PORT (8080) and CAUSEWAY_DESK_PORT (8090) move the ports. Everything binds to 127.0.0.1.
            """)

    @Option(help: "Folder for this run's settings, secrets and logs.")
    var folder = ".build/run"

    func run() async throws {
        guard let programs = Files.ourselves?.split(separator: "/").dropLast().joined(separator: "/") else {
            throw SystemFailure(saying: "cannot tell where the functions are")
        }
        let serve = try Serve(folder: folder, programs: "/" + programs, environment: ProcessEnvironment.current) { line in
            // Unbuffered: scripts wait for the line `ready`.
            let octets = Array((line + "\n").utf8)
            _ = write(1, octets, octets.count)
        }
        let work = Task { try await serve.run() }
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { work.cancel() }
            source.resume()
            return source
        }
        let result = await work.result
        for source in sources { source.cancel() }
        if work.isCancelled { return print("stopped") }
        try result.get()
    }
}
