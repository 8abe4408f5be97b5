import HTTP
import HTTPTypes
import JSON
import Simulator
import Testing

/// A valid body with one thing changed: `nil` takes the member away.
struct Change: Sendable, CustomTestStringConvertible {
    let path: [String]
    let value: String?
    let error: String

    init(_ path: String, _ value: String?, _ error: String) {
        self.path = path.split(separator: ".").map(String.init)
        self.value = value
        self.error = error
    }

    var testDescription: String { "\(path.joined(separator: ".")) = \(value ?? "gone")" }

    func apply(to json: JSON) -> RawJSON { RawJSON { write(json, path[...], &$0) } }

    private func write(_ json: JSON?, _ path: ArraySlice<String>, _ writer: inout JSONWriter) {
        guard let name = path.first else {
            if let value, let raw = try? RawJSON(parsing: Array(value.utf8)) { writer.value(raw) }
            return
        }
        writer.object { object in
            for member in json?.members.map({ $0 }) ?? [] where member.name != name {
                object.name(member.name)
                object.value(member.value)
            }
            if path.count == 1, value == nil { return }
            object.name(name)
            write(json?[name], path.dropFirst(), &object)
        }
    }
}

@Suite("What Digital Experience refuses")
struct StrictnessTests {
    static let message = """
        {"idOnExternalPlatform":"m1","direction":"inbound","createdAtWithMilliseconds":"2026-03-04T09:14:02.117+00:00",
         "thread":{"idOnExternalPlatform":"t1","threadName":"Lost umbrella"},
         "messageContent":{"type":"TEXT","payload":{"text":"Hello"}},
         "authorEndUserIdentity":{"idOnExternalPlatform":"zebra-12","firstName":"Zoe","customFields":[{"ident":"herd","value":"north"}]},
         "attachments":[{"friendlyName":"umbrella.jpg","url":"https://mw.example/f/1"}],
         "recipients":[{"idOnExternalPlatform":"jungle-profile","isPrimary":true,"isPrivate":true}],
         "contact":{"customFields":[{"ident":"topic","value":"lost"}]},
         "browserFingerprint":{"language":"en","applicationType":"byoc","supportedMessageTypes":["TEXT","QUICK_REPLIES"]},
         "externalAttributes":[{"key":"source","value":"wateringhole"}]}
        """

    @Test("a whole message is taken as the reference page shows it")
    func whole() async throws {
        try await staged {
            let stage = Stage()
            let response = try await stage.send(.post, "/channels/meadow/messages", Self.message)
            #expect(try response.errors() == [])
            #expect(stage.cxone.messages().first?.attachments == [Attachment(friendlyName: "umbrella.jpg", url: "https://mw.example/f/1")])
        }
    }

    static let changes = [
        Change("idOnExternalPlatform", nil, "idOnExternalPlatform: This field is missing."),
        Change("idOnExternalPlatform", "\" \"", "idOnExternalPlatform: This value should not be blank."),
        Change("idOnExternalPlatform", "7", "idOnExternalPlatform: This value should be of type string."),
        Change("idOnExternalPlatform", "null", "idOnExternalPlatform: This value should not be null."),
        Change("direction", nil, "direction: This field is missing."),
        Change("direction", "\"in\"", "direction: The value you selected is not a valid choice."),
        Change("createdAtWithMilliseconds", nil, "createdAtWithMilliseconds: This field is missing."),
        Change("createdAtWithMilliseconds", "\"2026-03-04T09:14:02+00:00\"",
            "createdAtWithMilliseconds: This value is not a valid datetime with milliseconds."),
        Change("createdAtWithMilliseconds", "1772615642117", "createdAtWithMilliseconds: This value should be of type string."),
        Change("thread", nil, "thread: This field is missing."),
        Change("thread", "[]", "thread: This value should be of type object."),
        Change("thread.idOnExternalPlatform", "\"\"", "thread.idOnExternalPlatform: This value should not be blank."),
        Change("thread.name", "\"x\"", "thread.name: This field was not expected."),
        Change("messageContent", nil, "messageContent: This field is missing."),
        Change("messageContent.type", "\"STREAMED\"", "messageContent.type: The value you selected is not a valid choice."),
        Change("messageContent.payload", "{}", "messageContent.payload.text: This field is missing."),
        Change("messageContent.payload.text", "1", "messageContent.payload.text: This value should be of type string."),
        Change("authorEndUserIdentity", nil, "authorEndUserIdentity: This field is missing."),
        Change("authorEndUserIdentity.idOnExternalPlatform", nil, "authorEndUserIdentity.idOnExternalPlatform: This field is missing."),
        Change("authorEndUserIdentity.surname", "\"x\"", "authorEndUserIdentity.surname: This field was not expected."),
        Change("attachments", "[{\"friendlyName\":\"a\"}]", "attachments[0].url: This field is missing."),
        Change("attachments", "[{\"friendlyName\":\"a\",\"url\":\"/f/1\"}]", "attachments[0].url: This value is not a valid URL."),
        Change("recipients", "{}", "recipients: This value should be of type array."),
        Change("recipients", "[{\"idOnExternalPlatform\":\"a\",\"isPrimary\":1}]", "recipients[0].isPrimary: This value should be of type boolean."),
        Change("contact.status", "\"closed\"", "contact.status: The value you selected is not a valid choice."),
        Change("contact.skillId", "\"1\"", "contact.skillId: This value should be of type integer."),
        Change("browserFingerprint.supportedMessageTypes", "[\"VIDEO\"]",
            "browserFingerprint.supportedMessageTypes[0]: The value you selected is not a valid choice."),
        Change("externalAttributes", "[{\"key\":\"a\"}]", "externalAttributes[0].value: This field is missing."),
        Change("isOwn", "true", "isOwn: This field was not expected."),
    ]

