import JSON

/// What an event says of a contact, from whatever an automation sends: a flat object of its own making, or one of CXone's event envelopes with
/// the older or the newer names (`byoc.md` §12). Everything may be missing, numbers may be texts, and what is not known here is not looked at.
struct ContactEvent: Equatable {
    /// `CaseStatusChanged` and the like.
    var type: String?
    /// Contact number.
    var contact: String?
    /// CXone's channel id.
    var channel: String?
    /// The thread on the external platform.
    var thread: String?
    /// CXone's own id of the thread, `{channel}_{thread}`.
    var internalThread: String?
    /// In lower case.
    var status: String?

    /// - Parameter json: One object.
    init(_ json: JSON) {
        let data = json["data"].flatMap { $0.kind == .object ? $0 : nil } ?? json
        let contact = Self.object(data, "contact", "case", "consumerContact")
        type = Self.text(json, "eventType", "type", "event")
        self.contact =
            Self.text(contact, "contactNumber", "number", "id")
            ?? Self.text(data, "contactNumber", "caseNumber", "contactId", "caseId", "contact", "case")
            ?? Self.text(Self.object(data, "message"), "contactNumber")
        channel = Self.text(Self.object(data, "channel"), "id") ?? Self.text(contact, "channelId") ?? Self.text(data, "channelId", "channel")
        let thread = Self.object(data, "thread")
        self.thread =
            Self.text(thread, "idOnExternalPlatform") ?? Self.text(contact, "threadIdOnExternalPlatform")
            ?? Self.text(data, "threadIdOnExternalPlatform")
        internalThread = Self.text(contact, "threadId") ?? Self.text(thread, "id") ?? Self.text(data, "threadId", "thread")
        status = (Self.text(contact, "status") ?? Self.text(data, "status", "contactStatus", "caseStatus", "newStatus") ?? Self.changed(json, data, contact))?
            .lowercased()
        // The one type that says it by itself.
        if status == nil, type == "CustomerContactClosed" { status = "closed" }
    }

    /// Whether it says nothing that could ever concern us.
    var isEmpty: Bool { contact == nil && thread == nil && internalThread == nil }

    /// The external thread, read off the internal id when there is no other; `nil` when it is not that channel's.
    func thread(in channel: String) -> String? {
        if let thread { return thread }
        guard let internalThread else { return nil }
        guard internalThread.hasPrefix(channel + "_") else { return self.channel == nil ? nil : internalThread }
        return String(internalThread.dropFirst(channel.count + 1))
    }

    // MARK: Reading

    private static func object(_ json: JSON?, _ names: String...) -> JSON? {
        for name in names { if let found = json?[name], found.kind == .object { return found } }
        return nil
    }

    private static func text(_ json: JSON?, _ names: String...) -> String? {
        for name in names {
            guard let value = json?[name], let text = value.string ?? value.numberLiteral, !text.isEmpty else { continue }
            return text
        }
        return nil
    }

    /// `_changes[{fieldName, currentValue}]`
    private static func changed(_ places: JSON?...) -> String? {
        for place in places {
            guard let changes = place?["_changes"], changes.kind == .array else { continue }
            for change in changes.elements where change["fieldName"]?.string == "status" {
                if let status = change["currentValue"]?.string { return status }
            }
        }
        return nil
    }
}
