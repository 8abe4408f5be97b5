/// "Did you mean …": the nearest known name, if it is near enough to be a slip.
enum Spelling {
    static func nearest(to word: String, among known: [String]) -> String? {
        let best = known.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let (name, steps) = best, steps <= max(1, name.count / 3) else { return nil }
        return name
    }

    /// Levenshtein distance, one row at a time.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.unicodeScalars)
        var row = Array(0...right.count)
        for (line, a) in left.unicodeScalars.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, b) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
