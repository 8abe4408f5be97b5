/// The bodies of the Digital Engagement API (`byoc.md` §4, 7–9).
package enum Shapes {
    // MARK: Parts

    static let external: Shape = .object([.required("idOnExternalPlatform", .filledText)])
    static let attachments: Shape = .list(.object([.required("friendlyName", .filledText), .required("url", .url)]))
    static let recipients: Shape = .list(.object([
        .required("idOnExternalPlatform", .filledText), .optional("name", .text), .optional("isPrimary", .boolean),
        .optional("isPrivate", .boolean), .nullable("anonymizedAt", .time(milliseconds: false)),
        .nullable("anonymizedReason", .choice(["GDPR", "TTL", "other"])),
    ]))
    static let fieldValues: Shape = .list(.object([.required("ident", .filledText), .required("value", .text)]))
    static let identity: Shape = .object([
        .required("idOnExternalPlatform", .filledText), .optional("firstName", .text), .optional("lastName", .text),
        .optional("nickname", .text), .optional("image", .text),
        .optional("customFields", .list(.object([
            .required("ident", .filledText), .required("value", .text), .optional("updatedAt", .time(milliseconds: false)),
        ]))),
    ])
    private static let elevation: Shape = .object([
        .optional("contact", .object([.optional("contactId", .text), .optional("contactNumber", .text)])),
        .optional("agentContact", .object([.optional("id", .text)])), .optional("interaction", .object([.optional("id", .text)])),
        .optional("fromProvider", .choice(["acd", "dfo", "em"])),
    ])
    private static let fingerprint: Shape = .object(
        ["browser", "browserVersion", "os", "osVersion", "language", "ip", "location", "country", "deviceType", "deviceToken",
            "applicationType"].map { .optional($0, .text) } + [.optional("supportedMessageTypes", .list(.choice(supportedTypes)))])
    static let supportedTypes = [
        "ADAPTIVE_CARD", "DYNAMIC_CONTENT", "FORM", "LIST_PICKER", "PLUGIN", "POSTBACK", "QUICK_REPLIES", "RICH_LINK", "TEXT",
        "TIME_PICKER", "UNSUPPORTED",
    ]

    // MARK: Messages

    /// `POST /channels/{channelId}/messages` (§8.1). The content's payload is described by `ContentShapes`.
    package static let message: Shape = .object([
        .required("idOnExternalPlatform", .filledText), .required("direction", .choice(["inbound", "outbound"])),
        .required("createdAtWithMilliseconds", .time(milliseconds: true)),
        .required("thread", .object([.required("idOnExternalPlatform", .filledText), .optional("threadName", .text)])),
        .required("messageContent", .anyObject), .required("authorEndUserIdentity", identity), .optional("replyToMessage", external),
        .optional("isReplyToSpecificMessage", .boolean), .optional("url", .url), .optional("title", .text),
        .optional("attachments", attachments), .optional("recipients", recipients), .optional("authorRecipients", recipients),
        .optional("contact", .object([
            .optional("customFields", fieldValues), .optional("skillId", .integer),
            .optional("status", .choice(["escalated", "pending", "resolved"])), .optional("statusUpdatedAt", .time(milliseconds: false)),
            .optional("direction", .choice(["inbound", "outbound"])), .optional("elevation", elevation),
        ])),
        .optional("browserFingerprint", fingerprint), .optional("tagIds", .list(.integer)),
        .optional("reactionStatistics", .object([
            .optional("likes", .integer), .optional("shares", .integer), .optional("isLikedByChannel", .boolean),
            .optional("isSharedByChannel", .boolean),
        ])),
        .optional("deletedOnExternalPlatform", .boolean),
        .optional("externalAttributes", .list(.object([.required("key", .filledText), .required("value", .text)]))),
    ])

    /// `POST /channels/{channelId}/outbound` (§8.2): what an agent's client sends.
    static let outbound: Shape = .object([
        .required("messageContent", .anyObject),
        .optional("thread", .object([.optional("idOnExternalPlatform", .filledText), .optional("threadName", .text)])),
        .optional("recipients", recipients), .optional("attachments", attachments), .optional("title", .text),
        .optional("replyToMessage", .object([.optional("id", .filledText), .optional("idOnExternalPlatform", .filledText)])),
        .optional("isReplyToSpecificMessage", .boolean), .optional("originChannel", .object([.required("id", .filledText)])),
        .optional("forward", .object([.required("message", .object([.required("id", .filledText)]))])),
        .optional("contact", .object([
            .optional("customFields", fieldValues), .optional("elevation", elevation), .optional("skillId", .integer),
            .optional("status", .choice(["escalated", "pending", "resolved"])),
        ])),
    ])

    /// `POST /channels/{channelId}/inbound` (§8.2).
    static let inbound: Shape = .object([
        .required("messageContent", .anyObject), .required("authorCustomerIdentity", identity),
        .optional("thread", .object([.optional("idOnExternalPlatform", .filledText), .optional("threadName", .text)])),
        .optional("recipients", recipients), .optional("attachments", attachments), .optional("title", .text),
        .optional("contact", .object([.optional("customFields", fieldValues)])),
    ])

    /// `PUT …/messages/{id}/status` (§8.3).
    static let deliveryStatus: Shape = .object([
        .required("status", .choice(["delivered", "seen", "failed"])), .required("updatedAt", .time(milliseconds: false)),
        .optional("reason", .text),
    ])
    static let isRead: Shape = .object([.required("isRead", .boolean)])
    static let removal: Shape = .object([.required("reason", .filledText)])

    // MARK: Threads and contacts

    static let thread: Shape = .object([.required("canAddMoreMessages", .boolean)])
    static let senderAction: Shape = .object([.required("action", .choice(["isTypingOn", "isTypingOff"]))])
    static let contactStatus: Shape = .object([
        .required("status", .choice(Contact.Status.allCases.map(\.rawValue))), .optional("updatedByUserId", .integer),
    ])
    static let abandon: Shape = .object([.required("type", .choice(["abandon", "expired", "shortAbandon"]))])
    static let contactUpdate: Shape = .object([
        .optional("routingQueuePriority", .integer),
        .optional("proficiency", .object([.required("from", .integer), .required("to", .integer)])),
    ])
    static let assignment: Shape = .object([
        .optional("userId", .integer), .optional("inboxAssignee", .integer), .optional("inboxAssigneeCxoneId", .filledText),
    ])
    static let queue: Shape = .object([.required("routingQueueId", .filledText)])
    static let transcript: Shape = .object([.required("recipients", .list(external))])
    static let merge: Shape = .object([.required("customerToMerge", .object([.required("id", .filledText)]))])

    // MARK: Attachments and sign-in

    static let temporaryAttachment: Shape = .object([.required("content", .filledText), .required("mimeType", .filledText)])
    static let oneTimeToken: Shape = .object([
        .required("brandId", .integer), .required("userId", .integer), .required("token", .filledText),
        .required("purpose", .choice(["login", "channel-integration", "custom-component-login"])),
    ])
    static let accessKey: Shape = .object([.required("accessKeyId", .filledText), .required("accessKeySecret", .filledText)])

    // MARK: Answers of the middleware

    /// What the v2 outbound endpoint must answer (§3.2).
    static let outboundAnswer: Shape = .object([
        .required("message", .object([
            .required("idOnExternalPlatform", .filledText), .required("createdAtWithMilliseconds", .time(milliseconds: true)),
            .optional("url", .url),
        ])),
        .required("thread", external),
        .required("endUserIdentities", .list(.object([
            .required("idOnExternalPlatform", .filledText), .nullable("firstName", .text), .nullable("lastName", .text),
            .nullable("nickname", .text), .nullable("image", .text),
        ]))),
        .required("recipients", recipients),
    ])
    /// What the legacy endpoint must answer (§3.3).
    static let legacyAnswer: Shape = external
    /// What the token endpoint must answer (§3.1).
    static let tokenAnswer: Shape = .object([
        .required("access_token", .filledText), .required("token_type", .choice(["Bearer"])), .required("expires_in", .integer),
    ])
}
