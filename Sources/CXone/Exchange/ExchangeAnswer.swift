import Conversation
import JSON

/// The answer to a turn, `CustomExchangeResponseV1` (`virtual-agent.md` §4). Its writer is the only place that spells CXone's names;
/// what is empty is left out, and nothing else is ever sent.
struct ExchangeAnswer {
    var branch: Branch
    var prompts: [Prompt] = []
    var intent: IntentInfo
    var behaviors: PromptBehaviors?
    var customPayload: RawJSON?
    var error: ErrorDetails?
    var state: RawJSON?

    struct Prompt: Equatable {
        /// Always there, never SSML.
        let transcript: String
        let textToSpeech: String?
        let audioFilePath: String?
        /// A µ-law WAV file as base64.
        let sound: [UInt8]?
        let mediaSpecificObject: RawJSON?

        /// - Parameter transcript: What is shown or said. Markup is reduced to its words; where none are left, `standIn` stands for them.
        init(
            transcript: String, standIn: String = "Message", textToSpeech: String? = nil, audioFilePath: String? = nil,
            sound: [UInt8]? = nil, mediaSpecificObject: RawJSON? = nil
        ) {
            let words = SpeechMarkup.isMarkup(transcript) ? SpeechMarkup.words(of: transcript) : transcript
            self.transcript = words.isEmpty ? standIn : words
            self.textToSpeech = textToSpeech
            self.audioFilePath = audioFilePath
            self.sound = sound
            self.mediaSpecificObject = mediaSpecificObject
        }
    }

    struct IntentInfo {
        var intent: String
        var context: String?
        /// 0…1.
        var confidence: Double?
        var lastUserUtterance = ""
        var slots: [(name: String, value: RawJSON)] = []
    }

    struct ErrorDetails {
        let behavior: ErrorBehavior
        let prompt: String
        /// For CXone's log: no secret, nothing personal.
        let systemMessage: String
    }

    var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 + (customPayload?.bytes.count ?? 0) + (state?.bytes.count ?? 0))
        writer.object { answer in
            answer.field("branchName", branch.rawValue)
            answer.field("nextPromptSequence", prompts: prompts)
            answer.field("intentInfo", object: { $0.intentInfo(intent) })
            if let behaviors { answer.field("nextPromptBehaviors", object: { behaviors.write(to: &$0) }) }
            answer.field("customPayload", customPayload)
            if let error {
                answer.field("errorDetails", object: { details in
                    details.field("errorBehavior", error.behavior.rawValue)
                    details.field("errorPromptSequence", prompts: error.prompt.isEmpty ? [] : [Prompt(transcript: error.prompt)])
                    details.field("systemErrorMessage", error.systemMessage)
                })
            }
            answer.field("botSessionState", state)
        }
        return writer.bytes
    }
}

extension JSONWriter {
    /// A `PromptSequence`; left out when there is nothing to say.
    mutating func field(_ key: String, prompts: [ExchangeAnswer.Prompt]) {
        guard !prompts.isEmpty else { return }
        field(key, object: { sequence in
            sequence.field("prompts", array: { array in
                for prompt in prompts {
                    array.object { item in
                        item.field("transcript", prompt.transcript)
                        item.field("textToSpeech", prompt.textToSpeech)
                        item.field("audioFilePath", prompt.audioFilePath)
                        if let sound = prompt.sound {
                            item.name("base64EncodedG711ulawWithWavHeader")
                            item.plainString(sound)
                        }
                        item.field("mediaSpecificObject", prompt.mediaSpecificObject)
                    }
                }
            })
        })
    }

    fileprivate mutating func intentInfo(_ info: ExchangeAnswer.IntentInfo) {
        field("intent", info.intent)
        field("context", info.context)
        field("intentConfidence", info.confidence.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil })
        field("lastUserUtterance", info.lastUserUtterance)
        guard !info.slots.isEmpty else { return }
        field("slots", object: { slots in
            // A name that an agent gives twice counts once, the last value standing.
            for (index, slot) in info.slots.enumerated() where !info.slots[(index + 1)...].contains(where: { $0.name == slot.name }) {
                slots.field(slot.name, slot.value)
            }
        })
    }
}
