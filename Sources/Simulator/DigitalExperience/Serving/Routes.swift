import HTTP
import HTTPTypes
import JSON

/// A method and a path of the Digital Engagement API, and what serves them. `{}` stands for one segment.
struct Route: Sendable {
    typealias Serve = @Sendable (inout World, Incoming) throws(APIError) -> Answer

    let method: HTTPRequest.Method
    let segments: [Substring]
    let operation: Operation
    let needsToken: Bool
    let serve: Serve

    init(_ method: HTTPRequest.Method, _ path: String, _ operation: Operation, needsToken: Bool = true, _ serve: @escaping Serve) {
        self.method = method
        segments = path.split(separator: "/")
        self.operation = operation
        self.needsToken = needsToken
        self.serve = serve
    }

    /// The variable segments when the path fits.
    func match(_ path: [String]) -> [String]? {
        guard path.count == segments.count else { return nil }
        var variables: [String] = []
        for (segment, wanted) in zip(path, segments) {
            if wanted == "{}" { variables.append(segment) } else if segment != wanted { return nil }
        }
        return variables
    }

    /// Below `/dfo/3.0` (`byoc.md` §6).
    static let api: [Route] = [
        Route(.post, "channels", .saveChannel) { world, call throws(APIError) in try world.saveChannel(call) },
        Route(.get, "channels", .listChannels) { world, call throws(APIError) in try world.listChannels(call) },
        Route(.delete, "channels/{}", .deleteChannel) { world, call throws(APIError) in try world.deleteChannel(call) },
        Route(.get, "channels/{}/external-platform-templates", .listTemplates) { world, call throws(APIError) in
            try world.listTemplates(call)
        },
        Route(.post, "channels/{}/messages", .createMessage) { world, call throws(APIError) in try world.createMessage(call) },
        Route(.post, "channels/{}/inbound", .createInbound) { world, call throws(APIError) in try world.createInbound(call) },
        Route(.post, "channels/{}/outbound", .sendOutbound) { world, call throws(APIError) in try world.sendOutbound(call) },
        Route(.put, "channels/{}/messages/{}/status", .updateStatus) { world, call throws(APIError) in try world.updateStatus(call) },
        Route(.put, "channels/{}/threads/{}", .updateThread) { world, call throws(APIError) in try world.updateThread(call) },
        Route(.post, "channels/{}/threads/{}/sender-actions", .senderAction) { world, call throws(APIError) in
            try world.senderAction(call)
        },
        Route(.get, "threads", .listThreads) { world, call throws(APIError) in try world.listThreads(call) },
        Route(.get, "messages", .listMessages) { world, call throws(APIError) in try world.listMessages(call) },
        Route(.get, "messages/{}", .getMessage) { world, call throws(APIError) in try world.getMessage(call) },
        Route(.put, "messages/{}/read", .markRead) { world, call throws(APIError) in try world.markRead(call) },
        Route(.post, "messages/{}/delete", .deleteMessage) { world, call throws(APIError) in try world.deleteMessage(call) },
        Route(.post, "messages/{}/react/{}", .react) { world, call throws(APIError) in try world.react(call, isOn: true) },
        Route(.delete, "messages/{}/react/{}", .unreact) { world, call throws(APIError) in try world.react(call, isOn: false) },
        Route(.put, "messages/{}/tags/{}", .tag) { world, call throws(APIError) in try world.touch(call) },
        Route(.delete, "messages/{}/tags/{}", .untag) { world, call throws(APIError) in try world.touch(call) },
        Route(.put, "messages/{}/sentiment", .setSentiment) { world, call throws(APIError) in try world.touch(call) },
        Route(.post, "messages/{}/content-removal", .removeContent) { world, call throws(APIError) in try world.removeContent(call) },
        Route(.post, "messages/{}/author-name-removal", .removeAuthorName) { world, call throws(APIError) in
            try world.removeAuthorName(call)
        },
        Route(.get, "contacts", .listContacts) { world, call throws(APIError) in try world.listContacts(call) },
        Route(.get, "contacts/{}", .getContact) { world, call throws(APIError) in try world.getContact(call) },
        Route(.put, "contacts/{}", .updateContact) { world, call throws(APIError) in try world.updateContact(call) },
        Route(.put, "contacts/{}/status", .updateContactStatus) { world, call throws(APIError) in try world.updateContactStatus(call) },
        Route(.post, "contacts/{}/abandon", .abandonContact) { world, call throws(APIError) in try world.abandonContact(call) },
        Route(.get, "contacts/{}/messages", .listContactMessages) { world, call throws(APIError) in try world.listContactMessages(call) },
        Route(.put, "contacts/{}/inbox-assignment", .assignContact) { world, call throws(APIError) in try world.assignContact(call) },
        Route(.delete, "contacts/{}/inbox-assignment", .unassignContact) { world, call throws(APIError) in
            try world.unassignContact(call)
        },
        Route(.put, "contacts/{}/custom-fields", .contactFields) { world, call throws(APIError) in try world.setContactFields(call) },
        Route(.delete, "contacts/{}/custom-fields/{}", .deleteContactField) { world, call throws(APIError) in
            try world.deleteContactField(call)
        },
        Route(.put, "contacts/{}/agent-contacts/{}/close", .closeAgentContact) { world, call throws(APIError) in
            try world.closeAgentContact(call)
        },
        Route(.put, "contacts/{}/routing-queue", .setQueue) { world, call throws(APIError) in try world.setQueue(call) },
        Route(.post, "contacts/{}/transcript", .sendTranscript) { world, call throws(APIError) in try world.sendTranscript(call) },
        Route(.get, "customers", .listCustomers) { world, call throws(APIError) in try world.listCustomers(call) },
        Route(.get, "customers/{}", .getCustomer) { world, call throws(APIError) in try world.getCustomer(call) },
        Route(.put, "customers/{}/custom-fields", .customerFields) { world, call throws(APIError) in try world.setCustomerFields(call) },
        Route(.delete, "customers/{}/custom-fields/{}", .deleteCustomerField) { world, call throws(APIError) in
            try world.deleteCustomerField(call)
        },
        Route(.put, "customers/{}/merge", .mergeCustomers) { world, call throws(APIError) in try world.mergeCustomers(call) },
        Route(.get, "routing-queues", .listQueues) { world, call throws(APIError) in world.listQueues(call) },
        Route(.get, "tags", .listTags) { world, call throws(APIError) in Answer(200, RawJSON { $0.array { _ in } }) },
        Route(.post, "attachments/temporary", .uploadAttachment) { world, call throws(APIError) in try world.uploadAttachment(call) },
        Route(.post, "one-time-token/verification", .verifyOneTimeToken, needsToken: false) { world, call throws(APIError) in
            try world.verifyOneTimeToken(call)
        },
        Route(.get, "one-time-token/authentication", .giveOneTimeToken, needsToken: false) { world, call throws(APIError) in
            try world.giveOneTimeToken(call)
        },
    ]

    /// What the issuer serves (`byoc.md` §5.1, 5.2).
    static let signIn: [Route] = [
        Route(.get, ".well-known/openid-configuration", .openIDConfiguration, needsToken: false) { world, _ throws(APIError) in
            world.openIDConfiguration()
        },
        Route(.get, ".well-known/cxone-configuration", .cxoneConfiguration, needsToken: false) { world, call throws(APIError) in
            try world.cxoneConfiguration(call)
        },
        Route(.post, "auth/token", .signIn, needsToken: false) { world, call throws(APIError) in try world.signIn(call) },
        Route(.post, "authentication/v1/token/access-key", .accessKeyToken, needsToken: false) { world, call throws(APIError) in
            try world.accessKeyToken(call)
        },
    ]

    /// Files that were uploaded.
    static let files: [Route] = [
        Route(.get, "files/{}", .file, needsToken: false) { world, call throws(APIError) in try world.file(call) }
    ]
}
