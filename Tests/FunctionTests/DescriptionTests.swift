import Testing
import Workbench

/// The functions against the OpenAPI descriptions that are published for them, asked by schemathesis.
@Suite("Published descriptions", .serialized) struct DescriptionTests {
    private static let schemathesis = "\(Stage.top)/.build/venv-api/bin/st"

    @Test("no 5xx and no breach of the description", .enabled(
        if: Files.exists(schemathesis) || ProcessEnvironment.current["CI"] != nil, "schemathesis is not installed; `make test` installs it"))
    func descriptions() async throws {
        let python = try #require(find("python3"))
        let done = try await execute(python, [
            "-B", "\(Stage.top)/Tests/FunctionTests/Descriptions/check.py", "--programs", Stage.programs, "--schemathesis", Self.schemathesis,
        ])
        #expect(done.succeeded, "\(done.output.suffix(6000))")
    }
}
