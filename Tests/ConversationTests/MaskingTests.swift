import Conversation
import Testing

/// Valid numbers of the lengths that cards have.
private func cards(_ count: Int) -> [String] {
    var state: UInt64 = 42
    func next() -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33)
    }
    return (0..<count).map { _ in
        let length = 13 + next() % 7
        var digits = [1 + next() % 9] + (0..<(length - 2)).map { _ in next() % 10 }
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let doubled = digit * 2
            sum += place % 2 == 1 ? digit : doubled > 9 ? doubled - 9 : doubled
        }
        digits.append((10 - sum % 10) % 10)
        return digits.map(String.init).joined()
    }
}

private func written(_ card: String, _ style: Int) -> String {
    let digits = Array(card)
    func grouped(_ separator: String, _ size: Int) -> String {
        stride(from: 0, to: digits.count, by: size).map { String(digits[$0..<min($0 + size, digits.count)]) }.joined(separator: separator)
    }
    func script(_ zero: UInt32) -> String {
        String(String.UnicodeScalarView(digits.compactMap { $0.wholeNumberValue.flatMap { Unicode.Scalar(zero + UInt32($0)) } }))
    }
    switch style {
    case 0: return card
    case 1: return grouped(" ", 4)
    case 2: return grouped("-", 4)
    case 3: return grouped("\u{A0}", 4)
    case 4: return grouped(".", 1)
    case 5: return script(0x0660)
    case 6: return script(0x0966)
    case 7: return script(0xFF10)
    case 8: return grouped(" - ", 4).replacing(" - ", with: "- ")
    default: return grouped("\u{2013}", 4)
    }
}

@Test("§7: card numbers in every writing are masked to their last four")
func masksCards() {
    var missed: [String] = []
    let numbers = cards(60)
    for (index, card) in numbers.enumerated() {
        for style in 0..<10 {
            let text = "pay with \(written(card, style)), thanks \(index % 10)"
            let masked = Masking.cards(in: text)
            if !masked.contains("•••• \(card.suffix(4))") || masked.contains(written(card, style)) { missed.append(text) }
        }
    }
    #expect(missed.isEmpty, "\(missed.count) of 600: \(missed.prefix(3))")
}

@Test("What is no card number stays as it is", arguments: [
    "", "hello", "4111 1111 1111 1112", "123456789012", "0000000000000000", "2026-11-20 20:15", "order 2390294837291", "1.2.3.4", "a1b2c3", "1234 5678 9012 3456",
])
func keepsOthers(text: String) { #expect(Masking.cards(in: text) == text) }

@Test("Digits become their number", arguments: [
    ("your order 2390294837290 is late", "your order digits:13 is late"), ("12 34", "digits:4"), ("123", "123"), ("٠١٢٣٤", "digits:5"), ("7-5-3 and 42", "7-5-3 and 42"),
])
func masksDigits(text: String, expected: String) { #expect(Masking.digits(in: text) == expected) }

@Test("What was keyed is hidden however short")
func masksKeyed() {
    #expect(Masking.digits(in: "you keyed 7 5 3, or 42", orEqualTo: "753") == "you keyed digits:3, or 42")
    #expect(Masking.digits(in: "choice 1 of 2", orEqualTo: "1") == "choice digits:1 of 2")
}

@Test("A card between other numbers is found", arguments: [
    "2 x 4111 1111 1111 1111", "12 4111 1111 1111 1111 12/26", "4111-1111-1111-1111 123", "0000041111111111111110000", "card:4111111111111111;",
])
func findsCardsAmongNumbers(text: String) { #expect(Masking.cards(in: text).contains("•••• 1111")) }
