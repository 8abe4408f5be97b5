package import HTTP
package import Secrets
package import Settings
import Store

/// `caller.token`: where the token is, and how it is checked.
package final class CallerTokenSettings: SettingsGroup {
    package let header: String
    package let prefix: String
    package let sessionState: String?
    package let customPayload: String?
    package let values: [Secret]
    package let jwt: WebTokenSettings?
    package let introspection: IntrospectionSettings?

    package init(from reader: SettingsReader) {
        header = reader.value("header", .headerName, default: "Authorization", "Header that carries the token, as entered in the app. 2.0.0 and 3.0.0.")
        prefix = reader.value("prefix", .text, default: "Bearer", "What stands before the token there, and a space; may be empty. 2.0.0 and 3.0.0.")
        sessionState = reader.optional("sessionState", .text,
            "1.0.0: member of the bot session state into which the script puts the token; dots lead into objects: `auth.token`.")
        customPayload = reader.optional("customPayload", .text, "1.0.0: the same in the custom payload. The session state is looked at first.")
        values = reader.optional("values", .secrets, "1.0.0: tokens that are valid as they stand; two while one replaces the other.") ?? []
        jwt = reader.optionalGroup("jwt", WebTokenSettings.self, "The token is a signed JWT, checked here.")
        introspection = reader.optionalGroup("introspection", IntrospectionSettings.self, "The authorization server is asked about each new token (RFC 7662).")
        let ways = [values.isEmpty ? nil : "values", jwt == nil ? nil : "jwt", introspection == nil ? nil : "introspection"].compactMap(\.self)
        if ways.count != 1 {
            let found = ways.isEmpty ? "none" : ways.joined(separator: " and ")
            reader.problem("needs exactly one way to check the token: \"jwt\", \"introspection\" or, in 1.0.0, \"values\"; has \(found)")
        }
        if isInBody {
            for key in ["header", "prefix"] where reader.has(key) {
                reader.problem("has no meaning for a token in the body; remove it, or remove \"sessionState\" and \"customPayload\"", at: key)
            }
            for (key, path) in [("sessionState", sessionState), ("customPayload", customPayload)] {
                guard let path else { continue }
                if path.isEmpty || path.split(separator: ".", omittingEmptySubsequences: false).contains(where: \.isEmpty) {
                    reader.problem("must name a member, such as \"access_token\" or \"auth.token\"", at: key)
                }
            }
        } else if !values.isEmpty {
            reader.problem("is for tokens in the body (1.0.0); a header's value that never changes belongs under \"caller.headers\"", at: "values")
        }
        if !prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { reader.problem("must be printable and hold no space", at: "prefix") }
    }

    package var isInBody: Bool { sessionState != nil || customPayload != nil }

    package var places: String {
        [sessionState.map { "botSessionState.\($0)" }, customPayload.map { "customPayload.\($0)" }].compactMap(\.self).joined(separator: " or ")
    }
}

