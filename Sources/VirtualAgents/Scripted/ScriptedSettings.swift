import JSON
package import Settings

/// Settings of a scripted agent. The script is read once, with the settings, and its mistakes are settings mistakes.
package struct ScriptedSettings: SettingsGroup {
    package let script: Script

    /// The order-status example.
    package static let embedded = ScriptedSettings(script: .orderStatus)

    private init(script: Script) { self.script = script }

    package init(from reader: SettingsReader) {
        let path = reader.optional(
            "file", .path, "Script of the agent. Without it the embedded order-status example answers.")
        guard let path else {
            script = .orderStatus
            return
        }
        guard let bytes = FileBytes.read(path) else {
            script = Script()
            reader.problem("\"file\" names \(path), which cannot be read", at: "file")
            return
        }
        do {
            script = try Script(reading: String(decoding: bytes, as: UTF8.self), soundsIn: ScriptedSettings.folder(of: path))
        } catch {
            script = Script()
            for mistake in error.mistakes {
                reader.problem("\(path):\(mistake.position.line):\(mistake.position.column): \(mistake.message)", at: "file")
            }
        }
    }

    private static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }
}

extension Script {
    /// Reads a script's text; sounds are taken from a folder.
    package init(reading text: String, soundsIn folder: String) throws(ScriptError) {
        self = try ScriptReader.read(text) { path in FileBytes.read(path.hasPrefix("/") ? path : folder + "/" + path) }
    }
}
