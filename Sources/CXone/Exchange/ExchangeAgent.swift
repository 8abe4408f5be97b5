package import Conversation

/// One virtual agent as the endpoint offers it: its name in the settings, how it meets CXone, and the adapter that asks it.
/// A class, as its settings are: turns only look at them, and copying their fifty members would cost more than the look.
package final class ExchangeAgent: Sendable {
    package let name: String
    package let settings: ExchangeSettings
    package let agent: any VirtualAgent
    /// Answers in place of `agent` when that one fails or is late. Must not wait, such as a scripted one.
    package let fallback: (any VirtualAgent)?

    package init(name: String, settings: ExchangeSettings, agent: any VirtualAgent, fallback: (any VirtualAgent)? = nil) {
        self.name = name
        self.settings = settings
        self.agent = agent
        self.fallback = fallback
    }
}
