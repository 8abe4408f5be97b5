/// The bodies of the desk's own interface, as strictly read as CXone's.
enum DeskShapes {
    static let integration: Shape = .object([
        .optional("id", .filledText), .optional("name", .filledText), .optional("boxURL", .url), .optional("authorizationURL", .url),
        .optional("clientID", .filledText), .optional("clientSecret", .filledText), .optional("usesOutboundV2", .boolean),
        .optional("addURL", .url), .optional("reconnectURL", .url), .optional("removeURL", .url), .optional("eventsURL", .url),
        .optional("eventsAuthorization", .filledText), .optional("eventsShape", .choice(Integration.EventsShape.allCases.map(\.rawValue))),
        .optional("authorityFile", .filledText), .optional("certificateFile", .filledText), .optional("keyFile", .filledText),
    ])
    static let channel: Shape = .object([
        .required("name", .filledText), .optional("integration", .filledText), .optional("isPrivate", .boolean),
        .optional("hasTreeStructure", .boolean), .optional("flags", .anyObject), .optional("skill", .integer),
    ])
    static let draft: [Shape.Field] = [
        .optional("text", .text), .optional("content", .anyObject), .optional("attachments", Shapes.attachments),
        .optional("replyTo", .filledText), .optional("isQuote", .boolean), .optional("title", .text), .optional("agent", .integer),
    ]
    static let reply: Shape = .object(draft)
    static let start: Shape = .object(draft + [.required("recipients", Shapes.recipients)])
    static let typing: Shape = .object([.required("isTyping", .boolean), .optional("agent", .integer)])
    static let close: Shape = .object([
        .optional("status", .choice(Contact.Status.allCases.map(\.rawValue))), .optional("agent", .integer),
    ])
    static let assign: Shape = .object([.nullable("to", .integer), .optional("agent", .integer)])
    static let transfer: Shape = .object([.required("skill", .integer), .optional("agent", .integer)])
    static let skill: Shape = .object([.required("id", .integer), .required("name", .filledText), .required("agents", .list(.integer))])
    static let call: Shape = .object([
        .required("path", .filledText), .optional("method", .choice(["POST", "PUT", "PATCH", "DELETE", "GET"])),
        .optional("integration", .filledText), .optional("body", .any),
    ])
    static let fault: Shape = .object([
        .required("kind", .choice([
            "slow", "drop", "reset", "status", "html", "duplicate", "lost", "unknownField", "expiredToken", "cut",
        ])), .optional("milliseconds", .integer),
        .optional("status", .integer), .optional("retryAfter", .integer), .nullable("count", .integer),
        .optional("operation", .choice(Operation.allCases.map(\.rawValue))),
    ])
    static let limits: Shape = .object(Limits.Name.allCases.map {
        .nullable($0.rawValue, .object([.required("perSecond", .any), .required("burst", .any)]))
    })
    static let behaviour: Shape = .object([
        .optional("retries", .integer), .optional("retrySpacing", .integer), .optional("callbackTimeout", .integer),
        .optional("firstAttempt", .choice(Behaviour.FirstAttempt.allCases.map(\.rawValue))),
        .optional("recipientsName", .choice(Behaviour.RecipientsName.allCases.map(\.rawValue))), .optional("storingDelay", .integer),
        .optional("duplicates", .choice(Behaviour.Duplicates.allCases.map(\.rawValue))), .nullable("channelIDPrefix", .text),
        .optional("canSendSenderActions", .boolean), .optional("isTrackingDeliveryStatus", .boolean),
        .optional("earlyStatus", .choice(Behaviour.EarlyStatus.allCases.map(\.rawValue))),
        .optional("unknownFields", .choice(Behaviour.UnknownFields.allCases.map(\.rawValue))),
        .optional("closedThread", .choice(Behaviour.ClosedThread.allCases.map(\.rawValue))),
        .optional("numericContactNumbers", .boolean), .optional("successes", .choice(Behaviour.Successes.allCases.map(\.rawValue))),
        .nullable("customFields", .list(.filledText)), .optional("limits", limits), .optional("tokenLife", .integer),
        .optional("oneTimeTokenLife", .integer), .optional("attachmentLimit", .integer), .optional("latency", .integer),
        .optional("faults", .list(fault)),
    ])
    static let beginning: Shape = .object([
        .optional("behaviour", behaviour), .optional("integrations", .list(integration)), .optional("channels", .list(channel)),
        .optional("skills", .list(skill)),
    ])
}
