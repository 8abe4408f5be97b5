/// What a replay came to: a table for people, JUnit's XML for build servers.
package enum ReplayReport {
    package static func table(_ results: [Replay.Result]) -> String {
        let width = results.map(\.file.count).max() ?? 0
        var lines: [String] = []
        for result in results {
            let padding = String(repeating: " ", count: width - result.file.count)
            let turns = "\(result.steps.count) step\(result.steps.count == 1 ? "" : "s")"
            lines.append("\(result.file)\(padding)  \(turns), \(result.milliseconds) ms  \(result.hasPassed ? "passed" : "FAILED")")
            if let problem = result.problem { lines += problem.split(separator: "\n").map { "    \($0)" } }
            for step in result.steps { lines += step.differences.map { "    line \($0.line), \(cut(step.step.text)): \($0.message)" } }
        }
        let failed = results.count { !$0.hasPassed }
        lines.append("\(results.count) conversation\(results.count == 1 ? "" : "s"), \(failed == 0 ? "all passed" : "\(failed) failed")")
        return lines.joined(separator: "\n") + "\n"
    }

    package static func junit(_ results: [Replay.Result]) -> String {
        var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        for result in results {
            let failures = result.steps.count { !$0.differences.isEmpty } + (result.problem == nil ? 0 : 1)
            let count = result.steps.count + (result.problem == nil ? 0 : 1)
            out += "  <testsuite name=\"\(escaped(result.file))\" tests=\"\(count)\" failures=\"\(failures)\" time=\"\(seconds(result.milliseconds))\">\n"
            if let problem = result.problem {
                out += "    <testcase classname=\"\(escaped(result.title))\" name=\"file\"><failure message=\"\(escaped(problem))\"/></testcase>\n"
            }
            for step in result.steps {
                out += "    <testcase classname=\"\(escaped(result.title))\" name=\"line \(step.step.line): \(escaped(cut(step.step.text)))\" "
                    + "time=\"\(seconds(step.milliseconds))\""
                guard !step.differences.isEmpty else {
                    out += "/>\n"
                    continue
                }
                let text = step.differences.map(\.description).joined(separator: "\n")
                out += "><failure message=\"\(escaped(step.differences.first?.message ?? ""))\">\(escaped(text))</failure></testcase>\n"
            }
            out += "  </testsuite>\n"
        }
        return out + "</testsuites>\n"
    }

    private static func seconds(_ milliseconds: Int) -> String {
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    private static func cut(_ text: String) -> String { text.count <= 80 ? text : String(text.prefix(79)) + "…" }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\n", "\t": out.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
