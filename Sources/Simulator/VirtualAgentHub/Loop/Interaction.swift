package import JSON
import Time

/// One contact with a virtual agent, as the script and the hub see it.
package struct HubInteraction: Sendable {
    package enum Phase: String, Sendable { case waiting, asking, ended }

    /// Which time-outs run by themselves.
    package enum Timers: String, Sendable, CaseIterable { case keys, all, none }

    package struct Ending: Sendable {
        package let why: String
        /// `contact`, `agent`, `script`, `error`, `default`.
        package let by: String
        package var branch: String?
        package var transfer: Transfer?
    }

    /// The script asks for a person (V96).
    package struct Transfer: Sendable {
        package let skill: String
        package let reason: String?
        package let customPayload: RawJSON?
    }

    package let id: String
    package let app: HubApp
    let contact: Int
    package let from: String?
    let begun: Int64
    let payload: RawJSON
    let timers: Timers
    package var phase = Phase.asking
    package var rules: CollectionRules
    var entry = KeyEntry()
    var keysDue: Instant?
    /// Why the last input did nothing.
    package var ignored: String?
    package var turns: [HubTurn] = []
    package var ended: Ending?
    var faults: [HubFault] = []

    /// What the script keeps for the next turn.
    var state: RawJSON?
    var variables: [String: String] = [:]
    /// Body and address of the turn before, for late duplicates.
    var lastRequest: [UInt8]?
    /// Goes up whenever a timer that runs means nothing any more.
    var generation = 0
    var transcript: [(who: String, text: String)] = []
    var intents: [String] = []

    init(id: String, app: HubApp, contact: Int, from: String?, begun: Int64, payload: RawJSON?, timers: Timers) {
        (self.id, self.app, self.contact, self.from, self.begun, self.timers) = (id, app, contact, from, begun, timers)
        self.payload = payload ?? app.customPayload
        rules = app.rules
    }

    /// What the script attaches to each turn.
    package var payloadOfScript: RawJSON { payload }
    package var behaviourWords: String { rules.words(app.medium) }

    mutating func add(fault: HubFault) { faults.append(fault) }

    func write(to writer: inout JSONWriter, now: Instant) {
        writer.object { object in
            writeHead(to: &object)
            object.name("behaviour")
            rules.write(to: &object, medium: app.medium)
            object.field("keys", entry.keys)
            object.field("keysDue", keysDue.map { RawJSON.number(max(0, $0.milliseconds(since: now))) } ?? .null)
            object.field("ignored", ignored.map(RawJSON.string) ?? .null)
            object.field("turns", array: { list in for turn in turns { turn.write(to: &list, interaction: id) } })
            object.field("faultsToCome", array: { list in for fault in faults { list.value(fault.rawValue) } })
            object.name("ended")
            if let ended { ended.write(to: &object) } else { object.null() }
            object.field("collected", object: writeCollected)
        }
    }

    func writeBrief(to writer: inout JSONWriter) {
        writer.object { object in
            writeHead(to: &object)
            object.field("turns", turns.count)
            object.field("branch", turns.last?.branch)
            object.field("ended", ended?.why)
        }
    }

    private func writeHead(to object: inout JSONWriter) {
        object.field("id", id)
        object.field("app", app.name)
        object.field("agent", app.agent)
        object.field("action", app.action.rawValue)
        object.field("medium", app.medium.rawValue)
        object.field("from", from)
        object.field("begun", Int(begun))
        object.field("state", phase.rawValue)
    }

    /// What the app collects of a conversation (V106–V109).
    private func writeCollected(to object: inout JSONWriter) {
        if app.transcript == .transcript || app.transcript == .both {
            object.field("transcript", array: { list in
                for line in transcript {
                    list.object { entry in
                        entry.field("who", line.who)
                        entry.field("text", line.text)
                    }
                }
            })
        }
        if app.transcript == .intents || app.transcript == .both {
            object.field("intents", array: { list in for intent in intents { list.value(intent) } })
        }
    }
}

extension HubInteraction.Ending {
    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("why", why)
            object.field("by", by)
            object.field("branch", branch)
            object.name("transfer")
            guard let transfer else { return object.null() }
            object.object { entry in
                entry.field("skill", transfer.skill)
                entry.field("reason", transfer.reason)
                entry.field("customPayload", transfer.customPayload)
            }
        }
    }
}

extension RawJSON {
    static func number(_ value: Int) -> RawJSON { RawJSON { $0.value(value) } }
}

/// What CXone does wrong in one turn, by order.
package enum HubFault: String, Sendable, CaseIterable {
    case duplicate, lateDuplicate, wrongVersion, expiredToken, missingHeader, missingCertificate, unknownField, alteredState, impatient

    /// What it stands for, in words.
    var words: String {
        switch self {
        case .duplicate: "CXone sent the same request twice at once"
        case .lateDuplicate: "CXone sent the turn before once more after this one"
        case .wrongVersion: "the app was set to integration version 1.0.0"
        case .expiredToken: "CXone sent a token that has expired"
        case .missingHeader: "a header of the app was missing"
        case .missingCertificate: "CXone presented no client certificate"
        case .unknownField: "the request held members of a future release"
        case .alteredState: "the script altered botSessionState"
        case .impatient: "CXone gave up after 200 ms"
        }
    }
}
