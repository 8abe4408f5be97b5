import Testing
import Workbench

/// Contacts and agents at the two ends of what `make run` starts; every assertion is made at both (B3–B8, B16, B19, P3, P5).
@Suite("Messaging, end to end") struct AcceptanceTests {
    @Test("conversations and faults", .enabled(if: Host.present.contains(.nginxFastCGI), "nginx is not installed; `make test` installs it"))
    func everything() async throws {
        // With the Standard Webhooks library where it is installed, which then checks every signature too.
        let library = "\(Stage.top)/.build/venv-api/bin/python"
        let python = Files.exists(library) ? library : try #require(find("python3"))
        let done = try await execute(python, [
            "-B", "\(Stage.top)/Tests/FunctionTests/Acceptance/play.py", "--programs", Stage.programs,
        ])
        #expect(done.succeeded, "\(done.output.suffix(12_000))\(done.errors.suffix(2000))")
    }
}
