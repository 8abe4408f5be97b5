package import JSON
package import Secrets

/// What a setting's value looks like: how it is read, shown as a default, and described to an editor.
package struct SettingKind<Value: Sendable>: Sendable {
    /// For reference pages: `text`, `whole number 1…60000`, `"a" or "b"`.
    package var name: String { makeName() }
    /// The members of its JSON Schema, such as `"type":"string"`.
    var schema: String { makeSchema() }
    /// Stands in for a value that is wrong or, while describing, absent. Never used to serve.
    let placeholder: Value
    let parse: @Sendable (JSON, SettingsContext) -> Result<Value, SettingMistake>
    /// The default as it stands in the reference: JSON.
    let show: @Sendable (Value) -> String
    /// Made when asked for: a function that reads its settings for one turn needs neither.
    private let makeName: @Sendable () -> String
    private let makeSchema: @Sendable () -> String

    init(
        name: @autoclosure @escaping @Sendable () -> String, schema: @autoclosure @escaping @Sendable () -> String, placeholder: Value,
        show: @escaping @Sendable (Value) -> String = { "\($0)" },
        parse: @escaping @Sendable (JSON, SettingsContext) -> Result<Value, SettingMistake>
    ) {
        makeName = name
        makeSchema = schema
        self.placeholder = placeholder
        self.show = show
        self.parse = parse
    }
}

/// What is wrong with one value, to be read after its key: `"port" must be a whole number`.
struct SettingMistake: Error {
    let message: String
}

extension SettingKind where Value == String {
    package static var text: SettingKind {
        SettingKind(name: "text", schema: #""type":"string""#, placeholder: "", show: { quoted($0) }) { json, _ in
            json.string.map { .success($0) } ?? .failure(.init(message: "must be a text in quotes"))
        }
    }

    /// An absolute http or https URL without credentials or fragment, as it stands.
    package static var url: SettingKind { url(isRoot: false) }

    /// One that paths are appended to: without query, and a trailing `/` is dropped.
    package static var rootURL: SettingKind { url(isRoot: true) }

    private static func url(isRoot: Bool) -> SettingKind {
        SettingKind(
            name: "URL", schema: #""type":"string","format":"uri","pattern":"^https?://""#, placeholder: "http://invalid.invalid",
            show: { quoted($0) }
        ) { json, _ in
            guard let text = json.string, text.hasPrefix("http://") || text.hasPrefix("https://") else {
                return .failure(.init(message: "must be an http or https URL"))
            }
            let rest = text.drop { $0 != ":" }.dropFirst(3)
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard !authority.isEmpty, !authority.contains("@"), !rest.contains("#"),
                text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return .failure(.init(message: "must be a URL with a host, without credentials, spaces or fragment")) }
            guard isRoot else { return .success(text) }
            guard !rest.contains("?") else { return .failure(.init(message: "must be a URL without a query")) }
            return .success(text.hasSuffix("/") ? String(text.dropLast()) : text)
        }
    }

    /// A file's path; relative ones are taken from the settings file's folder.
    package static var path: SettingKind {
        SettingKind(name: "file path", schema: #""type":"string""#, placeholder: "", show: { quoted($0) }) { json, context in
            guard let text = json.string, !text.isEmpty, !text.utf8.contains(0) else {
                return .failure(.init(message: "must be a file path in quotes"))
            }
            return .success(context.resolve(text))
        }
    }

    /// A header field's name (RFC 9110 token).
    package static var headerName: SettingKind {
        SettingKind(name: "header name", schema: #""type":"string""#, placeholder: "X-Invalid", show: { quoted($0) }) { json, _ in
            guard let text = json.string, !text.isEmpty, text.utf8.allSatisfy({ octet in
                (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                    || "!#$%&'*+-.^_`|~".utf8.contains(octet)
            }) else { return .failure(.init(message: "must be a header name: letters, digits and !#$%&'*+-.^_`|~")) }
            return .success(text)
        }
    }
}

extension SettingKind where Value == [String] {
    /// Files; relative paths are taken from the settings file's folder.
    package static var paths: SettingKind {
        SettingKind(name: "list of file paths", schema: #""type":"array","items":{"type":"string"}"#, placeholder: [], show: { _ in "[]" }) { json, context in
            let texts = json.elements.map(\.string)
            guard json.kind == .array, texts.allSatisfy({ $0?.isEmpty == false }) else {
                return .failure(.init(message: "must be a list of file paths in quotes"))
            }
            return .success(texts.compactMap { $0.map(context.resolve) })
        }
    }

