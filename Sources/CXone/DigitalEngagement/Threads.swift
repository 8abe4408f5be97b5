package import Conversation
import HTTPTypes
import JSON
package import Time

extension DigitalEngagementAPI {
    /// `PUT /channels/{channelId}/threads/{threadIdOnExternalPlatform}`: whether agents can still write in it (`byoc.md` §8.4).
    package func setWritable(
        _ isWritable: Bool, _ thread: ThreadID, in place: PointOfContact, contact: String?, by deadline: Instant
    ) async throws(ContactCentreError) {
        let body = RawJSON { $0.object { $0.field("canAddMoreMessages", isWritable) } }
        try await send(Operation(.put, ["channels", place.id, "threads", thread.text], body: body, cost: .update(of: contact)), by: deadline)
    }

    /// `POST /channels/{channelId}/threads/{threadIdOnExternalPlatform}/sender-actions`: the customer types, or no longer.
    package func showTyping(
        _ isOn: Bool, in thread: ThreadID, of place: PointOfContact, by deadline: Instant
    ) async throws(ContactCentreError) {
        let body = RawJSON { $0.object { $0.field("action", isOn ? "isTypingOn" : "isTypingOff") } }
        try await send(Operation(.post, ["channels", place.id, "threads", thread.text, "sender-actions"], body: body, cost: .free), by: deadline)
    }
}
