import Glibc

extension SettingsFile {
    /// Reads the settings of the running process: the file that `CAUSEWAY_SETTINGS` names, or `causeway.jsonc` in the working folder.
    ///
    /// - Parameter place: Dotted path of the one group that this function needs, such as `store.cache`; the rest of the file is then
    ///   not looked at, and its secrets need not be at hand. Without it the whole file is read.
    package static func load<Root: SettingsGroup>(
        _ type: Root.Type, at place: String = ""
    ) throws(SettingsError) -> (settings: Root, warnings: [SettingsError.Problem]) {
        try read(type, at: variable("CAUSEWAY_SETTINGS") ?? "causeway.jsonc", environment: variable, place: place)
    }

    /// A variable of the process's environment. Looked up by name, because a table of all of them costs more than a turn's few look-ups.
    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
