package import Conversation
package import Time

/// Keeps calls within CXone's limits.
package struct Pacing: Sendable {
    package init() {}

    /// Waits for its turn; throws `throttled` with the time to wait when that comes after `deadline`.
    func admit(_ cost: Cost, by deadline: Instant) async throws(ContactCentreError) {}

    /// CXone asked for patience.
    func pause(_ cost: Cost, milliseconds: Int?) async {}
}
