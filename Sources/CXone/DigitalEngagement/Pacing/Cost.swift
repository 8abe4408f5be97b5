/// What one call takes of CXone's limits (`byoc.md` §5.3).
package struct Cost: Sendable, Equatable {
    /// Counts as an update, which nearly everything that changes something does.
    package var updates = false
    /// Stores an inbound message.
    package var stores = false
    /// Records an outbound message.
    package var sends = false
    /// Reads contacts.
    package var reads = false
    /// The contact whose own limit it counts against, where known.
    package var contact: String?
    /// Whether it leaves the last of the contact's budget to messages.
    package var yields = false

    package static let free = Cost()
    package static let reading = Cost(reads: true)

    package static func update(of contact: String?, yields: Bool = false) -> Cost { Cost(updates: true, contact: contact, yields: yields) }
    package static func message(of contact: String?, isInbound: Bool) -> Cost {
        Cost(updates: true, stores: isInbound, sends: !isInbound, contact: contact)
    }
}