/// `caller.token.jwt`: what a signed token must say, and whose keys sign it (RFC 7519, RFC 9068).
package final class WebTokenSettings: SettingsGroup {
    package let issuer: String
    package let audience: [String]
    package let algorithms: [SignatureAlgorithm]
    package let keysURL: String?
    package let keyFiles: [String]
    package let keys: WebKeySet
    package let keysLifetimeSeconds: Int
    package let options: ConnectionOptions
    let rules: ClaimRules

    package init(from reader: SettingsReader) {
        issuer = reader.required("issuer", .text, "`iss` of the tokens, octet by octet.")
        audience = reader.required("audience", .texts, "`aud` must be, or hold, one of these.")
        let names = reader.value("algorithms", .texts, default: ["RS256", "PS256", "ES256"],
            "Signature algorithms that are accepted: RS256, RS384, RS512, PS256, ES256, ES384. Nothing else can be.")
        algorithms = names.compactMap { SignatureAlgorithm(rawValue: $0) }
        keysURL = reader.optional("keysURL", .url, "Where the issuer publishes its keys (JWKS). https, but for this machine.")
        keyFiles = reader.value("keyFiles", .paths, default: [],
            "Keys as files instead: public keys or certificates in PEM, or key sets in JSON. Two while one replaces the other.")
        keysLifetimeSeconds = reader.value("keysLifetimeSeconds", .integer(30...86_400), default: 600,
            "How long fetched keys are used before they are fetched again. A token with an unknown key has them fetched at once, at most every ten seconds.")
        rules = ClaimRules(from: reader, issuer: issuer, audience: audience)
        options = ConnectionOptions(from: reader)
        var keys: [WebKey] = []
        if !reader.isDescribing {
            for file in keyFiles {
                if let found = FileBytes.read(file).flatMap({ WebKeySet(file: $0) }), !found.keys.isEmpty { keys += found.keys } else {
                    reader.problem("names \(file), which holds no key that can be used: RSA of 2048 bits or more, P-256 or P-384", at: "keyFiles")
                }
            }
        }
        self.keys = WebKeySet(keys: keys)
        check(reader, names)
    }

    private func check(_ reader: SettingsReader, _ names: [String]) {
        guard !reader.isDescribing else { return }
        if audience.isEmpty { reader.problem("must name at least one audience; without it tokens for other services would do", at: "audience") }
        if algorithms.isEmpty || algorithms.count != names.count {
            reader.problem("must name some of RS256, RS384, RS512, PS256, ES256, ES384; \"none\" and shared keys are never accepted", at: "algorithms")
        }
        if (keysURL == nil) == keyFiles.isEmpty { reader.problem("must hold exactly one of \"keysURL\" and \"keyFiles\"") }
        if let keysURL, !isSafe(keysURL) { reader.problem("must be an https URL: who changes these keys signs tokens", at: "keysURL") }
    }
}

/// `caller.token.introspection`: whom to ask about a token (RFC 7662).
package final class IntrospectionSettings: SettingsGroup {
    package let url: String
    package let clientID: String?
    package let clientSecret: Secret?
    package let headers: [SettingPair]
    package let cacheSeconds: Int
    package let options: ConnectionOptions
    let rules: ClaimRules

    package init(from reader: SettingsReader) {
        url = reader.required("url", .url, "Introspection endpoint. https, but for this machine.")
        clientID = reader.optional("clientID", .text, "Client identifier of ours there, for HTTP Basic.")
        clientSecret = reader.optional("clientSecret", .secret, "Its secret.")
        headers = reader.optional("headers", .headers, "Headers of the request, such as an `Authorization` of another scheme.") ?? []
        let issuer = reader.optional("issuer", .text, "`iss` that the answer must hold.")
        let audience = reader.value("audience", .texts, default: [], "`aud` of the answer must be, or hold, one of these; empty: not looked at.")
        cacheSeconds = reader.value("cacheSeconds", .integer(0...3600), default: 60,
            "How long an answer is believed, and so how long a token outlives its being revoked; never past its own end.")
        rules = ClaimRules(from: reader, issuer: issuer, audience: audience)
        options = ConnectionOptions(from: reader)
        if !reader.isDescribing, !isSafe(url) { reader.problem("must be an https URL: tokens are sent there", at: "url") }
        if (clientID == nil) != (clientSecret == nil) { reader.problem("must hold both \"clientID\" and \"clientSecret\", or neither") }
        if !reader.isDescribing, clientID == nil, headers.isEmpty {
            reader.problem("must hold \"clientID\" and \"clientSecret\", or \"headers\": an introspection endpoint answers known callers only")
        }
    }
}

/// Whether what is fetched there cannot be changed on the way: TLS, or this machine.
private func isSafe(_ url: String) -> Bool {
    if url.hasPrefix("https://") { return true }
    let host = url.dropFirst("http://".count).prefix { !"/?#".contains($0) }
    return ["127.0.0.1", "[::1]", "localhost"].contains { host == $0 || host.hasPrefix($0 + ":") }
}
