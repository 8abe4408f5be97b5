package import Secrets
package import Time

/// Seals every value before it leaves the process and opens it when it comes back (`state.md` §12). The key's text is bound into the
/// seal, so that nobody with access to the store can move a value to another tenant's key.
package struct SealedStore: KeyValueStore {
    private let store: any KeyValueStore
    private let sealer: Sealer

    package init(_ store: any KeyValueStore, sealer: Sealer) {
        self.store = store
        self.sealer = sealer
    }

    package func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult {
        guard let sealed = sealed(operation, for: key) else { return .unavailable(.refused) }
        let result = await store.perform(sealed, on: key, by: deadline)
        guard case .value(var value) = result else { return result }
        guard let plain = sealer.open(value.octets, context: key.text) else { return .unavailable(.unreadable) }
        value.octets = plain
        return .value(value)
    }

    package func name(ofSecret secret: [UInt8]) -> [UInt8] { sealer.digest(secret) }

    private func sealed(_ operation: StoreOperation, for key: StoreKey) -> StoreOperation? {
        switch operation {
        case .get, .delete: operation
        case .put(let octets, let life): sealer.seal(octets, context: key.text).map { .put($0, life: life) }
        case .claim(let octets, let life): sealer.seal(octets, context: key.text).map { .claim($0, life: life) }
        case .swap(let octets, let life, let version):
            sealer.seal(octets, context: key.text).map { .swap($0, life: life, version: version) }
        }
    }
}
