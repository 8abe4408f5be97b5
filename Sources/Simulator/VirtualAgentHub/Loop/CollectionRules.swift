import JSON
import Time

/// How the contact's next input is collected: `PromptBehaviors` of an answer, or the script's own (§4.3).
package struct CollectionRules: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case nothing = "DO_NOT_COLLECT_USER_RESPONSE"
        case utterance = "SEND_UTTERANCE_AUDIO"
        case keysOnly = "SEND_DTMF_ONLY_AS_TEXT"
    }

    package var kind = Kind.utterance
    package var detectsKeys = true
    package var clearsDigits = true
    package var terminators = "#"
    package var stripsTerminator = true
    package var gapMilliseconds = 5000
    package var mostDigits: Int?
    package var bargeIn = true
    /// `nil` waits for ever, as chat scripts do.
    package var patienceMilliseconds: Int?
    package var comfort: [String] = []
    package var comfortDelayMilliseconds: Int?
    /// Whether the answer said nothing about it.
    package var isOfScript = true

    package init() {}

    /// What NICE's snippet for default behaviours sets (§4.3), except that keys are listened to.
    static func ofScript(_ medium: HubMedium) -> CollectionRules {
        var rules = CollectionRules()
        if medium == .voice { (rules.mostDigits, rules.patienceMilliseconds) = (10, 10_000) }
        return rules
    }

    /// The rules of an answer's `nextPromptBehaviors`; what they leave open stays as the script has it.
    func changed(by behaviors: JSON?) -> CollectionRules {
        guard let behaviors, behaviors.kind == .object else { return self }
        var rules = self
        rules.isOfScript = false
        if let silence = behaviors["silenceRules"], silence.kind == .object {
            rules.patienceMilliseconds = silence["millisecondsToWaitForUserResponse"]?.integer ?? patienceMilliseconds
            if silence["engageComfortSequence"]?.bool == true {
                rules.comfort = silence["comfortPromptSequence"]?["prompts"]?.elements.compactMap { $0["transcript"]?.string } ?? []
                rules.comfortDelayMilliseconds = silence["botResponseDelayTolerance"]?.integer ?? 0
            } else {
                (rules.comfort, rules.comfortDelayMilliseconds) = ([], nil)
            }
        }
        guard let audio = behaviors["audioCollectionRules"], audio.kind == .object else { return rules }
        // An object without it is read as the first name of the list (§5.3).
        rules.kind = audio["collectionType"]?.choice() ?? .nothing
        if let keys = audio["dtmfRules"], keys.kind == .object {
            rules.detectsKeys = keys["detectDtmf"]?.bool ?? false
            rules.clearsDigits = keys["clearDigits"]?.bool ?? false
            rules.terminators = keys["terminationCharacters"]?.string ?? ""
            rules.stripsTerminator = keys["stripTerminator"]?.bool ?? false
            rules.gapMilliseconds = keys["interDigitTimeoutMilliseconds"]?.integer ?? gapMilliseconds
            rules.mostDigits = keys["maxDigits"]?.integer
        }
        rules.bargeIn = audio["bargeConfiguration"]?["enableSpeakerBarge"]?.bool ?? bargeIn
        return rules
    }

    var hearsSpeech: Bool { kind == .utterance }
    var hearsKeys: Bool { detectsKeys && kind != .nothing }

    /// `collects up to 13 keys ended by # or speech, barge-in on, 15 s of silence`.
    func words(_ medium: HubMedium) -> String {
        var parts: [String] = []
        switch (medium, hearsKeys, kind) {
        case (.chat, _, .nothing), (.voice, _, .nothing): parts.append("collects nothing")
        case (.chat, _, _): parts.append("collects text")
        case (.voice, false, _): parts.append("collects speech")
        case (.voice, true, _):
            var keys = mostDigits.map { $0 == 1 ? "one key" : "up to \($0) keys" } ?? "keys"
            if terminators.contains("@") { keys += " ended by any key" } else if !terminators.isEmpty {
                keys += " ended by \(terminators.map(String.init).joined(separator: " or "))"
            }
            keys += ", at most \(CollectionRules.seconds(gapMilliseconds)) apart"
            parts.append("collects \(hearsSpeech ? "speech or " : "")\(keys)")
        }
        if medium == .voice { parts.append("barge-in \(bargeIn ? "on" : "off")") }
        if let patienceMilliseconds { parts.append("\(CollectionRules.seconds(patienceMilliseconds)) of silence") }
        if !comfort.isEmpty { parts.append("comfort prompt after \(CollectionRules.seconds(comfortDelayMilliseconds ?? 0))") }
        return parts.joined(separator: ", ")
    }

    static func seconds(_ milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds / 1000).\(String(milliseconds % 1000 / 100)) s"
    }

    func write(to writer: inout JSONWriter, medium: HubMedium) {
        writer.object { object in
            object.field("words", words(medium))
            let collects = kind == .nothing ? "nothing" : medium == .chat ? "text" : !hearsSpeech ? "keys" : hearsKeys ? "speechAndKeys" : "speech"
            object.field("collects", collects)
            if medium == .voice {
                object.field("listensForKeys", hearsKeys)
                object.field("digitLimit", mostDigits)
                object.field("terminators", terminators)
                object.field("stripsTerminator", stripsTerminator)
                object.field("clearsDigits", clearsDigits)
                object.field("interDigitMs", gapMilliseconds)
                object.field("bargeIn", bargeIn)
            }
            object.field("silenceMs", patienceMilliseconds)
            if !comfort.isEmpty {
                object.field("comfort", object: { comfort in
                    comfort.field("afterMs", comfortDelayMilliseconds ?? 0)
                    comfort.field("says", array: { list in for text in self.comfort { list.value(text) } })
                })
            }
            object.field("isOfScript", isOfScript)
        }
    }
}

/// Keys on their way to one entry.
struct KeyEntry: Sendable {
    private(set) var keys = ""

    enum Outcome: Equatable {
        case more
        case complete(String)
        /// Why the key counts for nothing.
        case ignored(String)
    }

    /// - Parameter whilePlaying: Whether it was pressed before the prompts were over.
    mutating func press(_ key: Character, _ rules: CollectionRules, whilePlaying: Bool) -> Outcome {
        guard rules.hearsKeys else {
            return .ignored(rules.kind == .nothing ? "Nothing is collected now." : "Keys are not listened to now: detectDtmf is off.")
        }
        guard !whilePlaying || !rules.clearsDigits else {
            return .ignored("The key came before the prompts were over and is forgotten: clearDigits is on.")
        }
        if rules.terminators.contains(key) || rules.terminators.contains("@") {
            return .complete(take() + (rules.stripsTerminator ? "" : String(key)))
        }
        keys.append(key)
        if let most = rules.mostDigits, keys.count >= most { return .complete(take()) }
        return .more
    }

    mutating func take() -> String {
        defer { keys = "" }
        return keys
    }
}
