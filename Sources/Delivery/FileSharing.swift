package import Conversation

/// Gives CXone a way to a file that a contact sent, without moving the file: a URL that CXone can fetch for as long as an agent may look at it,
/// and a name without directories and control characters.
package protocol FileSharing: Sendable {
    /// `nil` when the file cannot be shared; its name then stands in the message's text.
    func link(to file: InboundFile, in channel: Channel) -> SharedFile?
}

package struct SharedFile: Sendable, Equatable {
    package var name: String
    package var url: String
    package init(name: String, url: String) {
        self.name = name
        self.url = url
    }
}
