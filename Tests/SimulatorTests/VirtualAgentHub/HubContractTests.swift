import JSON
import Secrets
import Simulator
import Testing
import TestSupport

/// Answers are held to the contract, and the wrong field is named by its path (V14, V15, V18).
@Suite("Virtual Agent Hub: the contract of answers")
struct HubContractTests {
    private static let sound = Base64.encodeText(WaveFile(samples: [Int16](repeating: 900, count: 160), rate: 8000).muLawFile)

    private static let whole = """
        {"branchName":"PromptAndCollectNextResponse",
         "nextPromptSequence":{"prompts":[
           {"transcript":"Hello","textToSpeech":"<speak>Hello</speak>","audioFilePath":null},
           {"transcript":"Ding","base64EncodedG711ulawWithWavHeader":"\(sound)"},
           {"transcript":"Which?","mediaSpecificObject":{"dfoMessage":{"messageContent":{"type":"QUICK_REPLIES","payload":{"text":{"content":"Which?"},
             "actions":[{"type":"REPLY_BUTTON","text":"A","postback":"a"}]},"fallbackText":"A or B?","postback":""}}}}]},
         "intentInfo":{"intent":"X","context":"c","intentConfidence":0.5,"lastUserUtterance":"u","slots":{"n":1}},
         "nextPromptBehaviors":{"silenceRules":{"engageComfortSequence":true,"botResponseDelayTolerance":1000,
             "comfortPromptSequence":{"prompts":[{"transcript":"…"}]},"millisecondsToWaitForUserResponse":1},
           "audioCollectionRules":{"collectionType":"SEND_UTTERANCE_AUDIO","dtmfRules":{"detectDtmf":true,"clearDigits":true,"terminationCharacters":"#",
             "stripTerminator":true,"interDigitTimeoutMilliseconds":1,"maxDigits":1},"bargeConfiguration":{"enableSpeakerBarge":true},
             "audioTranscriptionConfig":{"transcriptionProfileId":"p","hintPhrases":["h"]}}},
         "customPayload":{"any":[1]},"errorDetails":{"errorBehavior":"EndContact","errorPromptSequence":{"prompts":[]},"systemErrorMessage":"m"},
         "botSessionState":[1,2]}
        """

    private static func remarks(_ text: String) throws -> [String] {
        AnswerContract(judging: try JSON(parsing: Array(text.utf8))).violations.map { "\($0.field) \($0.message)" }
    }

    @Test("an answer with everything that the contract knows is right, and so is null where it may stand")
    func right() throws {
        #expect(try Self.remarks(Self.whole) == [])
        #expect(try Self.remarks(#"{"branchName":"Error","nextPromptSequence":null,"intentInfo":null,"customPayload":null,"errorDetails":null,"nextPromptBehaviors":null,"botSessionState":null}"#) == [])
    }

