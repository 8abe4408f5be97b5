import CXone
import JSON
import Simulator

/// A request for a shell. What is secret is a variable; `source .build/run/env` sets those of `make run`.
struct CurlCommand {
    let text: String

    init(_ entry: InspectorEntry) {
        let row = entry.row
        let origin = entry.exchange?.url.urlOrigin ?? ""
        var lines = ["curl -sS -X \(row.method) \(Self.quoted((origin.isEmpty ? "http://127.0.0.1:8080" : origin) + row.path))"]
        var names: [String] = []
        for (name, value) in entry.exchange?.requestFields ?? [] {
            let lower = name.lowercased()
            guard !["host", "content-length", "connection", "accept-encoding"].contains(lower) else { continue }
            if lower == "authorization" || lower == "cookie" || TraceMask.hides(name) || value == "…" || value == "[redacted]" {
                let variable = lower == "authorization" ? Self.authorization(row) : "CAUSEWAY_" + Self.variable(name)
                names.append(variable)
                lines.append("  -H \"\(name): ${\(variable)}\"")
            } else {
                lines.append("  -H \(Self.quoted("\(name): \(TraceMask().text(value))"))")
            }
        }
        if !names.contains(where: { $0.hasSuffix("AUTHORIZATION") || $0.hasSuffix("TOKEN") }), row.direction != .fromPlatform {
            lines.append("  -H \"Authorization: ${\(Self.authorization(row))}\"")
        }
        if !(entry.exchange?.requestFields.contains { $0.name.lowercased() == "content-type" } ?? false), row.method != "GET" {
            lines.append("  -H 'Content-Type: application/json'")
        }
        var comment: [String] = []
        if let body = Self.body(entry) {
            lines.append("  --data-binary @- <<BODY\n\(body.text)\nBODY")
            if body.isMasked { comment.append("# Digits are hidden as digits:N: write them in.") }
        }
        let text = lines.joined(separator: " \\\n")
        self.text = (comment + [text]).joined(separator: "\n") + "\n"
    }

    private static func authorization(_ row: InspectorEntry.Row) -> String {
        row.half == .virtualAgentHub ? "CAUSEWAY_AUTHORIZATION" : row.direction == .toCXone ? "CXONE_AUTHORIZATION" : "CAUSEWAY_BYOC_AUTHORIZATION"
    }

    /// Every hidden member as a variable, in a heredoc that the shell expands.
    private static func body(_ entry: InspectorEntry) -> (text: String, isMasked: Bool)? {
        guard let json = entry.requestJSON else { return nil }
        let masked = RawJSON { TraceMask(for: json).write(json, to: &$0) }
        guard let shown = masked.parsed(), shown.kind == .object || shown.kind == .array else { return nil }
        var out = ""
        for line in JSONLines(shown).lines {
            out += String(repeating: "  ", count: line.depth)
            if let name = line.name { out += escaped(RawJSON.string(name).text) + ": " }
            out += line.text == "\"\(TraceMask.standIn)\"" ? "${\(variable(line.name ?? "VALUE")):-null}" : escaped(line.text)
            out += line.isLast ? "\n" : ",\n"
        }
        return (String(out.dropLast()), masked.text.contains("digits:"))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("$", with: "\\$").replacing("`", with: "\\`")
    }

    /// `botSessionState` → `BOT_SESSION_STATE`.
    private static func variable(_ name: String) -> String {
        var out = "", wasLower = false
        for character in name {
            if character.isUppercase, wasLower { out.append("_") }
            wasLower = character.isLowercase || character.isNumber
            out += character.isASCII && (character.isLetter || character.isNumber) ? character.uppercased() : "_"
        }
        return out
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
