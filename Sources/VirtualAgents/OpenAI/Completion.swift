import JSON

/// One completion, put together from a whole answer or from the chunks of a streamed one.
struct Completion: Sendable {
    struct ToolCall: Sendable {
        var name = ""
        var arguments = ""
    }

    var content = ""
    var refusal = ""
    var toolCalls: [ToolCall] = []
    var finishReason: String?
    /// Whether the answer said that it is complete.
    var isComplete = false

    init() {}

    /// A whole answer, or `nil` when it holds no choice.
    init?(answer: JSON) {
        guard let choice = answer["choices"]?.elements.first(where: { _ in true }), let message = choice["message"], message.kind == .object
        else { return nil }
        take(message)
        finishReason = choice["finish_reason"]?.string
        isComplete = true
    }

    /// One `data:` line of a stream. Chunks without choices carry usage only.
    mutating func take(chunk: JSON) {
        guard let choice = chunk["choices"]?.elements.first(where: { _ in true }) else { return }
        if let delta = choice["delta"] { take(delta) }
        if let reason = choice["finish_reason"]?.string {
            finishReason = reason
            isComplete = true
        }
    }

    /// A message, or a piece of one; members may be there with null. Pieces of a tool call are joined by their index.
    private mutating func take(_ message: JSON) {
        content += Completion.text(message["content"])
        refusal += message["refusal"]?.string ?? ""
        guard let calls = message["tool_calls"], calls.kind == .array else { return }
        for (position, call) in calls.elements.enumerated() {
            let index = call["index"]?.integer ?? position
            guard (0..<16).contains(index) else { continue }
            while toolCalls.count <= index { toolCalls.append(ToolCall()) }
            if let name = call["function"]?["name"]?.string, !name.isEmpty { toolCalls[index].name = name }
            toolCalls[index].arguments += call["function"]?["arguments"]?.string ?? ""
        }
    }

    /// Content is a text, or a list of parts of which the texts count.
    private static func text(_ content: JSON?) -> String {
        guard let content else { return "" }
        return content.string ?? content.elements.compactMap { $0["text"]?.string }.joined()
    }

    /// The text up to its last complete sentence; `nil` when there is none.
    static func completeSentences(of text: String) -> String? {
        let closers: Set<Character> = ["\"", "'", ")", "»", "”", "’"]
        var end: String.Index?
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            var next = text.index(after: index)
            if ".!?…。！？؟।".contains(character) {
                while next < text.endIndex, closers.contains(text[next]) || ".!?…".contains(text[next]) { next = text.index(after: next) }
                // "3.5" and "www.example" are no ends; the very end of what arrived may be one of those.
                let isEast = "。！？".contains(character)
                if isEast || (next < text.endIndex && text[next].isWhitespace) { end = next }
            } else if character.isNewline {
                end = index
            }
            index = next
        }
        guard let end else { return nil }
        let sentences = text[..<end]
        return sentences.allSatisfy(\.isWhitespace) ? nil : String(sentences)
    }
}