    @Test("every field can be wrong", arguments: [
        (#""PromptAndCollectNextResponse""#, #""PromptAndCollect""#, "branchName “PromptAndCollect” is none of the names"),
        (#""PromptAndCollectNextResponse""#, #""promptAndCollectNextResponse""#, "branchName “promptAndCollectNextResponse” is none of the names; is PromptAndCollectNextResponse meant?"),
        (#""PromptAndCollectNextResponse""#, "1", "branchName must be the name, not its number"),
        (#""branchName":"PromptAndCollectNextResponse","#, "", "branchName is missing"),
        (#""nextPromptSequence":"#, #""nextPromptsequence":"#, "nextPromptsequence is not in the contract; is nextPromptSequence meant?"),
        (#""prompts":[{"transcript":"…"}]"#, #""prompts":{}"#, "nextPromptBehaviors.silenceRules.comfortPromptSequence.prompts must be a list, but is an object"),
        (#""transcript":"Hello""#, #""transcript":7"#, "nextPromptSequence.prompts[0].transcript must be a text, but is a number"),
        (#""textToSpeech":"<speak>Hello</speak>""#, #""ssml":"x""#, "nextPromptSequence.prompts[0].ssml is not in the contract"),
        (#""audioFilePath":null"#, #""audioFilePath":false"#, "nextPromptSequence.prompts[0].audioFilePath must be a text, but is a truth value"),
        (#""base64EncodedG711ulawWithWavHeader":""#, #""base64EncodedG711ulawWithWavHeader":"!"#, "nextPromptSequence.prompts[1].base64EncodedG711ulawWithWavHeader is no base64"),
        (#""dfoMessage""#, #""dfomessage""#, "nextPromptSequence.prompts[2].mediaSpecificObject.dfomessage is not in the contract; dfoMessage is"),
        (#""QUICK_REPLIES""#, #""QUICK_REPLY""#, "nextPromptSequence.prompts[2].mediaSpecificObject.dfoMessage.messageContent.type “QUICK_REPLY” is none of the types; is QUICK_REPLIES meant?"),
        (#""text":{"content":"Which?"}"#, #""title":"Which?""#, "nextPromptSequence.prompts[2].mediaSpecificObject.dfoMessage.messageContent.payload.text.content is missing"),
        (#""type":"REPLY_BUTTON","#, "", "nextPromptSequence.prompts[2].mediaSpecificObject.dfoMessage.messageContent.payload.actions[0].type is missing"),
        (#""intentConfidence":0.5"#, #""intentConfidence":"100""#, "intentInfo.intentConfidence must be a number, but is a text"),
        (#""slots":{"n":1}"#, #""slots":[]"#, "intentInfo.slots must be an object, but is a list"),
        (#""slots":{"n":1}"#, #""Slots":{}"#, "intentInfo.Slots is not in the contract; is slots meant?"),
        (#""nextPromptBehaviors":"#, #""nextPromptBehaviours":"#, "nextPromptBehaviours is not in the contract; is nextPromptBehaviors meant?"),
        (#""engageComfortSequence":true"#, #""engageComfortSequence":"true""#, "nextPromptBehaviors.silenceRules.engageComfortSequence must be true or false, but is a text"),
        (#""botResponseDelayTolerance":1000"#, #""botResponseDelayTolerance":2500000000"#, "nextPromptBehaviors.silenceRules.botResponseDelayTolerance must be a whole number of 32 bits, but is a number"),
        (#""SEND_UTTERANCE_AUDIO""#, #""SEND_AUDIO""#, "nextPromptBehaviors.audioCollectionRules.collectionType “SEND_AUDIO” is none of the names"),
        (#""maxDigits":1"#, #""maxDigits":1.5"#, "nextPromptBehaviors.audioCollectionRules.dtmfRules.maxDigits must be a whole number of 32 bits, but is a number"),
        (#""hintPhrases":["h"]"#, #""hintPhrases":[null]"#, "nextPromptBehaviors.audioCollectionRules.audioTranscriptionConfig.hintPhrases[0] must not be null"),
        (#""customPayload":{"any":[1]}"#, #""customPayload":"x""#, "customPayload must be an object, but is a text"),
        (#""errorBehavior":"#, #""errorBehaviour":"#, "errorDetails.errorBehaviour is not in the contract; is errorBehavior meant?"),
        (#""EndContact""#, #""ReturnControlToScript""#, "errorDetails.errorBehavior “ReturnControlToScript” is none of the names"),
        (#""systemErrorMessage":"m""#, #""systemErrorMessage":{}"#, "errorDetails.systemErrorMessage must be a text, but is an object"),
        (#""botSessionState":[1,2]"#, #""botSessionState":[1,2],"requestId":4"#, "requestId is not in the contract"),
    ])
    func wrong(_ part: String, _ instead: String, _ remark: String) throws {
        let text = Self.whole.replacing(part, with: instead, maxReplacements: 1)
        #expect(text != Self.whole)
        #expect(try Self.remarks(text) == [remark])
    }

    @Test("sound that is no µ-law file is told apart")
    func sounds() throws {
        let pcm = Base64.encodeText(WaveFile(samples: [1, 2, 3], rate: 8000).pcmFile)
        let path = "nextPromptSequence.prompts[1].base64EncodedG711ulawWithWavHeader"
        #expect(try Self.remarks(Self.whole.replacing(Self.sound, with: pcm)) == ["\(path) must be G.711 µ-law, 8 kHz, mono, in a WAV file"])
        #expect(try Self.remarks(Self.whole.replacing(Self.sound, with: "AAAA")) == ["\(path) is no WAV file (RIFF, WAVE)"])
    }

    @Test("a breach makes the turn fail, or is only noted: for wrong fields and for unknown ones apart (switches)")
    func switches() async throws {
        try await staged { () async throws in
            for (answer, isUnknown) in [(HubStage.asks.replacing(#""v":1"#, with: #""v":1},"more":{"#), true), (HubStage.asks.replacing(#""Yes?""#, with: "1"), false)] {
                for note in [false, true] {
                    let stage = HubStage(answer)
                    stage.hub.behave { if isUnknown { $0.unknownFields = note ? .note : .refuse } else { $0.violations = note ? .note : .refuse } }
                    stage.app()
                    let begun = try await stage.begin()
                    #expect(begun.turns[0].violations.count == 1 && (begun.turns[0].failure == nil) == note)
                }
            }
        }
    }

    @Test("what scripts would miss is told: state, intent, reserved names, size, confidence", arguments: [
        (#"{"branchName":"PromptAndCollectNextResponse","intentInfo":{"intent":"I"}}"#, "without botSessionState"),
        (#"{"branchName":"PromptAndCollectNextResponse","botSessionState":1}"#, "intentInfo.intent is missing"),
        (#"{"branchName":"PromptAndCollectNextResponse","botSessionState":1,"intentInfo":{"intent":"I","intentConfidence":100}}"#, "intentConfidence is 100"),
        (#"{"branchName":"ReturnControlToScript","intentInfo":{"intent":"I"},"customPayload":{"diagnostics":1}}"#, "CXone sets itself"),
        (#"{"branchName":"ReturnControlToScript","intentInfo":{"intent":"I"},"customPayload":{"x":"\#(String(repeating: "y", count: 3000))"}}"#, "Studio's strings"),
        (#"{"branchName":"Error","intentInfo":{"intent":"I"}}"#, "no errorDetails"),
    ])
    func warnings(_ answer: String, _ words: String) async throws {
        try await staged { () async throws in
            let stage = HubStage(answer)
            stage.app()
            #expect(try await stage.begin().turns[0].warnings.contains { $0.contains(words) })
        }
    }
}
