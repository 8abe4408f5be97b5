import JSON
package import Secrets
import Settings

/// The settings file as it stands, for those who look after what it names and not after what it means: secrets, certificates, keys. A new group of
/// settings is covered without a word here, because its keys are called as everywhere.
package struct SettingsOutline: Sendable {
    /// `{"env": …}` or `{"file": …}` and where it stands.
    package struct SecretReference: Sendable {
        package let place: String
        package let variable: String?
        package let file: String?
        package let allowsShort: Bool
        /// `nil` when it is missing.
        package let value: Secret?
        /// What holds it, in words.
        package var origin: String { variable.map { "environment variable \($0)" } ?? file ?? "?" }
    }

    /// Our certificate towards one remote end.
    package struct OwnCertificate: Sendable {
        package let place: String
        package let certificateFile: String
        package let keyFile: String
        package let password: Secret?
    }

    package private(set) var secrets: [SecretReference] = []
    package private(set) var ownCertificates: [OwnCertificate] = []
    /// PEM files of authorities.
    package private(set) var authorities: [(place: String, path: String)] = []
    /// Every PEM file with certificates, those that only `health` watches included.
    package private(set) var certificateFiles: [(place: String, path: String)] = []
    /// Keys that are true and whose name begins with `allow`.
    package private(set) var allowances: [String] = []
    /// Keys of groups that have a `file` of their own, which is no secret's.
    private let groups: Set<String>
    private let folder: String
    private let environment: [String: String]

    /// `nil` when the text is no object.
    package init?(text: [UInt8], path: String, environment: [String: String]) {
        guard let json = try? JSON(parsing: text, dialect: .commented), json.kind == .object else { return nil }
        folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        self.environment = environment
        groups = Self.groups(among: SettingsFile.declarations(of: WholeSettings.self))
        walk(json, at: "")
        certificateFiles = (ownCertificates.map { ($0.place + ".certificateFile", $0.certificateFile) } + authorities + certificateFiles)
            .sorted { $0.place < $1.place }
    }

    private mutating func walk(_ value: JSON, at place: String, isGroup: Bool = false) {
        func path(_ name: String) -> String { place.isEmpty ? name : place + "." + name }
        if !isGroup, let reference = reference(value, at: place) {
            secrets.append(reference)
            return
        }
        if let file = value["certificateFile"]?.string {
            let certificate = resolve(file)
            ownCertificates.append(OwnCertificate(
                place: place, certificateFile: certificate, keyFile: value["keyFile"]?.string.map(resolve) ?? certificate,
                password: value["keyPassword"].flatMap { reference($0, at: path("keyPassword"))?.value }))
        }
        for member in value.members {
            let name = path(member.name)
            switch member.name {
            case "authorityFile": if let file = member.value.string { authorities.append((name, resolve(file))) }
            case "authorityFiles":
                for (index, element) in member.value.elements.enumerated() {
                    if let file = element.string { authorities.append(("\(name)[\(index)]", resolve(file))) }
                }
            case "certificateFiles":
                for (index, element) in member.value.elements.enumerated() {
                    if let file = element.string { certificateFiles.append(("\(name)[\(index)]", resolve(file))) }
                }
            case _ where groups.contains(member.name) && member.value["env"] == nil: walk(member.value, at: name, isGroup: true)
            default:
                if member.name.hasPrefix("allow"), member.value.bool == true { allowances.append(name) }
                walk(member.value, at: name)
            }
        }
        for (index, element) in value.elements.enumerated() { walk(element, at: "\(place)[\(index)]") }
    }

    private func reference(_ value: JSON, at place: String) -> SecretReference? {
        guard value.kind == .object, value.count > 0, value.members.allSatisfy({ ["env", "file", "allowShort"].contains($0.name) }) else { return nil }
        let variable = value["env"]?.string
        let file = value["file"]?.string.map(resolve)
        guard variable != nil || file != nil else { return nil }
        var octets = variable.flatMap { environment[$0] }.map { Array($0.utf8) } ?? file.flatMap(FileBytes.read) ?? []
        while let last = octets.last, last == 0x0A || last == 0x0D { octets.removeLast() }
        return SecretReference(
            place: place, variable: variable, file: file, allowsShort: value["allowShort"]?.bool == true,
            value: octets.isEmpty ? nil : Secret(bytes: octets))
    }

    private static func groups(among declarations: [SettingDeclaration]) -> Set<String> {
        declarations.reduce(into: []) { found, declaration in
            if declaration.members.contains(where: { $0.key == "file" }) { found.insert(declaration.key) }
            found.formUnion(groups(among: declaration.members))
        }
    }

    private func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : folder + "/" + path }
}
