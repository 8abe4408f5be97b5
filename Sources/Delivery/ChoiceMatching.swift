import Conversation

/// Understands a typed "2", or a label, as the choice that was shown last (`byoc.md` §10).
enum ChoiceMatching {
    /// `nil` when the text is none of the choices, or might be two of them.
    static func choice(_ text: String, among choices: [OutboundContent.Choice]) -> OutboundContent.Choice? {
        guard !choices.isEmpty, text.utf8.count <= 1000 else { return nil }
        let typed = trimmed(text[...])
        let labelled = choices.filter { folded($0.title) == folded(String(typed)) }
        if labelled.count == 1 { return labelled.first }
        guard labelled.isEmpty, let number = number(typed), choices.indices.contains(number - 1) else { return nil }
        return choices[number - 1]
    }

    /// "2", "2.", "2)", "(2)", "#2", in the digits of any script.
    private static func number(_ text: Substring) -> Int? {
        var rest = text
        if let first = rest.first, first == "(" || first == "#" || first == "[" { rest = rest.dropFirst() }
        if let last = rest.last, [".", ")", "]", ":"].contains(last) { rest = rest.dropLast() }
        guard !rest.isEmpty, rest.count <= 3 else { return nil }
        var number = 0
        for character in rest {
            guard let digit = character.wholeNumberValue, (0...9).contains(digit) else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    private static func folded(_ text: String) -> String { String(trimmed(text[...])).lowercased() }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return text
    }
}