    @Test("a message with one fault is refused with the path to it, and has no effect (B7)", arguments: changes)
    func message(_ change: Change) async throws {
        try await staged {
            let stage = Stage()
            let body = change.apply(to: try JSON(parsing: Array(Self.message.utf8)))
            let response = try await stage.send(.post, "/channels/meadow/messages", body.text)
            #expect(response.status == .badRequest)
            #expect(try response.errors() == [change.error])
            #expect(try response.json()["uid"]?.string?.isEmpty == false)
            #expect(stage.cxone.messages().isEmpty)
            #expect(stage.cxone.counters.refused == 1)
        }
    }

    static let contents: [(String, String?)] = [
        (#"{"type":"QUICK_REPLIES","payload":{"text":{"content":"Which?"},"actions":[{"text":"One","type":"REPLY_BUTTON","postback":"1"}]}}"#, nil),
        (#"{"type":"QUICK_REPLIES","payload":{"text":"Which?","actions":[]}}"#, "messageContent.payload.text: This value should be of type object."),
        (#"{"type":"QUICK_REPLIES","payload":{"text":{"content":"W"},"actions":[{"text":"One","type":"BUTTON"}]}}"#,
            "messageContent.payload.actions[0].type: The value you selected is not a valid choice."),
        (#"{"type":"LIST_PICKER","payload":{"title":{"content":"T"},"text":{"content":"W"},"actions":[]}}"#, nil),
        (#"{"type":"LIST_PICKER","payload":{"text":{"content":"W"},"actions":[]}}"#, "messageContent.payload.title: This field is missing."),
        (#"{"type":"RICH_LINK","payload":{"media":{"fileName":"a","mimeType":"image/png","url":"https://a.example/b"},"title":{"content":"T"},"url":"https://a.example"}}"#, nil),
        (#"{"type":"RICH_LINK","payload":{"title":{"content":"T"},"url":"https://a.example"}}"#, "messageContent.payload.media: This field is missing."),
        (#"{"type":"ADAPTIVE_CARD","payload":{"type":"AdaptiveCard","version":"1.5","body":[]}}"#, nil),
        (#"{"type":"PLUGIN","payload":{"elements":[{"id":"1","type":"MENU","elements":[{"id":"2","type":"BUTTON","text":"Yes"}]}]}}"#, nil),
        (#"{"type":"PLUGIN","payload":{"elements":[{"type":"TEXT"}]}}"#, "messageContent.payload.elements[0].id: This field is missing."),
        (#"{"type":"FORM","payload":{}}"#, "messageContent.type: The value you selected is not a valid choice."),
    ]

    @Test("each of the six kinds of content has its payload", arguments: contents.indices)
    func content(_ index: Int) async throws {
        try await staged {
            let stage = Stage()
            let (content, error) = Self.contents[index]
            let body = Change("messageContent", content, "").apply(to: try JSON(parsing: Array(Self.message.utf8)))
            let response = try await stage.send(.post, "/channels/meadow/messages", body.text)
            #expect(try (response.status == .ok ? [] : response.errors()) == (error.map { [$0] } ?? []))
        }
    }

    static let channel = """
        {"id":"6d0f2c1e","idOnExternalPlatform":"jungle-profile","channelIntegrationId":"box","realExternalPlatformId":"custom",
         "name":"Watering Hole","isPrivate":true,"hasTreeStructure":false,"hasReply":true,"contentFormat":"plain"}
        """
    static let channelChanges = ["id", "idOnExternalPlatform", "channelIntegrationId", "realExternalPlatformId", "name", "isPrivate", "hasTreeStructure"].map {
        Change($0, nil, "\($0): This field is missing.")
    } + [
        Change("realExternalPlatformId", "\"myspace\"", "realExternalPlatformId: The value you selected is not a valid choice."),
        Change("isPrivate", "\"true\"", "isPrivate: This value should be of type boolean."),
        Change("contentFormat", "\"markdown\"", "contentFormat: The value you selected is not a valid choice."),
        Change("channelIntegrationId", "\"other\"", "channelIntegrationId: Channel integration was not found."),
        Change("canSendSenderActions", "true", "canSendSenderActions: This field was not expected."),
    ]

    @Test("a channel with one fault is refused with the path to it (B37)", arguments: channelChanges)
    func channel(_ change: Change) async throws {
        try await staged {
            let stage = Stage()
            let response = try await stage.send(.post, "/channels", change.apply(to: try JSON(parsing: Array(Self.channel.utf8))).text)
            #expect(response.status == .badRequest)
            #expect(try response.errors() == [change.error])
            #expect(stage.cxone.channels.map(\.id) == ["meadow"])
        }
    }

    static let small: [(HTTPRequest.Method, String, String, Int, String)] = [
        (.put, "/channels/meadow/messages/mw-1/status", #"{"status":"read","updatedAt":"2026-03-04T09:16:00Z"}"#, 400,
            "status: The value you selected is not a valid choice."),
        (.put, "/channels/meadow/messages/mw-1/status", #"{"status":"seen"}"#, 400, "updatedAt: This field is missing."),
        (.put, "/channels/meadow/messages/nobody/status", #"{"status":"seen","updatedAt":"2026-03-04T09:16:00Z"}"#, 404,
            "-: Message \"nobody\" was not found."),
        (.put, "/channels/meadow/threads/t1", #"{"canAddMoreMessages":"no"}"#, 400, "canAddMoreMessages: This value should be of type boolean."),
        (.put, "/channels/meadow/threads/t9", #"{"canAddMoreMessages":false}"#, 404, "-: Thread \"t9\" was not found."),
        (.post, "/channels/meadow/threads/t1/sender-actions", #"{"action":"typing"}"#, 400, "action: The value you selected is not a valid choice."),
        (.put, "/contacts/48213/status", #"{"status":"done"}"#, 400, "status: The value you selected is not a valid choice."),
        (.put, "/contacts/1/status", #"{"status":"closed"}"#, 404, "-: Contact \"1\" was not found."),
        (.post, "/contacts/48213/abandon", #"{"type":"left"}"#, 400, "type: The value you selected is not a valid choice."),
        (.put, "/contacts/48213/custom-fields", #"{"ident":"a","value":"b"}"#, 400, "-: This value should be of type array."),
        (.put, "/contacts/48213/custom-fields", #"[{"ident":"a","value":1}]"#, 400, "[0].value: This value should be of type string."),
        (.put, "/contacts/48213/inbox-assignment", #"{}"#, 400, "-: Exactly one of userId, inboxAssignee, inboxAssigneeCxoneId is needed."),
        (.post, "/attachments/temporary", #"{"content":"%%%","mimeType":"image/jpeg"}"#, 400, "content: This value is not valid base64."),
        (.post, "/attachments/temporary", #"{"content":"QUJD"}"#, 400, "mimeType: This field is missing."),
        (.post, "/channels/nowhere/messages", "{}", 404, "-: Channel \"nowhere\" was not found."),
        (.post, "/channels/meadow/messages", "{", 400, "-: Syntax error"),
        (.post, "/channel/meadow/messages", "{}", 404, "-: No route found"),
        (.get, "/contacts?sorting=name", "", 400, "sorting: The value you selected is not a valid choice."),
    ]

    @Test("the other operations tell their faults likewise", arguments: small.indices)
    func others(_ index: Int) async throws {
        try await staged {
            let stage = Stage()
            _ = try await stage.send(.post, "/channels/meadow/messages", Stage.message("m1"))
            let (method, path, body, status, error) = Self.small[index]
            let response = try await stage.send(method, path, body)
            #expect(response.status.code == status)
            let errors = try response.errors()
            #expect(errors.count == 1 && errors.first?.hasPrefix(error) == true, "\(errors)")
        }
    }

    @Test("another content type than JSON is refused")
    func contentType() async throws {
        try await staged {
            let stage = Stage()
            let response = try await stage.send(.post, "/channels/meadow/messages", Self.message, type: "text/plain")
            #expect(response.status == .unsupportedMediaType)
        }
    }

    @Test("a field of a later release is ignored where the switch says so")
    func unknownFields() async throws {
        try await staged {
            let stage = Stage { $0.unknownFields = .ignore }
            let body = Change("isOwn", "true", "").apply(to: try JSON(parsing: Array(Self.message.utf8)))
            #expect(try await stage.send(.post, "/channels/meadow/messages", body.text).status == .ok)
        }
    }
}
