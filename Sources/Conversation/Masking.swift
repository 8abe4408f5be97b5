/// Hides what must not be kept or shown: payment cards and keyed digits (`security.md` §7). For traces, diagrams and pages only; nothing is
/// ever masked on its way to the agent.
///
/// Runs are found as people write them: digits of any script, with single spaces, dashes, dots or similar between them.
package enum Masking {
    /// Every number of 13 to 19 digits that satisfies Luhn's sum keeps its last four digits: `•••• 1111`. It may stand between other
    /// groups of digits; in a run without groups that is longer than any card, every part is tried.
    package static func cards(in text: String) -> String {
        replacingRuns(in: text, atLeast: 13) { run in
            guard let end = cardEnd(in: run) else { return nil }
            return "•••• " + run.digits[(end - 4)..<end].map { String($0) }.joined()
        }
    }

    /// Every run of `least` digits or more becomes its length: `digits:13`. What a caller keyed may come back in any later text.
    ///
    /// - Parameter keyed: What was keyed on this very turn, hidden however short it is.
    package static func digits(in text: String, atLeast least: Int = 4, orEqualTo keyed: String = "") -> String {
        let keys = keyed.unicodeScalars.compactMap { value(of: $0) }
        return replacingRuns(in: text, atLeast: keys.isEmpty ? least : min(least, keys.count)) { run in
            run.digits.count >= least || run.digits == keys ? "digits:\(run.digits.count)" : nil
        }
    }

    /// Digits that belong together, and where groups of them begin.
    private struct Run {
        var digits: [Int] = []
        var starts: [Int] = []
    }

    /// Where the first valid card number in the run ends, the longest first.
    private static func cardEnd(in run: Run) -> Int? {
        let count = run.digits.count
        let isOneGroup = run.starts.count == 1 && count > 19
        let starts = isOneGroup ? Array(0..<count) : run.starts
        let ends = isOneGroup ? Set(1...count) : Set(run.starts.dropFirst() + [count])
        for length in stride(from: min(19, count), through: 13, by: -1) {
            for start in starts where ends.contains(start + length) && isCard(run.digits[start..<(start + length)]) { return start + length }
        }
        return nil
    }

    private static func isCard(_ digits: ArraySlice<Int>) -> Bool {
        // Equal digits satisfy the sum only as zeros, which no card is.
        guard digits.contains(where: { $0 != 0 }) else { return false }
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let doubled = digit * 2
            sum += place % 2 == 0 ? digit : doubled > 9 ? doubled - 9 : doubled
        }
        return sum % 10 == 0
    }

    private static func replacingRuns(in text: String, atLeast least: Int, _ replacement: (Run) -> String?) -> String {
        var out = String.UnicodeScalarView()
        var run = Run()
        var held: [Unicode.Scalar] = []
        var trailing: [Unicode.Scalar] = []
        var isChanged = false
        func flush(_ out: inout String.UnicodeScalarView) {
            if run.digits.count >= least, let instead = replacement(run) {
                out.append(contentsOf: instead.unicodeScalars)
                isChanged = true
            } else {
                out.append(contentsOf: held)
            }
            out.append(contentsOf: trailing)
            run = Run()
            held = []
            trailing = []
        }
        for scalar in text.unicodeScalars {
            if let digit = value(of: scalar) {
                if run.digits.isEmpty || !trailing.isEmpty { run.starts.append(run.digits.count) }
                held.append(contentsOf: trailing)
                trailing = []
                held.append(scalar)
                run.digits.append(digit)
            } else if !run.digits.isEmpty, trailing.count < 2, isSeparator(scalar) {
                trailing.append(scalar)
            } else {
                flush(&out)
                out.append(scalar)
            }
        }
        flush(&out)
        return isChanged ? String(out) : text
    }

    private static func value(of scalar: Unicode.Scalar) -> Int? {
        if scalar.value < 0x80 { return scalar.value >= 0x30 && scalar.value <= 0x39 ? Int(scalar.value - 0x30) : nil }
        guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else { return nil }
        return Int(value)
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "-", ".", ",", "/", "_", "\t", "\n", "\u{A0}", "\u{AD}", "\u{200B}"..."\u{200F}", "\u{2009}"..."\u{2015}", "\u{202F}",
            "\u{2060}", "\u{3000}", "\u{FEFF}", "\u{B7}", "\u{2212}", "\u{FF0D}": true
        default: false
        }
    }
}
