import JSON

/// The switches of `Behaviour` for a page that offers them: which values there are, and what each is for.
struct Switch {
    enum Kind {
        case choice([String])
        case flag
        case number(unit: String)
        case text
        case list
        case limits
    }

    let name: String
    let kind: Kind
    /// What it decides, one sentence.
    let words: String

    static let all = [
        Switch("firstAttempt", .choice(Behaviour.FirstAttempt.allCases.map(\.rawValue)), "What a callback carries while no token is known."),
        Switch("retries", .number(unit: "times"), "How often a callback is repeated after no answer, 429 or 5xx."),
        Switch("retrySpacing", .number(unit: "ms"), "Time between two attempts of a callback."),
        Switch("callbackTimeout", .number(unit: "ms"), "When an attempt of a callback is given up."),
        Switch("recipientsName", .choice(Behaviour.RecipientsName.allCases.map(\.rawValue)), "Name of the list of people in callbacks."),
        Switch("storingDelay", .number(unit: "ms"), "Time between the middleware's answer and the moment the message is known."),
        Switch("earlyStatus", .choice(Behaviour.EarlyStatus.allCases.map(\.rawValue)), "What a status of a message that is not known yet does: 404, or kept."),
        Switch("duplicates", .choice(Behaviour.Duplicates.allCases.map(\.rawValue)), "What a second create of a known message does."),
        Switch("closedThread", .choice(Behaviour.ClosedThread.allCases.map(\.rawValue)), "What a message into a thread does whose contact was closed."),
        Switch("unknownFields", .choice(Behaviour.UnknownFields.allCases.map(\.rawValue)), "What members do that the description does not know."),
        Switch("successes", .choice(Behaviour.Successes.allCases.map(\.rawValue)), "Whether success is always 200 and 204, or varies as between releases."),
        Switch("numericContactNumbers", .flag, "Whether contact numbers are JSON numbers in messages."),
        Switch("channelIDPrefix", .text, "Put before a new channel's id, as other channel types have it."),
        Switch("canSendSenderActions", .flag, "Whether agents' typing is told."),
        Switch("isTrackingDeliveryStatus", .flag, "What GET /channels says of delivery states."),
        Switch("customFields", .list, "Idents of custom fields that are defined; empty takes any."),
        Switch("limits", .limits, "The limits of a tenant and of one contact."),
        Switch("tokenLife", .number(unit: "s"), "How long an access token lives."),
        Switch("oneTimeTokenLife", .number(unit: "s"), "How long a page's one-time token lives."),
        Switch("attachmentLimit", .number(unit: "octets"), "Size of an uploaded file."),
        Switch("latency", .number(unit: "ms"), "Time that every answer of the API takes."),
    ]

    init(_ name: String, _ kind: Kind, _ words: String) { (self.name, self.kind, self.words) = (name, kind, words) }

    /// All, with what each is now and from the beginning.
    static func list(_ behaviour: Behaviour) -> RawJSON {
        list(all, now: RawJSON { behaviour.write(to: &$0) }, standard: RawJSON { Behaviour().write(to: &$0) })
    }

    static func list(_ switches: [Switch], now: RawJSON, standard: RawJSON) -> RawJSON {
        let (now, standard) = (now.parsed(), standard.parsed())
        return RawJSON { $0.array { list in
            for entry in switches {
                list.object { object in
                    object.field("name", entry.name)
                    object.field("words", entry.words)
                    switch entry.kind {
                    case .choice(let choices):
                        object.field("kind", "choice")
                        object.field("choices", array: { words in for choice in choices { words.value(choice) } })
                    case .flag: object.field("kind", "flag")
                    case .number(let unit):
                        object.field("kind", "number")
                        object.field("unit", unit)
                    case .text: object.field("kind", "text")
                    case .list: object.field("kind", "list")
                    case .limits: object.field("kind", "limits")
                    }
                    object.field("value", now?[entry.name].map { RawJSON($0) })
                    object.field("standard", standard?[entry.name].map { RawJSON($0) })
                }
            }
        } }
    }
}
