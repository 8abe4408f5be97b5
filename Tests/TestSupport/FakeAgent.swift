package import Conversation
import Synchronization

/// An agent whose answers a test writes, and which remembers what it was asked.
package final class FakeAgent: VirtualAgent {
    package let capabilities: AgentCapabilities
    private let answer: @Sendable (Turn) async throws(AgentError) -> Reply
    private let asked = Mutex<[Turn]>([])

    package init(
        _ capabilities: AgentCapabilities = AgentCapabilities(keepsDeadline: true),
        _ answer: @escaping @Sendable (Turn) async throws(AgentError) -> Reply
    ) {
        self.capabilities = capabilities
        self.answer = answer
    }

    package var turns: [Turn] { asked.withLock { $0 } }

    package func reply(to turn: Turn) async throws(AgentError) -> Reply {
        asked.withLock { $0.append(turn) }
        return try await answer(turn)
    }
}
