package import JSON

/// One run of the action: request, answer and what became of it.
package struct HubTurn: Sendable {
    package let number: Int
    package let at: Int64
    let input: HubInput
    package let request: RawJSON
    package var authentication = Authentication()
    package var status: Int?
    /// Why the turn failed, in words.
    package var failure: String?
    package var milliseconds = 0
    /// The answer as it came; what is no JSON stands as text.
    package var response: RawJSON?
    package var branch: String?
    /// The branch by which the script goes on, as Studio shows it.
    package var taken: String?
    package var isConnected = true
    package var warnings: [String] = []
    package var violations: [AnswerContract.Remark] = []
    var says: [Saying] = []
    package var intent: RawJSON?
    package var customPayload: RawJSON?
    package var stateOctets: Int?
    package var faults: [HubFault] = []
    package var repeats: [Repeat] = []
    package var experience: Experience?

    package struct Authentication: Sendable {
        package enum Token: String, Sendable { case none, fetched, cached, renewed }

        /// Names only.
        package var headers: [String] = []
        package var token = Token.none
        package var hasCertificate = false
    }

    package struct Repeat: Sendable {
        package let status: Int?
        /// Whether the answer is the one that the first request got, session state apart.
        package let isSame: Bool
        package let milliseconds: Int
    }

    package struct Experience: Sendable {
        package let contact: String
        package let script: String
    }

    init(number: Int, at: Int64, input: HubInput, request: RawJSON) {
        (self.number, self.at, self.input, self.request) = (number, at, input, request)
    }

    func write(to writer: inout JSONWriter, interaction: String) {
        writer.object { object in
            object.field("number", number)
            object.field("at", Int(at))
            object.field("input", object: { entry in
                entry.field("kind", input.kind)
                entry.field("shown", input.shown)
                entry.field("type", input.type.name)
            })
            object.field("request", request)
            object.field("authentication", object: { entry in
                entry.field("headers", array: { list in for name in authentication.headers { list.value(name) } })
                entry.field("token", authentication.token.rawValue)
                entry.field("certificate", authentication.hasCertificate)
            })
            object.field("status", status.map(RawJSON.number) ?? .null)
            object.field("failure", failure.map(RawJSON.string) ?? .null)
            object.field("milliseconds", milliseconds)
            object.field("response", response ?? .null)
            object.field("branch", branch.map(RawJSON.string) ?? .null)
            object.field("taken", taken.map(RawJSON.string) ?? .null)
            object.field("branchIsConnected", isConnected)
            object.field("warnings", array: { list in for text in warnings { list.value(text) } })
            object.field("violations", array: { list in
                for remark in violations {
                    list.object { entry in
                        entry.field("field", remark.field)
                        entry.field("message", remark.message)
                    }
                }
            })
            object.field("says", array: { list in
                for (index, saying) in says.enumerated() {
                    saying.write(to: &list, audioURL: "/hub/interactions/\(interaction)/audio/\(number)/\(index)")
                }
            })
            object.field("intent", intent ?? .null)
            object.field("customPayload", customPayload ?? .null)
            object.field("stateOctets", stateOctets)
            writeFaults(to: &object)
        }
    }

    private func writeFaults(to object: inout JSONWriter) {
        object.field("faults", array: { list in for fault in faults { list.value(fault.rawValue) } })
        object.field("repeats", array: { list in
            for repetition in repeats {
                list.object { entry in
                    entry.field("status", repetition.status.map(RawJSON.number) ?? .null)
                    entry.field("isSame", repetition.isSame)
                    entry.field("milliseconds", repetition.milliseconds)
                }
            }
        })
        object.name("experience")
        guard let experience else { return object.null() }
        object.object { entry in
            entry.field("contact", experience.contact)
            entry.field("script", experience.script)
        }
    }
}

/// What tests, conversation files and drawings read of a turn.
extension HubTurn {
    /// What the contact did; `nil` where nobody did anything, as at the beginning.
    package var command: HubCommand? {
        switch input {
        case .welcome, .test: nil
        case .text(let text): .text(text)
        case .keys(let keys): .keys(keys)
        case .silence: .silence
        case .sound(let file, _): .sound(file)
        case .choice(_, let shown): .choice(shown)
        case .hangUp: .hangUp
        }
    }

    /// `DTMF_AS_TEXT`.
    package var inputType: String { input.type.name }
    package var inputKind: String { input.kind }
    package var inputShown: String { input.shown }
    /// What was said or shown, in words; prompts that cover waiting apart.
    package var spoken: [String] { says.filter { $0.kind != .comfort }.map(\.text) }
    package var comforted: [String] { says.filter { $0.kind == .comfort }.map(\.text) }
    /// `text`, `audio` … of each.
    package var kinds: [String] { says.filter { $0.kind != .comfort }.map(\.kind.rawValue) }
    package var choices: [String] { says.flatMap(\.choices).map(\.text) }
    package var intentName: String? { intent?.parsed()?["name"]?.string }
    package var intentContext: String? { intent?.parsed()?["context"]?.string }
    /// The `customPayload` that the script sent.
    package var attached: RawJSON? { request.parsed()?["customPayload"].map { RawJSON($0) } }
    package var orderedFaults: [HubFault] { faults }
}
