import JSON
import Secrets

/// One thing that the contact hears or sees.
struct Saying: Sendable {
    enum Kind: String, Sendable { case text, audio, recording, rich, error, comfort }

    struct Choice: Sendable {
        let text: String
        let value: String
        var description: String?
        var image: String?
    }

    var kind: Kind
    /// What is spoken or shown in words.
    var text: String
    /// What the synthesis is given, when it is not the text.
    var speech: String?
    /// 16-bit PCM in a WAV file.
    var sound: [UInt8]?
    var path: String?
    var richType: String?
    var title: String?
    var link: String?
    var image: String?
    var choices: [Choice] = []

    func write(to writer: inout JSONWriter, audioURL: String) {
        writer.object { object in
            object.field("kind", kind.rawValue)
            object.field("text", text)
            object.field("speech", speech)
            if sound != nil { object.field("audioURL", audioURL) }
            object.field("path", path)
            object.field("richType", richType)
            object.field("title", title)
            object.field("link", link)
            object.field("image", image)
            guard !choices.isEmpty else { return }
            object.field("choices", array: { list in
                for choice in choices {
                    list.object { entry in
                        entry.field("text", choice.text)
                        entry.field("value", choice.value)
                        entry.field("description", choice.description)
                        entry.field("image", choice.image)
                    }
                }
            })
        }
    }
}

/// How CXone renders a prompt sequence (§4.1, §9).
struct Rendering {
    let app: HubApp
    /// Values of the agent's custom payload, which later prompts may name as `{name}` (§8.3).
    let variables: [String: String]
    private(set) var says: [Saying] = []
    private(set) var warnings: [String] = []

    init(_ app: HubApp, variables: [String: String]) { (self.app, self.variables) = (app, variables) }

    mutating func render(_ sequence: JSON?, as kind: Saying.Kind = .text) {
        guard let prompts = sequence?["prompts"], prompts.kind == .array else { return }
        for (index, prompt) in prompts.elements.enumerated() where prompt.kind == .object {
            app.medium == .voice ? speak(prompt, index, kind) : show(prompt, index, kind)
        }
    }

    /// Sound goes before synthesis, synthesis before the transcript.
    private mutating func speak(_ prompt: JSON, _ index: Int, _ kind: Saying.Kind) {
        let transcript = filled(prompt["transcript"]?.string ?? "")
        if transcript.isEmpty { warnings.append("Prompt \(index + 1) has no transcript: CXone's transcript will lack it.") }
        if prompt["mediaSpecificObject"]?.isNull == false {
            warnings.append("Prompt \(index + 1) carries a rich message on a call, where nobody sees it.")
        }
        var saying = Saying(kind: kind, text: transcript)
        if let file = prompt["base64EncodedG711ulawWithWavHeader"]?.string.flatMap({ Base64.decode($0.utf8) }),
            let sound = try? WaveFile(parsing: file) {
            saying.kind = .audio
            saying.sound = sound.pcmFile
        } else if let path = prompt["audioFilePath"]?.string, !path.isEmpty {
            saying.kind = .recording
            saying.path = filled(path)
        } else if let speech = prompt["textToSpeech"]?.string, !speech.isEmpty {
            saying.speech = filled(speech)
        } else if transcript.isEmpty {
            warnings.append("Prompt \(index + 1) says nothing.")
            return
        }
        says.append(saying)
    }

    private mutating func show(_ prompt: JSON, _ index: Int, _ kind: Saying.Kind) {
        let transcript = filled(prompt["transcript"]?.string ?? "")
        if prompt["base64EncodedG711ulawWithWavHeader"]?.isNull == false || prompt["audioFilePath"]?.isNull == false {
            warnings.append("Prompt \(index + 1) carries sound in a chat, where nobody hears it.")
        }
        let message = prompt["mediaSpecificObject"]?["dfoMessage"]?["messageContent"]
        guard let message, message.kind == .object, let type = message["type"]?.string else {
            if transcript.isEmpty { warnings.append("Prompt \(index + 1) shows nothing: its transcript is empty.") }
            return says.append(Saying(kind: kind, text: transcript))
        }
        if transcript.isEmpty { warnings.append("Prompt \(index + 1) has no transcript: CXone's transcript will lack it.") }
        guard app.richTypes.contains(type) else {
            let fallback = message["fallbackText"]?.string ?? ""
            warnings.append(
                "This channel does not show \(type)" + (fallback.isEmpty ? ", and the message has no fallbackText." : "; its fallbackText stands for it."))
            return says.append(Saying(kind: kind, text: fallback.isEmpty ? transcript : fallback))
        }
        says.append(Rendering.rich(type, message, transcript))
    }

    private static func rich(_ type: String, _ message: JSON, _ transcript: String) -> Saying {
        let payload = message["payload"]
        let words = payload?["text"]?["content"]?.string ?? payload?["text"]?.string ?? message["fallbackText"]?.string ?? transcript
        var saying = Saying(kind: .rich, text: words.isEmpty ? transcript : words)
        saying.richType = type
        saying.title = payload?["title"]?["content"]?.string
        saying.link = payload?["url"]?.string
        saying.image = payload?["media"]?["url"]?.string
        for action in payload?["actions"].map({ Array($0.elements) }) ?? [] {
            guard let text = action["text"]?.string else { continue }
            let postback = action["postback"]?.string ?? ""
            saying.choices.append(Saying.Choice(
                text: text, value: postback.isEmpty ? text : postback, description: action["description"]?.string,
                image: action["icon"]?["url"]?.string))
        }
        return saying
    }

    /// `{name}` becomes the script's variable of that name; other braces stay.
    private func filled(_ text: String) -> String {
        guard text.contains("{"), !variables.isEmpty else { return text }
        var out = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            out += rest[..<open]
            let behind = rest[rest.index(after: open)...]
            if let close = behind.firstIndex(of: "}"), let value = variables[String(behind[..<close])] {
                out += value
                rest = behind[behind.index(after: close)...]
            } else {
                out += "{"
                rest = behind
            }
        }
        return out + rest
    }
}
