package import Conversation
package import JSON
import Time

/// The body of `POST /channels/{channelId}/messages` (`byoc.md` §8.1).
package struct MessageCreation: Sendable {
    package enum Direction: String, Sendable { case inbound, outbound }
    package enum ContactStatus: String, Sendable { case escalated, pending, resolved }

    package struct Contact: Sendable {
        package var customFields: [CustomField] = []
        package var skillID: Int?
        package var status: ContactStatus?
        /// Milliseconds since 1970.
        package var statusUpdated: Int?
        package var direction: Direction?
        /// `contact`, `agentContact`, `interaction`, `fromProvider`: continues an interaction begun elsewhere.
        package var elevation: RawJSON?
        package init() {}
    }

    package struct Fingerprint: Sendable {
        package var browser, browserVersion, os, osVersion, language, ip, location, country: String?
        package var deviceType, deviceToken, applicationType: String?
        /// Rich types that the channel can show.
        package var supportedMessageTypes: [String] = []
        package init() {}
    }

    package struct Reactions: Sendable {
        package var likes, shares: Int?
        package var isLikedByChannel, isSharedByChannel: Bool?
        package init() {}
    }

    package var id: MessageID
    package var direction: Direction
    /// Milliseconds since 1970, by the platform's clock.
    package var created: Int
    package var thread: ThreadID
    package var threadName: String?
    package var content: RawJSON
    /// The customer, for both directions.
    package var author: Person
    package var authorFields: [CustomField] = []
    package var replyTo: MessageID?
    package var isReplyToSpecificMessage: Bool?
    package var url: String?
    package var title: String?
    package var attachments: [(name: String, url: String)] = []
    package var recipients: [Recipient] = []
    package var authorRecipients: [Recipient] = []
    package var contact: Contact?
    package var fingerprint: Fingerprint?
    package var tagIDs: [Int] = []
    package var reactions: Reactions?
    package var isDeletedOnExternalPlatform: Bool?
    package var attributes: [(key: String, value: String)] = []

    package init(id: MessageID, direction: Direction, created: Int, thread: ThreadID, content: RawJSON, author: Person) {
        self.id = id
        self.direction = direction
        self.created = created
        self.thread = thread
        self.content = content
        self.author = author
    }

    package var body: RawJSON {
        RawJSON { writer in
            writer.object { json in
                json.field("idOnExternalPlatform", id.text)
                json.field("direction", direction.rawValue)
                json.field("createdAtWithMilliseconds", Timestamp.text(created))
                json.field("thread", object: { json in
                    json.field("idOnExternalPlatform", thread.text)
                    json.field("threadName", threadName)
                })
                json.field("messageContent", content)
                json.field("authorEndUserIdentity", identity: author, customFields: authorFields)
                if let replyTo { json.field("replyToMessage", object: { $0.field("idOnExternalPlatform", replyTo.text) }) }
                json.field("isReplyToSpecificMessage", isReplyToSpecificMessage)
                json.field("url", url)
                json.field("title", title)
                writePeopleAndFiles(to: &json)
                if let contact { json.field("contact", object: { contact.write(to: &$0) }) }
                if let fingerprint { json.field("browserFingerprint", object: { fingerprint.write(to: &$0) }) }
                if !tagIDs.isEmpty { json.field("tagIds", array: { list in for id in tagIDs { list.value(id) } }) }
                if let reactions { json.field("reactionStatistics", object: { reactions.write(to: &$0) }) }
                json.field("deletedOnExternalPlatform", isDeletedOnExternalPlatform)
                writeAttributes(to: &json)
            }
        }
    }

    private func writePeopleAndFiles(to json: inout JSONWriter) {
        if !attachments.isEmpty {
            json.field("attachments", array: { list in
                for attachment in attachments {
                    list.object { json in
                        json.field("friendlyName", attachment.name)
                        json.field("url", attachment.url)
                    }
                }
            })
        }
        if !recipients.isEmpty { json.field("recipients", array: { list in for person in recipients { person.write(to: &list) } }) }
        if !authorRecipients.isEmpty {
            json.field("authorRecipients", array: { list in for person in authorRecipients { person.write(to: &list) } })
        }
    }

    private func writeAttributes(to json: inout JSONWriter) {
        guard !attributes.isEmpty else { return }
        json.field("externalAttributes", array: { list in
            for attribute in attributes {
                list.object { json in
                    json.field("key", attribute.key)
                    json.field("value", attribute.value)
                }
            }
        })
    }
}

extension MessageCreation.Contact {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("customFields", customFields: customFields)
        json.field("skillId", skillID)
        json.field("status", status?.rawValue)
        json.field("statusUpdatedAt", statusUpdated.map { Timestamp.text($0) })
        json.field("direction", direction?.rawValue)
        json.field("elevation", elevation)
    }
}

extension MessageCreation.Fingerprint {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("browser", browser)
        json.field("browserVersion", browserVersion)
        json.field("os", os)
        json.field("osVersion", osVersion)
        json.field("language", language)
        json.field("ip", ip)
        json.field("location", location)
        json.field("country", country)
        json.field("deviceType", deviceType)
        json.field("deviceToken", deviceToken)
        json.field("applicationType", applicationType)
        guard !supportedMessageTypes.isEmpty else { return }
        json.field("supportedMessageTypes", array: { list in for type in supportedMessageTypes { list.value(type) } })
    }
}

extension MessageCreation.Reactions {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("likes", likes)
        json.field("shares", shares)
        json.field("isLikedByChannel", isLikedByChannel)
        json.field("isSharedByChannel", isSharedByChannel)
    }
}
