package import CXone
package import Conversation
package import HTTP
package import Store
package import Time

extension MessagingSettings {
    /// The contact centre of each tenant, by its name in the settings. All share one token cache over `store`.
    /// - Parameter sleep: Suspends until an instant of `time`: `EventLoop.sleep`, unless the clock is moved by hand.
    package func contactCentres(
        over transport: any HTTPTransport, store: (any KeyValueStore)?, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void
    ) -> [String: any ContactCentre] {
        apis(over: transport, store: store, time: time, sleep: sleep).mapValues { DigitalEngagement($0) }
    }

    /// The Digital Engagement API of each tenant, for what goes beyond the port.
    package func apis(
        over transport: any HTTPTransport, store: (any KeyValueStore)?, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void
    ) -> [String: DigitalEngagementAPI] {
        let tokens = TokenCache(store: store, time: time, sleep: sleep)
        return Dictionary(tenants.map { name, settings in
            let signIn = SignIn(settings, tenant: name, over: transport, store: store, tokens: tokens, time: time)
            let pacing = Pacing(tenant: name, limits: settings.limits, store: store, time: time, sleep: sleep)
            return (name, DigitalEngagementAPI(signIn, pacing: pacing))
        }, uniquingKeysWith: { first, _ in first })
    }
}
