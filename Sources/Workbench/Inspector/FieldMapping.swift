import JSON

/// Which members of one body went into which of another, told by their values: what a person would see who laid the two side by side.
///
/// Nothing here knows an adapter. Equal texts and numbers belong together, those of equal names first; a longer text that holds a shorter one is
/// its next of kin. Truth values, empty ones and what is masked alike on both sides carry no evidence unless their names agree.
struct FieldMapping: Sendable {
    /// Pairs of places.
    private(set) var links: [(from: String, to: String)] = []
    /// Places of the first body that are in none of the links.
    private(set) var dropped: [String] = []

    private struct Leaf {
        let path: String
        let name: String
        let text: String
        let isString: Bool

        /// Whether the value alone says that two leaves are the same. Few digits are masked alike wherever they stand.
        var isTelling: Bool {
            guard isString else { return text.utf8.count >= 3 && text != "true" && text != "false" }
            return text.utf8.count >= 2 && text != "[hidden]" && !(text.hasPrefix("digits:") && text.utf8.count < 9)
        }
    }

    private static let most = 400

    init(from source: JSON, to target: JSON) {
        var left: [Leaf] = [], right: [Leaf] = []
        Self.collect(source, "", "", &left)
        Self.collect(target, "", "", &right)
        var isTaken = [Bool](repeating: false, count: right.count)
        for leaf in left {
            let found = Self.best(leaf, right, isTaken)
            if let found {
                isTaken[found] = true
                links.append((leaf.path, right[found].path))
            } else {
                dropped.append(leaf.path)
            }
        }
    }

    private static func best(_ leaf: Leaf, _ targets: [Leaf], _ isTaken: [Bool]) -> Int? {
        var best: (index: Int, score: Int)?
        for (index, target) in targets.enumerated() {
            let isSameName = leaf.name == target.name || leaf.name.lowercased() == target.name.lowercased()
            var score = 0
            if leaf.text == target.text {
                guard leaf.isTelling || isSameName else { continue }
                score = 10 + (isSameName ? 5 : 0)
            } else if leaf.isString, target.isString, min(leaf.text.utf8.count, target.text.utf8.count) >= 8,
                target.text.contains(leaf.text) || leaf.text.contains(target.text) {
                score = 4
            } else {
                continue
            }
            // A value may go to several places; one that nothing has gone to yet comes first.
            if isTaken[index] { score -= 3 }
            if score > best?.score ?? 0 { best = (index, score) }
        }
        return best?.index
    }

    private static func collect(_ value: JSON, _ path: String, _ name: String, _ leaves: inout [Leaf]) {
        guard leaves.count < most else { return }
        switch value.kind {
        case .object: for member in value.members { collect(member.value, JSONPath.member(member.name, of: path), member.name, &leaves) }
        case .array: for (index, element) in value.elements.enumerated() { collect(element, "\(path)[\(index)]", name, &leaves) }
        case .null: break
        case .string:
            guard let text = value.string, !text.isEmpty else { return }
            leaves.append(Leaf(path: path, name: name, text: text, isString: true))
        default: leaves.append(Leaf(path: path, name: name, text: String(decoding: value.raw, as: UTF8.self), isString: false))
        }
    }
}
