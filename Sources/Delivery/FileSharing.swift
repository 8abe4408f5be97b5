package import Conversation
package import Time

/// Gives CXone a way to a file that a contact sent: a URL that CXone can fetch for as long as an agent may look at it, and a name without
/// directories and control characters.
package protocol FileSharing: Sendable {
    /// `nil` when the file cannot be shared; its name then stands in the message's text. The file itself moves only where the settings say that
    /// CXone keeps it; otherwise CXone fetches it later.
    func link(to file: InboundFile, in channel: Channel, by deadline: Instant) async -> SharedFile?
}

package struct SharedFile: Sendable, Equatable {
    package var name: String
    package var url: String
    package init(name: String, url: String) {
        self.name = name
        self.url = url
    }
}