    package static var texts: SettingKind {
        SettingKind(
            name: "list of texts", schema: #""type":"array","items":{"type":"string"}"#, placeholder: [],
            show: { "[" + $0.map { quoted($0) }.joined(separator: ", ") + "]" }
        ) { json, _ in
            let texts = json.elements.map(\.string)
            guard json.kind == .array, texts.allSatisfy({ $0 != nil }) else {
                return .failure(.init(message: "must be a list of texts, such as [\"a\", \"b\"]"))
            }
            return .success(texts.compactMap(\.self))
        }
    }
}

extension SettingKind where Value == Int {
    package static func integer(_ range: ClosedRange<Int>) -> SettingKind {
        SettingKind(
            name: "whole number \(range.lowerBound)…\(range.upperBound)",
            schema: #""type":"integer","minimum":\#(range.lowerBound),"maximum":\#(range.upperBound)"#, placeholder: range.lowerBound
        ) { json, _ in
            guard let number = json.integer, range.contains(number) else {
                return .failure(.init(message: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"))
            }
            return .success(number)
        }
    }
}

extension SettingKind where Value == Double {
    package static func number(_ range: ClosedRange<Double>) -> SettingKind {
        SettingKind(
            name: "number \(range.lowerBound)…\(range.upperBound)",
            schema: #""type":"number","minimum":\#(range.lowerBound),"maximum":\#(range.upperBound)"#, placeholder: range.lowerBound
        ) { json, _ in
            guard let number = json.double, range.contains(number) else {
                return .failure(.init(message: "must be a number from \(range.lowerBound) to \(range.upperBound)"))
            }
            return .success(number)
        }
    }
}

extension SettingKind where Value == Bool {
    package static var flag: SettingKind {
        SettingKind(name: "true or false", schema: #""type":"boolean""#, placeholder: false) { json, _ in
            json.bool.map { .success($0) } ?? .failure(.init(message: "must be true or false, without quotes"))
        }
    }
}

extension SettingKind where Value == RawJSON {
    /// Any JSON value, passed on as it stands.
    package static var json: SettingKind {
        SettingKind(name: "any JSON", schema: "", placeholder: .null, show: { $0.text }) { json, _ in .success(RawJSON(json)) }
    }
}

extension SettingKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the names of an enum.
    package static func choice(_ type: Value.Type = Value.self) -> SettingKind {
        @Sendable func names(joinedBy separator: String) -> String { Value.allCases.map { quoted($0.rawValue) }.joined(separator: separator) }
        return SettingKind(
            name: names(joinedBy: " or "), schema: "\"enum\":[\(names(joinedBy: ","))]", placeholder: Value.allCases[Value.allCases.startIndex],
            show: { quoted($0.rawValue) }
        ) { json, _ in
            guard let text = json.string, let value = Value(rawValue: text) else {
                let hint = json.string.flatMap { Spelling.nearest(to: $0, among: Value.allCases.map(\.rawValue)) }.map { "; did you mean \(quoted($0))?" } ?? ""
                return .failure(.init(message: "must be \(names(joinedBy: " or "))\(hint)"))
            }
            return .success(value)
        }
    }
}

extension SettingKind where Value == Secret {
    /// A reference to a secret: `{"env": "NAME"}` or `{"file": "path"}`, never the secret itself. Shorter than 16 octets only with
    /// `"allowShort": true`; well-known sample values never.
    package static var secret: SettingKind {
        SettingKind(
            name: "secret: {\"env\": …} or {\"file\": …}",
            schema: secretSchema,
            placeholder: Secret(""), show: { _ in "" }
        ) { json, context in context.secret(json) }
    }
}

extension SettingKind where Value == [Secret] {
    /// A list of secret references, the first being the current one; the others stay valid while they are rotated out.
    package static var secrets: SettingKind {
        SettingKind(
            name: "list of secrets, newest first",
            schema: #""type":"array","minItems":1,"items":{\#(secretSchema)}"#,
            placeholder: [], show: { _ in "" }
        ) { json, context in
            guard json.kind == .array, json.count > 0 else {
                return .failure(.init(message: "must be a list of secrets, such as [{\"env\": \"NAME\"}]"))
            }
            var secrets: [Secret] = []
            for element in json.elements {
                switch context.secret(element) {
                case .success(let secret): secrets.append(secret)
                case .failure(let mistake): return .failure(mistake)
                }
            }
            return .success(secrets)
        }
    }
}

func quoted(_ text: String) -> String { RawJSON.string(text).text }

/// The members of a secret reference's schema.
private var secretSchema: String {
    #""type":"object","properties":{"env":{"type":"string"},"file":{"type":"string"},"allowShort":{"type":"boolean"}},"#
        + #""additionalProperties":false"#
}
