package import JSON

/// One verdict of the doctor: what was looked at, what was found, and what to do about it.
package struct Finding: Sendable, Equatable {
    package enum Verdict: String, Sendable, Comparable {
        case good, warning, bad

        package var mark: String {
            switch self {
            case .good: "✓"
            case .warning: "!"
            case .bad: "✗"
            }
        }

        private var weight: Int { self == .good ? 0 : self == .warning ? 1 : 2 }
        package static func < (left: Self, right: Self) -> Bool { left.weight < right.weight }
    }

    /// Name of the check, such as `secrets.files`; stays the same from version to version.
    package fileprivate(set) var check = ""
    package let verdict: Verdict
    /// Setting, file or host; empty where the check says it all.
    package let place: String
    package let text: String
    /// What to do, exactly; empty for what is good.
    package let fix: String

    static func good(_ text: String, at place: String = "") -> Finding { Finding(verdict: .good, place: place, text: text, fix: "") }
    static func warn(_ text: String, at place: String = "", fix: String) -> Finding { Finding(verdict: .warning, place: place, text: text, fix: fix) }
    static func bad(_ text: String, at place: String = "", fix: String) -> Finding { Finding(verdict: .bad, place: place, text: text, fix: fix) }

    private init(verdict: Verdict, place: String, text: String, fix: String) {
        (self.verdict, self.place, self.text, self.fix) = (verdict, place, text, fix)
    }

    /// The finding on one line, whatever its parts hold.
    package var line: String {
        let whole = "\(verdict.mark) \(check)  \(place.isEmpty ? "" : place + ": ")\(text)\(fix.isEmpty ? "" : " → \(fix)")"
        return String(String.UnicodeScalarView(whole.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : $0 }))
    }
}

/// One thing that the doctor looks at.
package struct Check: Sendable {
    package enum Need: Sendable {
        /// Files of this machine only.
        case files
        case network
        /// Turns at virtual agents, which may cost money.
        case live
    }

    package let name: String
    /// One line for `causeway doctor --list`.
    package let looksAt: String
    package let need: Need
    /// Nothing when there is nothing of that kind in the settings.
    private let look: @Sendable (Examination) async -> [Finding]

    init(_ name: String, _ looksAt: String, need: Need = .files, look: @escaping @Sendable (Examination) async -> [Finding]) {
        (self.name, self.looksAt, self.need, self.look) = (name, looksAt, need, look)
    }

    package func findings(_ examination: Examination) async -> [Finding] {
        await look(examination).map { finding in
            var finding = finding
            finding.check = name
            return finding
        }
    }
}

/// All findings of one round.
package struct DoctorReport: Sendable {
    package let findings: [Finding]

    package init(_ findings: [Finding]) { self.findings = findings }

    package var worst: Finding.Verdict { findings.map(\.verdict).max() ?? .good }

    /// 0: all good; 10: something should be changed; 20: something is wrong.
    package var exitStatus: Int32 {
        switch worst {
        case .good: 0
        case .warning: 10
        case .bad: 20
        }
    }

    package var summary: String {
        func count(_ verdict: Finding.Verdict) -> Int { findings.count { $0.verdict == verdict } }
        return "\(count(.good)) good, \(count(.warning)) to be changed, \(count(.bad)) wrong"
    }

    /// - Parameter hidesGood: Leaves out what is good.
    package func text(hidesGood: Bool = false) -> String {
        (findings.filter { !hidesGood || $0.verdict != .good }.map(\.line) + [summary]).joined(separator: "\n")
    }

    package var json: RawJSON {
        RawJSON { $0.object { json in
            json.field("verdict", worst.rawValue)
            json.field("exitStatus", Int(exitStatus))
            json.field("findings", array: { list in
                for finding in findings {
                    list.object { json in
                        json.field("check", finding.check)
                        json.field("verdict", finding.verdict.rawValue)
                        json.field("place", finding.place.isEmpty ? nil : finding.place)
                        json.field("text", finding.text)
                        json.field("fix", finding.fix.isEmpty ? nil : finding.fix)
                    }
                }
            })
        } }
    }

    /// What differs from the round before: what is new, and what went away (`--watch`).
    package func changes(since before: DoctorReport) -> [String] {
        let gone = before.findings.filter { old in
            old.verdict != .good && !findings.contains { ($0.check, $0.place, $0.verdict) == (old.check, old.place, old.verdict) }
        }
        let new = findings.filter { new in !before.findings.contains { ($0.check, $0.place, $0.verdict) == (new.check, new.place, new.verdict) } }
        return gone.map { "✓ \($0.check)  \($0.place.isEmpty ? "" : $0.place + ": ")no longer: \($0.text)" } + new.filter { $0.verdict != .good }.map(\.line)
    }
}
