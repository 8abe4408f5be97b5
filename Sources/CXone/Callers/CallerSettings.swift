package import Secrets
package import Settings

/// Static credentials of a caller, where nothing else is on offer. Fails closed: without any, the settings are refused.
package struct CallerSettings: SettingsGroup {
    package let headers: [CredentialHeaderSettings]

    package init(from reader: SettingsReader) {
        headers = CredentialHeaderSettings.list(from: reader)
        if headers.isEmpty { reader.problem("no caller authentication is configured; name at least one header") }
    }
}

/// One header of the caller.
package struct CredentialHeaderSettings: SettingsGroup {
    package let name: String
    package let values: [Secret]

    package init(from reader: SettingsReader) {
        name = reader.required("name", .headerName, "Name of the header, such as `Authorization` or `accessKeyId`.")
        values = reader.required("values", .secrets,
            "The whole value, scheme included. Several are valid at once while one replaces the other.")
    }

    static func list(from reader: SettingsReader) -> [CredentialHeaderSettings] {
        let headers = reader.list("headers", CredentialHeaderSettings.self,
            "Headers that CXone must send with every request; all of them must match.")
        if headers.count > 20 { reader.problem("at most 20 headers are compared", at: "headers") }
        for (index, header) in headers.enumerated() where headers[..<index].contains(where: { $0.name.equalsIgnoringCase(header.name) }) {
            reader.problem("the header \(header.name) is named twice; list several values under \"values\"", at: "headers")
        }
        return headers
    }
}

/// `agents.<name>.caller`: how CXone proves who it is (`virtual-agent.md` §6). Everything that is named here must hold, but a certificate that is
/// optional. Which of it an integration version can do is checked with that version, in `check(for:_:)`.
package struct TunnelCallerSettings: SettingsGroup {
    package let headers: [CredentialHeaderSettings]
    package let token: CallerTokenSettings?
    package let certificate: CallerCertificateSettings?
    package let turnsPerSecond: Int?

    package init(from reader: SettingsReader) {
        headers = CredentialHeaderSettings.list(from: reader)
        // Asked for where they stand only: a function that lives for one turn with static headers should not pay for more.
        let isDescribing = reader.isDescribing
        if isDescribing || reader.has("token") {
            token = reader.optionalGroup("token", CallerTokenSettings.self,
                "A token that CXone fetches from an authorization server and sends with every turn.")
        } else {
            token = nil
        }
        if isDescribing || reader.has("certificate") {
            certificate = reader.optionalGroup("certificate", CallerCertificateSettings.self, "The client certificate that CXone shows (mutual TLS).")
        } else {
            certificate = nil
        }
        if isDescribing || reader.has("turnsPerSecond") {
            turnsPerSecond = reader.optional("turnsPerSecond", .integer(1...100_000),
                "Turns that this caller may have served in a second, for each process; twice as many at once. More are answered 429.")
        } else {
            turnsPerSecond = nil
        }
        reader.leave("token", "certificate", "turnsPerSecond")
        check(reader)
    }

    private func check(_ reader: SettingsReader) {
        if headers.isEmpty, token == nil, certificate?.mode != .required {
            reader.problem(certificate?.mode == .optional
                ? "an optional certificate alone lets anybody in; make it \"required\", or name a header or a token as well"
                : "no caller authentication is configured; name at least one header, a token or a required certificate")
        }
        if let token, !token.isInBody, headers.contains(where: { $0.name.equalsIgnoringCase(token.header) }) {
            reader.warning("holds \(token.header), which CXone replaces by the token of \"token\"; its values are not compared", at: "headers")
        }
    }

    /// Whether the static headers are all there is to check.
    package var isStatic: Bool { token == nil && (certificate == nil || certificate?.mode == .off) && turnsPerSecond == nil }

    /// The headers that CXone really sends: a token takes the place of one of the same name (V81).
    package var comparedHeaders: [CredentialHeaderSettings] {
        guard let token, !token.isInBody else { return headers }
        return headers.filter { !$0.name.equalsIgnoringCase(token.header) }
    }

    /// Which mechanism an integration version has (V63, V66, V72, V87).
    ///
    /// | | 1.0.0 | 2.0.0 | 3.0.0 |
    /// | --- | --- | --- | --- |
    /// | one header, Authorization | yes | yes | yes |
    /// | any headers | no | yes | yes |
    /// | token in a header | no | yes | yes |
    /// | token in session state or custom payload | yes | no | no |
    /// | client certificate | no | no | yes |
    ///
    /// - Parameter reader: Of the agent.
    func check(for version: IntegrationVersion, _ reader: SettingsReader) {
        func problem(_ message: String) { reader.problem("integration version \(version.rawValue) " + message, at: "caller") }
        let showsCertificate = certificate.map { $0.mode != .off } ?? false
        if version != .v3, showsCertificate {
            problem("shows no client certificate; remove \"certificate\", or select 3.0.0 in the app and set \"integrationVersion\" to \"3.0.0\"")
        }
        switch version {
        case .v1:
            if headers.count > 1 || headers.contains(where: { !$0.name.equalsIgnoringCase("Authorization") }) {
                problem("sends exactly one header, named Authorization; remove the others")
            }
            if let token, !token.isInBody {
                problem("""
                    fetches no tokens; let the script do it and name the place where it puts them, "sessionState" or "customPayload" under \
                    "token"; or select 3.0.0 in the app, enter the authorization server there and set "integrationVersion" to "3.0.0"
                    """)
            }
        case .v2, .v3:
            if let token, token.isInBody {
                problem("""
                    fetches tokens itself and sends them in a header; remove "sessionState", "customPayload" and "values" under "token" and \
                    enter the authorization server in the app; a value that never changes belongs under "headers"
                    """)
            }
        }
    }

    /// The mechanism in a few words, names only, for people.
    package var summary: String {
        var parts = comparedHeaders.map { "header \($0.name)" }
        if let token {
            let how = token.jwt.map { "JWT of \($0.issuer)" } ?? token.introspection.map { "token known to \($0.url)" } ?? "token"
            parts.append(token.isInBody ? "\(how) in \(token.places)" : "\(how) in header \(token.header)")
        }
        if let certificate, certificate.mode != .off { parts.append("client certificate (\(certificate.mode.rawValue))") }
        return parts.joined(separator: ", ")
    }
}
