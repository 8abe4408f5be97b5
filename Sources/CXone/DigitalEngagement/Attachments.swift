package import Conversation
import HTTPTypes
import JSON
import Secrets
package import Time

/// A file that CXone keeps for a while (`byoc.md` §9).
package struct TemporaryAttachment: Sendable, Equatable {
    package let id: String?
    package let url: String
    /// Milliseconds since 1970.
    package let expires: Int?
}

extension DigitalEngagementAPI {
    /// `POST /attachments/temporary`. Base64 adds a third to the size.
    package func keepTemporarily(
        _ file: [UInt8], mediaType: String, by deadline: Instant
    ) async throws(ContactCentreError) -> TemporaryAttachment {
        let body = RawJSON { writer in
            writer.object { json in
                json.name("content")
                json.plainString(Base64.encode(file))
                json.field("mimeType", mediaType)
            }
        }
        let json = try await send(Operation(.post, ["attachments", "temporary"], body: body, cost: .free), by: deadline)
        guard let json, let url = json["url"]?.string, !url.isEmpty else { throw ContactCentreError(.malformed, reason: "the attachment has no url") }
        return TemporaryAttachment(
            id: json["id"]?.idText, url: url, expires: json["expireAt"]?.string.flatMap { Timestamp.epochMilliseconds($0) }.map { Int($0) })
    }
}
