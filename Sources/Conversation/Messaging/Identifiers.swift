// Ids that are minted outside CXone travel as they are: compared octet by octet, never parsed, never trimmed (`byoc.md` §13).

/// An id that was minted outside CXone. Two texts that look alike and differ in an octet, such as `é` composed and decomposed, are two ids.
package protocol ExternalID: Sendable, Hashable {
    var text: String { get }
}

extension ExternalID {
    package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for octet in text.utf8 { hasher.combine(octet) }
    }
}

/// A message on the external platform: CXone's `idOnExternalPlatform` of a message. Unique within its channel; an adapter whose platform
/// numbers messages per conversation puts the conversation's id before it.
package struct MessageID: ExternalID {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A conversation on the external platform: CXone's `thread.idOnExternalPlatform`. Minted by the platform, or by the adapter for a thread that
/// an agent begins.
package struct ThreadID: ExternalID {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A person on the external platform: CXone's `idOnExternalPlatform` of an end-user identity or recipient. Stable for that person.
package struct PersonID: ExternalID {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// Whether a message is for one person or for everybody. Both flags of CXone belong to a channel, so each kind has a channel of its own
/// (`byoc.md` §11).
package enum Visibility: String, Sendable, CaseIterable {
    /// Private messages.
    case direct
    /// Public posts with their tree of comments.
    case post
}

/// A channel as CXone knows it: what stands in its callbacks' paths, and where inbound messages are created.
package struct PointOfContact: Sendable, Hashable {
    /// CXone's channel id. Opaque.
    package let id: String
    package let visibility: Visibility

    package init(id: String, visibility: Visibility) {
        self.id = id
        self.visibility = visibility
    }
}

/// A person as the platform tells of them. Everything but the id may be missing.
package struct Person: Sendable, Equatable {
    package var id: PersonID
    package var firstName: String?
    package var lastName: String?
    package var nickname: String?
    /// URL of a picture that CXone may fetch without a credential.
    package var image: String?

    package init(
        _ id: PersonID, firstName: String? = nil, lastName: String? = nil, nickname: String? = nil, image: String? = nil
    ) {
        self.id = id
        self.firstName = firstName
        self.lastName = lastName
        self.nickname = nickname
        self.image = image
    }
}
