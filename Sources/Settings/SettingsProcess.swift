import CLinux
import Glibc
import JSON

extension SettingsFile {
    /// Reads the settings of the running process: the file that `CAUSEWAY_SETTINGS` names, or `causeway.jsonc` in the working folder.
    ///
    /// - Parameter place: Dotted path of the one group that this function needs, such as `store.cache`; the rest of the file is then
    ///   not looked at, and its secrets need not be at hand. Without it the whole file is read.
    package static func load<Root: SettingsGroup>(
        _ type: Root.Type, at place: String = ""
    ) throws(SettingsError) -> (settings: Root, warnings: [SettingsError.Problem]) {
        let environment = processEnvironment()
        let path = environment["CAUSEWAY_SETTINGS"] ?? "causeway.jsonc"
        return try read(type, at: path, environment: environment, place: place)
    }

    /// The environment of the process. Of a name that is there twice the first counts, as for `getenv`.
    package static func processEnvironment() -> [String: String] {
        var environment: [String: String] = [:]
        guard var entry = clinux_environment() else { return environment }
        while let text = entry.pointee {
            if let equals = strchr(text, Int32(UInt8(ascii: "="))) {
                let name = String(decoding: UnsafeRawBufferPointer(start: text, count: equals - text), as: UTF8.self)
                if environment[name] == nil { environment[name] = String(cString: equals + 1) }
            }
            entry += 1
        }
        return environment
    }
}
