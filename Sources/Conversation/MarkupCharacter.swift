/// The five characters that mean something in XML, HTML and SVG, as text and in attributes.
package enum MarkupCharacter {
    /// What stands for the character; `nil` for one that stands for itself. Numbers instead of names where HTML and XML differ.
    package static func reference(to scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        case "\"": "&quot;"
        case "'": "&#39;"
        default: nil
        }
    }

    /// The text with every such character replaced, and nothing else.
    package static func escaped(_ text: some StringProtocol) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            if let reference = reference(to: scalar) { out += reference } else { out.unicodeScalars.append(scalar) }
        }
        return out
    }
}
