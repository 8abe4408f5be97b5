/// What a medium can show, when the near side joins it.
package struct MediumCapabilities: Sendable {
    package let medium: Medium
    /// Buttons, links with pictures.
    package var showsRichContent: Bool
    /// SSML in spoken text.
    package var readsMarkup: Bool

    package init(_ medium: Medium, showsRichContent: Bool = true, readsMarkup: Bool = true) {
        self.medium = medium
        self.showsRichContent = showsRichContent && medium == .text
        self.readsMarkup = readsMarkup && medium == .voice
    }
}

/// Turns what one side cannot take into the nearest that it can, once, in the middle: neither adapters nor near sides do it themselves.
/// Whatever is lost on the way is told, as a short name for the log.
package enum Degrading {
    /// What the agent is asked, or `nil` when it can make nothing of the input.
    package static func input(_ input: Input, for agent: AgentCapabilities, losses: inout [StaticString]) -> Input? {
        switch input {
        case .digits(let keys) where !agent.takesDigits: return .text(keys)
        case .audio where !agent.hearsAudio:
            losses.append("audioNotHeard")
            return nil
        default: return input
        }
    }

    /// The parts of a reply in a form that the medium can render. Parts with nothing left are dropped; order is kept.
    package static func parts(
        _ parts: [Reply.Part], for medium: MediumCapabilities, losses: inout [StaticString]
    ) -> [Reply.Part] {
        // Most replies are one text that needs nothing.
        if parts.count == 1, case .text(let plain, nil) = parts[0], !plain.isEmpty, !SpeechMarkup.isMarkup(plain) { return parts }
        var out: [Reply.Part] = []
        out.reserveCapacity(parts.count)
        var pause = 0
        for part in parts {
            switch part {
            case .text(let plain, let spoken):
                text(plain, spoken, pause: &pause, medium, &out, &losses)
            case .choices(let prompt, let choices):
                if medium.showsRichContent, !choices.isEmpty, choices.allSatisfy({ !$0.title.isEmpty }) {
                    out.append(part)
                } else {
                    text(numbered(prompt, choices, medium.medium), nil, pause: &pause, medium, &out, &losses)
                }
            case .media(let media):
                if medium.showsRichContent {
                    out.append(part)
                } else if medium.medium == .text {
                    out.append(.text(plain: [media.caption, media.url].compactMap(\.self).joined(separator: " ")))
                } else if let caption = media.caption, !caption.isEmpty {
                    losses.append("mediaNotShown")
                    text(caption, nil, pause: &pause, medium, &out, &losses)
                } else {
                    losses.append("mediaDropped")
                }
            case .pause(let milliseconds):
                if medium.readsMarkup { pause = min(pause + max(0, milliseconds), 10_000) } else { losses.append("pauseDropped") }
            case .audio(_, let transcript), .recording(_, let transcript):
                if medium.medium == .voice {
                    out.append(part)
                } else if transcript.isEmpty {
                    losses.append("audioDropped")
                } else {
                    losses.append("audioAsText")
                    out.append(.text(plain: transcript))
                }
            case .custom: out.append(part)
            }
        }
        if pause > 0 { losses.append("pauseDropped") }
        return out
    }

    private static func text(
        _ plain: String, _ spoken: String?, pause: inout Int, _ medium: MediumCapabilities, _ out: inout [Reply.Part],
        _ losses: inout [StaticString]
    ) {
        // Markup where plain words belong is an agent's slip: the contact must never read tags.
        let isMarkup = SpeechMarkup.isMarkup(plain)
        let words = isMarkup ? SpeechMarkup.words(of: plain) : plain
        var markup = medium.readsMarkup ? spoken ?? (isMarkup ? plain : nil) : nil
        if pause > 0, medium.readsMarkup {
            markup = SpeechMarkup.pausing(pause, before: markup ?? SpeechMarkup.document(SpeechMarkup.escaped(words)))
            pause = 0
        }
        guard !words.isEmpty || markup != nil else { return }
        let transcript = words.isEmpty ? markup.map { SpeechMarkup.words(of: $0) } ?? "" : words
        guard !transcript.isEmpty else { return losses.append("textWithoutWords") }
        out.append(.text(plain: transcript, spoken: markup))
    }

    /// `Which slot? 1. Morning 2. Evening`, one line each where lines exist.
    package static func numbered(_ prompt: String, _ choices: [Reply.Choice], _ medium: Medium) -> String {
        let lines = choices.enumerated().map { index, choice in
            medium == .voice ? "\(index + 1): \(choice.title)." : "\(index + 1). \(choice.title)"
        }
        return ((prompt.isEmpty ? [] : [prompt]) + lines).joined(separator: medium == .voice ? " " : "\n")
    }
}
