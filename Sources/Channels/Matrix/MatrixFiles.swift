import Conversation
import JSON

extension Matrix {
    /// Brings an agent's file to the homeserver; gives the content of the message that shows it.
    func share(_ file: OutboundFile, _ part: OutboundPart, as account: String) async throws(ChannelError) -> RawJSON {
        throw ChannelError(.contentRefused, reason: "files are not carried yet", mayHaveArrived: false)
    }
}
