import Conversation
import JSON

/// How CXone plays this round and collects the next input (`virtual-agent.md` §4.3): the settings, overridden by what the agent expects.
struct PromptBehaviors: Equatable {
    private var silence: Silence?
    private var collection: Collection?

    private struct Silence: Equatable {
        var comfortPrompts: [String]
        var comfortDelayMilliseconds: Int?
        var patienceMilliseconds: Int?
    }

    private struct Collection: Equatable {
        /// Always sent with the object: CXone reads its absence as *do not collect*.
        var type: CollectionType
        var digits: Digits?
        var bargeIn: Bool?
        var transcriptionProfile: String?
        var hintPhrases: [String]
    }

    private struct Digits: Equatable {
        var detect: Bool
        var clear: Bool
        var terminators: String
        var stripTerminator: Bool
        var gapMilliseconds: Int
        var most: Int?
    }

    /// `nil` when neither settings nor agent have an opinion: then the script's own rules hold.
    init?(_ settings: MediumSettings, expects: Expectation?, medium: Medium) {
        let patience = expects?.patienceMilliseconds.map { min(max($0, 0), 600_000) } ?? settings.patienceMilliseconds
        if patience != nil || !settings.comfortPrompts.isEmpty {
            silence = Silence(
                comfortPrompts: settings.comfortPrompts,
                comfortDelayMilliseconds: settings.comfortPrompts.isEmpty ? nil : settings.comfortDelayMilliseconds,
                patienceMilliseconds: patience)
        }
        if medium == .voice { collection = Self.collection(settings, expects) }
        guard silence != nil || collection != nil else { return nil }
    }

    private static func collection(_ settings: MediumSettings, _ expects: Expectation?) -> Collection? {
        let own = settings.digits
        var type = settings.collect
        var digits: Digits?
        if own.detect != nil {
            digits = Digits(
                detect: own.detect == true, clear: own.clear, terminators: own.terminators, stripTerminator: own.stripTerminator,
                gapMilliseconds: own.gapMilliseconds, most: own.most)
        }
        switch expects?.kind {
        case .digits(let most, let terminators, let only):
            type = only ? .digitsOnly : type == .digitsOnly || type == .nothing ? .utterance : type ?? .utterance
            digits = Digits(
                detect: true, clear: own.clear, terminators: terminators ?? own.terminators, stripTerminator: own.stripTerminator,
                gapMilliseconds: own.gapMilliseconds, most: most ?? own.most)
        case .nothing: type = .nothing
        case .anything, nil: break
        }
        let bargeIn = expects?.mayInterrupt ?? settings.bargeIn
        guard type != nil || digits != nil || bargeIn != nil || settings.transcriptionProfile != nil || !settings.hintPhrases.isEmpty
        else { return nil }
        return Collection(
            type: type ?? .utterance, digits: digits, bargeIn: bargeIn, transcriptionProfile: settings.transcriptionProfile,
            hintPhrases: settings.hintPhrases)
    }

    func write(to writer: inout JSONWriter) {
        if let silence {
            writer.field("silenceRules", object: { rules in
                rules.field("engageComfortSequence", !silence.comfortPrompts.isEmpty)
                rules.field("botResponseDelayTolerance", silence.comfortDelayMilliseconds)
                rules.field("comfortPromptSequence", prompts: silence.comfortPrompts.map { ExchangeAnswer.Prompt(transcript: $0) })
                rules.field("millisecondsToWaitForUserResponse", silence.patienceMilliseconds)
            })
        }
        guard let collection else { return }
        writer.field("audioCollectionRules", object: { rules in
            rules.field("collectionType", collection.type.rawValue)
            if let digits = collection.digits {
                rules.field("dtmfRules", object: { keys in
                    keys.field("detectDtmf", digits.detect)
                    keys.field("clearDigits", digits.clear)
                    if !digits.terminators.isEmpty { keys.field("terminationCharacters", digits.terminators) }
                    keys.field("stripTerminator", digits.stripTerminator)
                    keys.field("interDigitTimeoutMilliseconds", digits.gapMilliseconds)
                    keys.field("maxDigits", digits.most)
                })
            }
            if let bargeIn = collection.bargeIn {
                rules.field("bargeConfiguration", object: { $0.field("enableSpeakerBarge", bargeIn) })
            }
            guard collection.transcriptionProfile != nil || !collection.hintPhrases.isEmpty else { return }
            rules.field("audioTranscriptionConfig", object: { config in
                config.field("transcriptionProfileId", collection.transcriptionProfile)
                guard !collection.hintPhrases.isEmpty else { return }
                config.field("hintPhrases", array: { list in for phrase in collection.hintPhrases { list.value(phrase) } })
            })
        })
    }
}
