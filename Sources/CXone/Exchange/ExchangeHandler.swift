import HTTPTypes
package import HTTP
package import Secrets
package import Time

/// Serves turns of Virtual Agent Hub (`virtual-agent.md`): total, stateless, any number at a time.
package struct ExchangeHandler: Handler {
    private let agents: [ExchangeAgent]

    /// - Parameters:
    ///   - agents: All agents of the settings, in their order.
    ///   - sessionKeys: Sign the session state; the first signs, all verify.
    ///   - sleep: Suspends until an instant and ends early when its task is cancelled: `EventLoop.sleep`.
    ///   - allowsPlainHTTP: Serve unencrypted requests from loopback addresses.
    ///   - declinesUnknownAgents: Answer `DoNotBegin` to a first turn for an agent that is not configured.
    ///   - traceFile: Where a record of each turn is appended; `nil` for none.
    package init(
        agents: [ExchangeAgent], sessionKeys: [Secret], time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void, allowsPlainHTTP: Bool = false, declinesUnknownAgents: Bool = false,
        traceFile: String? = nil
    ) {
        self.agents = agents
    }

    package func respond(to request: Request) async -> Response { Response(status: .serviceUnavailable) }
}
