import Glibc
package import JSON
import Secrets

/// The whole settings file: reading it, and everything that is generated from its declarations.
package enum SettingsFile {
    /// Reads `causeway.jsonc` and gives the settings, or every mistake in it at once.
    ///
    /// - Parameters:
    ///   - path: The file; relative paths inside it are taken from its folder.
    ///   - environment: Where `{"env": …}` looks; the process's own unless a test says otherwise.
    ///   - place: Dotted path of the group to read; the whole file when empty.
    package static func read<Root: SettingsGroup>(
        _ type: Root.Type, at path: String, environment: [String: String], place: String = ""
    ) throws(SettingsError) -> (settings: Root, warnings: [SettingsError.Problem]) {
        try read(type, at: path, environment: { environment[$0] }, place: place)
    }

    package static func read<Root: SettingsGroup>(
        _ type: Root.Type, text: [UInt8], path: String, environment: [String: String], place: String = ""
    ) throws(SettingsError) -> (settings: Root, warnings: [SettingsError.Problem]) {
        try read(type, text: text, path: path, environment: { environment[$0] }, place: place)
    }

    static func read<Root: SettingsGroup>(
        _ type: Root.Type, at path: String, environment: @escaping (String) -> String?, place: String
    ) throws(SettingsError) -> (settings: Root, warnings: [SettingsError.Problem]) {
        guard let bytes = FileBytes.read(path) else {
            throw SettingsError(file: path, problems: [.init(message: "cannot be read: \(String(cString: strerror(errno)))", path: "", position: nil)])
        }
        return try read(type, text: bytes, path: path, environment: environment, place: place)
    }

    private static func read<Root: SettingsGroup>(
        _ type: Root.Type, text: [UInt8], path: String, environment: @escaping (String) -> String?, place: String
    ) throws(SettingsError) -> (settings: Root, warnings: [SettingsError.Problem]) {
        let json: JSON
        do {
            json = try JSON(parsing: text, dialect: .commented)
        } catch {
            throw SettingsError(file: path, problems: [.init(message: error.code.text, path: "", position: error.position)])
        }
        guard json.kind == .object else {
            throw SettingsError(file: path, problems: [.init(message: "must hold one object", path: "", position: json.position)])
        }
        var value: JSON? = json
        if !place.isEmpty { for key in place.split(separator: ".") { value = value?[String(key)] } }
        guard let value, value.kind == .object else {
            throw SettingsError(file: path, problems: [.init(message: "must hold an object \"\(place)\"", path: "", position: json.position)])
        }
        let context = SettingsContext(folder: folder(of: path), environment: environment)
        let reader = SettingsReader(value: value, path: place, context: context)
        let settings = Root(from: reader)
        reader.finish()
        guard context.problems.isEmpty else { throw SettingsError(file: path, problems: once(context.problems)) }
        return (settings, once(context.warnings))
    }

    /// What several readers of the same key found, told once.
    private static func once(_ problems: [SettingsError.Problem]) -> [SettingsError.Problem] {
        var told: Set<String> = []
        return problems.filter { told.insert($0.description).inserted }
    }

    /// All declarations below a group, for help, schema and reference.
    package static func declarations<Root: SettingsGroup>(of type: Root.Type) -> [SettingDeclaration] {
        let reader = SettingsReader(value: nil, path: "", context: SettingsContext(folder: ".", environment: { _ in nil }, isDescribing: true))
        _ = Root(from: reader)
        return reader.declarations
    }

    private static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
    }
}

/// One key as its group declared it.
package struct SettingDeclaration: Sendable {
    package let key: String
    package let description: String
    package let kind: String
    let schema: String
    /// Default as JSON text, where there is one.
    package let fallback: String?
    package let isRequired: Bool
    package var members: [SettingDeclaration] = []
    var isNamed = false
    var isArray = false
}

