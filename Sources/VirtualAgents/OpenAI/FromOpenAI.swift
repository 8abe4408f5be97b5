import Conversation
import JSON

/// Wire → reply, pure.
enum FromOpenAI {
    /// - Parameter history: Gets what was said and set, and becomes the reply's state.
    static func reply(_ completion: Completion, to turn: Turn, _ history: History, _ settings: OpenAISettings) -> Reply {
        var history = history
        var reply = Reply()
        let text = trimmed(completion.content)
        if !text.isEmpty { reply.parts.append(.text(plain: text)) }
        var signal: Signal?
        for call in completion.toolCalls { signal = take(call, into: &reply, &history, settings.tools) ?? signal }
        let isRefused = completion.finishReason == "content_filter" || !completion.refusal.isEmpty
        reply.signal = signal ?? Signal(after: turn.input, isEmpty: (text.isEmpty && reply.expects == nil) || isRefused)
        reply.understanding = Understanding(slots: history.slots)
        if let words = ToOpenAI.words(turn.input, settings) { history.add(.user, words) }
        history.add(.assistant, text)
        if case .end = reply.signal { return reply }
        reply.state = history.trimmed(to: settings.historyBytes)
        return reply
    }

    /// The first call that ends or transfers is the signal; calls of other names are ignored, for models invent them. Arguments that are
    /// broken JSON cost their content only.
    private static func take(
        _ call: Completion.ToolCall, into reply: inout Reply, _ history: inout History, _ names: OpenAIToolSettings
    ) -> Signal? {
        guard !call.name.isEmpty else { return nil }
        let arguments = try? JSON(parsing: Array(call.arguments.utf8))
        let reason = arguments?["reason"]?.string
        switch call.name {
        case names.end: return .end(reason: reason)
        case names.transfer:
            if let arguments, arguments.kind == .object, arguments.count > 0 { reply.scriptPayloads.append(RawJSON(arguments)) }
            return .handover(reason: reason, target: arguments?["skill"]?.string)
        case names.digits:
            let most = arguments?["max"]?.integer.flatMap { (1...100).contains($0) ? $0 : nil }
            reply.expects = Expectation(.digits(most: most, terminators: arguments?["finish"]?.string, only: false))
        case names.slot:
            if let name = arguments?["name"]?.string, let value = arguments?["value"] { history.set(name, RawJSON(value)) }
        default: break
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
