/// "Did you mean …": the nearest known name, if it is near enough to be a slip.
enum Spelling {
    static func nearest(to word: String, among known: [String]) -> String? {
        let best = known.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let (name, steps) = best, steps <= max(1, name.count / 3) else { return nil }
        return name
    }

    /// Number of letters to add, drop, change or swap with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.unicodeScalars), right = Array(right.unicodeScalars)
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for line in left.indices {
            var row = [line + 1]
            for column in right.indices {
                let change = last[column] + (left[line] == right[column] ? 0 : 1)
                var best = min(last[column + 1] + 1, row[column] + 1, change)
                if line > 0, column > 0, left[line] == right[column - 1], left[line - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
