import HTTP
import HTTPTypes
import JSON
import Secrets
import Synchronization
import Time

/// A token that an app, or a 1.0.0 script, has fetched.
struct HeldToken: Sendable {
    let token: Secret
    let expires: Instant
}

/// What a turn proves itself with.
struct HubCredentials: Sendable {
    /// In the order of the form; a name stands once.
    var fields: [(name: String, value: Secret)] = []
    var shown = HubTurn.Authentication()
    /// A 1.0.0 script's token and where it goes.
    var scriptToken: (place: HubApp.ScriptToken.Place, name: String, token: Secret)?
    var warnings: [String] = []
    /// Why the turn cannot be sent.
    var failure: String?

    mutating func set(_ name: String, _ value: Secret) {
        fields.removeAll { $0.name.lowercased() == name.lowercased() }
        fields.append((name, value))
    }
}

extension VirtualAgentHub {
    /// The app's part in authentication (§6).
    func credentials(_ plan: Plan) async -> HubCredentials {
        let app = plan.app
        var found = HubCredentials()
        switch app.version {
        case .v1:
            if let header = app.authorizationHeader { found.set("Authorization", header) }
            if !app.headers.isEmpty || app.oauth != nil {
                found.warnings.append("Integration version 1.0.0 sends one header, Authorization; custom headers and OAuth of the app are not used.")
            }
            if let script = app.scriptToken { await runTokenAction(script, app.name, &found) }
        case .v2, .v3:
            for pair in app.headers { found.set(pair.name, pair.value) }
            if let oauth = app.oauth {
                switch await token(oauth, for: app.name, renews: true) {
                case .success(let (token, how)):
                    // Over a custom header of the same name (V81).
                    found.set(oauth.headerName, Secret(oauth.prefix.isEmpty ? token.revealText() : "\(oauth.prefix) \(token.revealText())"))
                    found.shown.token = how
                case .failure(let failure): found.failure = failure.words
                }
            }
        }
        spoil(plan, &found)
        found.shown.headers = found.fields.map(\.name)
        found.shown.hasCertificate = app.version == .v3 && app.connection.certificateFile != nil && !plan.has(.missingCertificate)
        return found
    }

    private func spoil(_ plan: Plan, _ found: inout HubCredentials) {
        if plan.app.drops.headers, !found.fields.isEmpty {
            found.fields = []
            found.warnings.append("The script is not set to pass the authorization headers: the turn goes without.")
        }
        if plan.has(.missingHeader), !found.fields.isEmpty { found.fields.removeFirst() }
        if plan.has(.expiredToken), let last = found.fields.popLast() {
            found.fields.append((last.name, Secret("Bearer expired-\(Digest.hex(Random.bytes(8)))")))
        }
    }

    /// What the REST API action of a 1.0.0 script does before the exchange (V72).
    private func runTokenAction(_ script: HubApp.ScriptToken, _ app: String, _ found: inout HubCredentials) async {
        switch await token(script.oauth, for: app, renews: script.renews) {
        case .success(let (token, how)):
            found.scriptToken = (script.place, script.name, token)
            found.shown.token = how
        case .failure(let failure): found.failure = failure.words
        }
    }

    struct TokenFailure: Error { let words: String }

    /// The token that is held, else a new one. Its life: the answer's, then the setting's, then 3600 s.
    /// - Parameter renews: Whether an expired one is replaced; a script that does not goes on with the old one.
    private func token(
        _ oauth: HubApp.OAuth, for app: String, renews: Bool
    ) async -> Result<(Secret, HubTurn.Authentication.Token), TokenFailure> {
        let held = state.withLock { $0.tokens[app] }
        if let held, held.expires > time.now() || !renews { return .success((held.token, .cached)) }
        let began = (instant: time.now(), epoch: time.epochMilliseconds())
        let call = tokenCall(oauth, deadline: began.instant.advanced(byMilliseconds: 10_000))
        let answer: Response
        do throws(TransportError) {
            answer = try await network.send(call)
        } catch {
            return .failure(TokenFailure(words: "the authorization server did not answer: \(HubNetwork.words(error, 10))"))
        }
        guard answer.status.kind == .successful else { return .failure(TokenFailure(words: "the authorization server answered \(answer.status.code)")) }
        guard let body = try? JSON(parsing: answer.body), let token = body[oauth.tokenName]?.string, !token.isEmpty else {
            return .failure(TokenFailure(words: "the authorization server's answer has no \(oauth.tokenName)"))
        }
        let named = body[oauth.expiresName]
        let life = named?.integer ?? named?.string.flatMap { Int($0) } ?? named?.double.map { Int($0) } ?? oauth.lifeSeconds ?? 3600
        let expires = began.instant.advanced(byMilliseconds: min(max(0, life), 31_536_000) * 1000)
        state.withLock { $0.tokens[app] = HeldToken(token: Secret(token), expires: expires) }
        return .success((Secret(token), held == nil ? .fetched : .renewed))
    }

    private func tokenCall(_ oauth: HubApp.OAuth, deadline: Instant) -> Call {
        let body: String
        var fields: HTTPFields = [.accept: "application/json"]
        switch oauth.encoding {
        case .form:
            fields[.contentType] = "application/x-www-form-urlencoded"
            body = oauth.body.map { "\(Percent.encode($0.name))=\(Percent.encode($0.value.revealText()))" }.joined(separator: "&")
        case .json:
            fields[.contentType] = "application/json"
            body = RawJSON { $0.object { object in for pair in oauth.body { object.field(pair.name, pair.value.revealText()) } } }.text
        }
        for pair in oauth.headers { if let name = HTTPField.Name(pair.name) { fields[name] = pair.value.revealText() } }
        return Call(method: .post, url: oauth.url, fields: fields, body: Array(body.utf8), deadline: deadline)
    }
}
