package import Glibc
import Settings

/// Files and folders at the desk.
package enum Files {
    /// Writes a file, its folders included. The mode holds for a file that is new.
    package static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
        if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw SystemFailure("cannot write \(path)") }
        defer { close(file) }
        guard fchmod(file, mode) == 0 else { throw SystemFailure("cannot set the mode of \(path)") }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw SystemFailure("cannot write \(path)") }
            rest = rest.dropFirst(count)
        }
    }

    package static func read(_ path: String) -> String? {
        FileBytes.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The octets of a file; `nil` when it cannot be read.
    package static func octets(_ path: String) -> [UInt8]? { FileBytes.read(path) }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a folder and those above it.
    package static func makeFolder(_ path: String, mode: mode_t = 0o755) throws {
        guard !path.isEmpty, !exists(path) else { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash]), mode: mode) }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemFailure("cannot make the folder \(path)") }
    }

    /// The path from the root. What is not there is made as a folder.
    package static func absolute(_ path: String) throws -> String {
        if !exists(path) { try makeFolder(path) }
        guard let full = realpath(path, nil) else { throw SystemFailure("cannot find \(path)") }
        defer { free(full) }
        return String(cString: full)
    }

    /// A new folder under the system's place for temporary files, open to other accounts for passing through.
    package static func temporaryFolder() throws -> String {
        var template = Array("\(ProcessEnvironment.current["TMPDIR"] ?? "/tmp")/causeway-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure("cannot make a temporary folder") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard chmod(path, 0o755) == 0 else { throw SystemFailure("cannot open \(path) to other accounts") }
        return path
    }

    /// The names inside a folder, sorted, without those that begin with a dot.
    package static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    package static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// All files below a folder, by their path from it.
    package static func walk(_ folder: String) -> [String] {
        names(in: folder).flatMap { name in
            isFolder("\(folder)/\(name)") ? walk("\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
        }
    }

    /// Removes a folder with everything in it, or a file. What is gone already is fine.
    package static func remove(_ path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return }
        if facts.st_mode & S_IFMT == S_IFDIR {
            guard let directory = opendir(path) else { return }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// The file that this process runs.
    package static var ourselves: String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// 32 random octets as text that fits headers, shells and URLs.
    package static func randomKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in
            let digits = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
