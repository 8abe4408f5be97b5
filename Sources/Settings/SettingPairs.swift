import JSON
package import Secrets

/// One name with its value, such as a header or a form field.
package struct SettingPair: Sendable {
    package let name: String
    package let value: Secret

    package init(name: String, value: Secret) {
        self.name = name
        self.value = value
    }
}

extension SettingKind where Value == [SettingPair] {
    /// Names with values: a text, or a reference to a secret. A name that sounds like a secret takes a reference only.
    package static var pairs: SettingKind { pairs(named: "name") { !$0.isEmpty } }

    /// The same with header names (RFC 9110 token).
    package static var headers: SettingKind {
        pairs(named: "header name") { name in
            !name.isEmpty && name.utf8.allSatisfy { ($0 > 0x20 && $0 < 0x7F) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
        }
    }

    private static func pairs(named what: String, isValid: @escaping @Sendable (String) -> Bool) -> SettingKind {
        SettingKind(
            name: "object of \(what)s with texts or secrets",
            schema: #""type":"object","additionalProperties":{"type":["string","object"]}"#, placeholder: [], show: { _ in "" }
        ) { json, context in
            guard json.kind == .object else { return .failure(.init(message: "must be an object of \(what)s and values")) }
            var pairs: [SettingPair] = []
            for member in json.members {
                let name = member.name
                guard isValid(name) else { return .failure(.init(message: "holds \(quoted(name)), which is no valid \(what)")) }
                if let text = member.value.string {
                    guard !soundsSecret(name) else {
                        return .failure(.init(
                            message: "must give \(quoted(name)) as {\"env\": \"NAME\"} or {\"file\": \"path\"}; "
                                + "a secret never stands in the settings file"))
                    }
                    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                        return .failure(.init(message: "holds a control character in \(quoted(name))"))
                    }
                    pairs.append(SettingPair(name: name, value: Secret(text)))
                    continue
                }
                switch context.secret(member.value) {
                case .success(let secret): pairs.append(SettingPair(name: name, value: secret))
                case .failure(let mistake): return .failure(.init(message: "at \(quoted(name)) \(mistake.message)"))
                }
            }
            return .success(pairs)
        }
    }

    private static func soundsSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["secret", "password", "authorization", "token", "apikey", "api-key", "api_key", "accesskey", "assertion", "cookie"]
            .contains { name.contains($0) } && !name.hasSuffix("token_type") && !name.hasSuffix("token_format")
    }
}

extension SettingKind where Value == [String] {
    /// At least one http or https URL, each as in `url`.
    package static var urls: SettingKind {
        SettingKind(
            name: "list of URLs", schema: #""type":"array","minItems":1,"items":{"type":"string","format":"uri","pattern":"^https?://"}"#,
            placeholder: [], show: { "[" + $0.map { quoted($0) }.joined(separator: ", ") + "]" }
        ) { json, context in
            guard json.kind == .array, json.count > 0 else { return .failure(.init(message: "must be a list of URLs")) }
            var urls: [String] = []
            for element in json.elements {
                switch SettingKind<String>.rootURL.parse(element, context) {
                case .success(let url): urls.append(url)
                case .failure(let mistake): return .failure(.init(message: "holds an entry that \(mistake.message)"))
                }
            }
            return .success(urls)
        }
    }
}
