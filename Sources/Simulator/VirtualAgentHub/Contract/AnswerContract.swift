package import JSON
import Secrets

/// `CustomExchangeResponseV1` as NICE's description declares it (`virtual-agent.md` §4, §5): closed objects, exact names, enum names as text.
/// Every remark names the field by its path, and a name that is nearly right is told.
package struct AnswerContract {
    package struct Remark: Sendable, Equatable {
        /// `nextPromptSequence.prompts[1].transcript`; empty for the whole answer.
        package let field: String
        package let message: String
        /// Whether it is a member that the description does not know.
        package let isUnknown: Bool
    }

    package private(set) var violations: [Remark] = []

    package init(judging answer: JSON) { check(answer, .object(AnswerContract.answer, required: ["branchName"]), at: "") }

    private indirect enum Kind: Sendable {
        case text, flag, whole, number, any, map, sound, rich
        case name([String])
        case list(Kind)
        case object([(String, Kind)], required: [String])
    }

    private static let answer: [(String, Kind)] = [
        ("branchName", .name(ExchangeBranch.allCases.map(\.rawValue))), ("nextPromptSequence", sequence), ("intentInfo", intent),
        ("nextPromptBehaviors", behaviors), ("customPayload", .map), ("errorDetails", errorDetails), ("botSessionState", .any),
    ]
    private static let sequence = Kind.object([("prompts", .list(prompt))], required: [])
    private static let prompt = Kind.object([
        ("transcript", .text), ("textToSpeech", .text), ("audioFilePath", .text), ("base64EncodedG711ulawWithWavHeader", .sound),
        ("mediaSpecificObject", .rich),
    ], required: [])
    private static let intent = Kind.object([
        ("intent", .text), ("context", .text), ("intentConfidence", .number), ("lastUserUtterance", .text), ("slots", .map),
    ], required: [])
    private static let behaviors = Kind.object([
        ("silenceRules", .object([
            ("engageComfortSequence", .flag), ("botResponseDelayTolerance", .whole), ("comfortPromptSequence", sequence),
            ("millisecondsToWaitForUserResponse", .whole),
        ], required: [])),
        ("audioCollectionRules", .object([
            ("collectionType", .name(CollectionRules.Kind.allCases.map(\.rawValue))),
            ("dtmfRules", .object([
                ("detectDtmf", .flag), ("clearDigits", .flag), ("terminationCharacters", .text), ("stripTerminator", .flag),
                ("interDigitTimeoutMilliseconds", .whole), ("maxDigits", .whole),
            ], required: [])),
            ("bargeConfiguration", .object([("enableSpeakerBarge", .flag)], required: [])),
            ("audioTranscriptionConfig", .object([("transcriptionProfileId", .text), ("hintPhrases", .list(.text))], required: [])),
        ], required: [])),
    ], required: [])
    private static let errorDetails = Kind.object([
        ("errorBehavior", .name(["ReturnControlToScriptThroughErrorBranch", "EndContact"])), ("errorPromptSequence", sequence),
        ("systemErrorMessage", .text),
    ], required: [])

    private mutating func wrong(_ path: String, _ message: String, isUnknown: Bool = false) {
        violations.append(Remark(field: path, message: message, isUnknown: isUnknown))
    }

    private mutating func check(_ value: JSON, _ kind: Kind, at path: String) {
        // Everything but the branch is nullable.
        if value.isNull, !path.isEmpty, path != "branchName" { return }
        let found = AnswerContract.spoken(value)
        switch kind {
        case .text: if value.string == nil { wrong(path, "must be a text, but is \(found)") }
        case .flag: if value.bool == nil { wrong(path, "must be true or false, but is \(found)") }
        case .whole: if value.integer.flatMap(Int32.init(exactly:)) == nil { wrong(path, "must be a whole number of 32 bits, but is \(found)") }
        case .number: if value.double == nil { wrong(path, "must be a number, but is \(found)") }
        case .map: if value.kind != .object { wrong(path, "must be an object, but is \(found)") }
        case .any: break
        case .sound: checkSound(value, at: path)
        case .rich: checkRich(value, at: path)
        case .name(let names): checkName(value, names, at: path)
        case .list(let element):
            guard value.kind == .array else { return wrong(path, "must be a list, but is \(found)") }
            for (index, item) in value.elements.enumerated() {
                if item.isNull { wrong("\(path)[\(index)]", "must not be null") } else { check(item, element, at: "\(path)[\(index)]") }
            }
        case .object(let members, let required):
            guard value.kind == .object else { return wrong(path, "must be an object, but is \(found)") }
            for member in value.members {
                let inner = path.isEmpty ? member.name : "\(path).\(member.name)"
                guard let known = members.first(where: { $0.0 == member.name }) else {
                    wrong(inner, "is not in the contract\(AnswerContract.hint(member.name, members.map(\.0)))", isUnknown: true)
                    continue
                }
                check(member.value, known.1, at: inner)
            }
            for name in required where value[name] == nil { wrong(path.isEmpty ? name : "\(path).\(name)", "is missing") }
        }
    }

    private mutating func checkName(_ value: JSON, _ names: [String], at path: String) {
        guard let text = value.string else {
            return wrong(path, value.integer == nil ? "must be one of the names, but is \(AnswerContract.spoken(value))" : "must be the name, not its number")
        }
        if !names.contains(text) { wrong(path, "“\(text)” is none of the names\(AnswerContract.hint(text, names))") }
    }

    private mutating func checkSound(_ value: JSON, at path: String) {
        guard let text = value.string else { return wrong(path, "must be base64, but is \(AnswerContract.spoken(value))") }
        guard let file = Base64.decode(text.utf8) else { return wrong(path, "is no base64") }
        do {
            if try !WaveFile(parsing: file).isMuLaw { wrong(path, "must be G.711 µ-law, 8 kHz, mono, in a WAV file") }
        } catch {
            wrong(path, error.description)
        }
    }

    /// The envelope of a digital message (§9).
    private mutating func checkRich(_ value: JSON, at path: String) {
        guard value.kind == .object else { return wrong(path, "must be an object, but is \(AnswerContract.spoken(value))") }
        for member in value.members where member.name != "dfoMessage" && AnswerContract.isNear(member.name, "dfoMessage") {
            wrong("\(path).\(member.name)", "is not in the contract; dfoMessage is", isUnknown: true)
        }
        guard let message = value["dfoMessage"] else { return }
        let place = "\(path).dfoMessage.messageContent"
        guard let content = message["messageContent"], content.kind == .object else { return wrong(place, "must be an object") }
        guard let type = content["type"]?.string else { return wrong("\(place).type", "is missing") }
        guard HubApp.allRichTypes.contains(type) else {
            return wrong("\(place).type", "“\(type)” is none of the types\(AnswerContract.hint(type, HubApp.allRichTypes))")
        }
        guard let payload = content["payload"], payload.kind == .object else { return wrong("\(place).payload", "is missing") }
        let wanted: [String] = switch type {
        case "TEXT": ["text"]
        case "QUICK_REPLIES": ["text.content", "actions"]
        case "LIST_PICKER": ["title.content", "text.content", "actions"]
        case "RICH_LINK": ["media.url", "title.content", "url"]
        default: []
        }
        for name in wanted {
            var found: JSON? = payload
            for part in name.split(separator: ".") { found = found?[String(part)] }
            if found == nil { wrong("\(place).payload.\(name)", "is missing") }
        }
        guard wanted.contains("actions"), let actions = payload["actions"] else { return }
        guard actions.kind == .array else { return wrong("\(place).payload.actions", "must be a list") }
        for (index, action) in actions.elements.enumerated() {
            for name in ["type", "text"] where action[name]?.string == nil { wrong("\(place).payload.actions[\(index)].\(name)", "is missing") }
        }
    }

    // MARK: Words

    private static func spoken(_ value: JSON) -> String {
        switch value.kind {
        case .null: "null"
        case .true, .false: "a truth value"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }

    static func hint(_ name: String, _ known: [String]) -> String {
        known.first { isNear(name, $0) }.map { "; is \($0) meant?" } ?? ""
    }

    /// Whether two names differ in case, separators or a few letters, at most three.
    static func isNear(_ left: String, _ right: String) -> Bool {
        func letters(_ name: String) -> [UInt8] { name.lowercased().utf8.filter { $0 != 0x5F && $0 != 0x2D } }
        let (a, b) = (letters(left), letters(right))
        guard a.count <= 64, abs(a.count - b.count) <= 3 else { return false }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                (diagonal, row[j + 1]) = (row[j + 1], min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1)))
            }
        }
        return row[b.count] <= min(3, b.count / 4)
    }
}
