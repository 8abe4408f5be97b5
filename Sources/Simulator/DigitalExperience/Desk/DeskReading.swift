import HTTP
import JSON
import Secrets
import Synchronization

/// Values of the desk's interface out of bodies that were checked.
extension Behaviour {
    /// Changes what the object names.
    mutating func apply(_ json: JSON) {
        func set<Value>(_ name: String, _ path: WritableKeyPath<Behaviour, Value>, _ read: (JSON) -> Value?) {
            if let value = json[name].flatMap(read) { self[keyPath: path] = value }
        }
        set("retries", \.retries) { $0.integer.map { min(max(0, $0), 100) } }
        set("retrySpacing", \.retrySpacing, \.integer)
        set("callbackTimeout", \.callbackTimeout, \.integer)
        set("firstAttempt", \.firstAttempt) { $0.string.flatMap(FirstAttempt.init) }
        set("recipientsName", \.recipientsName) { $0.string.flatMap(RecipientsName.init) }
        set("storingDelay", \.storingDelay, \.integer)
        set("duplicates", \.duplicates) { $0.string.flatMap(Duplicates.init) }
        set("channelIDPrefix", \.channelIDPrefix) { .some($0.string) }
        set("canSendSenderActions", \.canSendSenderActions, \.bool)
        set("isTrackingDeliveryStatus", \.isTrackingDeliveryStatus, \.bool)
        set("earlyStatus", \.earlyStatus) { $0.string.flatMap(EarlyStatus.init) }
        set("unknownFields", \.unknownFields) { $0.string.flatMap(UnknownFields.init) }
        set("closedThread", \.closedThread) { $0.string.flatMap(ClosedThread.init) }
        set("numericContactNumbers", \.numericContactNumbers, \.bool)
        set("successes", \.successes) { $0.string.flatMap(Successes.init) }
        set("customFields", \.customFields) { .some($0.isNull ? nil : $0.elements.compactMap(\.string)) }
        set("limits", \.limits) { limits.changed(by: $0) }
        set("tokenLife", \.tokenLife, \.integer)
        set("oneTimeTokenLife", \.oneTimeTokenLife, \.integer)
        set("attachmentLimit", \.attachmentLimit, \.integer)
        set("latency", \.latency, \.integer)
        set("faults", \.faults) { $0.elements.compactMap(Fault.init) }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("retries", retries)
            object.field("retrySpacing", retrySpacing)
            object.field("callbackTimeout", callbackTimeout)
            object.field("firstAttempt", firstAttempt.rawValue)
            object.field("recipientsName", recipientsName.rawValue)
            object.field("storingDelay", storingDelay)
            object.field("duplicates", duplicates.rawValue)
            object.field("channelIDPrefix", channelIDPrefix)
            object.field("canSendSenderActions", canSendSenderActions)
            object.field("isTrackingDeliveryStatus", isTrackingDeliveryStatus)
            object.field("earlyStatus", earlyStatus.rawValue)
            object.field("unknownFields", unknownFields.rawValue)
            object.field("closedThread", closedThread.rawValue)
            object.field("numericContactNumbers", numericContactNumbers)
            object.field("successes", successes.rawValue)
            if let customFields { object.field("customFields", array: { list in for ident in customFields { list.value(ident) } }) }
            object.field("limits", object: { list in
                for (name, rate) in limits.rates.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    list.field(name.rawValue, object: { entry in
                        entry.field("perSecond", rate.perSecond)
                        entry.field("burst", rate.burst)
                    })
                }
            })
            object.field("tokenLife", tokenLife)
            object.field("oneTimeTokenLife", oneTimeTokenLife)
            object.field("attachmentLimit", attachmentLimit)
            object.field("latency", latency)
            object.field("faultsToCome", faults.count)
        }
    }
}

extension Limits {
    /// The same with the named ones changed; `null` takes one away.
    func changed(by json: JSON) -> Limits {
        var limits = self
        for member in json.members {
            guard let name = Name(rawValue: member.name) else { continue }
            guard let perSecond = member.value["perSecond"]?.double, let burst = member.value["burst"]?.double, perSecond > 0, burst >= 1 else {
                limits.rates[name] = nil
                continue
            }
            limits.rates[name] = Rate(perSecond: perSecond, burst: burst)
        }
        return limits
    }
}

