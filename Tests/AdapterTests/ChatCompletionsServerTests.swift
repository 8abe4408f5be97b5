import Conversation
import CurlTransport
import Glibc
import HTTP
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time

/// The OpenAI adapter and libcurl against a real server: mock-ai-api (`make test` installs it), which picks its scenario by the model's name.
@Suite("Chat completions server", .serialized, .ownThread) struct ChatCompletionsServerTests {
    static let python = getenv("CAUSEWAY_MOCK_AI_PYTHON").map { String(cString: $0) } ?? Files.root + "/.build/venv-mock-ai/bin/python"
    static let isInstalled = access(python, X_OK) == 0

    static func ask(_ port: Int, scenario: String, streams: Bool) async throws -> Result<Reply, AgentError> {
        let adapter = try Adapter(folder: "OpenAI")
        let settings = """
            "openai": {
              "url": "http://127.0.0.1:\(port)/v1", "model": "gpt-4.1:\(scenario)", "key": {"env": "PROVIDER_SECRET"},
              "stream": \(streams), "tools": {"transfer": "Write"}
            }
            """
        let agent = try adapter.agent(over: CurlTransport(options: .longLived()), time: SystemTime(), settings)
        let turn = Turn(conversation: ConformanceTests.key, input: .text("hi"), deadline: .now().advanced(byMilliseconds: 8000))
        return try await onLoop {
            do throws(AgentError) { return .success(try await agent.reply(to: turn)) } catch { return .failure(error) }
        }
    }

    @Test("P4: texts, tool calls in one piece and in five, broken arguments and errors of a real server",
        .enabled(if: isInstalled, "mock-ai-api is not installed: run make mock-ai"))
    func scenarios() async throws {
        let port = try freePort()
        let server = try ChildProcess([Self.python, "-m", "uvicorn", "app.openai_app:app", "--host", "127.0.0.1", "--port", String(port)])
        defer { server.end() }
        try #require(waitForListener(on: port))
        let broken = try await Self.ask(port, scenario: "mock-bad-tool-json", streams: false).get()
        #expect(broken.signal == .handover(reason: nil, target: nil))
        #expect(broken.scriptPayloads.isEmpty)
        for streams in [false, true] {
            let text = try await Self.ask(port, scenario: "mock-text", streams: streams).get()
            guard case .text(let plain, _)? = text.parts.first else {
                Issue.record("no text")
                continue
            }
            #expect(!plain.isEmpty && text.signal == .continue && text.state != nil)
            // This server streams tool calls in one scenario only; the others come in one piece or not at all.
            for scenario in streams ? ["mock-tool-stream"] : ["mock-tool-call", "mock-tool-stream"] {
                let reply = try await Self.ask(port, scenario: scenario, streams: streams).get()
                #expect(reply.signal == .handover(reason: nil, target: nil), "\(scenario), streams: \(streams)")
                #expect(reply.scriptPayloads.first?.parsed()?["contents"]?.string == "mock output")
            }
            let errors: [(Int, AgentError.Code)] = [(400, .rejected), (401, .unauthorized), (429, .throttled), (500, .failed), (503, .failed)]
            for (status, code) in errors {
                let outcome = try await Self.ask(port, scenario: "mock-\(status)", streams: streams)
                #expect(throws: AgentError(code, reason: "")) { try outcome.get() }
            }
        }
    }
}
