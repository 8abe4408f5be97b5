package import Conversation
import Secrets
package import Store
import Synchronization
package import Time

/// Keeps the calls of all processes within CXone's limits for one tenant (`byoc.md` §5.3), and all of them quiet while CXone asks for patience.
package final class Pacing: Sendable {
    private let tenant: String
    private let store: (any KeyValueStore)?
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void
    private let common: Gate
    private let contact: Allowance
    private let state = Mutex(State())

    private struct State {
        var contacts: [String: Gate] = [:]
        /// The contact that was refused last, and when: a second one says that the limit is the tenant's.
        var refused: (contact: String, at: Instant)?
        /// Refusals in a row that told no time to wait.
        var strikes = 0
    }

    /// Calls of a contact's budget that receipts leave to messages.
    package static let reserve = 20
    private static let keptContacts = 4096

    /// - Parameter limits: The tenant's own; `nil` for the published ones.
    package init(
        tenant: String, limits: LimitSettings? = nil, store: (any KeyValueStore)?, time: any TimeSource,
        sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.tenant = tenant
        self.store = store
        self.time = time
        self.sleep = sleep
        contact = limits?.contact ?? .contact
        common = Gate(
            Lane.allCases.map { $0.allowance(limits) }, key: StoreKey(tenant: tenant, purpose: "pacing", id: "tenant"), store: store, time: time, sleep: sleep)
    }

    private enum Lane: Int, CaseIterable {
        case updates, stores, sends, reads

        func allowance(_ limits: LimitSettings?) -> Allowance {
            switch self {
            case .updates: limits?.updates ?? .updates
            case .stores: limits?.stores ?? .stores
            case .sends: limits?.sends ?? .sends
            case .reads: limits?.reads ?? .reads
            }
        }
    }

    /// Waits for its turn; throws `throttled` with the time to wait when that comes after `deadline`.
    package func admit(_ cost: Cost, by deadline: Instant) async throws(ContactCentreError) {
        if let contact = cost.contact {
            if let wait = await gate(of: contact).pass([0], reserve: cost.yields ? Self.reserve : 0, by: deadline) {
                throw Self.refusal("the contact's limit", wait)
            }
        }
        var lanes: [Lane] = []
        if cost.updates { lanes.append(.updates) }
        if cost.stores { lanes.append(.stores) }
        if cost.sends { lanes.append(.sends) }
        if cost.reads { lanes.append(.reads) }
        if let wait = await common.pass(lanes.map(\.rawValue), by: deadline) { throw Self.refusal("the tenant's limit", wait) }
    }

    private static func refusal(_ what: String, _ wait: Int) -> ContactCentreError {
        Task.isCancelled
            ? ContactCentreError(.cancelled, reason: "the caller went away", mayHaveArrived: false)
            : ContactCentreError(.throttled, reason: "kept back by \(what)", retryAfterMilliseconds: wait, mayHaveArrived: false)
    }

    /// CXone asked for patience with this answer.
    package func refused(_ cost: Cost, _ error: ContactCentreError) async {
        let now = time.now()
        let (strikes, isCommon) = state.withLock { state in
            state.strikes = min(6, state.strikes + 1)
            defer { state.refused = cost.contact.map { ($0, now) } }
            // 503 speaks of the service. 429 may speak of this contact alone, until another one is refused as well.
            guard let contact = cost.contact, !error.mayHaveArrived else { return (state.strikes, true) }
            return (state.strikes, state.refused.map { $0.contact != contact && now.milliseconds(since: $0.at) < 5000 } ?? false)
        }
        let told = error.retryAfterMilliseconds.map { min($0, 600_000) }
        let wait = told ?? (500 << (strikes - 1)) * (128 + Int(Random.bytes(1).first ?? 0) / 2) / 256
        if isCommon { await common.pause(milliseconds: wait) }
        if let contact = cost.contact, !isCommon { await gate(of: contact).pause(milliseconds: wait) }
    }

    package func succeeded() { state.withLock { $0.strikes = 0 } }

    private func gate(of contact: String) -> Gate {
        state.withLock { state in
            if let gate = state.contacts[contact] { return gate }
            if state.contacts.count >= Self.keptContacts {
                // What a gate has taken ahead is lost with it; the idle ones lose nothing that matters.
                let early = Int(time.epochMilliseconds()) - 60_000
                state.contacts = state.contacts.filter { $0.value.lastUse > early }
                if state.contacts.count >= Self.keptContacts { state.contacts = [:] }
            }
            let key = StoreKey(tenant: tenant, purpose: "pacing", id: "contact\u{0}" + contact)
            let gate = Gate([self.contact], key: key, store: store, time: time, sleep: sleep)
            state.contacts[contact] = gate
            return gate
        }
    }
}