/// Every mistake of a settings file, each with its place.
package struct SettingsError: Error, CustomStringConvertible {
    package struct Problem: Sendable, CustomStringConvertible {
        package let message: String
        /// Dotted path of the object or value.
        package let path: String
        package let position: JSONPosition?

        package var description: String {
            let place = position.map { "\($0.line):\($0.column): " } ?? ""
            return place + (path.isEmpty ? "" : path + ": ") + message
        }
    }

    package let file: String
    package let problems: [Problem]

    package var description: String { problems.map { "\(file):\($0)" }.joined(separator: "\n") }
}

/// What one reading of the file shares: folder, environment, mistakes so far.
package final class SettingsContext {
    let folder: String
    /// The value of a variable, looked up when a secret names it.
    let environment: (String) -> String?
    let isDescribing: Bool
    private(set) var problems: [SettingsError.Problem] = []
    private(set) var warnings: [SettingsError.Problem] = []

    init(folder: String, environment: @escaping (String) -> String?, isDescribing: Bool = false) {
        self.folder = folder
        self.environment = environment
        self.isDescribing = isDescribing
    }

    func report(_ message: String, at value: JSON?, path: String) { report(message, position: value?.position, path: path) }
    func report(_ message: String, position: JSONPosition?, path: String) {
        problems.append(.init(message: message, path: path, position: position))
    }
    func warn(_ message: String, at value: JSON?, path: String) {
        warnings.append(.init(message: message, path: path, position: value?.position))
    }

    func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : folder + "/" + path }

    func secret(_ json: JSON) -> Result<Secret, SettingMistake> {
        let shape = "must be {\"env\": \"NAME\"} or {\"file\": \"path\"}; a secret never stands in the settings file"
        guard json.kind == .object,
            json.members.allSatisfy({ $0.name == "env" || $0.name == "file" || $0.name == "allowShort" })
        else { return .failure(.init(message: shape)) }
        let secret: Secret
        let origin: String
        if let name = json["env"]?.string, json["file"] == nil {
            guard let text = environment(name), !text.isEmpty else {
                return .failure(.init(message: "names the environment variable \(name), which is not set"))
            }
            (secret, origin) = (Secret(text), "environment variable \(name)")
        } else if let file = json["file"]?.string, json["env"] == nil {
            guard var bytes = FileBytes.read(resolve(file)) else {
                return .failure(.init(message: "names the file \(file), which cannot be read"))
            }
            while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
            guard !bytes.isEmpty else { return .failure(.init(message: "names the file \(file), which is empty")) }
            (secret, origin) = (Secret(bytes: bytes), "file \(file)")
        } else {
            return .failure(.init(message: shape))
        }
        if SampleSecrets.contains(secret) { return .failure(.init(message: "(\(origin)) is a well-known sample value; make a random one")) }
        guard secret.byteCount >= 16 || json["allowShort"]?.bool == true else {
            return .failure(.init(message: "(\(origin)) is shorter than 16 characters; make a longer one, or add \"allowShort\": true"))
        }
        return .success(secret)
    }
}

/// Values that stand in manuals and must never guard anything.
enum SampleSecrets {
    private static let values = [
        "secret", "changeme", "change-me", "password", "passw0rd", "test", "example", "sample", "token", "your-secret-here",
        "your_secret_here", "yoursecretkey", "my-secret", "mysecret", "supersecret", "0123456789abcdef", "1234567890123456",
        "Bearer secret", "Bearer token", "Bearer changeme", "Bearer your-token", "accessKeySecret", "accessKeyId",
    ]
    static func contains(_ secret: Secret) -> Bool { values.contains { $0.utf8.count == secret.byteCount && secret.matches($0.utf8) } }
}

/// Small files as octets, without Foundation.
package enum FileBytes {
    /// The file's content up to 32 MiB, or `nil` with errno.
    package static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 << 10) { chunk in
            var bytes: [UInt8] = []
            while bytes.count < 32 << 20 {
                let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
                guard count >= 0 else { return nil }
                if count == 0 { return bytes }
                bytes += Array(chunk[..<count])
            }
            return nil
        }
    }
}
