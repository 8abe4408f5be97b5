import JSON

extension SettingsFile {
    /// The declarations as a JSON Schema (2020-12) for editors.
    package static func schema(_ declarations: [SettingDeclaration], title: String) -> [UInt8] {
        Array("""
            {"$schema":"https://json-schema.org/draft/2020-12/schema","title":\(quoted(title)),\(objectSchema(declarations, isRoot: true))}

            """.utf8)
    }

    private static func objectSchema(_ members: [SettingDeclaration], isRoot: Bool = false) -> String {
        var properties = members.map { "\(quoted($0.key)):\(schema(of: $0))" }
        if isRoot { properties.insert(#""$schema":{"type":"string"}"#, at: 0) }
        let required = members.filter(\.isRequired).map { quoted($0.key) }
        return #""type":"object","additionalProperties":false,"properties":{"# + properties.joined(separator: ",") + "}"
            + (required.isEmpty ? "" : #","required":["# + required.joined(separator: ",") + "]")
    }

    private static func schema(of declaration: SettingDeclaration) -> String {
        var parts = ["\"description\":" + quoted(declaration.description)]
        let inner = declaration.members.isEmpty ? #""type":"object""# : objectSchema(declaration.members)
        if declaration.isNamed {
            parts.append(#""type":"object","additionalProperties":{"# + inner + "}")
        } else if declaration.isArray {
            parts.append(#""type":"array","items":{"# + inner + "}")
        } else if !declaration.members.isEmpty || declaration.kind == "object" {
            parts.append(inner)
        } else if !declaration.schema.isEmpty {
            parts.append(declaration.schema)
        }
        if let fallback = declaration.fallback, !fallback.isEmpty { parts.append("\"default\":" + fallback) }
        return "{" + parts.joined(separator: ",") + "}"
    }

    /// The declarations as a Markdown table; nested keys are written with dots.
    package static func table(_ declarations: [SettingDeclaration]) -> String {
        "| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n" + rows(declarations, prefix: "").joined(separator: "\n") + "\n"
    }

    private static func rows(_ declarations: [SettingDeclaration], prefix: String) -> [String] {
        declarations.flatMap { declaration in
            let key = prefix + declaration.key
            let fallback = declaration.isRequired ? "required" : declaration.fallback.map { $0.isEmpty ? "–" : "`\($0)`" } ?? "–"
            let kind = declaration.kind.replacing("|", with: "\\|")
            let own = "| `\(key)` | \(kind) | \(fallback) | \(declaration.description.replacing("|", with: "\\|")) |"
            let inner = declaration.isNamed ? key + ".<name>." : declaration.isArray ? key + "[]." : key + "."
            return [own] + rows(declaration.members, prefix: inner)
        }
    }
}
