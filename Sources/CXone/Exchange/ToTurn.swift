import Conversation
import JSON
import Secrets
import Time

/// CXone's request in the neutral words of `Turn`.
enum ToTurn {
    /// What the input is, and whether it could be made out at all.
    enum Reading {
        case input(Input)
        /// Sound that is no µ-law WAV file, and no words beside it.
        case unreadableSound
    }

    static func input(
        _ request: ExchangeRequest, _ intents: IntentSettings, silences: Int, warnings: inout [StaticString]
    ) -> Reading {
        let text = request.input
        let isFirst = request.state == nil
        let silence = Input.silence(count: silences + 1)
        switch request.inputType {
        case .noInput:
            // An empty first turn is the welcome; later nothing said is silence, whatever stands in `userInput` (§7.1).
            return .input(isFirst && text.isEmpty ? .start(event: intents.welcome.first ?? "WELCOME") : silence)
        case .text:
            if text.isEmpty || (intents.silenceMarkersInText && text.isIn(intents.silenceMarkers)) { return .input(silence) }
            return .input(.text(text))
        case .automatedText:
            if text.isEmpty { return .input(isFirst ? .start(event: intents.welcome.first ?? "WELCOME") : silence) }
            if text.isIn(intents.welcome) { return .input(.start(event: text)) }
            return .input(text.isIn(intents.silenceMarkers) ? silence : .event(text))
        case .digits:
            let keys = keys(in: text)
            if keys.utf8.count != text.utf8.count { warnings.append("digitsWithOtherCharacters") }
            return .input(keys.isEmpty ? silence : .digits(keys))
        case .audio: return sound(request, warnings: &warnings)
        case .archived: return .input(.archived)
        case .userEnded: return .input(.end)
        }
    }

    /// The keys of a telephone among what arrived.
    private static func keys(in text: String) -> String {
        let isKey = { (octet: UInt8) in octet >= 0x30 && octet <= 0x39 || octet == 0x2A || octet == 0x23 }
        return text.utf8.allSatisfy(isKey) ? text : String(decoding: text.utf8.filter(isKey), as: UTF8.self)
    }

    private static func sound(_ request: ExchangeRequest, warnings: inout [StaticString]) -> Reading {
        let base64 = request.sound?.plainBytes ?? request.sound?.string.map { Array($0.utf8)[...] }
        if let base64, !base64.isEmpty, let file = Base64.decode(base64) {
            do throws(AudioFile.Problem) {
                _ = try AudioFile(parsing: file)
                return .input(.audio(Audio(mediaType: "audio/wav", bytes: file)))
            } catch {
                warnings.append("audioMalformed")
            }
        } else {
            warnings.append(base64?.isEmpty == false ? "audioNotBase64" : "audioMissing")
        }
        // Words that arrived beside a broken recording are better than asking again.
        return request.input.isEmpty ? .unreadableSound : .input(.text(request.input))
    }

    /// Voice, when the media type says so or the input can only come from a call; anything else is text (§3.3).
    static func medium(_ request: ExchangeRequest) -> Medium {
        switch request.mediaType {
        case "voip", "voice", "phone", "phonecall", "telephony": .voice
        default: request.inputType == .audio || request.inputType == .digits ? .voice : .text
        }
    }

    /// The script's values and the app's parameters that the settings declare as carried; nothing else leaves (V5).
    static func facts(_ request: ExchangeRequest, _ settings: ExchangeSettings) -> [Turn.Fact] {
        guard !settings.carry.isEmpty || !settings.endpointParameters.isEmpty else { return [] }
        var facts: [Turn.Fact] = []
        for path in settings.carry {
            if path == "*" {
                guard let payload = request.payload else { continue }
                for member in payload.members { facts.append(.init(name: member.name, value: RawJSON(member.value))) }
            } else if let value = member(of: request.payload, at: path) {
                facts.append(.init(name: path, value: RawJSON(value)))
            }
        }
        for name in settings.endpointParameters {
            if let value = request.configuration.parameter(name) { facts.append(.init(name: name, value: .string(value))) }
        }
        return facts
    }

    private static func member(of payload: JSON?, at path: String) -> JSON? {
        if let direct = payload?[path] { return direct }
        var value = payload
        for name in path.split(separator: ".") { value = value?[String(name)] }
        return path.contains(".") ? value : nil
    }

    static func locale(_ request: ExchangeRequest, _ settings: ExchangeSettings) -> String? {
        settings.endpointParameters.contains("language")
            ? request.configuration.parameter("language") ?? settings.locale : settings.locale
    }
}
