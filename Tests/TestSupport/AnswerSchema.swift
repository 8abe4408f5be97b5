import JSON

/// The answer's schema as CXone publishes it (`virtual-agent.md` §4, §5): closed objects, exact names, enum names as text. Written apart
/// from the writer that it judges.
package enum AnswerSchema {
    /// What is wrong with an answer; empty when it is right.
    package static func problems(in body: [UInt8]) -> [String] {
        let json: JSON
        do { json = try JSON(parsing: body) } catch { return ["not JSON: \(error)"] }
        var checker = Checker()
        checker.check(json, .object(answer, required: ["branchName"]), at: "$")
        if json["branchName"]?.string == "Error", json["errorDetails"] == nil { checker.problems.append("$: Error without errorDetails") }
        for name in ["callbackTime", "httpStatusCode", "diagnostics"] where json["customPayload"]?[name] != nil {
            checker.problems.append("$.customPayload: reserved name \(name)")
        }
        if let payloads = json["customPayload"]?["scriptPayloads"], payloads.kind != .array, payloads.kind != .object {
            checker.problems.append("$.customPayload.scriptPayloads: neither array nor object")
        }
        for name in ["botSessionState", "customPayload"] where (json[name]?.raw.count ?? 0) > 16 << 10 {
            checker.problems.append("$.\(name): beyond 16 KiB")
        }
        return checker.problems
    }

    private indirect enum Shape: Sendable {
        case text, flag, whole, number, any, map
        case oneOf([String])
        case list(Shape)
        case object([(String, Shape)], required: [String])
    }

    private static let answer: [(String, Shape)] = [
        ("branchName", .oneOf([
            "DoNotBegin", "PromptAndCollectNextResponse", "ReturnControlToScript", "EndContact", "AudioInputUntranscribeable", "Error",
            "DTMFBreakout", "UserInputTimeout", "UserInputNotUnderstood",
        ])),
        ("nextPromptSequence", sequence), ("intentInfo", intent), ("nextPromptBehaviors", behaviors), ("customPayload", .map),
        ("errorDetails", errorDetails), ("botSessionState", .any),
    ]
    private static let sequence = Shape.object([("prompts", .list(prompt))], required: ["prompts"])
    private static let prompt = Shape.object([
        ("transcript", .text), ("textToSpeech", .text), ("audioFilePath", .text), ("base64EncodedG711ulawWithWavHeader", .text),
        ("mediaSpecificObject", .object([("dfoMessage", .object([("messageContent", .map)], required: ["messageContent"]))], required: [])),
    ], required: ["transcript"])
    private static let intent = Shape.object([
        ("intent", .text), ("context", .text), ("intentConfidence", .number), ("lastUserUtterance", .text), ("slots", .map),
    ], required: ["intent", "lastUserUtterance"])
    private static let errorDetails = Shape.object([
        ("errorBehavior", .oneOf(["ReturnControlToScriptThroughErrorBranch", "EndContact"])), ("errorPromptSequence", sequence),
        ("systemErrorMessage", .text),
    ], required: ["errorBehavior"])
    private static let behaviors = Shape.object([
        ("silenceRules", .object([
            ("engageComfortSequence", .flag), ("botResponseDelayTolerance", .whole), ("comfortPromptSequence", sequence),
            ("millisecondsToWaitForUserResponse", .whole),
        ], required: [])),
        ("audioCollectionRules", .object([
            ("collectionType", .oneOf(["DO_NOT_COLLECT_USER_RESPONSE", "SEND_UTTERANCE_AUDIO", "SEND_DTMF_ONLY_AS_TEXT"])),
            ("dtmfRules", .object([
                ("detectDtmf", .flag), ("clearDigits", .flag), ("terminationCharacters", .text), ("stripTerminator", .flag),
                ("interDigitTimeoutMilliseconds", .whole), ("maxDigits", .whole),
            ], required: [])),
            ("bargeConfiguration", .object([("enableSpeakerBarge", .flag)], required: [])),
            ("audioTranscriptionConfig", .object([("transcriptionProfileId", .text), ("hintPhrases", .list(.text))], required: [])),
        ], required: ["collectionType"])),
    ], required: [])

    private struct Checker {
        var problems: [String] = []

        mutating func check(_ value: JSON, _ shape: Shape, at path: String) {
            let fits: Bool = switch shape {
            case .text: value.string != nil
            case .flag: value.bool != nil
            case .whole: value.integer != nil
            case .number: value.double.map { (0...1).contains($0) } ?? false
            case .any: !value.isNull
            case .map: value.kind == .object && value.count > 0
            case .oneOf(let names): value.string.map(names.contains) ?? false
            case .list: value.kind == .array && value.count > 0
            case .object: value.kind == .object && value.count > 0
            }
            guard fits else { return problems.append("\(path): does not fit") }
            switch shape {
            case .list(let element):
                for (index, item) in value.elements.enumerated() { check(item, element, at: "\(path)[\(index)]") }
            case .object(let members, let required):
                for member in value.members {
                    guard let known = members.first(where: { $0.0 == member.name }) else {
                        problems.append("\(path): unknown member \(member.name)")
                        continue
                    }
                    check(member.value, known.1, at: "\(path).\(member.name)")
                }
                for name in required where value[name] == nil { problems.append("\(path): \(name) is missing") }
            default: break
            }
            if path.hasSuffix(".transcript"), let text = value.string, text.isEmpty || text.contains("<speak") {
                problems.append("\(path): empty or SSML")
            }
        }
    }
}
