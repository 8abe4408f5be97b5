package import Time

/// State that outlives a request, kept outside the process and reached over HTTP (`state.md` §1).
///
/// A back end carries out one operation on one key atomically. Callers use `get`, `put`, `claim`, `swap` and `delete` below, which
/// check what no back end should have to.
package protocol KeyValueStore: Sendable {
    /// - Parameter deadline: When the caller stops waiting. The store's own limit for one call, 150 ms unless set otherwise, holds besides.
    /// - Returns: What is known about the key after the call. A store that cannot be reached is a result, never an error.
    func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult
    /// An id for a `StoreKey` made of something secret. A plain digest would let whoever sees the store test guesses of the secret, so a store
    /// that has a key of its own uses that.
    func name(ofSecret secret: [UInt8]) -> [UInt8]
}

extension KeyValueStore {
    package func name(ofSecret secret: [UInt8]) -> [UInt8] { secret }
}

package enum StoreOperation: Sendable {
    case get
    /// Stores whatever was there before. `life` is in milliseconds, here and below.
    case put([UInt8], life: Int)
    /// Stores only when there is nothing, or only something expired.
    case claim([UInt8], life: Int)
    /// Stores only when the version is still the present one.
    case swap([UInt8], life: Int, version: StoreVersion)
    /// Removes whatever is there, or only that version.
    case delete(StoreVersion?)
}

/// What is known about a key after a call.
///
/// | | `value` | `absent` | `conflict` |
/// | --- | --- | --- | --- |
/// | get | found | nothing, or expired | |
/// | put | stored | | |
/// | claim | stored, ours | | someone has it |
/// | swap | stored | | another version, or none |
/// | delete | | gone, or was not there | another version |
package enum StoreResult: Sendable {
    case value(StoredValue)
    case absent
    case conflict
    /// Whether a writing operation took effect is then unknown.
    case unavailable(StoreFailure)
}

package struct StoredValue: Sendable, Equatable {
    package var octets: [UInt8]
    package let version: StoreVersion
    /// Milliseconds until it expires, by the store's clock where the store tells it.
    package let rest: Int

    package init(octets: [UInt8], version: StoreVersion, rest: Int) {
        self.octets = octets
        self.version = version
        self.rest = rest
    }
}

/// Names one state of one key. Opaque; never repeats for a key, not even after the key was deleted and made again.
package struct StoreVersion: Sendable, Hashable {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// Why a store could not do what it was asked.
package enum StoreFailure: String, Error, Sendable {
    case notReached, timedOut, cancelled, notAuthorized, tooLarge
    /// It answered something that its contract does not know.
    case misunderstood
    /// The value is there, but was sealed with a key that we do not have.
    case unreadable
    /// The caller asked for what the port forbids: no life, or one beyond a year.
    case refused
}

extension KeyValueStore {
    package func get(_ key: StoreKey, by deadline: Instant? = nil) async -> StoreResult {
        await perform(.get, on: key, by: deadline)
    }

    package func put(_ key: StoreKey, _ octets: [UInt8], life: Int, by deadline: Instant? = nil) async -> StoreResult {
        await write(.put(octets, life: life), octets, life, on: key, by: deadline)
    }

    package func claim(_ key: StoreKey, _ octets: [UInt8], life: Int, by deadline: Instant? = nil) async -> StoreResult {
        await write(.claim(octets, life: life), octets, life, on: key, by: deadline)
    }

    package func swap(
        _ key: StoreKey, _ octets: [UInt8], life: Int, version: StoreVersion, by deadline: Instant? = nil
    ) async -> StoreResult {
        await write(.swap(octets, life: life, version: version), octets, life, on: key, by: deadline)
    }

    package func delete(_ key: StoreKey, version: StoreVersion? = nil, by deadline: Instant? = nil) async -> StoreResult {
        await perform(.delete(version), on: key, by: deadline)
    }

    /// Nothing is stored for ever: what nobody removes must go by itself.
    private func write(
        _ operation: StoreOperation, _ octets: [UInt8], _ life: Int, on key: StoreKey, by deadline: Instant?
    ) async -> StoreResult {
        guard (1...StoreLimits.life).contains(life) else { return .unavailable(.refused) }
        guard octets.count <= StoreLimits.value else { return .unavailable(.tooLarge) }
        return await perform(operation, on: key, by: deadline)
    }
}

package enum StoreLimits {
    /// Octets of a value before sealing. Sealed and in base64 it still fits etcd's request limit of 1.5 MB.
    package static let value = 512 << 10
    /// Octets of a sealed value.
    static let sealed = 1 << 20
    /// Milliseconds of the longest life: one year.
    package static let life = 366 * 86_400_000
    /// Milliseconds that one call may take unless the settings say otherwise.
    package static let patience = 150
    /// The same for messages, behind which nobody waits in silence: a store that is slow for a moment must not send them back.
    package static let messagePatience = 1000
}