extension Fault {
    init?(_ json: JSON) {
        let kind: Kind? = switch json["kind"]?.string {
        case "slow": .slow(json["milliseconds"]?.integer ?? 1000)
        case "drop": .drop
        case "reset": .reset
        case "status": .status(json["status"]?.integer.flatMap { (400...599).contains($0) ? $0 : nil } ?? 503, retryAfter: json["retryAfter"]?.integer)
        case "html": .html(json["status"]?.integer.flatMap { (200...599).contains($0) ? $0 : nil } ?? 502)
        case "duplicate": .duplicate(after: json["milliseconds"]?.integer)
        case "lost": .lost
        case "unknownField": .unknownField
        case "expiredToken": .expiredToken
        case "cut": .cut
        default: nil
        }
        guard let kind else { return nil }
        let count = json["count"]
        self.init(kind, on: json["operation"]?.string.flatMap(Operation.init), count: count?.isNull == true ? nil : count?.integer ?? 1)
    }
}

extension Integration {
    /// A form as JSON; what it leaves out comes from `known`, or is as usual.
    init(_ json: JSON, known: Integration?) {
        self = known ?? Integration(boxURL: "", clientSecret: .random())
        id = json["id"]?.string ?? id
        name = json["name"]?.string ?? name
        if let box = json["boxURL"]?.string {
            boxURL = box.hasSuffix("/") ? String(box.dropLast()) : box
            if known == nil { authorizationURL = boxURL + "/1.0/token" }
        }
        authorizationURL = json["authorizationURL"]?.string ?? authorizationURL
        clientID = json["clientID"]?.string ?? clientID
        if let secret = json["clientSecret"]?.string { clientSecret = Secret(secret) }
        usesOutboundV2 = json["usesOutboundV2"]?.bool ?? usesOutboundV2
        addURL = json["addURL"]?.string ?? addURL
        reconnectURL = json["reconnectURL"]?.string ?? reconnectURL
        removeURL = json["removeURL"]?.string ?? removeURL
        eventsURL = json["eventsURL"]?.string ?? eventsURL
        if let credential = json["eventsAuthorization"]?.string { eventsAuthorization = Secret(credential) }
        eventsShape = json["eventsShape"]?.string.flatMap(EventsShape.init) ?? eventsShape
        connection.authorityFile = json["authorityFile"]?.string ?? connection.authorityFile
        connection.certificateFile = json["certificateFile"]?.string ?? connection.certificateFile
        connection.keyFile = json["keyFile"]?.string ?? connection.keyFile
    }
}

extension Draft {
    init(_ json: JSON) {
        if let content = json["content"] { self.init(content: RawJSON(content)) } else { self.init(json["text"]?.string ?? "") }
        attachments = World.attachments(json)
        replyTo = json["replyTo"]?.string
        isQuote = json["isQuote"]?.bool ?? false
        title = json["title"]?.string
    }
}

extension DigitalExperience {
    /// Sets up what a start file names: `{"behaviour": …, "skills": […], "integrations": […], "channels": […]}`.
    /// - Returns: What is wrong with it; nothing has been set up then.
    package func begin(_ text: [UInt8]) -> [String] {
        let json: JSON
        do { json = try JSON(parsing: text) } catch { return ["\(error)"] }
        let found = DeskShapes.beginning.violations(of: json, refusingUnknown: true)
        guard found.isEmpty else { return found.map { "\($0.field ?? ""): \($0.message)" } }
        if let behaviour = json["behaviour"] { behave { $0.apply(behaviour) } }
        for skill in json["skills"]?.elements.map({ $0 }) ?? [] {
            add(Skill(
                id: skill["id"]?.integer ?? 0, name: skill["name"]?.string ?? "", agents: skill["agents"]?.elements.compactMap(\.integer) ?? []))
        }
        var mistakes = (json["integrations"]?.elements.map { $0 } ?? []).filter { save($0) == nil }.map {
            "the integration \($0["id"]?.string ?? "") names no boxURL"
        }
        mistakes += (json["channels"]?.elements.map { $0 } ?? []).compactMap { channel in
            addChannel(channel) == nil ? "the channel \(channel["name"]?.string ?? "") names no known integration or an unknown flag" : nil
        }
        return mistakes
    }

    /// An integration by its form; one of the same id is changed. `nil` when a new one names no middleware.
    func save(_ form: JSON) -> Integration? {
        let known = form["id"]?.string.flatMap { id in integrations.first { $0.id == id } }
        guard known != nil || form["boxURL"] != nil else { return nil }
        return add(Integration(form, known: known))
    }

    @discardableResult
    func addChannel(_ json: JSON) -> Channel? {
        var flags: [String: Bool] = [:]
        for member in json["flags"]?.members.map({ $0 }) ?? [] {
            guard let value = member.value.bool else { return nil }
            flags[member.name] = value
        }
        let made = addChannel(
            json["name"]?.string ?? "", integration: json["integration"]?.string, isPrivate: json["isPrivate"]?.bool ?? true,
            hasTreeStructure: json["hasTreeStructure"]?.bool ?? false, flags: flags)
        if let made, let skill = json["skill"]?.integer { route(made.id, to: skill) }
        return made
    }
}
