import CXone
import Catalog
import Glibc
import JSON
import Settings

extension Doctor {
    static var settingsChecks: [Check] { [
        Check("settings.file", "the settings file is there, and only its owner writes it", look: settingsFile),
        Check("settings.mistakes", "every mistake and every advice of the settings", look: settingsMistakes),
        Check("settings.versions", "integration versions that CXone is going to withdraw", look: settingsVersions),
        Check("settings.plainHTTP", "switches that are for development only", look: settingsPlainHTTP),
    ] }

    private static func settingsFile(_ examination: Examination) -> [Finding] {
        let path = examination.path
        guard examination.text != nil else {
            return [.bad("cannot be read", at: path,
                fix: "name it with --settings or CAUSEWAY_SETTINGS; `causeway settings --sample > \(path)` writes one to start from")]
        }
        switch FileMode(path)?.writers {
        case .everybody: return [.bad("everybody on this machine can change it", at: path, fix: "chmod go-w \(path)")]
        case .group: return [.warn("its group can change it", at: path, fix: "chmod g-w \(path)")]
        default: return [.good("is there", at: path)]
        }
    }

    private static func settingsMistakes(_ examination: Examination) -> [Finding] {
        guard examination.text != nil else { return [] }
        let mistakes = examination.problems.map { problem in
            let text = problem.path.isEmpty ? problem.message : "\(problem.path): \(problem.message)"
            let place = examination.path + (problem.position.map { ":\($0.line):\($0.column)" } ?? "")
            return Finding.bad(text, at: place, fix: remedy(problem.message))
        }
        // Versions have a check of their own.
        let advice = examination.warnings.filter { !$0.path.hasSuffix(".integrationVersion") }.map { warning in
            Finding.warn(
                warning.message, at: examination.path + (warning.position.map { ":\($0.line):\($0.column)" } ?? "") + " \(warning.path)",
                fix: "change \(warning.path); `causeway settings --reference` tells what it means")
        }
        return mistakes.isEmpty && advice.isEmpty ? [.good("no mistake")] : mistakes + advice
    }

    /// What to do about a mistake that the settings reader found.
    private static func remedy(_ message: String) -> String {
        if let range = message.firstRange(of: "names the environment variable ") {
            let name = message[range.upperBound...].prefix { $0 != "," }
            return "set \(name) for the functions and for this command: \(name)=$(openssl rand -hex 32), or the value that the other side gave you"
        }
        if message.contains("well-known sample value") || message.contains("shorter than 16 characters") {
            return "make a random one, openssl rand -hex 32, and enter it on the other side too"
        }
        if message.contains("which cannot be read") || message.contains("which is empty") { return "write the file, readable for the functions' account" }
        if message.contains("unknown key") { return "correct the key or remove it; `causeway settings --reference` lists all" }
        return "correct it; `causeway settings --reference` explains every key"
    }

    private static func settingsVersions(_ examination: Examination) -> [Finding] {
        guard let agents = examination.settings?.turns.agents, !agents.isEmpty else { return [] }
        let old = agents.filter { $0.group.exchange.integrationVersion != .v3 }
        guard !old.isEmpty else { return [.good("all agents use integration version 3.0.0")] }
        return old.map { name, agent in
            let version = agent.exchange.integrationVersion
            return .warn(
                "integration version \(version.rawValue) is to be deprecated", at: "agents.\(name)",
                fix: (version == .v1 ? "enter the header under Custom Headers of the app in Virtual Agent Hub, " : "") + "set the app to 3.0.0 and "
                    + "\"integrationVersion\": \"3.0.0\" at the same time")
        }
    }

    private static func settingsPlainHTTP(_ examination: Examination) -> [Finding] {
        guard let outline = examination.outline else { return [] }
        let open = outline.allowances.filter { $0.hasSuffix("allowPlainHTTP") || $0.hasSuffix("allowLoopback") }
        guard !open.isEmpty else { return [.good("unencrypted requests are refused")] }
        let isDesk = examination.front?.isLoopback ?? false
        return open.map { place in
            let text = place.hasSuffix("allowPlainHTTP") ? "unencrypted requests are served" : "files are fetched from this machine itself"
            return isDesk ? .warn(text + ", for development", at: place, fix: "remove it before CXone calls")
                : .bad(text, at: place, fix: "remove \"\(place.split(separator: ".").last ?? "")\" from the settings")
        }
    }
}

/// Who may do what with a file, by its mode.
struct FileMode {
    enum Others: Sendable { case nobody, group, everybody }
    let readers: Others
    let writers: Others

    /// `nil` when there is no such file.
    init?(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        readers = facts.st_mode & 0o004 != 0 ? .everybody : facts.st_mode & 0o040 != 0 ? .group : .nobody
        writers = facts.st_mode & 0o002 != 0 ? .everybody : facts.st_mode & 0o020 != 0 ? .group : .nobody
    }
}
